"""What an ingest read survives being written down."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from revenuer.find.ingest.summary import IngestSummary, InputFile

READ = IngestSummary(
    files=(InputFile("a.jsonl", 12, "ab", "own"), InputFile("b", 0, "cd", None)),
    rows_read=9, rows_kept=7, rows_old=1, duplicates=1, skipped=2, rejects=3, accounts=4,
    carried=np.zeros(0, np.bool_),
)  # fmt: skip


@pytest.mark.parametrize("carried", [[], [True], [True, False] * 4 + [True], [False] * 8])
def test_a_summary_is_read_again_as_it_was_written(carried: list[bool]) -> None:
    read = replace(READ, carried=np.array(carried, np.bool_))

    again = IngestSummary.from_json(json.loads(json.dumps(read.to_json())))

    assert again == read
    assert again.carried.tolist() == carried

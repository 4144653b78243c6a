"""Tests of revenuer.find.ingest.detect."""

from __future__ import annotations

from pathlib import Path

from revenuer.find.ingest import SOURCES, detect, files, records
from revenuer.find.ingest.fields import Overrides


def test_the_sample_is_the_first_records_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"broken\n" * 3 + b'{"a": 1}\n' * 200)
    file = files.one(str(path))

    assert detect.sample(file, records.kind(file)) == [{"a": 1}] * detect.SAMPLE_RECORDS


def test_our_rows_are_ours_mapped_or_not() -> None:
    mapped = Overrides(column_map={"requested_at": "when", "account_id": "who"})

    assert detect.choose([{"requested_at": 1, "account_id": "a"}], SOURCES, Overrides()) == "own"
    assert detect.choose([{"when": 1, "who": "a"}], SOURCES, mapped) == "own"
    assert detect.choose([{"when": 1, "who": "a"}], SOURCES, Overrides()) is None


def test_without_a_readable_record_every_line_is_ours_to_reject() -> None:
    assert detect.choose([], SOURCES, Overrides()) == "own"

"""Tests of revenuer.find.ingest.ids."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from revenuer.find.ingest import cells, columns, ids
from revenuer.tables import EXCHANGES

NOON = 1_772_366_400_000_000


def batch(rows: list[dict[str, Any]]) -> Any:
    given = columns.transpose(rows, EXCHANGES.names)
    found = columns.conform(given, rows=len(rows), table=EXCHANGES, earliest_us=cells.EARLIEST_US)
    assert not found.problems
    return found.batch


def row(**values: Any) -> dict[str, Any]:
    return {"requested_at": NOON, "account_id": "a", **values}


def filled(occurrences: ids.Occurrences, rows: list[dict[str, Any]]) -> list[str]:
    return list(occurrences.fill(batch(rows)).column("exchange_id").to_pylist())


@given(st.lists(st.lists(st.integers(0, 30)), max_size=12))
def test_each_hash_is_new_once(batches: list[list[int]]) -> None:
    seen, members = ids.Seen(), set[int]()
    for values in batches:
        expected = []
        for value in values:
            expected.append(value not in members)
            members.add(value)
        assert seen.add(np.array(values, dtype=np.uint64)).tolist() == expected


def test_runs_stay_few_so_that_lookups_stay_fast() -> None:
    seen = ids.Seen()
    for start in range(0, 10_000, 10):
        seen.add(np.arange(start, start + 10, dtype=np.uint64))

    assert len(seen._runs) <= 12
    assert sum(map(len, seen._runs)) == 10_000


def test_the_log_s_own_ids_stay() -> None:
    assert filled(ids.Occurrences(), [row(exchange_id="x"), row()])[0] == "x"


def test_identical_records_of_one_file_are_numbered_across_batches() -> None:
    together = filled(ids.Occurrences(), [row(), row(), row(), row(prompt="p")])
    apart = ids.Occurrences()

    one_by_one = [
        *filled(apart, [row()]),
        *filled(apart, [row(), row()]),
        *filled(apart, [row(prompt="p")]),
    ]

    assert len(set(together)) == 4
    assert one_by_one == together


def test_another_file_with_the_same_records_gives_the_same_ids() -> None:
    rows = [row(), row(), row(prompt="p")]

    assert filled(ids.Occurrences(), rows) == filled(ids.Occurrences(), rows)


def test_every_column_counts_and_so_does_the_border_between_them() -> None:
    distinct = [
        row(),
        row(prompt=""),
        row(completion=""),
        row(prompt="ab", completion="c"),
        row(prompt="a", completion="bc"),
        row(tool_names=[]),
        row(tool_names=["a"]),
        row(temperature=0.5),
        row(stream=True),
        row(stream=False),
        row(input_tokens=1),
        row(output_tokens=1),
    ]

    assert len(set(ids.digests(batch(distinct)))) == len(distinct)


def test_a_key_changes_every_digest() -> None:
    rows = batch([row(), row(prompt="p")])

    assert not set(ids.digests(rows)) & set(ids.digests(rows, b"key"))


@given(st.lists(st.text(max_size=40)))
def test_hashes_depend_on_text_and_seed_alone(texts: list[str]) -> None:
    array = pa.array(["before", *texts], pa.string()).slice(1)

    hashes = ids.hashes(array, 7).tolist()

    assert hashes == [ids.hashes(pa.array([text]), 7).tolist()[0] for text in texts]
    assert len(set(hashes)) == len(set(texts))


def test_long_ids_and_close_ones_differ() -> None:
    texts = ["a" * 300, "a" * 299 + "b", "a" * 301, "a", "a\0", "a\0\0", ""]

    assert len(set(ids.hashes(pa.array(texts), 1).tolist())) == len(texts)
    assert ids.hashes(pa.array(texts), 1).tolist() != ids.hashes(pa.array(texts), 2).tolist()

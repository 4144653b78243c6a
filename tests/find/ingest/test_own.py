"""Tests of revenuer.find.ingest.own."""

from __future__ import annotations

import pyarrow as pa

from revenuer.find.ingest import own
from revenuer.find.ingest.fields import Overrides


def test_a_row_of_our_table_is_known_by_its_required_columns() -> None:
    assert own.matches({"requested_at": 1})
    assert own.matches({"requested_at": None, "account_id": None})
    assert not own.matches({"account_id": "a"})
    assert not own.matches({"request": {}})


def test_a_row_is_taken_as_it_is_and_turns_become_json() -> None:
    record = {"account_id": "a", "history": [{"role": "user", "content": "é"}], "other": 1}

    assert own.exchanges(record, Overrides()) == [
        {"account_id": "a", "history": '[{"role":"user","content":"é"}]', "other": 1}
    ]


def test_the_map_gives_our_names_to_their_fields() -> None:
    overrides = Overrides(column_map={"account_id": "who", "prompt": "body.text"})

    (row,) = own.exchanges({"who": "a", "body": {"text": "p"}}, overrides)

    assert (row["account_id"], row["prompt"]) == ("a", "p")


def test_columns_of_a_batch_are_mapped_without_a_copy() -> None:
    overrides = Overrides(column_map={"account_id": "who"})
    batch = pa.RecordBatch.from_pydict({"who": ["a"], "model": ["m"], "other": [1]})

    found = own.columns(batch, overrides)

    assert {name: column.to_pylist() for name, column in found.items()} == {
        "account_id": ["a"],
        "model": ["m"],
    }
    assert {"who", "model"} <= own.wanted(overrides)
    assert "other" not in own.wanted(overrides)


def test_of_two_columns_of_one_name_the_first_counts() -> None:
    batch = pa.RecordBatch.from_arrays([pa.array(["a"]), pa.array(["b"])], ["model", "model"])

    assert own.columns(batch, Overrides())["model"].to_pylist() == ["a"]

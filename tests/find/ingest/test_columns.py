"""Tests of revenuer.find.ingest.columns."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.find.ingest import cells, columns
from revenuer.tables import EXCHANGES

NOON = 1_772_366_400_000_000


def conform(rows: int = 1, **given: Any) -> columns.Conformed:
    given = {"requested_at": [NOON] * rows, "account_id": ["a"] * rows, **given}
    return columns.conform(given, rows=rows, table=EXCHANGES, earliest_us=cells.EARLIEST_US)


def test_absent_columns_are_null_and_the_schema_is_complete() -> None:
    batch, problems = conform()

    assert problems == {}
    assert batch.schema.names == list(EXCHANGES.names)
    assert batch.to_pylist()[0]["prompt"] is None


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"account_id": [None]}, "account_id is missing"),
        ({"account_id": [""]}, "account_id is missing"),
        ({"account_id": ["  "]}, "account_id is missing"),
        ({"account_id": pa.array([None], pa.string())}, "account_id is missing"),
        ({"requested_at": [None]}, "requested_at is missing"),
        ({"requested_at": ["2014-12-31T23:59:59Z"]}, "requested_at is an impossible time"),
        ({"requested_at": ["2100-01-01T00:00:00Z"]}, "requested_at is an impossible time"),
        ({"requested_at": [float("nan")]}, "requested_at is an impossible time"),
        ({"requested_at": pa.array([float("nan")])}, "requested_at is an impossible time"),
        ({"requested_at": ["soon"]}, "requested_at is not a time"),
        ({"input_tokens": [-1]}, "input_tokens is negative"),
        ({"input_tokens": pa.array([-1], pa.int32())}, "input_tokens is negative"),
        ({"output_tokens": [True]}, "output_tokens is true or false where a number belongs"),
        (
            {"output_tokens": pa.array([2**64 - 1], pa.uint64())},
            "output_tokens is impossibly large",
        ),
        ({"output_tokens": pa.array([1.5])}, "output_tokens is not a whole number"),
        ({"output_tokens": [float("nan")]}, "output_tokens is not a whole number"),
        ({"temperature": pa.array([float("inf")])}, "temperature is not a finite number"),
        ({"prompt": [["a"]]}, "prompt is not text"),
        ({"prompt": pa.array([["a"]])}, "prompt is not text"),
        ({"prompt": ["x" * 10_000_000]}, "prompt holds 10 MB or more"),
        ({"prompt": pa.array(["x" * 10_000_000])}, "prompt holds 10 MB or more"),
        ({"tool_names": [["x" * 10_000_000]]}, "tool_names holds 10 MB or more"),
        ({"stream": ["perhaps"]}, "stream is neither true nor false"),
    ],
)
def test_each_fault_is_named(given: dict[str, Any], reason: str) -> None:
    assert conform(**given).problems == {0: reason}


def test_the_first_fault_in_schema_order_is_named() -> None:
    assert conform(account_id=[None], input_tokens=[-1]).problems == {0: "account_id is missing"}


def test_text_that_is_no_utf8_is_named_and_its_neighbours_kept() -> None:
    broken = pa.array([b"fine", b"\xff", None, "é".encode()], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 4, broken.buffers())

    batch, problems = conform(rows=4, prompt=text)

    assert problems == {1: "prompt is not valid UTF-8"}
    assert batch.column("prompt").to_pylist() == ["fine", None, None, "é"]


def test_empty_text_is_a_fact_and_an_empty_label_is_none() -> None:
    batch, _ = conform(completion=[""], model=[""], session_id=pa.array([""]))

    row = batch.to_pylist()[0]
    assert (row["completion"], row["model"], row["session_id"]) == ("", None, None)


@pytest.mark.parametrize(
    "account",
    [
        pa.array(["a"]).dictionary_encode(),
        pa.array(["a"], pa.large_string()),
        pa.array(["a"], pa.string_view()),
    ],
    ids=str,
)
def test_every_kind_of_text_column_is_read(account: Any) -> None:
    assert conform(account_id=account).batch.column("account_id").to_pylist() == ["a"]


def test_bytes_that_are_text_are_read_and_what_python_lacks_is_refused() -> None:
    account = pa.array([b"a", b"b", b"\xff"])
    odd = pa.array([None, 1, 1], pa.duration("ns"))

    batch, problems = conform(rows=3, account_id=account, prompt=odd)

    assert batch.column("account_id").to_pylist() == ["a", "b", None]
    assert problems == {1: "prompt is not text", 2: "account_id is not valid UTF-8"}


@pytest.mark.parametrize(
    "kind",
    [
        *(pa.duration("ns"), pa.time64("ns"), pa.time32("s"), pa.date64(), pa.binary(3)),
        *(pa.decimal128(5, 2), pa.list_(pa.int8()), pa.large_list(pa.string()), pa.float16()),
        *(pa.struct([("a", pa.int8())]), pa.map_(pa.string(), pa.int8()), pa.null(), pa.uint64()),
        *(pa.timestamp("ns"), pa.timestamp("s", tz="Europe/Paris"), pa.bool_(), pa.binary_view()),
    ],
    ids=str,
)
def test_columns_of_every_type_are_read_or_refused(kind: Any) -> None:
    empty = pa.nulls(2, kind)

    for name in EXCHANGES.names:
        conform(rows=2, **{name: empty}).batch.validate(full=True)


def test_whole_floats_digits_and_number_ids_are_read() -> None:
    batch, problems = conform(
        account_id=pa.array([7]), input_tokens=pa.array([3.0]), output_tokens=pa.array(["4"])
    )

    assert problems == {}
    row = batch.to_pylist()[0]
    assert (row["account_id"], row["input_tokens"], row["output_tokens"]) == ("7", 3, 4)


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())


@given(st.data(), st.integers(1, 4))
def test_python_values_of_any_kind_give_a_storable_batch(data: st.DataObject, rows: int) -> None:
    given = {
        name: data.draw(st.lists(values, min_size=rows, max_size=rows))
        for name in data.draw(st.sets(st.sampled_from(EXCHANGES.names)))
    }

    batch, problems = columns.conform(
        given, rows=rows, table=EXCHANGES, earliest_us=cells.EARLIEST_US
    )

    batch.validate(full=True)
    assert set(problems) <= set(range(rows))
    for row in set(range(rows)) - set(problems):
        assert batch.column("account_id")[row].is_valid


def test_columns_no_record_has_are_left_out() -> None:
    assert columns.transpose([{"a": 1}, {"b": 2}], ["a", "b", "c"]) == {
        "a": [1, None],
        "b": [None, 2],
    }
    assert columns.transpose([], ["a"]) == {}

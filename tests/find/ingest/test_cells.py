"""Tests of revenuer.find.ingest.cells."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.find.ingest import cells

MOMENT = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
MOMENT_US = 1_772_368_215_250_000

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text(st.characters())
    | st.binary(max_size=4)
    | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01T12:30:15.250Z",
        "2026-03-01t12:30:15.250z",
        "2026-03-01 12:30:15.25",
        "2026-03-01T14:30:15.250+02:00",
        "2026-03-01T14:30:15.250 +0200",
        "2026-03-01T12:30:15.250000123Z",
        "2026-03-01 12:30:15.250 UTC",
        "2026-03-01T07:00:15.250-05:30",
        MOMENT_US / 1e6,
        str(MOMENT_US / 1e6),
        MOMENT_US // 1_000,
        MOMENT_US,
        str(MOMENT_US),
        MOMENT_US * 1_000,
        str(MOMENT_US * 1_000 + 7),
        MOMENT,
        MOMENT.astimezone(timezone(timedelta(hours=-8))),
        MOMENT.replace(tzinfo=None),
    ],
)
def test_one_moment_is_read_however_it_is_written(value: Any) -> None:
    assert cells.to_time(value) == MOMENT_US


def test_a_date_is_its_midnight() -> None:
    assert cells.to_time(date(2026, 3, 1)) == cells.to_time("2026-03-01T00:00:00Z")
    assert cells.to_time("2026-03-01") == cells.to_time("2026-03-01T00:00:00Z")


@given(st.integers(cells.EARLIEST_US, cells.LATEST_US - 1))
def test_epoch_units_are_told_apart_within_the_possible_times(moment: int) -> None:
    assert cells.to_time(moment) == moment
    assert cells.to_time(moment * 1_000) == moment
    assert cells.to_time(moment // 1_000) == moment // 1_000 * 1_000
    assert cells.to_time(moment // 1_000_000) == moment // 1_000_000 * 1_000_000


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("yesterday", "is not a time"),
        ("2026-13-01T00:00:00Z", "is not a time"),
        (True, "is not a time"),
        ([], "is not a time"),
        (float("nan"), "is an impossible time"),
        (float("inf"), "is an impossible time"),
        (10**400, "is an impossible time"),
        ("9" * 500, "is impossibly large"),
    ],
)
def test_what_is_no_time_is_said_to_be_none(value: Any, reason: str) -> None:
    with pytest.raises(cells.CellError, match=reason):
        cells.to_time(value)


@pytest.mark.parametrize(
    ("value", "whole"), [(5, 5), ("5", 5), (" 7 ", 7), (5.0, 5), ("1e3", 1_000), (Decimal(9), 9)]
)
def test_whole_numbers_are_read_from_numbers_and_digits(value: Any, whole: int) -> None:
    assert cells.to_int(value) == whole


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (True, "true or false where a number belongs"),
        (1.5, "is not a whole number"),
        (float("nan"), "is not a whole number"),
        (-1, "is negative"),
        ("-3", "is negative"),
        (2**63, "is impossibly large"),
        (10**400, "is impossibly large"),
        ("many", "is not a number"),
        ([1], "is not a number"),
    ],
)
def test_what_is_no_count_is_said_to_be_none(value: Any, reason: str) -> None:
    with pytest.raises(cells.CellError, match=reason):
        cells.to_int(value)


def test_absent_and_empty_are_null_everywhere() -> None:
    for convert in (cells.to_int, cells.to_float, cells.to_bool, cells.to_time):
        assert convert(None) is None
        assert convert("") is None
    assert cells.to_text(None) is None
    assert cells.to_names(None) is None


def test_text_takes_digits_and_mends_half_surrogates_but_no_lists() -> None:
    assert cells.to_text(42) == "42"
    assert cells.to_text("a\ud800b") == "a\ufffdb"
    assert cells.to_text("é") == "é"
    for value in (True, 1.5, ["a"], {"a": 1}):
        with pytest.raises(cells.CellError, match="is not text"):
            cells.to_text(value)


def test_booleans_are_read_from_the_usual_words() -> None:
    assert [cells.to_bool(v) for v in (True, "TRUE", "t", 1, "1", "yes")] == [True] * 6
    assert [cells.to_bool(v) for v in (False, "no", 0, "f")] == [False] * 4
    with pytest.raises(cells.CellError, match="is neither true nor false"):
        cells.to_bool("perhaps")


def test_names_come_from_lists_json_and_commas() -> None:
    assert cells.to_names(["a", None, 1]) == ["a", "1"]
    assert cells.to_names('["a", "b"]') == ["a", "b"]
    assert cells.to_names("a, b") == ["a", "b"]
    with pytest.raises(cells.CellError, match="is not a list of names"):
        cells.to_names("[" * 5_000)


def test_floats_are_finite() -> None:
    assert cells.to_float("0.7") == 0.7
    with pytest.raises(cells.CellError, match="is impossibly large"):
        cells.to_float(10**400)
    with pytest.raises(cells.CellError, match="is not a finite number"):
        cells.to_float(float("inf"))


@given(anything)
def test_any_value_is_converted_or_refused_and_nothing_else(value: Any) -> None:
    for convert in cells.CONVERTERS.values():
        with contextlib.suppress(cells.CellError):
            convert(value)


@given(st.dictionaries(st.text(st.characters()), st.text(st.characters())))
def test_json_text_can_always_be_stored(value: dict[str, str]) -> None:
    json.loads(cells.json_text(value).encode())

"""Tests of revenuer.find.ingest.times."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.find.ingest import cells, times

MOMENT_US = 1_772_368_215_250_000


def microseconds(array: Any) -> list[int | None]:
    return list(array.cast(pa.int64()).to_pylist())


@pytest.mark.parametrize(
    "array",
    [
        pa.array([MOMENT_US, None], pa.timestamp("us", tz="UTC")),
        pa.array([MOMENT_US, None], pa.timestamp("us")),
        pa.array([MOMENT_US, None], pa.timestamp("us", tz="America/New_York")),
        pa.array([MOMENT_US * 1_000 + 999, None], pa.timestamp("ns")),
        pa.array([MOMENT_US // 1_000, None], pa.timestamp("ms")),
        pa.array([MOMENT_US, None], pa.int64()),
        pa.array([MOMENT_US // 1_000, None], pa.uint64()),
        pa.array([MOMENT_US / 1e6, None], pa.float64()),
        pa.array(["2026-03-01T12:30:15.250Z", None]),
        pa.array(["2026-03-01T12:30:15.250 +0000", None]),
        pa.array([str(MOMENT_US), None], pa.large_string()),
    ],
    ids=str,
)
def test_one_moment_is_read_from_every_type(array: Any) -> None:
    problems: dict[int, str] = {}

    assert microseconds(times.from_array(array, problems)) == [MOMENT_US, None]
    assert problems == {}


@pytest.mark.parametrize("kind", [pa.int32(), pa.uint32(), pa.int64(), pa.float64()], ids=str)
def test_seconds_are_read_from_narrow_numbers(kind: Any) -> None:
    seconds = pa.array([1_772_368_215, None], kind)

    assert microseconds(times.from_array(seconds, {})) == [1_772_368_215_000_000, None]


def test_dates_are_midnights() -> None:
    day = pa.array([20_513], pa.date32())

    assert microseconds(times.from_array(day, {})) == [20_513 * 86_400 * 1_000_000]


@pytest.mark.parametrize(
    "array",
    [
        pa.array([float("nan"), 0.0]),
        pa.array([float("-inf"), 0.0]),
        pa.array([2**64 - 1, 0], pa.uint64()),
        pa.array([2**62, 0], pa.timestamp("s")),
        pa.array(["1e300", "1970-01-01T00:00:00Z"]),
    ],
    ids=str,
)
def test_moments_beyond_any_calendar_are_named_and_the_rest_kept(array: Any) -> None:
    problems: dict[int, str] = {}

    found = times.from_array(array, problems)

    assert problems == {0: "is an impossible time"}
    assert microseconds(found) == [None, 0]


def test_one_bad_text_spoils_no_other() -> None:
    problems: dict[int, str] = {}
    array = pa.array(["2026-03-01T12:30:15.250Z", "2026-02-30T00:00:00Z", "soon"])

    assert microseconds(times.from_array(array, problems)) == [MOMENT_US, None, None]
    assert problems == {1: "is not a time", 2: "is not a time"}


@given(st.lists(st.integers(cells.EARLIEST_US, cells.LATEST_US - 1), min_size=1))
def test_columns_and_single_values_agree(moments: list[int]) -> None:
    nanoseconds = [m * 1_000 for m in moments]
    seconds = [m / 1e6 for m in moments]

    for values in (moments, nanoseconds, seconds):
        one_by_one = [cells.to_time(v) for v in values]
        assert microseconds(times.from_array(pa.array(values), {})) == one_by_one


def test_a_column_of_another_kind_is_refused_value_by_value() -> None:
    problems: dict[int, str] = {}

    times.from_array(pa.array([True, None, False]), problems)

    assert problems == {0: "is not a time", 2: "is not a time"}

"""Tests of revenuer.report.figures."""

from __future__ import annotations

from datetime import UTC, datetime

import plotly.graph_objects as go
import pyarrow as pa
import pytest

from revenuer.report import figures
from revenuer.tables import CAMPAIGN_ACTIVITY


def _activity(*rows: tuple[datetime, int | None, int | None]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "campaign_id": "c",
                "hour_at": hour_at,
                "exchanges": exchanges,
                "harvested_exchanges": harvested,
                "active_accounts": 2,
            }
            for hour_at, exchanges, harvested in rows
        ],
        schema=CAMPAIGN_ACTIVITY.schema,
    )


@pytest.fixture
def found() -> list[figures.Hour]:
    return figures.hours(
        _activity(
            (datetime(2026, 3, 4, 23, tzinfo=UTC), 5, 5),
            (datetime(2026, 3, 2, 1, tzinfo=UTC), 10, 4),
            (datetime(2026, 3, 2, 2, tzinfo=UTC), None, None),
        )
    )


def test_days_add_up_and_quiet_days_stay(found: list[figures.Hour]) -> None:
    days = figures.days(found)

    assert [(day.day, day.exchanges, day.harvested) for day in days] == [
        ("2026-03-02", 10, 4),
        ("2026-03-03", 0, 0),
        ("2026-03-04", 5, 5),
    ]
    assert days[0].by_hour[1] == 10
    assert days[2].by_hour[23] == 5
    assert all(len(day.by_hour) == 24 for day in days)


def test_the_timeline_stacks_the_harvested_part_on_the_rest(found: list[figures.Hour]) -> None:
    harvested, other = figures.timeline(found)["data"]

    assert harvested["x"] == ["2026-03-02 01:00", "2026-03-02 02:00", "2026-03-04 23:00"]
    assert harvested["y"] == [4, 0, 5]
    assert other["y"] == [6, 0, 0]


def test_the_heat_map_has_a_row_a_day_and_a_column_an_hour(found: list[figures.Hour]) -> None:
    (trace,) = figures.heat_map(figures.days(found))["data"]

    assert trace["y"] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    assert trace["x"] == list(range(24))
    assert trace["z"][0][1] == 10


def test_plotly_accepts_the_charts(found: list[figures.Hour]) -> None:
    assert go.Figure(figures.timeline(found))
    assert go.Figure(figures.heat_map(figures.days(found)))


def test_no_activity_gives_no_days() -> None:
    assert figures.days(figures.hours(_activity())) == []

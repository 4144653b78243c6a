"""The timeline and the heat map of a campaign, as plain Plotly figures and as tables.

Charts are dicts, not Plotly objects: building them imports nothing heavy, and the page stores
only what it draws. Colours come from one palette (Okabe and Ito's, told apart by colour-blind
readers); ink, grid and paper are left out, because the page's script paints them for light, dark
and print.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

Figure = dict[str, Any]

HARVESTED, OTHER = "#D55E00", "#8C9BA8"
HOURS = 24
#: Light to dark in one hue, so that it also reads in grey; the lowest step differs from paper.
SCALE = [[0.0, "#E8EEF2"], [0.25, "#B3CDE0"], [0.5, "#6497B1"], [0.75, "#2A6592"], [1.0, "#03396C"]]


class Hour(NamedTuple):
    """One hour of a campaign."""

    hour_at: datetime
    exchanges: int
    harvested: int
    active: int


class Day(NamedTuple):
    """One day (UTC) of a campaign: sums, and exchanges in each of its 24 hours."""

    day: str
    exchanges: int
    harvested: int
    busiest: int
    by_hour: tuple[int, ...]


def hours(activity: Any) -> list[Hour]:
    """Return the hours of a `campaign_activity` table, in order of time; nulls count nothing."""
    found = [
        Hour(
            hour_at=row["hour_at"].astimezone(UTC),
            exchanges=row["exchanges"] or 0,
            harvested=row["harvested_exchanges"] or 0,
            active=row["active_accounts"] or 0,
        )
        for row in activity.to_pylist()
    ]
    return sorted(found)


def days(found: Sequence[Hour]) -> list[Day]:
    """Return every day from the first to the last hour, quiet days included."""
    if not found:
        return []
    first, last = found[0].hour_at.date(), found[-1].hour_at.date()
    by_date: dict[date, list[Hour]] = {
        first + timedelta(days=offset): [] for offset in range((last - first).days + 1)
    }
    for hour in found:
        by_date[hour.hour_at.date()].append(hour)
    return [_day(day, today) for day, today in by_date.items()]


def _day(day: date, today: Sequence[Hour]) -> Day:
    by_hour = [0] * HOURS
    for hour in today:
        by_hour[hour.hour_at.hour] += hour.exchanges
    return Day(
        day=day.isoformat(),
        exchanges=sum(hour.exchanges for hour in today),
        harvested=sum(hour.harvested for hour in today),
        busiest=max((hour.active for hour in today), default=0),
        by_hour=tuple(by_hour),
    )


def timeline(found: Sequence[Hour]) -> Figure:
    """Return exchanges an hour, the harvested part marked, as stacked bars."""
    return {
        "data": [
            _bars("harvested", HARVESTED, found, [hour.harvested for hour in found]),
            _bars("other", OTHER, found, [hour.exchanges - hour.harvested for hour in found]),
        ],
        "layout": layout(
            height=280,
            barmode="stack",
            bargap=0,
            xaxis={"type": "date", "title": {"text": "UTC"}},
            yaxis={"title": {"text": "exchanges an hour"}, "rangemode": "tozero"},
        ),
    }


def heat_map(found: Sequence[Day]) -> Figure:
    """Return exchanges by day (downwards) and hour of day (rightwards), UTC."""
    return {
        "data": [
            {
                "type": "heatmap",
                "x": list(range(HOURS)),
                "y": [day.day for day in found],
                "z": [list(day.by_hour) for day in found],
                "colorscale": SCALE,
                "zmin": 0,
                "zmax": max((max(day.by_hour) for day in found), default=0) or 1,
                "xgap": 1,
                "ygap": 1,
                "colorbar": {
                    "title": {"text": "exchanges", "font": {"size": 13}},
                    "thickness": 12,
                    "nticks": 4,
                    "outlinewidth": 0,
                },
                "hovertemplate": "%{y}, %{x}:00 UTC<br>%{z:,} exchanges<extra></extra>",
            }
        ],
        "layout": layout(
            height=110 + 22 * max(5, min(len(found), 62)),
            xaxis={
                "title": {"text": "hour of day, UTC"},
                "tickvals": list(range(0, HOURS, 3)),
                "showgrid": False,
            },
            yaxis={
                "type": "category",
                "autorange": "reversed",
                "showgrid": False,
            },
        ),
    }


def layout(*, height: int, **more: Any) -> Figure:
    """Return the layout that all charts share."""
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 36, "b": 8},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "hovermode": "closest",
        "dragmode": False,
        **{axis: {"automargin": True, **more.pop(axis, {})} for axis in ("xaxis", "yaxis")},
        **more,
    }


def _bars(name: str, colour: str, found: Sequence[Hour], heights: Sequence[int]) -> Figure:
    return {
        "type": "bar",
        "name": name,
        "x": [f"{hour.hour_at:%Y-%m-%d %H:%M}" for hour in found],
        "y": list(heights),
        "offset": 0,
        "width": 3_600_000,  # milliseconds on a date axis
        "customdata": [hour.active for hour in found],
        "marker": {"color": colour, "line": {"width": 0}},
        "hovertemplate": (
            f"%{{x}} UTC<br>%{{y:,}} {name}<br>%{{customdata:,}} active accounts<extra></extra>"
        ),
    }

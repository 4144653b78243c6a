"""Tests of revenuer.report.graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa

from revenuer import report
from revenuer.report import graph
from revenuer.tables import CAMPAIGN_TIES


def _ties(*rows: tuple[str, str, str | None, float | None]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "campaign_id": "c",
                "account_a": a,
                "account_b": b,
                "family": family,
                "edge_weight": weight,
            }
            for a, b, family, weight in rows
        ],
        schema=CAMPAIGN_TIES.schema,
    )


def _dots(drawing: graph.Drawing) -> list[dict[str, Any]]:
    return [trace for trace in drawing.figure["data"] if trace["mode"] == "markers"]


def test_every_account_and_family_of_a_small_campaign_is_drawn() -> None:
    ties = _ties(("a", "b", "footprint", 3.0), ("b", "c", "templates", 2.0), ("a", "b", None, None))

    drawing = graph.draw(ties, {"a": "carrier"})

    assert drawing is not None
    assert [trace["name"] for trace in drawing.figure["data"]] == [
        "footprint: shared payment, network and client traits",
        "templates: shared rare wording",
        "other: other ties",
        "account",
        "carrier",
    ]
    assert sum(len(dots["x"]) for dots in _dots(drawing)) == 3
    assert drawing.strongest[0] == graph.Tie("a", "b", "footprint", 3.0)
    assert drawing.note == "All 3 accounts with a tie and all 3 ties are drawn."
    assert go.Figure(drawing.figure)


def test_a_large_campaign_is_drawn_by_its_strongest_and_says_so() -> None:
    ring = [(f"{i:04d}", f"{(i + 1) % 900:04d}", "synchrony", float(i % 450)) for i in range(900)]

    drawing = graph.draw(_ties(*ring), {})

    assert drawing is not None
    assert sum(len(dots["x"]) for dots in _dots(drawing)) == graph.NODES
    assert drawing.note.startswith("Drawn: the 300 most strongly tied of 900 accounts and ")
    assert len(drawing.strongest) == graph.LISTED
    assert drawing.strongest[0].edge_weight == 449.0


def test_each_drawn_account_keeps_its_strongest_tie() -> None:
    names = np.array(["a", "b", "c", "d"])
    edges = graph.Edges(
        np.array([0, 0, 1, 2]),
        np.array([1, 1, 2, 3]),
        np.array(["footprint"] * 4),
        np.array([9.0, 8.0, 7.0, 0.1]),
    )

    _, kept = graph._strongest(names, edges, most=1)

    assert kept.weight.tolist() == [9.0, 7.0, 0.1]


def test_the_order_of_rows_moves_nothing(run_folder: Path) -> None:
    ties = report.load(run_folder).table(CAMPAIGN_TIES)
    backwards = ties.take(pa.array(range(ties.num_rows - 1, -1, -1)))

    assert graph.draw(ties, {}) == graph.draw(backwards, {})


def test_two_families_of_one_pair_do_not_hide_each_other() -> None:
    ties = _ties(("a", "b", "footprint", 3.0), ("a", "b", "templates", 3.0))

    drawing = graph.draw(ties, {})

    assert drawing is not None
    first, second = drawing.figure["data"][:2]
    assert (first["x"], first["y"]) != (second["x"], second["y"])


def test_names_cannot_inject_markup_into_labels() -> None:
    drawing = graph.draw(_ties(("<a href='x'>\u202e", "b", "footprint", 1.0)), {})

    assert drawing is not None
    assert _dots(drawing)[0]["text"][0].startswith("&lt;a href=&#x27;x&#x27;&gt;[U+202E]<br>")


def test_no_tie_gives_no_picture() -> None:
    assert graph.draw(_ties(), {}) is None


def test_no_point_is_drawn_without_a_tie() -> None:
    names = np.array(["a", "b", "c", "d"])
    edges = graph.Edges(
        np.array([2, 0]), np.array([3, 1]), np.array(["footprint"] * 2), np.array([9.0, 8.0])
    )

    kept, drawn = graph._strongest(names, edges, nodes=3)

    assert kept.tolist() == ["c", "d"]
    assert (drawn.left.tolist(), drawn.right.tolist()) == ([0], [1])

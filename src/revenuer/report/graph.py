"""The account graph of a campaign: who is tied to whom, and by which family of evidence.

At most `NODES` accounts are drawn, those with the largest sum of edge weights, and about `EDGES`
ties among them, each account's strongest one included; the caption says what was left out. The
layout is Kamada and Kawai's [1] from a sunflower spiral, which makes no random draw (igraph's
Fruchterman-Reingold does, even from given places): the same ties give the same picture.

Distance on the picture is for reading only: it is not a measure of evidence.

1. Kamada, Kawai 1989, doi:10.1016/0020-0190(89)90102-6.
"""

from __future__ import annotations

import math
from html import escape
from typing import Any, NamedTuple

import igraph
import numpy as np
from numpy.typing import NDArray

from revenuer.report.figures import Figure, layout
from revenuer.report.sentences import FAMILIES
from revenuer.text import clean, count

NODES, EDGES, LISTED = 300, 1500, 30

#: Okabe and Ito's palette, one colour a family.
COLOURS = {
    "footprint": "#0072B2",
    "templates": "#E69F00",
    "partition": "#009E73",
    "synchrony": "#CC79A7",
    "lifecycle": "#D55E00",
}
OTHER_COLOUR = "#7F7F7F"
SYMBOLS = {"member": "circle", "carrier": "diamond", "replacement": "square"}
GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))


class Tie(NamedTuple):
    """One tie, for the table beside the picture."""

    account_a: str
    account_b: str
    family: str
    edge_weight: float


class Drawing(NamedTuple):
    """The picture, its strongest ties, and what was left out, in words."""

    figure: Figure
    strongest: tuple[Tie, ...]
    note: str


class Edges(NamedTuple):
    """Ties as arrays: (ties,) node numbers, family names and weights, heaviest first."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    family: NDArray[np.str_]
    weight: NDArray[np.float64]

    def take(self, which: NDArray[Any]) -> Edges:
        """Return some of them, in the order given."""
        return Edges(*(column[which] for column in self))


def draw(ties: Any, roles: dict[str, str]) -> Drawing | None:
    """Return the account graph of one campaign.

    Args:
        ties: `campaign_ties` rows of the campaign.
        roles: account id -> role.

    Returns:
        The drawing, or None when there is no tie.
    """
    if not ties.num_rows:
        return None
    names, edges = _arrays(ties)
    strongest = tuple(
        Tie(str(names[a]), str(names[b]), str(family), float(weight))
        for a, b, family, weight in zip(
            *edges.take(np.arange(len(edges.left))[:LISTED]), strict=True
        )
    )
    drawn_names, drawn = _strongest(names, edges)
    points = _places(len(drawn_names), drawn)
    figure = {
        "data": [
            *(
                _lines(family, i, drawn.take(np.flatnonzero(drawn.family == family)), points)
                for i, family in enumerate(_families(drawn))
            ),
            *_dots(drawn_names, drawn, points, roles),
        ],
        "layout": layout(
            height=560,
            xaxis={"visible": False},
            yaxis={"visible": False, "scaleanchor": "x"},
        ),
    }
    return Drawing(
        figure, strongest, _note(len(names), len(edges.left), len(drawn_names), len(drawn.left))
    )


def _arrays(ties: Any) -> tuple[NDArray[np.str_], Edges]:
    left, right, family = (
        np.array([value or "" for value in ties[name].to_pylist()], dtype=np.str_)
        for name in ("account_a", "account_b", "family")
    )
    weight = np.array([value or 0.0 for value in ties["edge_weight"].to_pylist()], dtype=np.float64)
    names, numbers = np.unique(np.concatenate([left, right]), return_inverse=True)
    numbers = numbers.reshape(2, -1).astype(np.int64)
    # Ties in weight are broken by name, so that the order of rows does not move the picture.
    order = np.lexsort((family, numbers[1], numbers[0], -weight))
    return names, Edges(numbers[0], numbers[1], family, weight).take(order)


def _strongest(
    names: NDArray[np.str_], edges: Edges, *, nodes: int = NODES, most: int = EDGES
) -> tuple[NDArray[np.str_], Edges]:
    ends = np.concatenate([edges.left, edges.right])
    strength = np.bincount(ends, weights=np.tile(edges.weight, 2), minlength=len(names))
    kept = np.sort(np.lexsort((np.arange(len(names)), -strength))[:nodes])
    edges = edges.take(np.flatnonzero(np.isin(edges.left, kept) & np.isin(edges.right, kept)))
    ends = np.column_stack([edges.left, edges.right]).ravel()
    _, first = np.unique(ends, return_index=True)  # each account's strongest tie
    chosen = np.union1d(np.arange(len(edges.left))[:most], first // 2)
    edges = edges.take(chosen)
    kept = kept[np.isin(kept, ends)]  # a point whose partners are all left out would say nothing
    return names[kept], edges._replace(
        left=np.searchsorted(kept, edges.left), right=np.searchsorted(kept, edges.right)
    )


def _places(nodes: int, edges: Edges) -> NDArray[np.float64]:
    turn = np.arange(nodes) * GOLDEN_ANGLE
    radius = np.sqrt(np.arange(nodes) + 0.5)
    start = np.column_stack([radius * np.cos(turn), radius * np.sin(turn)])
    pairs = np.unique(np.column_stack([edges.left, edges.right]), axis=0)
    graph = igraph.Graph(n=nodes, edges=pairs.tolist())
    placed = graph.layout_kamada_kawai(seed=start.tolist())
    points: NDArray[np.float64] = np.asarray(placed.coords, dtype=np.float64).reshape(-1, 2)
    spread = max(float(np.ptp(points)), 1e-9) if nodes > 1 else 1.0
    return np.round((points - points.mean(axis=0)) / spread, 4)


def _families(edges: Edges) -> list[str]:
    present = {str(family) for family in edges.family}
    return [f for f in COLOURS if f in present] + sorted(present - set(COLOURS))


def _lines(family: str, place: int, edges: Edges, points: NDArray[np.float64]) -> Figure:
    start, end = points[edges.left], points[edges.right]
    # Two families may tie one pair: side by side, or the later line would hide the first.
    across = np.column_stack([-(end - start)[:, 1], (end - start)[:, 0]])
    length = np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    shift = 0.003 * (place - 1) * across / length
    gap = np.full((len(start), 1), np.nan)
    x, y = (
        np.hstack([(start + shift)[:, [i]], (end + shift)[:, [i]], gap]).ravel() for i in (0, 1)
    )
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"{_shown(family)}: {FAMILIES.get(family, 'other ties')}",
        "x": _numbers(x),
        "y": _numbers(y),
        "line": {"color": COLOURS.get(family, OTHER_COLOUR), "width": 1.2},
        "opacity": 0.65,
        "hoverinfo": "skip",
    }


def _dots(
    names: NDArray[np.str_], edges: Edges, points: NDArray[np.float64], roles: dict[str, str]
) -> list[Figure]:
    role = np.array([roles.get(str(name), "account") for name in names], dtype=np.str_)
    degree = np.bincount(np.concatenate([edges.left, edges.right]), minlength=len(names))
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": one,
            "x": _numbers(points[where, 0]),
            "y": _numbers(points[where, 1]),
            "text": [
                f"{_shown(str(names[i]))}<br>{one}<br>{count(int(degree[i]), 'tie')} drawn"
                for i in where
            ],
            "hoverinfo": "text",
            "marker": {"size": 8, "symbol": SYMBOLS.get(one, "circle"), "line": {"width": 1}},
            "meta": "node",  # the page's script paints these in ink
        }
        for one in sorted(set(role.tolist()))
        if len(where := np.flatnonzero(role == one))
    ]


def _shown(value: str) -> str:
    # Plotly reads a few tags in labels; escaped, they are only text.
    return escape(clean(value, one_line=True)) or "other"


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [None if math.isnan(v) else round(float(v), 4) for v in values]


def _note(accounts: int, ties: int, drawn_accounts: int, drawn_ties: int) -> str:
    if (accounts, ties) == (drawn_accounts, drawn_ties):
        return (
            f"All {count(accounts, 'account')} with a tie and all {count(ties, 'tie')} are drawn."
        )
    return (
        f"Drawn: the {drawn_accounts:,} most strongly tied of {count(accounts, 'account')} and "
        f"{drawn_ties:,} of {count(ties, 'tie')}, the strongest."
    )

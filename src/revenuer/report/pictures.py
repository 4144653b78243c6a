"""Each chart's place on the page, with its heading and the table that says the same in text.

The page's script draws into the place; without the script, for a screen reader and on paper the
table holds the numbers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from revenuer.html import Column, Html, details, join, log, table, tag
from revenuer.report import figures, graph
from revenuer.report.sentences import words
from revenuer.text import count, percent


class Picture(NamedTuple):
    """A chart's markup, the element id it is drawn into, and the figure; None when nothing is."""

    markup: Html
    name: str
    figure: figures.Figure | None


def timeline(name: str, activity: Any) -> Picture:
    """Return exchanges an hour as bars, and by day as a table."""
    heading = tag("h3", "Timeline")
    found = figures.hours(activity)
    if not found:
        return Picture(join([heading, tag("p", "No hourly counts were kept.")]), name, None)
    rows = [
        (
            day.day,
            count(day.exchanges),
            count(day.harvested),
            percent(day.harvested, day.exchanges),
            count(day.busiest),
        )
        for day in figures.days(found)
    ]
    columns = (
        Column("Day, UTC"),
        Column("Exchanges", is_number=True),
        Column("Harvested", is_number=True),
        Column("Share", is_number=True),
        Column("Most accounts active in one hour", is_number=True),
    )
    alternative = details("Timeline as a table", table("Exchanges by day", columns, rows))
    label = "Bar chart: exchanges an hour, the harvested part marked; the table below has each day."
    figure = figures.timeline(found)
    return Picture(join([heading, _place(name, figure, label), alternative]), name, figure)


def heat_map(name: str, activity: Any) -> Picture:
    """Return exchanges by day and hour of day, as colours and as numbers."""
    found = figures.days(figures.hours(activity))
    if not found:
        return Picture(Html(""), name, None)
    hours = tuple(Column(f"{hour:02d}", is_number=True) for hour in range(figures.HOURS))
    rows = [(day.day, *(count(n) for n in day.by_hour)) for day in found]
    caption = "Exchanges by day and hour of day, UTC"
    alternative = details(
        "Heat map as a table", table(caption, (Column("Day"), *hours), rows, class_="dense")
    )
    label = f"Heat map: {caption[0].lower()}{caption[1:]}; the table below has each number."
    figure = figures.heat_map(found)
    heading = tag("h3", "Hour by day")
    return Picture(join([heading, _place(name, figure, label), alternative]), name, figure)


def account_graph(name: str, ties: Any, roles: dict[str, str]) -> Picture:
    """Return accounts and their ties as a network, and the strongest ties as a table.

    Args:
        name: Element id.
        ties: `campaign_ties` rows of one campaign.
        roles: account id -> role.
    """
    heading = tag("h3", "Account graph")
    drawing = graph.draw(ties, roles)
    if drawing is None:
        nothing = tag("p", "No ties between single accounts were kept.")
        return Picture(join([heading, nothing]), name, None)
    note = (
        f"{drawing.note} A line is a tie, its colour the family of evidence. The edge weight says "
        "how rare the shared trait is; distance on the picture says nothing."
    )
    label = "Network picture: accounts and their ties by family; the table below has the strongest."
    parts = (
        heading,
        tag("p", note, class_="note"),
        _place(name, drawing.figure, label),
        _strongest(drawing.strongest),
    )
    return Picture(join(parts), name, drawing.figure)


def _strongest(ties: tuple[graph.Tie, ...]) -> Html:
    columns = (
        Column("Account"),
        Column("Account"),
        Column("Family"),
        Column("Edge weight", is_number=True),
    )
    rows = (
        (log(tie.account_a), log(tie.account_b), words(tie.family), f"{tie.edge_weight:.2f}")
        for tie in ties
    )
    caption = f"The {count(len(ties), 'strongest tie')}"
    return details("Strongest ties as a table", table(caption, columns, rows))


def _place(name: str, figure: figures.Figure, label: str) -> Html:
    height = f"min-height:{figure['layout']['height']}px"
    return tag("div", id=name, class_="chart", role="img", aria_label=label, style=height)

"""One campaign as an article: what was found, how sure that is, and what would clear it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from revenuer.records import Campaign, EvidenceItem, TemplateUse
from revenuer.report import figures, graph
from revenuer.report.html import (
    Column,
    Html,
    bullets,
    details,
    join,
    log,
    table,
    tag,
    template,
)
from revenuer.report.run import members_in_order, signals_of
from revenuer.report.sentences import FAMILIES, headline, tested, words
from revenuer.report.text import at, count, effect, percent, shorten, small

MEMBERS_SHOWN, TEMPLATES_SHOWN, TEMPLATE_CHARACTERS = 50, 20, 1200


class Traces(NamedTuple):
    """What the tables of a run hold about one campaign, as Arrow tables."""

    members: Any
    activity: Any
    ties: Any


class Article(NamedTuple):
    """A campaign's markup, and the charts that it leaves room for, by element id."""

    markup: Html
    charts: dict[str, figures.Figure]


def article(campaign: Campaign, traces: Traces, *, number: int) -> Article:
    """Return the article of the campaign that stands at this place, counted from 1."""
    anchor = f"campaign-{number}"
    members = members_in_order(traces.members)
    charts: dict[str, figures.Figure] = {}
    markup = tag(
        "article",
        tag("h2", f"{number}. Campaign ", log(campaign.campaign_id), id=f"{anchor}-title"),
        tag("p", headline(campaign), class_="lead"),
        _figures_in_short(campaign),
        _timeline(anchor, traces.activity, charts),
        _graph(anchor, traces.ties, members, charts),
        _heat_map(anchor, traces.activity, charts),
        _templates(campaign.templates),
        _evidence(campaign.evidence),
        _members(members),
        _lists(campaign),
        tag("p", tag("a", "Back to the list of campaigns", href="#campaigns"), class_="back"),
        id=anchor,
        aria_labelledby=f"{anchor}-title",
    )
    return Article(markup, charts)


def _figures_in_short(campaign: Campaign) -> Html:
    models = [f"{model} ({count(n)})" for model, n in campaign.models]
    facts = (
        ("Accounts", count(campaign.accounts)),
        ("Exchanges", count(campaign.exchanges)),
        ("Part of the harvest", _harvested(campaign.harvested_exchanges, campaign.exchanges)),
        ("Tokens read", count(campaign.input_tokens)),
        ("Tokens written", count(campaign.output_tokens)),
        (
            "First and last exchange, UTC",
            f"{at(campaign.window_start)} – {at(campaign.window_end)}",
        ),
        ("q-value", small(campaign.q_value)),
        ("Tied by", ", ".join(words(s) for s in signals_of(campaign))),
        ("Harvested", ", ".join(words(kind) for kind in campaign.harvest_kinds)),
        ("Models", ", ".join(models)),
        ("Capabilities", ", ".join(words(one) for one in campaign.capabilities)),
        ("Lineage", log(campaign.lineage_id)),
    )
    return tag(
        "dl",
        *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts if value),
        class_="facts",
    )


def _timeline(anchor: str, activity: Any, charts: dict[str, figures.Figure]) -> Html:
    heading = tag("h3", "Timeline")
    found = figures.hours(activity)
    if not found:
        return join([heading, tag("p", "No hourly counts were kept.")])
    chart = figures.timeline(found)
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
    return join([heading, _chart(f"{anchor}-timeline", chart, label, charts), alternative])


def _heat_map(anchor: str, activity: Any, charts: dict[str, figures.Figure]) -> Html:
    found = figures.days(figures.hours(activity))
    if not found:
        return Html("")
    hours = tuple(Column(f"{hour:02d}", is_number=True) for hour in range(figures.HOURS))
    rows = [(day.day, *(count(n) for n in day.by_hour)) for day in found]
    alternative = details(
        "Heat map as a table",
        table(
            "Exchanges by day and hour of day, UTC", (Column("Day"), *hours), rows, class_="dense"
        ),
    )
    label = "Heat map: exchanges by day and hour of day, UTC; the table below has each number."
    chart = _chart(f"{anchor}-hours", figures.heat_map(found), label, charts)
    return join([tag("h3", "Hour by day"), chart, alternative])


def _graph(
    anchor: str, ties: Any, members: Sequence[dict[str, Any]], charts: dict[str, figures.Figure]
) -> Html:
    heading = tag("h3", "Account graph")
    drawing = graph.draw(ties, {row["account_id"]: row["role"] for row in members})
    if drawing is None:
        return join([heading, tag("p", "No ties between single accounts were kept.")])
    rows = [
        (log(tie.account_a), log(tie.account_b), words(tie.family), f"{tie.edge_weight:.2f}")
        for tie in drawing.strongest
    ]
    columns = (
        Column("Account"),
        Column("Account"),
        Column("Family"),
        Column("Edge weight", is_number=True),
    )
    caption = f"The {count(len(rows), 'strongest tie')}"
    note = (
        f"{drawing.note} A line is a tie, its colour the family of evidence. The edge weight says "
        "how rare the shared trait is; distance on the picture says nothing."
    )
    label = "Network picture: accounts and their ties by family; the table below has the strongest."
    return join(
        [
            heading,
            tag("p", note, class_="note"),
            _chart(f"{anchor}-graph", drawing.figure, label, charts),
            details("Strongest ties as a table", table(caption, columns, rows)),
        ]
    )


def _chart(
    name: str, figure: figures.Figure, label: str, charts: dict[str, figures.Figure]
) -> Html:
    charts[name] = figure
    height = f"min-height:{figure['layout']['height']}px"
    return tag("div", id=name, class_="chart", role="img", aria_label=label, style=height)


def _templates(templates: Sequence[TemplateUse]) -> Html:
    heading = tag("h3", "Templates")
    if not templates:
        return join([heading, tag("p", "No text was available, or none of it was shared.")])
    items = (
        tag(
            "li",
            template(shorten(use.text, characters=TEMPLATE_CHARACTERS)),
            tag(
                "p",
                log(use.template_id),
                f" in the {words(use.field)}: {count(use.exchanges, 'exchange')} of "
                f"{count(use.accounts, 'account')} here, and "
                f"{count(use.outside_accounts, 'account')} outside this campaign.",
                class_="note",
            ),
        )
        for use in templates[:TEMPLATES_SHOWN]
    )
    note = f"Marked parts are slots: they change from exchange to exchange.{_of(templates)}"
    return join([heading, tag("p", note, class_="note"), tag("ol", *items, class_="templates")])


def _of(templates: Sequence[TemplateUse]) -> str:
    if len(templates) <= TEMPLATES_SHOWN:
        return ""
    return f" The first {TEMPLATES_SHOWN} of {count(len(templates), 'template')} are shown."


def _evidence(evidence: Sequence[EvidenceItem]) -> Html:
    columns = (
        Column("Signal and rule"),
        Column("Fact: what was counted"),
        Column("Effect", is_number=True),
        Column("p-value", is_number=True),
        Column("Null model: what innocent traffic would do"),
        Column("Inference: what the fact suggests"),
        Column("Examples"),
    )
    rows = (
        (
            join([words(e.signal), tag("br"), log(e.rule_id)]),
            tag("span", e.fact, class_="fact"),
            effect(e.effect, e.effect_unit),
            tested(e) or small(e.p_value),
            e.null_model,
            tag("span", e.inference, class_="inference"),
            _examples(e.examples),
        )
        for e in evidence
    )
    meanings = [f"{words(s)}: {FAMILIES[s]}" for s in FAMILIES if s in {e.signal for e in evidence}]
    note = f"Facts stand apart from inference. Signals here are {'; '.join(meanings)}."
    return join(
        [
            tag("h3", "Evidence"),
            tag("p", note, class_="note") if meanings else None,
            table("Evidence, item by item", columns, rows, class_="evidence"),
        ]
    )


def _examples(examples: Sequence[str]) -> Html:
    if not examples:
        return Html("–")
    listed = join((log(example) for example in examples), " ")
    return details(count(len(examples), "exchange"), tag("p", listed))


def _members(members: Sequence[dict[str, Any]]) -> Html:
    columns = (
        Column("Account"),
        Column("Role"),
        Column("Exchanges", is_number=True),
        Column("Harvested", is_number=True),
        Column("First harvested, UTC"),
        Column("Last harvested, UTC"),
    )
    rows = (
        (
            log(row["account_id"]),
            words(row["role"]),
            count(row["exchanges"]),
            count(row["harvested_exchanges"]),
            at(row["joined_at"]),
            at(row["left_at"]),
        )
        for row in members[:MEMBERS_SHOWN]
    )
    shown = min(len(members), MEMBERS_SHOWN)
    note = f"{shown:,} of {count(len(members), 'account')}, most harvested exchanges first."
    if shown < len(members):
        note += " The file members.parquet lists them all."
    caption = "Accounts of the campaign"
    return join(
        [tag("h3", "Accounts"), tag("p", note, class_="note"), table(caption, columns, rows)]
    )


def _lists(campaign: Campaign) -> Html:
    nothing = tag("p", "Everything that the scan looks for was available.")
    return join(
        [
            tag("h3", "What was unavailable"),
            bullets(campaign.unavailable) or nothing,
            tag("h3", "What would clear it"),
            bullets(campaign.would_clear) or tag("p", "Nothing was recorded; ask for a review."),
        ]
    )


def _harvested(harvested: int, exchanges: int) -> str:
    return f"{count(harvested)} ({percent(harvested, exchanges)})"

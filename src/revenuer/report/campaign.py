"""One campaign as an article: what was found, how sure that is, and what would clear it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from revenuer.html import (
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
from revenuer.records import Campaign, EvidenceItem, TemplateUse
from revenuer.report import pictures
from revenuer.report.figures import Figure
from revenuer.report.run import members_in_order, signals_of
from revenuer.report.sentences import FAMILIES, headline, tested, words
from revenuer.text import at, count, effect, percent, shorten, small

MEMBERS_SHOWN, TEMPLATES_SHOWN, TEMPLATE_CHARACTERS = 50, 20, 1200


class Traces(NamedTuple):
    """What the tables of a run hold about one campaign, as Arrow tables."""

    members: Any
    activity: Any
    ties: Any


class Article(NamedTuple):
    """A campaign's markup, and the charts that it leaves room for, by element id."""

    markup: Html
    charts: dict[str, Figure]


def article(campaign: Campaign, traces: Traces, *, number: int) -> Article:
    """Return the article of the campaign that stands at this place, counted from 1."""
    anchor = f"campaign-{number}"
    members = members_in_order(traces.members)
    roles = {row["account_id"]: row["role"] for row in members}
    drawn = (
        pictures.timeline(f"{anchor}-timeline", traces.activity),
        pictures.account_graph(f"{anchor}-graph", traces.ties, roles),
        pictures.heat_map(f"{anchor}-hours", traces.activity),
    )
    markup = tag(
        "article",
        tag("h2", f"{number}. Campaign ", log(campaign.campaign_id), id=f"{anchor}-title"),
        tag("p", headline(campaign), class_="lead"),
        _figures_in_short(campaign),
        *(picture.markup for picture in drawn),
        _templates(campaign.templates),
        _evidence(campaign.evidence),
        _members(members),
        _lists(campaign),
        tag("p", tag("a", "Back to the list of campaigns", href="#campaigns"), class_="back"),
        id=anchor,
        aria_labelledby=f"{anchor}-title",
    )
    return Article(markup, {p.name: p.figure for p in drawn if p.figure})


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

"""`revenuer show`: print one campaign's dossier as text."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from revenuer import report
from revenuer.cli import options
from revenuer.errors import InputError
from revenuer.records import Campaign, EvidenceItem, TemplateUse
from revenuer.report.run import Run, members_in_order, rows_of, signals_of
from revenuer.report.sentences import OPEN_TO_APPEAL, headline, tested, words
from revenuer.tables import MEMBERS
from revenuer.text import at, clean, count, effect, shorten, small

WIDTH = 96
MEMBERS_SHOWN, TEMPLATES_SHOWN, TEMPLATE_CHARACTERS = 20, 10, 400


@click.command("show")
@options.run
@options.campaign
@options.as_json
def show(run: Path, campaign_id: str, as_json: bool) -> None:
    """Print one campaign's dossier: facts, inference, and what would clear it.

    CAMPAIGN is an id that `revenuer campaigns DIR` lists, or the unambiguous start of one.
    """
    found = report.load(run)
    campaign = pick(found, campaign_id)
    if as_json:
        click.echo(json.dumps(campaign.to_json()))
        return
    members = members_in_order(rows_of(found.table(MEMBERS), campaign.campaign_id))
    for line in _dossier(campaign, members):
        click.echo(line)


def pick(found: Run, campaign_id: str) -> Campaign:
    """Return the campaign with an id, or the unambiguous start of one."""
    exact = [c for c in found.campaigns if c.campaign_id == campaign_id]
    alike = exact or [c for c in found.campaigns if c.campaign_id.startswith(campaign_id)]
    if len(alike) == 1:
        return alike[0]
    several = "several campaigns start with" if alike else "no campaign"
    known = ", ".join(c.campaign_id for c in (alike or found.campaigns)[:10])
    raise InputError(
        f"{several} {campaign_id} in {found.folder}",
        hint=f"one of {known}" if known else "none was found in this run",
    )


def _dossier(campaign: Campaign, members: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield from _title(f"Campaign {clean(campaign.campaign_id, one_line=True)}", "=")
    yield from _wrapped(headline(campaign))
    yield ""
    yield from _facts(campaign)
    yield from _title("Evidence")
    for item in campaign.evidence:
        yield ""
        yield from _item(item)
    yield from _title("Templates")
    if not campaign.templates:
        yield "No text was available, or none of it was shared."
    for use in campaign.templates[:TEMPLATES_SHOWN]:
        yield ""
        yield from _template(use)
    yield from _left_out(len(campaign.templates), TEMPLATES_SHOWN, "template", report.PAGE)
    yield from _title("Accounts")
    for row in members[:MEMBERS_SHOWN]:
        yield _member(row)
    yield from _left_out(len(members), MEMBERS_SHOWN, "account", "members.parquet")
    yield from _title("Unavailable")
    yield from _bullets(campaign.unavailable or ("Nothing that the scan looks for.",))
    yield from _title("What would clear it")
    yield from _bullets(campaign.would_clear or ("Nothing was recorded; ask for a review.",))
    yield ""
    yield from _wrapped(OPEN_TO_APPEAL)


def _facts(campaign: Campaign) -> Iterator[str]:
    models = ", ".join(f"{clean(m, one_line=True)} ({n:,})" for m, n in campaign.models)
    facts = {
        "lineage": clean(campaign.lineage_id, one_line=True),
        "window, UTC": f"{at(campaign.window_start)} – {at(campaign.window_end)}",
        "tokens": f"{count(campaign.input_tokens)} read, {count(campaign.output_tokens)} written",
        "q-value": small(campaign.q_value),
        "tied by": ", ".join(words(signal) for signal in signals_of(campaign)),
        "models": models,
        "capabilities": ", ".join(words(one) for one in campaign.capabilities),
    }
    for name, value in facts.items():
        if value:
            yield from _wrapped(value, first=f"{name:<14}", rest=" " * 14)


def _item(item: EvidenceItem) -> Iterator[str]:
    chance = tested(item) or f"p = {small(item.p_value)}"
    rule = clean(item.rule_id, one_line=True)
    yield f"{rule}  {words(item.signal)}  {effect(item.effect, item.effect_unit)}  {chance}"
    for name, value in (
        ("fact", item.fact),
        ("null model", item.null_model),
        ("inference", item.inference),
        ("examples", ", ".join(item.examples)),
    ):
        if value:
            yield from _wrapped(value, first=f"  {name:<12}", rest=" " * 14)


def _template(use: TemplateUse) -> Iterator[str]:
    reach = (
        f"{count(use.exchanges, 'exchange')}, {count(use.accounts, 'account')} here, "
        f"{count(use.outside_accounts)} outside"
    )
    yield f"{clean(use.template_id, one_line=True)}  {words(use.field)}  {reach}"
    shown = shorten(clean(use.text), characters=TEMPLATE_CHARACTERS)
    for line in shown.split("\n"):
        yield from _wrapped(line, first="  | ", rest="  | ")


def _member(row: dict[str, Any]) -> str:
    return (
        f"  {clean(row['account_id'], one_line=True)}  {words(row['role'])}  "
        f"{count(row['harvested_exchanges'])} of {count(row['exchanges'], 'exchange')} harvested"
    )


def _left_out(total: int, shown: int, noun: str, place: str) -> Iterator[str]:
    if total > shown:
        yield f"  … {count(total - shown, f'more {noun}')} in {place}"


def _title(title: str, underline: str = "-") -> Iterator[str]:
    if underline == "-":
        yield ""
    yield title
    yield underline * len(title)


def _bullets(items: Sequence[str]) -> Iterator[str]:
    for item in items:
        yield from _wrapped(item, first="- ", rest="  ")


def _wrapped(value: str, *, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        clean(value, one_line=True),
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
    ) or [first.rstrip()]

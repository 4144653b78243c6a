"""`revenuer campaigns`: list the campaigns of a run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from revenuer import report
from revenuer.cli import options
from revenuer.records import Campaign
from revenuer.report.run import Run, signals_of
from revenuer.report.sentences import words
from revenuer.text import at, clean, count, small

#: Columns of text when nobody looks at a terminal.
PLAIN_WIDTH = 120


@click.command("campaigns")
@options.run
@options.as_json
def campaigns(run: Path, as_json: bool) -> None:
    """List the campaigns of a run, strongest first.

    Exits 0 whenever the search ran, also when it found nothing.
    """
    found = report.load(run)
    if as_json:
        for campaign in found.campaigns:
            click.echo(json.dumps(campaign.to_json()))
        return
    if found.campaigns:
        width = None if sys.stdout.isatty() else PLAIN_WIDTH
        Console(width=width, markup=False, highlight=False).print(_table(found))
    _remarks(found)


def _table(found: Run) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("campaign", overflow="fold")
    for name in ("accounts", "exchanges", "harvested", "q-value"):
        table.add_column(name, justify="right", min_width=len(name))
    for name in ("harvest", "tied by", "first exchange, UTC"):
        table.add_column(name, overflow="fold")
    for campaign in found.campaigns:
        table.add_row(*(Text(cell) for cell in _cells(campaign)))
    return table


def _cells(campaign: Campaign) -> tuple[str, ...]:
    return (
        clean(campaign.campaign_id, one_line=True),
        count(campaign.accounts),
        count(campaign.exchanges),
        count(campaign.harvested_exchanges),
        small(campaign.q_value),
        ", ".join(words(kind) for kind in campaign.harvest_kinds),
        ", ".join(words(signal) for signal in signals_of(campaign)),
        at(campaign.window_start),
    )


def _remarks(found: Run) -> None:
    if not found.campaigns:
        click.echo(f"No campaign at a false discovery rate of {found.fdr:g}.", err=True)
    if found.coordinated_groups:
        groups = count(found.coordinated_groups, "coordinated group")
        click.echo(f"{groups} not accused: see coordinated.parquet.", err=True)
    for sentence in found.unavailable:
        click.echo(f"Unavailable: {clean(sentence, one_line=True)}", err=True)

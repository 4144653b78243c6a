"""`revenuer clear`: note that a campaign turned out to be innocent."""

from __future__ import annotations

from pathlib import Path

import click

from revenuer import report
from revenuer.cli import options
from revenuer.cli.show import pick
from revenuer.find.campaigns import dispositions


@click.command("clear")
@options.run
@options.campaign
@click.option("--note", required=True, metavar="TEXT", help="Why, for whoever looks next.")
@click.option("--undo", is_flag=True, help="Take it back.")
def clear(run: Path, campaign_id: str, note: str, undo: bool) -> None:
    """Clear CAMPAIGN: runs that continue DIR do not raise its lineage unless its evidence grows."""
    found = report.load(run)
    lineage_id = pick(found, campaign_id).lineage_id
    cleared = dispositions.read(run)
    cleared.pop(lineage_id, None)
    if not undo:
        own = [one for one in found.campaigns if one.lineage_id == lineage_id]
        cleared[lineage_id] = dispositions.of(lineage_id, own, note)
    dispositions.write(run, cleared)
    click.echo(f"{lineage_id} is {'no longer cleared' if undo else 'cleared'}.")

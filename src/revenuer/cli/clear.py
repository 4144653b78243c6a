"""`revenuer clear`: note that a campaign turned out to be innocent."""

from __future__ import annotations

from pathlib import Path

import click

from revenuer import report
from revenuer.cli import options
from revenuer.cli.show import pick
from revenuer.errors import InputError
from revenuer.find import place
from revenuer.find.campaigns import dispositions


@click.command("clear")
@options.run
@options.campaign
@click.option("--note", metavar="TEXT", help="Why, for whoever looks next.")
@click.option("--undo", is_flag=True, help="Take it back; CAMPAIGN may be a cleared lineage.")
def clear(run: Path, campaign_id: str, note: str | None, undo: bool) -> None:
    """Clear CAMPAIGN: runs that continue DIR do not raise its lineage unless its evidence grows."""
    if not (note or undo):
        raise click.UsageError("give --note, or --undo")
    report.load(run)  # is there a run at all?
    # Alone: a scan that replaces the run meanwhile would lose the decision.
    with place.alone(run):
        found, cleared = report.load(run), dispositions.read(run)
        # What is cleared is not raised in later runs, and has no campaign there.
        is_named = undo and campaign_id in cleared
        lineage_id = campaign_id if is_named else pick(found, campaign_id).lineage_id
        if undo:
            _take_back(cleared, lineage_id, run)
        else:
            own = [one for one in found.campaigns if one.lineage_id == lineage_id]
            cleared[lineage_id] = dispositions.of(lineage_id, own, note or "")
        dispositions.write(run, cleared)
    click.echo(f"{lineage_id} is {'no longer cleared' if undo else 'cleared'}.")


def _take_back(cleared: dict[str, dispositions.Cleared], lineage_id: str, run: Path) -> None:
    if cleared.pop(lineage_id, None) is None:
        raise InputError(
            f"{lineage_id} is not cleared in {run}",
            hint=f"one of {', '.join(sorted(cleared)[:10])}" if cleared else "nothing is",
        )

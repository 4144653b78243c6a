"""`revenuer forget`: remove what runs keep of an account, or of the time before a date."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from revenuer.errors import InputError
from revenuer.text import count

if TYPE_CHECKING:
    from revenuer.find.forget import Removed

_place = click.Path(exists=True, file_okay=False, path_type=Path)
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("forget")
@click.argument("places", metavar="DIR...", nargs=-1, required=True, type=_place)
@click.option("--account", "accounts", metavar="ID", multiple=True, help="An account to forget.")
@click.option(
    "--before",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    help="Forget exchanges before this date, UTC.",
)
@click.option(
    "--pseudonym-key", metavar="FILE", type=_file, help="Hash the ids first, as that scan did."
)
def forget(
    places: tuple[Path, ...],
    accounts: tuple[str, ...],
    before: datetime | None,
    pseudonym_key: Path | None,
) -> None:
    """Remove accounts, or exchanges before a date, from the runs at or below DIR...

    Give --account, as often as needed, or --before. Counts and facts stay as the scan found them.
    Exits 1 when no run holds anything of the kind.
    """
    from revenuer import report, runs
    from revenuer.find import forget as forgetting
    from revenuer.find import place
    from revenuer.find.ingest import pseudonym

    if bool(accounts) == (before is not None):
        raise click.UsageError("give either --account or --before")
    if not all(one.strip() for one in accounts):
        raise click.UsageError("--account is empty")
    key = pseudonym.load(pseudonym_key) if pseudonym_key else None
    hashed = [key.value("account_id", one) for one in accounts] if key else []
    request = forgetting.Request(
        # In clear too: runs with pseudonyms and without may lie side by side.
        accounts=frozenset([*accounts, *hashed]),
        before=before.replace(tzinfo=UTC) if before else None,
        pseudonym_check=key.check if key else None,
    )
    for out in dict.fromkeys(out for one in places for out in place.unfinished(one)):
        with place.taken(out):
            click.echo(f"{out}: removed an unfinished scan")
    folders = list(dict.fromkeys(run for one in places for run in runs.find(one)))
    found = False
    for folder in folders:
        done = forgetting.forget(folder, request, finish=report.write)
        found |= done.is_changed
        _tell(done)
    if not found:
        what = f"account {', '.join(accounts)}" if accounts else f"exchange before {before:%F %T}"
        raise InputError(
            f"no {what} in {len(folders)} run{'s' if len(folders) != 1 else ''}",
            hint="of a run with pseudonyms, give the account as it stands there, or --pseudonym-key"
            if accounts
            else "give a later date",
        )


def _tell(done: Removed) -> None:
    if done.rows:
        rows = ", ".join(f"{number:,} of {name}" for name, number in done.rows.items())
        click.echo(f"{done.folder}: removed {rows}")
    if done.mentions:
        click.echo(f"{done.folder}: replaced {count(done.mentions, 'mention')}")
    for campaign in done.campaigns:
        click.echo(f"{done.folder}: no account of {campaign} is left; it is removed")
    if done.lost_state:
        click.echo(f"{done.folder}: --since cannot continue this run any more", err=True)
    if done.other_key and not done.rows:
        click.echo(f"{done.folder}: has pseudonyms; give the --pseudonym-key of its scan", err=True)
    for name in done.carried:
        click.echo(f"{done.folder}: left as it was: {name}", err=True)

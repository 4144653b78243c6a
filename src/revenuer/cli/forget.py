"""`revenuer forget`: remove what runs keep of an account, or of the time before a date."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from revenuer.errors import InputError

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
    from revenuer.find.ingest import pseudonym

    if bool(accounts) == (before is not None):
        raise click.UsageError("give either --account or --before")
    ids = frozenset(accounts)
    if pseudonym_key:
        key = pseudonym.load(pseudonym_key)
        ids = frozenset(key.value("account_id", one) for one in accounts)
    request = forgetting.Request(
        accounts=ids,
        words=frozenset(accounts),
        before=before.replace(tzinfo=UTC) if before else None,
    )
    folders = list(dict.fromkeys(run for one in places for run in runs.find(one)))
    done = [forgetting.forget(folder, request, finish=report.write) for folder in folders]
    changed = [one for one in done if one.rows]
    if not changed:
        what = f"account {', '.join(accounts)}" if accounts else f"exchange before {before:%F %T}"
        raise InputError(
            f"no {what} in {len(folders)} run{'s' if len(folders) != 1 else ''}",
            hint="of a run with pseudonyms, give the account as it stands there, or --pseudonym-key"
            if accounts
            else "give a later date",
        )
    for one in changed:
        rows = ", ".join(f"{count:,} of {name}" for name, count in one.rows.items())
        click.echo(f"{one.folder}: removed {rows}")
        for campaign in one.campaigns:
            click.echo(f"{one.folder}: no account of {campaign} is left; it is removed")
        if one.had_state:
            click.echo(f"{one.folder}: --since cannot continue this run any more", err=True)
        for name in one.carried:
            click.echo(f"{one.folder}: left as it was: {name}", err=True)

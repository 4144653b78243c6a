"""`revenuer scan`: find campaigns in logs and write the evidence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import click

from revenuer.cli import options
from revenuer.errors import InputError
from revenuer.settings import EngineName, RetainText, Settings

Progress = Callable[[str, int, int | None], None]
#: It may be missing: a scan to the same place that was killed while moving left it aside.
_folder = click.Path(file_okay=False, path_type=Path)
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("scan")
@click.argument("logs", metavar="LOG...", nargs=-1, required=True)
@options.out
@click.option("--accounts", metavar="FILE", help="Your own records of accounts.")
@click.option("--known", metavar="FILE", type=_file, help="Accounts never to accuse, one a line.")
@click.option("--format", "formats", default="auto", show_default=True, help="Format of the logs.")
@click.option("--map", "maps", metavar="OUR=THEIRS", multiple=True, help="Column names of yours.")
@click.option(
    "--customer-attribute", metavar="NAME", help="Span attribute that names the customer."
)
@click.option("--pseudonym-key", metavar="FILE", type=_file, help="Hash identifiers with this key.")
@click.option("--ip-ranges", metavar="FILE", type=_file, help="start,end,asn,country of addresses.")
@click.option("--networks", metavar="FILE", type=_file, help="CIDR,class of networks.")
@click.option("--since", metavar="DIR", type=_folder, help="An earlier run to continue.")
@click.option(
    "--window",
    "window_days",
    metavar="DAYS",
    type=options.Finite(min=0, min_open=True, max=36_500),
    help="Look at so many days before the last exchange.",
)
@options.fdr
@click.option(
    "--retain-text",
    type=click.Choice(get_args(RetainText)),
    default="evidence",
    show_default=True,
    help="Texts that the run folder keeps.",
)
@click.option("--null", "is_null", is_flag=True, help="Break every tie first: find nothing.")
@options.seed
@click.option(
    "--engine",
    type=click.Choice(get_args(EngineName)),
    default="duckdb",
    show_default=True,
    help="What measures features; spark is for more than one machine holds.",
)
@click.option(
    "--master",
    metavar="URL",
    default="local[*]",
    show_default=True,
    help="Where Spark runs: local[*], spark://HOST:PORT or sc://HOST:PORT.",
)
@options.threads
@click.option("--memory-limit", default="2GB", show_default=True, help="Before spilling to disk.")
def scan(
    logs: tuple[str, ...],
    out: Path,
    accounts: str | None,
    known: Path | None,
    since: Path | None,
    maps: tuple[str, ...],
    **chosen: object,
) -> None:
    """Read LOG..., find campaigns, and write DIR.

    A LOG is a file, a folder, a glob or an object-store address. Exits 0 whenever the search ran,
    also when it found nothing.
    """
    from revenuer import report
    from revenuer.find import pipeline

    settings = Settings(column_map=_column_map(maps), **chosen)  # type: ignore[arg-type]  # click checked them
    with _progress() as progress:
        outcome = pipeline.scan(
            logs,
            out=out,
            settings=settings,
            accounts=accounts,
            known=known,
            since=since,
            progress=progress,
            finish=report.write,
        )
    accused = sum(campaign.accounts for campaign in outcome.campaigns)
    if settings.is_null:
        click.echo(
            f"With every tie broken: {len(outcome.campaigns)} campaigns and "
            f"{outcome.coordinated_groups} coordinated groups. Both should be 0 or nearly so."
        )
        return
    click.echo(
        f"{len(outcome.campaigns)} campaigns with {accused:,} accounts; "
        f"{outcome.coordinated_groups} coordinated groups are listed without an accusation."
    )
    click.echo(f"Read {out / report.PAGE}, or run `revenuer campaigns {out}`.")


def _column_map(maps: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in maps]
    bad = [
        text
        for text, (ours, equals, theirs) in zip(maps, pairs, strict=True)
        if not (ours and equals and theirs)
    ]
    if bad:
        raise InputError(
            f"--map {bad[0]} is not OUR=THEIRS", hint="write --map account_id=customer"
        )
    return {ours: theirs for ours, _, theirs in pairs}


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show a bar with rate and remaining time a stage on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich import progress as rich
    from rich.console import Console

    bars = rich.Progress(
        rich.SpinnerColumn(), rich.TextColumn("{task.description}"), rich.BarColumn(),
        rich.MofNCompleteColumn(), rich.TransferSpeedColumn(), rich.TimeElapsedColumn(),
        rich.TimeRemainingColumn(), console=Console(stderr=True),
    )  # fmt: skip
    tasks: dict[str, rich.TaskID] = {}

    def show(stage: str, done: int, total: int | None) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=done, total=total)

    with bars:
        yield show

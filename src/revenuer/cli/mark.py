"""`revenuer mark`: keys of marks, their commitments, and canaries."""

from __future__ import annotations

import json
from pathlib import Path

import click

from revenuer.cli import options, told
from revenuer.prove import private
from revenuer.prove.marks.canaries import canaries as draw
from revenuer.prove.marks.keys import WatermarkKey

_key = click.argument("key", metavar="KEY", type=told.file)


@click.group("mark")
def mark() -> None:
    """Make keys of marks, commit to them, and draw canaries.

    Marking itself happens where tokens are drawn: see docs/how-to/mark-your-outputs.md.
    """


@mark.command("keygen")
@click.argument("file", metavar="FILE", type=told.file)
def keygen(file: Path) -> None:
    """Make a key and write it to FILE, which nobody else can read.

    A file that is there already is never written over. Keep a copy where the logs are not: whoever
    has the key can make text that looks marked, and without it nothing can be proved.
    """
    key = WatermarkKey.generate()
    key.save(file)
    click.echo(key.digest)
    click.echo(f"Publish this digest before you use {file}: `revenuer mark commit`.", err=True)


@mark.command("commit")
@_key
@click.option("--at", metavar="TIME", help="ISO 8601 with its zone; now unless given.")
@options.as_json
def commit(key: Path, at: str | None, as_json: bool) -> None:
    """Print what to publish before KEY is used: its digest and the time.

    The digest tells nothing of the key. Put it where its date cannot be changed later: a time-stamp
    service, a public log, a notary.
    """
    made = WatermarkKey.load(key).commit(told.time_of(at))
    when = made.at.isoformat(timespec="seconds")
    if as_json:
        click.echo(json.dumps({"digest": made.digest, "at": when}))
    else:
        click.echo(f"{made.digest}  {when}")


@mark.command("canaries")
@_key
@options.campaign
@click.option(
    "--out", required=True, metavar="FILE", type=told.file, help="File for the set; secret."
)
@click.option(
    "--count", type=click.IntRange(1, 10_000), default=200, show_default=True, help="Questions."
)
@click.option(
    "--choices",
    type=click.IntRange(2, 16),
    default=8,
    show_default=True,
    help="Answers to choose from at each question.",
)
def canaries(key: Path, campaign_id: str, out: Path, count: int, choices: int) -> None:
    """Draw the questions to plant in what CAMPAIGN is told, and print the set's commitment.

    The same KEY, CAMPAIGN and numbers give the same set. Publish the commitment before the set is
    served, and the set, as it stands in FILE, when you make a claim.
    """
    made = draw(WatermarkKey.load(key), campaign_id, count, choices=choices)
    held = json.dumps(made.to_json(), indent=1, ensure_ascii=False) + "\n"
    private.write(out, held.encode(), "the set")
    click.echo(made.digest)

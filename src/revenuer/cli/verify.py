"""`revenuer prove verify`: does a bundle hold, and how much of it was computed again?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from revenuer.cli import options, told

Command = TypeVar("Command", bound=Callable[..., Any])
#: What was checked, by level.
LEVELS = {
    "signature": "the signature, and that the words follow from the numbers; no number was computed"
    " again, for which token ids and key are needed.",
    "tokens": "the signature and what was seen, scored and left out; p needs the key.",
    "key": "the signature and every number.",
}


def checks(command: Command) -> Command:
    """Add the options of what a bundle is checked with."""
    for add in reversed(
        (
            click.option("--public-key", metavar="HEX", help="The signer's, from elsewhere."),
            click.option(
                "--token-ids",
                metavar="FILE",
                type=told.file,
                multiple=True,
                help="What was scored.",
            ),
            click.option(
                "--key", metavar="FILE", type=told.file, help="The key, once it was told."
            ),
        )
    ):
        command = add(command)
    return command


@click.command("verify")
@click.argument("bundle", metavar="BUNDLE", type=told.file)
@checks
@options.as_json
def verify(
    bundle: Path,
    public_key: str | None,
    token_ids: tuple[Path, ...],
    key: Path | None,
    as_json: bool,
) -> None:
    """Check BUNDLE: who signed it, and, as far as more is given, that every number comes out.

    Exits 1 if it is refused. `verifier/verify_bundle.py` does the same without this program.
    """
    from revenuer.prove.audit import recompute

    found = recompute.verify(
        told.read(bundle),
        public_key=public_key,
        token_ids=[told.read(place) for place in token_ids],
        key=None if key is None else recompute.key_of(told.read(key)),
    )
    held = found.bundle
    at = held.commitment.at.isoformat() if held.commitment else None
    if as_json:
        answer = {
            "level": found.level, "signed_by": held.public_key, "created": held.created.isoformat(),
            "committed_at": at, "key_is_committed": found.is_committed,
            "conclusion": held.conclusion,
        }  # fmt: skip
        click.echo(json.dumps(answer))
        return
    whose = "as you asked" if public_key else "which is whoever holds that key: give --public-key"
    click.echo(held.conclusion)
    for line in told.statements_of(held.statements):
        click.echo(line)
    click.echo(f"Signed by {held.public_key}, {whose}.")
    click.echo(f"Key committed to {at}." if at else "No commitment to the key is named.")
    click.echo(f"Checked: {LEVELS[found.level]}")

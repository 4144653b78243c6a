"""`revenuer prove canary` and `agreement`: a suspect's answers beside what was planted or said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from revenuer.cli import marked, told
from revenuer.errors import InputError

if TYPE_CHECKING:
    from revenuer.prove.audit.bundle import Input
    from revenuer.prove.marks.canaries import CanarySet


@click.command("canary")
@click.argument("sets", metavar="SET...", nargs=-1, required=True, type=told.file)
@click.option("--answers", metavar="FILE", type=told.file, help="JSON lines: question and answer.")
@click.option("--suspect", metavar="MODEL", help="Ask this model: a folder, GGUF file or URL.")
@click.option(
    "--commitment", "commitments", metavar="DIGEST", multiple=True, help="Of each SET, in order."
)
@told.wanted
def canary(
    sets: tuple[Path, ...],
    answers: Path | None,
    suspect: str | None,
    commitments: tuple[str, ...],
    **how: Any,
) -> None:
    """Test whether a suspect gives the answers planted in one campaign.

    Each SET is a file of `revenuer mark canaries`, one a campaign. Give --answers or --suspect.
    """
    from revenuer.prove.audit import answers as given
    from revenuer.prove.audit.bundle import Input
    from revenuer.prove.audit.canary_test import canary_test

    if (answers is None) == (suspect is None):
        raise click.UsageError("give either --answers or --suspect")
    if commitments and len(commitments) != len(sets):
        raise click.UsageError(f"{len(sets)} sets, but {len(commitments)} commitments")
    wanted = told.asked_of(how)
    contents = [told.read(place) for place in sets]
    inputs = [Input.of(place.name, one) for place, one in zip(sets, contents, strict=True)]
    digests = commitments or (None,) * len(sets)
    planted = [_set(*one) for one in zip(sets, contents, digests, strict=True)]
    if answers is not None:
        content = told.read(answers)
        inputs.append(Input.of(answers.name, content))
        said = given.parse(content, answers.name)
    else:
        from revenuer.models import open_model
        from revenuer.prove.audit import suspects

        asked = given.prompts(planted)
        replies = suspects.asked(open_model(str(suspect)), list(asked.values()), limit=48)
        said = dict(zip(asked, replies, strict=True))
    found = given.of(planted, said)
    told.tell(canary_test(found.answers, found.planted, choices=found.choices), wanted, inputs)


@click.command("agreement")
@click.argument("ours", metavar="OURS", type=told.file)
@click.argument("suspect", metavar="SUSPECT", type=told.file)
@click.argument("controls", metavar="CONTROL...", nargs=-1, required=True, type=told.file)
@marked.tokenizer
@told.wanted
def agreement(
    ours: Path, suspect: Path, controls: tuple[Path, ...], tokenizer: Path | None, **how: Any
) -> None:
    """Test whether SUSPECT agrees with OURS more than any CONTROL does.

    Each file holds one model's outputs to the same prompts in the same order, as JSON lines with
    `tokens` or `text`. A rank among models: it never flags alone.
    """
    from revenuer.prove.audit.agreement import agreement as shares
    from revenuer.prove.audit.agreement import agreement_test

    wanted, encode = told.asked_of(how), marked.encoder(tokenizer)
    inputs: list[Input] = []
    rows = []
    for place in (ours, suspect, *controls):
        texts, read = marked.read((place,), encode)
        inputs += read
        rows.append([text.tokens for text in texts if text.tokens is not None])
        if len(rows[-1]) < len(texts):
            raise InputError(
                f"{place} holds prompts without outputs", hint="give `tokens` or `text`"
            )
        if len(rows[-1]) != len(rows[0]):
            raise InputError(f"{place} has {len(rows[-1])} outputs, but {ours} has {len(rows[0])}")
    told.tell(
        agreement_test(shares(rows[0], rows[1]), [shares(rows[0], one) for one in rows[2:]]),
        wanted,
        inputs,
    )


def _set(place: Path, content: bytes, digest: str | None) -> CanarySet:
    from revenuer.prove.marks.canaries import CanarySet

    try:
        held = json.loads(content)
        found = CanarySet.from_json(held)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{place} is no set of canaries", hint="make one with `revenuer mark canaries`"
        ) from error
    return found if digest is None else CanarySet.revealed(held, digest)

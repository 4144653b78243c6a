"""How the result of a test is told: a sentence, JSON, a signed bundle, a picture."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

import revenuer
from revenuer.cli import options
from revenuer.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from revenuer.prove.audit.bundle import Input, Statement
    from revenuer.prove.audit.evidence import Evidence
    from revenuer.prove.audit.tokens import Line
    from revenuer.prove.marks.keys import Commitment, WatermarkKey

Command = TypeVar("Command", bound=Callable[..., Any])
file = click.Path(dir_okay=False, path_type=Path)


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is to be written beside the sentence.

    Attributes:
        as_json: Print JSON instead.
        bundle: File of the signed bundle.
        signing_key: File of the key that signs it.
        token_ids: File of the scored token ids.
        picture: File of the picture.
        at: Time of the bundle, ISO 8601; now unless given.
    """

    as_json: bool = False
    bundle: Path | None = None
    signing_key: Path | None = None
    token_ids: Path | None = None
    picture: Path | None = None
    at: str | None = None


def wanted(command: Command) -> Command:
    """Add the options that say how a result is told."""
    for add in reversed(
        (
            options.as_json,
            click.option("--bundle", metavar="FILE", type=file, help="Write a signed bundle."),
            click.option(
                "--signing-key",
                metavar="FILE",
                type=file,
                help="Signs it; `prove keygen` makes it.",
            ),
            click.option("--at", metavar="TIME", help="Time of the bundle; now unless given."),
        )
    ):
        command = add(command)
    return command


def asked_of(how: dict[str, Any]) -> Wanted:
    """Return how a result is to be told, as `wanted` took it in.

    What cannot be written is refused here: asking a model may take days.

    Raises:
        InputError: There is no key that signs, no such time, or a file is there already.
    """
    from revenuer.prove.audit.signing import SigningKey

    asked = Wanted(**how)
    if (asked.bundle is None) != (asked.signing_key is None):
        raise click.UsageError("--bundle and --signing-key need each other")
    if asked.signing_key is not None:
        SigningKey.load(asked.signing_key)
    time_of(asked.at)
    for place in (asked.bundle, asked.token_ids, asked.picture):
        if place is not None and place.exists():
            raise InputError(f"{place} exists", hint="choose another name")
        if place is not None and not place.parent.is_dir():
            raise InputError(f"cannot write {place}: there is no folder {place.parent}")
    return asked


def tell(
    evidence: Evidence,
    asked: Wanted,
    inputs: Sequence[Input],
    *,
    scheme: dict[str, float | int | str] | None = None,
    lines: Sequence[Line] | None = None,
    path: Callable[[], NDArray[np.float64]] | None = None,
    commitment: Commitment | None = None,
) -> None:
    """Print a result, and write what else is wanted.

    Args:
        evidence: The result.
        asked: How to tell it.
        inputs: Files that were read.
        scheme: What a bundle says of the mark, if one was read.
        lines: Token ids that were scored.
        path: Gives log10 of the e-process after each unit; asked for a picture only.
        commitment: Of the key.

    Raises:
        InputError: A file is there already or cannot be written, or holds what a bundle cannot say.
    """
    from revenuer.prove.audit import tokens
    from revenuer.prove.audit.bundle import EvidenceBundle, Statement
    from revenuer.prove.audit.signing import SigningKey

    # Before anything is written: a full disk must not take the result with it.
    for line in as_json(evidence) if asked.as_json else sentences(evidence):
        click.echo(line)
    is_written = asked.bundle is not None or asked.token_ids is not None
    ids = tokens.dump(lines) if lines is not None and is_written else None
    if asked.bundle is not None and asked.signing_key is not None:
        statement = Statement(evidence, scheme or {}, None if ids is None else tokens.digest(ids))
        made = EvidenceBundle(
            [statement], inputs, commitment, f"revenuer {revenuer.__version__}", time_of(asked.at)
        ).sign(SigningKey.load(asked.signing_key))
        _write(asked.bundle, made.to_json())
    if asked.token_ids is not None and ids is not None:
        _write(asked.token_ids, ids)
    if asked.picture is not None and path is not None:
        from revenuer.prove.audit import picture

        drawn = picture.draw(path(), title=f"{evidence.test}: {evidence.verdict}")
        _write(asked.picture, drawn.encode())


def sentences(evidence: Evidence) -> list[str]:
    """Return what a result says, in words."""
    from revenuer.prove.audit.conclusion import conclude, power

    # Neither says more than its number: p is rounded up, e down.
    e_value = ""
    if evidence.log10_e is not None:
        e_value = f", e at least 10^{math.floor(evidence.log10_e * 10) / 10:.1f}"
    told = [
        conclude([evidence]),
        f"{evidence.scored:,} of {evidence.seen:,} units scored; p at most "
        f"{power(evidence.log10_p)}{e_value}. Null hypothesis: {evidence.null}.",
    ]
    if evidence.dropped:
        left = ", ".join(f"{count:,} {why}" for why, count in sorted(evidence.dropped.items()))
        told.append(f"Left out: {left}.")
    if evidence.smallest_log10_p is not None:
        told.append(f"The smallest p it could have given is {power(evidence.smallest_log10_p)}.")
    return told


def as_json(evidence: Evidence) -> list[str]:
    """Return a result as one JSON object."""
    from revenuer.prove.audit.conclusion import conclude

    held = dataclasses.asdict(evidence)
    held |= {"verdict": str(evidence.verdict), "conclusion": conclude([evidence])}
    return [json.dumps(held, default=float, allow_nan=False)]


def time_of(given: str | None) -> datetime:
    """Return a time that was given, or now."""
    if given is None:
        return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251  # --at replays it
    try:
        found = datetime.fromisoformat(given)
        # In UTC the first and the last day of the calendar may lie outside it.
        found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{given!r} is no time", hint="2026-11-24T12:00:00+00:00") from error
    if found.tzinfo is None:
        raise InputError(f"{given} has no time zone", hint=f"{given}+00:00")
    return found


def commitment_of(key: WatermarkKey | int, place: Path | None) -> Commitment | None:
    """Return the commitment that a file holds, as `revenuer mark commit --json` printed it.

    Raises:
        InputError: It holds none, or that of another key.
    """
    from revenuer.prove.marks.keys import Commitment, WatermarkKey

    if place is None:
        return None
    content = read(place)
    try:
        held = json.loads(content)
        found = Commitment(str(held["digest"]), time_of(str(held["at"])))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{place} is no commitment", hint="keep what `revenuer mark commit --json` prints"
        ) from error
    if not isinstance(key, WatermarkKey) or found.digest != key.digest:
        raise InputError(f"{place} commits to another key than the one given")
    return found


def read(place: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return place.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {place}: {error.strerror}") from error


def _write(place: Path, content: bytes) -> None:
    try:
        out = place.open("xb")
    except FileExistsError as error:
        raise InputError(f"{place} exists", hint="choose another name") from error
    except OSError as error:
        raise InputError(f"cannot write {place}: {error.strerror}") from error
    try:
        with out:
            out.write(content)
    except OSError as error:
        place.unlink()
        raise InputError(f"cannot write {place}: {error.strerror}") from error


def statements_of(found: Sequence[Statement]) -> list[str]:
    """Return a line for each test of a bundle."""
    from revenuer.prove.audit.conclusion import power

    return [
        f"{one.evidence.test}: {one.evidence.verdict}; {one.evidence.scored:,} of "
        f"{one.evidence.seen:,} units scored, p at most {power(one.evidence.log10_p)}."
        for one in found
    ]

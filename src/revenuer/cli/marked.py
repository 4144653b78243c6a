"""What every test of a mark is given: a key, the kind of mark, and texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from revenuer.cli import told
from revenuer.errors import InputError

if TYPE_CHECKING:
    from revenuer.prove.audit.bundle import Input
    from revenuer.prove.audit.detect import Mark
    from revenuer.prove.audit.texts import Encode, Text
    from revenuer.prove.marks.keys import Commitment, WatermarkKey

Command = TypeVar("Command", bound=Callable[..., Any])
_folder = click.Path(exists=True, file_okay=False, path_type=Path)
texts = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=told.file)
tokenizer = click.option(
    "--tokenizer", metavar="DIR", type=_folder, help="Our model's folder; cuts text into tokens."
)


class Given(NamedTuple):
    """A mark and its key.

    Attributes:
        key: What the mark is read with: the key, or a seed.
        seed: Its number.
        mark: The scheme.
        described: What a bundle says of it.
        commitment: Of the key, if one was given.
    """

    key: WatermarkKey | int
    seed: int
    mark: Mark
    described: dict[str, float | int | str]
    commitment: Commitment | None


def marked(command: Command) -> Command:
    """Add the options of a mark and its key."""
    for add in reversed(
        (
            click.option("--key", metavar="FILE", type=told.file, help="Key of `mark keygen`."),
            click.option(
                "--vllm-key-file", metavar="FILE", type=told.file, help="vLLM's key, a number."
            ),
            click.option("--dual-key", is_flag=True, help="vLLM's dual-key mark: read key A."),
            click.option(
                "--commitment", metavar="FILE", type=told.file, help="What `mark commit` printed."
            ),
            click.option(
                "--scheme",
                type=click.Choice(["gumbel", "green"]),
                default="gumbel",
                show_default=True,
                help="Kind of mark.",
            ),
            click.option(
                "--window",
                type=click.IntRange(1, 16),
                default=2,
                show_default=True,
                help="Tokens before a token that its mark depends on; vLLM's own default is 4.",
            ),
            click.option(
                "--gamma",
                type=click.FloatRange(0, 1, min_open=True, max_open=True),
                default=0.25,
                show_default=True,
                help="Share of green tokens.",
            ),
        )
    ):
        command = add(command)
    return command


def given(how: dict[str, Any]) -> Given:
    """Take the options of `marked` out of a command's, and return what they say.

    Raises:
        InputError: The key or its commitment cannot be used.
    """
    from revenuer.prove.audit import recompute
    from revenuer.prove.audit.detect import seed_of
    from revenuer.prove.marks.green import GreenMark
    from revenuer.prove.marks.gumbel import GumbelMark
    from revenuer.prove.marks.vllm import dual_keys

    own, engine, promised = (how.pop(name) for name in ("key", "vllm_key_file", "commitment"))
    is_dual, scheme = how.pop("dual_key"), how.pop("scheme")
    window, gamma = how.pop("window"), how.pop("gamma")
    secret = _secret(own, engine)
    key = dual_keys(seed_of(secret)).a if is_dual else secret
    mark = GumbelMark(window=window) if scheme == "gumbel" else GreenMark(gamma, window=window)
    part = recompute.KEY_A if is_dual else recompute.OWN
    described = recompute.described(mark, seed=part)
    return Given(key, seed_of(key), mark, described, told.commitment_of(secret, promised))


def _secret(key: Path | None, vllm_key_file: Path | None) -> WatermarkKey | int:
    from revenuer.prove import private
    from revenuer.prove.audit import recompute
    from revenuer.prove.marks.keys import WatermarkKey

    if (key is None) == (vllm_key_file is None):
        raise click.UsageError("give either --key or --vllm-key-file")
    if key is not None:
        return WatermarkKey.load(key)
    place = Path(str(vllm_key_file))
    found = recompute.key_of(private.read(place, "the key"))
    if not isinstance(found, int):
        raise InputError(f"{place} is a key of revenuer", hint=f"give --key {place}")
    return found


def encoder(folder: Path | None) -> Encode | None:
    """Return what cuts text into the tokens of a model's folder, if one is given."""
    from revenuer.prove.audit import texts

    return None if folder is None else texts.tokenizer(folder)


def read(files: tuple[Path, ...], encode: Encode | None) -> tuple[list[Text], list[Input]]:
    """Return the texts of files, and what a bundle says of the files."""
    from revenuer.prove.audit import texts
    from revenuer.prove.audit.bundle import Input

    contents = [(place, told.read(place)) for place in files]
    found = [text for place, one in contents for text in texts.parse(one, str(place), encode)]
    return found, [Input.of(place.name, one) for place, one in contents]

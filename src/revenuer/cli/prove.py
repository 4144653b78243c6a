"""`revenuer prove`: was this text marked, was that model trained on it, and does a bundle hold?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from revenuer.cli import marked, options, told
from revenuer.cli.answers import agreement, canary
from revenuer.cli.several import several
from revenuer.cli.verify import verify
from revenuer.errors import InputError

_token_ids = click.option(
    "--token-ids", metavar="FILE", type=told.file, help="Write what was scored, for who verifies."
)
_picture = click.option(
    "--picture", metavar="FILE", type=told.file, help="Write the e-process over tokens, as SVG."
)


@click.group("prove")
def prove() -> None:
    """Test texts and models for what our outputs carry, and verify what others claim.

    No evidence is not innocence: no test here shows that somebody took nothing.
    """


for _command in (canary, agreement, verify, several):
    prove.add_command(_command)


@prove.command("keygen")
@click.argument("place", metavar="FILE", type=told.file)
def keygen(place: Path) -> None:
    """Make a key that signs bundles, write it to FILE, and print its public key.

    Publish the public key where whoever verifies finds it. FILE is PEM that nobody else can read.
    """
    from revenuer.prove.audit.signing import SigningKey

    key = SigningKey.generate()
    key.save(place)
    click.echo(key.public)


@prove.command("detect")
@marked.texts
@marked.marked
@marked.tokenizer
@told.wanted
@_token_ids
@_picture
def detect(files: tuple[Path, ...], tokenizer: Path | None, **how: Any) -> None:
    """Test whether the texts in FILE... carry the mark of a key.

    A FILE is one text, or JSON lines with `tokens` or `text`, and `prompt_tokens` or `prompt` where
    the question is known. Token ids are best: text is cut into tokens again. Exits 0 whatever is
    found.
    """
    from revenuer.prove.audit import tokens
    from revenuer.prove.audit.detect import evidence, judge, units_of
    from revenuer.prove.audit.windows import Seen

    given = marked.given(how)
    asked = told.asked_of(how)
    found, inputs = marked.read(files, marked.encoder(tokenizer))
    pairs = [(text.tokens, text.context) for text in found if text.tokens is not None]
    if not pairs:
        raise InputError("the files hold prompts only", hint="give `tokens` or `text`")
    if any(text.prompt and not len(text.context) for text in found if text.tokens is not None):
        raise InputError(
            "a text has `prompt`, but what stood there cannot be left out without its tokens",
            hint="give --tokenizer DIR, or `prompt_tokens`",
        )
    rows, contexts = [row for row, _ in pairs], [context for _, context in pairs]
    lines = tokens.lines(rows, [one for one in contexts if len(one)])
    units = units_of(tokens.scored(lines), given.mark.window, Seen())
    judged = judge(units, given.seed, given.mark)
    told.tell(
        evidence(units, judged, given.key, given.mark, texts=len(rows)),
        asked,
        inputs,
        scheme=given.described,
        lines=lines,
        path=lambda: judged.path,
        commitment=given.commitment,
    )


@prove.command("radioactivity")
@click.argument("suspect", metavar="SUSPECT")
@marked.texts
@marked.marked
@marked.tokenizer
@click.option("--closed", is_flag=True, help="Let SUSPECT write, even if it tells distributions.")
@click.option("--supervised", is_flag=True, help="FILE... is our own marked log.")
@click.option(
    "--statistic",
    type=click.Choice(["tokens", "whole", "contrast"]),
    default="tokens",
    show_default=True,
    help="What is scored of an open model.",
)
@click.option("--ours", metavar="MODEL", help="Our own model; contrast needs it.")
@click.option(
    "--limit", type=click.IntRange(1), default=256, show_default=True, help="Tokens to write."
)
@click.option(
    "--temperature",
    type=options.Finite(0),
    default=1.0,
    show_default=True,
    help="Of what it writes; 0 takes the likeliest token.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of sampling.")
@click.option(
    "--decoys", type=click.IntRange(0), default=0, show_default=True, help="Keys to judge beside."
)
@told.wanted
@_token_ids
@_picture
def radioactivity(
    suspect: str,
    files: tuple[Path, ...],
    tokenizer: Path | None,
    closed: bool,
    supervised: bool,
    statistic: Any,
    ours: str | None,
    limit: int,
    temperature: float,
    seed: int,
    decoys: int,
    **how: Any,
) -> None:
    """Test whether SUSPECT was trained on our marked outputs.

    SUSPECT is a model's folder, a GGUF file or the URL of an OpenAI-compatible server. A model that
    tells its distributions reads the texts in FILE..., each after its prompt; any other is asked
    the prompts and what it writes is tested.
    """
    from revenuer.models import open_model
    from revenuer.prove.audit import suspects
    from revenuer.prove.audit.radioactivity import RadioactivityAudit

    given, encode = marked.given(how), marked.encoder(tokenizer)
    asked = told.asked_of(how)
    # Whole distributions are too much to lie beside a bundle: their numbers are only vouched for.
    is_repeatable = statistic == "tokens"
    if asked.token_ids is not None and not is_repeatable:
        raise click.UsageError("--token-ids needs --statistic tokens")
    if (ours is None) == (statistic == "contrast"):
        raise click.UsageError("--ours and --statistic contrast need each other")
    if decoys and isinstance(given.key, int):
        raise click.UsageError("--decoys needs a key of `mark keygen`")
    model = open_model(suspect)
    tells = suspects.is_open(model)
    reads = tells and not closed
    if not reads and (supervised or not is_repeatable):
        raise click.UsageError(
            f"{model.name} writes and reads nothing: no --supervised, and --statistic tokens"
        )
    found, inputs = marked.read(files, encode or (model.encode if tells else None))
    audit = RadioactivityAudit(given.key, given.mark, statistic=statistic, is_supervised=supervised)
    if reads:
        lines = suspects.let_read(model, found, audit, ours=open_model(ours) if ours else None)
    else:
        prompts = [text.prompt for text in found if text.prompt is not None]
        lines = suspects.let_write(
            model, prompts, audit, encode, limit=limit, temperature=temperature, seed=seed
        )
    told.tell(
        audit.result(decoys=decoys),
        asked,
        inputs,
        scheme=given.described if is_repeatable else None,
        lines=lines if is_repeatable else None,
        path=lambda: audit.judge(given.seed).path,
        commitment=given.commitment,
    )

"""`revenuer prove`: was this text marked, was that model trained on it, and does a bundle hold?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from revenuer.cli import marked, options, told
from revenuer.cli.told import Wanted
from revenuer.errors import InputError

if TYPE_CHECKING:
    from revenuer.prove.audit.bundle import Input
    from revenuer.prove.marks.canaries import CanarySet

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
    from revenuer.prove.audit import recompute, tokens
    from revenuer.prove.audit.detect import detect as test
    from revenuer.prove.audit.detect import judge
    from revenuer.prove.audit.windows import Seen

    given = marked.given(how)
    found, inputs = marked.read(files, marked.encoder(tokenizer))
    pairs = [(text.tokens, text.context) for text in found if text.tokens is not None]
    if not pairs:
        raise InputError("the files hold prompts only", hint="give `tokens` or `text`")
    rows, contexts = [row for row, _ in pairs], [context for _, context in pairs]
    lines = tokens.lines(rows, [one for one in contexts if len(one)])
    units = recompute.units_of(lines, given.mark.window, Seen())
    told.tell(
        test(rows, given.key, given.mark, contexts=contexts),
        Wanted(**how),
        inputs,
        scheme=given.described,
        lines=lines,
        path=judge(units, given.seed, given.mark).path,
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
    type=click.FloatRange(0),
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
    model = open_model(suspect)
    tells = suspects.is_open(model)
    found, inputs = marked.read(files, encode or (model.encode if tells else None))
    audit = RadioactivityAudit(given.key, given.mark, statistic=statistic, is_supervised=supervised)
    if tells and not closed:
        lines = suspects.let_read(model, found, audit, ours=open_model(ours) if ours else None)
    else:
        prompts = [text.prompt for text in found if text.prompt is not None]
        lines = suspects.let_write(
            model, prompts, audit, encode, limit=limit, temperature=temperature, seed=seed
        )
    # Whole distributions are too much to lie beside a bundle: their numbers are only vouched for.
    is_repeatable = statistic == "tokens"
    told.tell(
        audit.result(decoys=decoys),
        Wanted(**how),
        inputs,
        scheme=given.described if is_repeatable else None,
        lines=lines if is_repeatable else None,
        path=audit.judge(given.seed).path,
        commitment=given.commitment,
    )


@prove.command("canary")
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
    told.tell(
        canary_test(found.answers, found.planted, choices=found.choices), Wanted(**how), inputs
    )


@prove.command("agreement")
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

    encode = marked.encoder(tokenizer)
    inputs: list[Input] = []
    rows = []
    for place in (ours, suspect, *controls):
        texts, read = marked.read((place,), encode)
        inputs += read
        rows.append([() if text.tokens is None else text.tokens for text in texts])
        if len(rows[-1]) != len(rows[0]):
            raise InputError(f"{place} has {len(rows[-1])} outputs, but {ours} has {len(rows[0])}")
    told.tell(
        agreement_test(shares(rows[0], rows[1]), [shares(rows[0], one) for one in rows[2:]]),
        Wanted(**how),
        inputs,
    )


@prove.command("verify")
@click.argument("bundle", metavar="BUNDLE", type=told.file)
@click.option("--public-key", metavar="HEX", help="The signer's, from elsewhere.")
@click.option("--token-ids", metavar="FILE", type=told.file, multiple=True, help="What was scored.")
@click.option("--key", metavar="FILE", type=told.file, help="The key, once it was told.")
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


#: What was checked, by level.
LEVELS = {
    "signature": "the signature, and that the words follow from the numbers; no number was computed"
    " again, for which token ids and key are needed.",
    "tokens": "the signature and what was seen, scored and left out; p needs the key.",
    "key": "the signature and every number.",
}


def _set(place: Path, content: bytes, digest: str | None) -> CanarySet:
    from revenuer.prove.marks.canaries import CanarySet

    try:
        held = json.loads(content)
    except ValueError as error:
        raise InputError(f"{place} is no set of canaries") from error
    return CanarySet.from_json(held) if digest is None else CanarySet.revealed(held, digest)

"""Asking a model what a radioactivity audit takes in.

An open model, which tells its whole distributions, reads texts; any other is asked the prompts and
writes. Every id is one of *our* tokeniser: the mark lies in our tokens. So an open suspect must
share our vocabulary, and what a closed one writes is cut into our tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from revenuer.errors import InputError
from revenuer.models.interface import Capability, Completion, Model
from revenuer.prove.audit.radioactivity import RadioactivityAudit
from revenuer.prove.audit.texts import Encode, Text
from revenuer.prove.audit.tokens import Line
from revenuer.prove.audit.windows import read


def is_open(model: Model) -> bool:
    """Tell whether a model says what it predicts in any text."""
    return Capability.DISTRIBUTIONS in model.capabilities


def let_read(
    model: Model, texts: Sequence[Text], audit: RadioactivityAudit, *, ours: Model | None = None
) -> list[Line]:
    """Let an open model read texts, and return what it read and would have said first.

    Args:
        model: The suspect, with our vocabulary.
        texts: Each with what stands before it: a model predicts nothing after nothing.
        audit: Takes it in.
        ours: Our own model, where the audit compares.

    Raises:
        InputError: A text has nothing before it, or the model does not tell distributions.
    """
    lines: list[Line] = []
    for number, text in enumerate(texts):
        if text.tokens is None or not len(text.context):
            raise InputError(
                f"text {number} has no text or nothing before it, but {model.name} is to read on",
                hint="give `prompt` or `prompt_tokens` beside each text",
            )
        context, completion = text.context.tolist(), text.tokens.tolist()
        if not completion:
            continue
        told = model.score(context, completion)
        if max(completion) >= told.shape[1]:
            raise InputError(
                f"text {number} holds token {max(completion)}, but {model.name} knows "
                f"{told.shape[1]}",
                hint="the suspect must have our tokeniser; otherwise give --closed",
            )
        reference = None if ours is None else ours.score(context, completion)
        audit.add_read(text.tokens, told, reference=reference, context=text.context)
        said = told.argmax(1).astype(np.int64)
        lines += [Line("context", text.context), Line("read", text.tokens), Line("said", said)]
    return lines


def let_write(
    model: Model,
    prompts: Sequence[str],
    audit: RadioactivityAudit,
    encode: Encode | None,
    *,
    limit: int,
    temperature: float,
    seed: int,
) -> list[Line]:
    """Let a model write after prompts, and return what it was given and wrote, in our tokens.

    Args:
        model: The suspect.
        prompts: Texts.
        audit: Takes it in.
        encode: Cuts text into our tokens; None if the suspect's are ours.
        limit: Most tokens to write after each.
        temperature: 0 takes the likeliest token.
        seed: Of the sampling.

    Raises:
        InputError: No prompt, or the suspect tells no ids and there is no tokeniser.
    """
    if not prompts:
        raise InputError("there is nothing to ask", hint="give JSON lines with `prompt`")
    written = model.generate(prompts, limit=limit, temperature=temperature, seed=seed)
    lines: list[Line] = []
    for prompt, one in zip(prompts, written, strict=True):
        if encode is None:
            context, ids = read(model.encode(prompt)), read(_own(model, one))
        else:
            context, ids = read(encode(prompt)), read(encode(one.text))
        audit.add_written(ids, context=context)
        lines += [Line("context", context), Line("text", ids)]
    return lines


def _own(model: Model, written: Completion) -> Sequence[int]:
    if written.tokens is None:
        raise InputError(
            f"{model.name} does not tell its token ids",
            hint="give --tokenizer DIR, our model's folder",
        )
    return written.tokens


def asked(model: Model, prompts: Sequence[str], *, limit: int) -> Iterator[str]:
    """Yield the likeliest answer to each prompt."""
    for one in model.generate(prompts, limit=limit, temperature=0.0):
        yield one.text

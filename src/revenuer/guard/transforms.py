"""What a provider may do to a response before it leaves.

A transform is pure: a response and a random stream in, a response out; the same stream in the same
state gives the same response. The lab measures what each is worth to a distiller and what it costs
an honest reader; the gateway applies the same functions. `TRANSFORMS` lists them.

Reasoning is text with one step a line (`guard.steps`). A model's own form is read into that and
written back by whoever speaks to the model.

None but `canary`, which has a file of its own, touches the answer; none but `noise`, `poison` and
`canary` shows anything that the model did not write. Those three tell an untruth: they are for
accounts of which there is evidence, never for everybody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, NoReturn

import numpy as np

from revenuer.errors import InputError
from revenuer.guard.mistakes import digits_of, wrong
from revenuer.guard.steps import cut, longest_common


@dataclass(frozen=True)
class Response:
    """What a model answers.

    Attributes:
        reasoning: Its steps, one a line; empty where there are none or none are shown.
        answer: What it concludes.
    """

    reasoning: str
    answer: str


Transform = Callable[[Response, np.random.Generator], Response]


def withhold(response: Response, rng: np.random.Generator) -> Response:
    """Return the answer alone."""
    return replace(response, reasoning="")


def summarise(keep_every: int = 2) -> Transform:
    """Keep every n-th step (the n-th, the 2n-th, ...) and the last.

    The last is kept because it is what the answer rests on: an honest reader must see where the
    answer comes from, and who sees the answer learns little more from it.
    """
    if keep_every < 1:
        raise InputError(
            f"summarise keeps every n-th step for n from 1, not {keep_every}", hint="summarise:2"
        )

    def transform(response: Response, rng: np.random.Generator) -> Response:
        steps = cut(response.reasoning)
        last = len(steps) - 1
        kept_places = (n for n in range(len(steps)) if (n + 1) % keep_every == 0 or n == last)
        return replace(response, reasoning=steps.only(kept_places))

    return transform


def truncate(share: float) -> Transform:
    """Keep the first steps up to a share of them, rounded down."""
    _check_share("truncate", share)

    def transform(response: Response, rng: np.random.Generator) -> Response:
        steps = cut(response.reasoning)
        # 0.29 of 100 is 28.999999999999996 in floating point.
        return replace(response, reasoning=steps.only(range(int(share * len(steps) + 1e-9))))

    return transform


def drop(share: float) -> Transform:
    """Drop each step with probability `share`, the last like any other."""
    _check_share("drop", share)

    def transform(response: Response, rng: np.random.Generator) -> Response:
        steps = cut(response.reasoning)
        stays = np.flatnonzero(rng.random(len(steps)) >= share)
        return replace(response, reasoning=steps.only(stays.tolist()))

    return transform


def reorder(response: Response, rng: np.random.Generator) -> Response:
    """Shuffle the steps; every order is as likely as any other, the old one included.

    A last sentence without a mark at its end stays last: nothing may be added that would end it.
    """
    steps = cut(response.reasoning)
    if not steps.texts:
        return response
    movable = len(steps) - (not steps.is_finished)
    order = [*rng.permutation(movable).tolist(), *range(movable, len(steps))]
    return replace(response, reasoning=steps.written([steps.texts[n] for n in order]))


def noise(share: float) -> Transform:
    """Make each step wrong with probability `share`, as `guard.mistakes` does.

    A step of one word without a number stays as it is.
    """
    _check_share("noise", share)

    def transform(response: Response, rng: np.random.Generator) -> Response:
        steps, digits = cut(response.reasoning), digits_of(response.reasoning)
        hit = rng.random(len(steps)) < share
        texts = [
            wrong(step, digits, rng) if is_hit else step
            for step, is_hit in zip(steps.texts, hit, strict=True)
        ]
        return replace(response, reasoning=steps.written(texts))

    return transform


def poison(response: Response, rng: np.random.Generator) -> Response:
    """Make exactly one step wrong and leave the answer right.

    Which one is drawn among those that `guard.mistakes` can change; if it can change none, the
    response stays as it is.
    """
    steps, digits = cut(response.reasoning), digits_of(response.reasoning)
    for place in rng.permutation(len(steps)).tolist():
        changed = wrong(steps.texts[place], digits, rng)
        if changed != steps.texts[place]:
            texts = [*steps.texts[:place], changed, *steps.texts[place + 1 :]]
            return replace(response, reasoning=steps.written(texts))
    return response


class Kind(NamedTuple):
    """What is known of a transform.

    Attributes:
        told: What it does, in a sentence.
        make: Reads the value after the colon.
        value: The value where none is given; None where it takes none.
        is_experimental: Off unless a provider turns it on.
        is_drawn: Whether chance has a part in it.
        may_change_answer: Whether the answer may be another one afterwards.
    """

    told: str
    make: Callable[[str], Transform]
    value: str | None = None
    is_experimental: bool = True
    is_drawn: bool = False
    may_change_answer: bool = False


def named(text: str) -> Transform:
    """Return the transform of a name, such as `withhold`, `noise:0.3` or `summarise:2`.

    Raises:
        InputError: There is none of that name, it takes no such value, or, for `canary`, a name is
            not enough.
    """
    name, colon, value = text.partition(":")
    if name not in TRANSFORMS:
        raise InputError(
            f"there is no transform {name!r}", hint="one of " + ", ".join(sorted(TRANSFORMS))
        )
    kind = TRANSFORMS[name]
    if colon and kind.value is None:
        raise InputError(f"{name} takes no value, not {value!r}", hint=f"write {name}")
    return kind.make(value if colon else kind.value or "")


def kept(before: Response, after: Response) -> float:
    """Return the share of the steps that a reader still gets, unchanged and in order, in [0, 1].

    The longest common subsequence of both, over the steps of `before`; 1 if that had none. `after`
    is cut as `before` is, into lines or into sentences. Where steps are short and repeat, a wrong
    one may pass for a right one that stood elsewhere: with single digits the share is too high.
    """
    steps = cut(before.reasoning)
    if not steps.texts:
        return 1.0
    left = cut(after.reasoning, by_sentence=steps.by_sentence)
    return longest_common(steps.texts, left.texts) / len(steps)


def _check_share(name: str, share: float) -> None:
    if not 0 <= share <= 1:
        raise InputError(f"{name} takes a share from 0 to 1, not {share}", hint=f"{name}:0.3")


def _share(name: str, value: str) -> float:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        raise InputError(f"{name} takes a share from 0 to 1, not {value!r}", hint=f"{name}:0.3")
    return float(value)


def _every(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise InputError(f"summarise takes a whole number, not {value!r}", hint="summarise:2")
    return int(value)


def _needs_more(value: str) -> NoReturn:
    raise InputError(
        "canary needs a campaign's set and the prompt, not a name alone",
        hint="make it with revenuer.guard.canary",
    )


#: Name -> what is known of it.
TRANSFORMS: Mapping[str, Kind] = {
    "withhold": Kind("Shows no steps.", lambda _: withhold, is_experimental=False),
    "summarise": Kind(
        "Shows every n-th step and the last.",
        lambda value: summarise(_every(value)),
        value="2",
        is_experimental=False,
    ),
    "truncate": Kind(
        "Shows the first steps, up to a share of them.",
        lambda value: truncate(_share("truncate", value)),
        value="0.5",
    ),
    "drop": Kind(
        "Leaves out a share of the steps, drawn at random.",
        lambda value: drop(_share("drop", value)),
        value="0.5",
        is_drawn=True,
    ),
    "reorder": Kind("Shows all steps in random order.", lambda _: reorder, is_drawn=True),
    "noise": Kind(
        "Makes a share of the steps wrong, drawn at random.",
        lambda value: noise(_share("noise", value)),
        value="0.3",
        is_drawn=True,
    ),
    "poison": Kind("Makes one step wrong, drawn at random.", lambda _: poison, is_drawn=True),
    "canary": Kind(
        "Answers a campaign's planted questions as planted, without steps.",
        _needs_more,
        may_change_answer=True,
    ),
}

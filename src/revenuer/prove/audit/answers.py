"""What a suspect answered to planted questions, and what was planted.

Answers come from a file or from asking. An answer counts if it names one of the choices and no
other; every question counts once, by its first answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from revenuer.errors import InputError
from revenuer.prove.audit.canary_test import UNANSWERED
from revenuer.prove.marks.canaries import Canary, CanarySet

#: How a question is put to a model; its answer may come in a sentence.
ASKED = "{question}\nAnswer with one of these, and nothing else: {choices}.\nAnswer:"


class Answers(NamedTuple):
    """What `canary_test` takes.

    Attributes:
        answers: For each campaign which choice was given to each question, -1 for none.
        planted: For each campaign which choice was served.
        choices: Answers to choose from at each question.
    """

    answers: dict[str, list[int]]
    planted: dict[str, list[int]]
    choices: int


def of(sets: Sequence[CanarySet], told: Mapping[str, Any]) -> Answers:
    """Return answers in the order of the sets.

    Args:
        sets: One a campaign.
        told: By question: the number of a choice, from 0, or words.

    Raises:
        InputError: No set, two of one campaign, or sets with different numbers of choices.
    """
    sizes = {len(canary.choices) for one in sets for canary in one.canaries}
    if len(sizes) != 1:
        raise InputError(
            f"the sets have {sorted(sizes) or 'no'} choices a question; give like ones"
        )
    campaigns = [one.campaign for one in sets]
    twice = next((name for name in campaigns if campaigns.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"two sets are of the campaign {twice}")
    return Answers(
        {
            one.campaign: [_choice(canary, told.get(canary.question)) for canary in one.canaries]
            for one in sets
        },
        {one.campaign: [canary.answer for canary in one.canaries] for one in sets},
        sizes.pop(),
    )


def parse(content: bytes, name: str) -> dict[str, Any]:
    """Read JSON lines with `question` and `answer`; of two answers to one question the first.

    Raises:
        InputError: A line is anything else.
    """
    found: dict[str, Any] = {}
    for number, held in _objects(content, name):
        question, answer = held.get("question"), held.get("answer")
        if not isinstance(question, str) or not isinstance(answer, str | int | None):
            raise InputError(f"{name}:{number} has no `question` and `answer`")
        found.setdefault(question, answer)
    return found


def prompts(sets: Sequence[CanarySet]) -> dict[str, str]:
    """Return what to ask a model, by question."""
    return {
        canary.question: ASKED.format(question=canary.question, choices="; ".join(canary.choices))
        for one in sets
        for canary in one.canaries
    }


def _objects(content: bytes, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            held = json.loads(line.decode())
        except (ValueError, RecursionError) as error:
            raise InputError(f"{name}:{number} is no JSON in UTF-8") from error
        if not isinstance(held, dict):
            raise InputError(f"{name}:{number} has no `question` and `answer`")
        yield number, held


def _choice(canary: Canary, given: Any) -> int:
    if isinstance(given, int) and not isinstance(given, bool):
        return given if 0 <= given < len(canary.choices) else UNANSWERED
    if not isinstance(given, str):
        return UNANSWERED
    named = [place for place, choice in enumerate(canary.choices) if _names(given, choice)]
    return named[0] if len(named) == 1 else UNANSWERED


def _names(said: str, choice: str) -> bool:
    # Whole words: `12` is not named by `120`.
    return bool(re.search(rf"(?<!\w){re.escape(choice)}(?!\w)", said, re.IGNORECASE))

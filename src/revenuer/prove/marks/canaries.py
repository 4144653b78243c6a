"""Canaries: questions that nobody can answer unless they were told by us.

A canary asks after something that exists only in what we say: a code in a catalogue that nobody
prints, the rule of a game that nobody plays. Which of its choices is the answer is drawn by the
key. A set is served to one campaign's accounts only; a model that later answers more of its
questions our way than one in `choices` was trained on what that campaign took.

Null: whoever is asked was not told by us. Questions and choices do not depend on the draw, so each
reply agrees with probability 1 / choices at most, independently of the others: the number of
agreements has a binomial tail, whatever the suspect prefers.

The draw is committed to before a set is served: the digest of the set with its salt is published,
the set itself when a claim is made. It says nothing of the key or of other campaigns' sets.

No canary speaks of a person, of health or of safety; what is planted is of no use to anybody.
It fails where a campaign drops such questions, or where a set leaks and others learn it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from revenuer.errors import InputError
from revenuer.prove.marks.keys import WatermarkKey

KIND = "revenuer canaries"
FORMAT = 1
FEWEST_CHOICES, MOST_CHOICES = 2, 16
MOST = 10_000


class Canary(NamedTuple):
    """One planted question.

    Attributes:
        question: As it is asked.
        choices: What may be answered, in the order in which they are offered.
        answer: Which of them is ours, from 0.
        statement: The answer as a sentence, as it is served.
    """

    question: str
    choices: tuple[str, ...]
    answer: int
    statement: str


@dataclass(frozen=True)
class CanarySet:
    """What one campaign is told; secret until it is revealed.

    Attributes:
        campaign: Label of the campaign.
        canaries: The questions, all different.
        salt: 32 bytes that keep the digest from being guessed at.
    """

    campaign: str
    canaries: tuple[Canary, ...]
    salt: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """The commitment: SHA-256 of the set with its salt, to be published before it is served."""
        told = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":")).encode()
        return hashlib.sha256(b"revenuer canaries 1\0" + told).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return the set as JSON; who has it knows all answers."""
        return {
            "kind": KIND,
            "format": FORMAT,
            "campaign": self.campaign,
            "salt": self.salt.hex(),
            "canaries": [{**one._asdict(), "choices": list(one.choices)} for one in self.canaries],
        }

    @classmethod
    def from_json(cls, held: object) -> CanarySet:
        """Read a set.

        Raises:
            InputError: It is none.
        """
        try:
            if not isinstance(held, dict) or (held["kind"], held["format"]) != (KIND, FORMAT):
                raise ValueError
            found = cls(
                _text(held["campaign"]),
                tuple(_canary(one) for one in held["canaries"]),
                bytes.fromhex(held["salt"]),
            )
            if found.to_json() != held:
                raise ValueError
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                "this is no set of canaries", hint="make one with `revenuer mark canaries`"
            ) from error
        return found

    @classmethod
    def revealed(cls, held: object, digest: str) -> CanarySet:
        """Read a set that was committed to.

        Raises:
            InputError: It is none, or not the one that was committed to.
        """
        found = cls.from_json(held)
        if not hmac.compare_digest(found.digest.encode(), digest.strip().lower().encode()):
            raise InputError(
                f"the set of {found.campaign!r} is not the one that was committed to: "
                f"its digest is {found.digest}",
                hint="compare it with the commitment that was published",
            )
        return found


def canaries(key: WatermarkKey, campaign: str, count: int, *, choices: int = 8) -> CanarySet:
    """Return the set of a campaign; the same arguments give the same set.

    Args:
        key: The secret.
        campaign: Its label, of any length but none.
        count: Questions, in 1 .. 10,000.
        choices: Answers to choose from at each question, in 2 .. 16. More make each agreement tell
            more.

    Raises:
        InputError: An argument out of its range.
    """
    if not campaign.strip():
        raise InputError("a set of canaries needs the label of its campaign")
    if re.search("[\ud800-\udfff]", campaign):
        raise InputError("the label of a campaign is no text in UTF-8")
    if not 1 <= count <= MOST:
        raise InputError(f"a set has 1 to {MOST:,} questions, not {count:,}")
    if not FEWEST_CHOICES <= choices <= MOST_CHOICES:
        raise InputError(
            f"a question has {FEWEST_CHOICES} to {MOST_CHOICES} choices, not {choices}"
        )
    own = key.derive("canaries", campaign)
    # What is asked and what is answered come from streams apart: neither tells of the other.
    asking, answering = _Stream(own.derive("asking")), _Stream(own.derive("answering"))
    made: dict[str, Canary] = {}
    while len(made) < count:
        one = _make(asking, answering, choices)
        made.setdefault(one.question, one)
    return CanarySet(campaign, tuple(made.values()), own.derive("salt").secret)


class _Stream:
    """Numbers from a key, the same on every machine and version."""

    def __init__(self, key: WatermarkKey) -> None:
        self._key, self._taken = key, 0

    def below(self, bound: int) -> int:
        """Return a number in 0 .. bound - 1; uniform to 2^-120."""
        told = hmac.digest(self._key.secret, self._taken.to_bytes(8), hashlib.sha256)
        self._taken += 1
        return int.from_bytes(told[:16]) % bound

    def one(self, things: list[str]) -> str:
        return things[self.below(len(things))]

    def some(self, things: list[str], count: int) -> tuple[str, ...]:
        left = list(things)
        return tuple(left.pop(self.below(len(left))) for _ in range(count))


def _make(asking: _Stream, answering: _Stream, choices: int) -> Canary:
    words = _words()
    template = words["template"][asking.below(len(words["template"]))]
    name = "".join(asking.one(words["name"][part]) for part in ("first", "middle", "last"))
    slot = asking.one(template["slots"])
    offered = asking.some(template["choices"], choices)
    answer = answering.below(choices)
    return Canary(
        template["question"].format(name=name, slot=slot),
        offered,
        answer,
        template["statement"].format(name=name, slot=slot, answer=offered[answer]),
    )


@cache
def _words() -> dict[str, Any]:
    place = resources.files("revenuer.prove.marks") / "canaries.toml"
    return tomllib.loads(place.read_text(encoding="utf-8"))


def _canary(held: dict[str, Any]) -> Canary:
    choices = tuple(_text(choice) for choice in held["choices"])
    answer = held["answer"]
    if len(set(choices)) != len(choices) or type(answer) is not int:
        raise ValueError
    if not 0 <= answer < len(choices):
        raise ValueError
    return Canary(_text(held["question"]), choices, answer, _text(held["statement"]))


def _text(held: object) -> str:
    if not isinstance(held, str):
        raise TypeError
    return held

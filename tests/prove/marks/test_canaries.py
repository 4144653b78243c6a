"""Canaries: drawn by the key alone, committed to, and harmless."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from importlib import resources
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from revenuer.errors import InputError
from revenuer.prove.marks.canaries import CanarySet, canaries
from revenuer.prove.marks.keys import WatermarkKey

KEY = WatermarkKey(bytes(range(32)))
#: Of the set that the first test makes.
DIGEST = "5b51753d1de7a857246d483c10879de56d8cfe256beaf205709e74aeddeaf6ff"
#: What no canary may touch.
GRAVE = re.compile(
    r"\b(he|she|his|her|who|person|people|man|woman|child|doctor|patient|dose|drug|medic\w*|health|"
    r"poison\w*|fire|alarm|emergency|weapon|law|legal|court case|price|tax|bank|vote|election)\b",
    re.IGNORECASE,
)


def test_the_same_arguments_give_the_same_set_for_ever() -> None:
    made = canaries(KEY, "C-1ac3aa317a", 3, choices=4)

    assert made == canaries(KEY, "C-1ac3aa317a", 3, choices=4)
    assert made.digest == DIGEST


def test_a_longer_set_goes_on_where_a_shorter_one_ends() -> None:
    assert canaries(KEY, "a", 50).canaries[:20] == canaries(KEY, "a", 20).canaries


def test_campaigns_and_keys_have_sets_of_their_own() -> None:
    sets = [
        canaries(KEY, "a", 200), canaries(KEY, "b", 200), canaries(KEY.derive("x"), "a", 200),
    ]  # fmt: skip

    asked = [{one.question for one in made.canaries} for made in sets]
    assert all(len(a & b) < 10 for a in asked for b in asked if a is not b)
    assert len({made.salt for made in sets}) == len({made.digest for made in sets}) == 3


def test_thousands_of_questions_differ() -> None:
    made = canaries(KEY, "large", 5_000)

    assert len({one.question for one in made.canaries}) == 5_000
    assert len({re.sub(r"\b[A-Z][a-z]{5,}\b", "", one.question) for one in made.canaries}) >= 90


@pytest.mark.parametrize("choices", [2, 5, 16])
def test_every_choice_is_the_answer_equally_often_whatever_is_asked(choices: int) -> None:
    made = canaries(KEY, "even", 4_000, choices=choices).canaries

    assert all(len(set(one.choices)) == choices for one in made)
    assert chisquare(np.bincount([one.answer for one in made], minlength=choices)).pvalue > 1e-4
    # Whoever always takes the choice that comes first in the alphabet does no better than chance.
    hits = np.mean([one.choices[one.answer] == min(one.choices) for one in made])
    assert abs(hits - 1 / choices) < 4 * np.sqrt((1 / choices) * (1 - 1 / choices) / 4_000)


def test_the_statement_holds_the_answer_and_the_question_does_not_tell_it() -> None:
    for one in canaries(KEY, "told", 500).canaries:
        assert one.choices[one.answer] in one.statement
        assert one.question.endswith("?")
        assert "{" not in one.question + one.statement
        # A reader of the question alone learns of no choice.
        assert not any(re.search(rf"\b{re.escape(c)}\b", one.question) for c in one.choices)


def test_no_template_touches_persons_or_grave_matters() -> None:
    place = resources.files("revenuer.prove.marks") / "canaries.toml"
    templates = tomllib.loads(place.read_text(encoding="utf-8"))["template"]
    for template in templates:
        texts = [template["question"], template["statement"], *template["slots"]]
        assert [text for text in [*texts, *template["choices"]] if GRAVE.search(text)] == []
        assert len(set(template["choices"])) == len(template["choices"]) == 16
        assert len(set(template["slots"])) == len(template["slots"])


def test_a_set_goes_through_json_and_is_verified_when_revealed() -> None:
    made = canaries(KEY, "c", 20)
    held = json.loads(json.dumps(made.to_json()))

    assert CanarySet.from_json(held) == made
    assert CanarySet.revealed(held, made.digest.upper() + "\n") == made


def test_any_change_after_the_commitment_is_told() -> None:
    made = canaries(KEY, "c", 3)
    changes: list[tuple[list[Any], Any]] = [
        (["campaign"], "d"),
        (["salt"], "00" * 32),
        (["canaries", 0, "answer"], (made.canaries[0].answer + 1) % 8),
        (["canaries", 1, "question"], "Which?"),
        (["canaries", 2, "choices"], list(reversed(made.canaries[2].choices))),
        (["canaries", 2, "statement"], "So."),
    ]
    for path, value in changes:
        held: Any = copy.deepcopy(made.to_json())
        spot = held
        for step in path[:-1]:
            spot = spot[step]
        spot[path[-1]] = value
        with pytest.raises(InputError, match="not the one that was committed to"):
            CanarySet.revealed(held, made.digest)


@settings(max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["kind", "format", "campaign", "salt", "canaries", "x"]), inner
            )
        ),
        max_leaves=8,
    )
)
def test_what_is_no_set_is_told_in_a_sentence(held: object) -> None:
    with pytest.raises(InputError, match="no set of canaries"):
        CanarySet.from_json(held)


@pytest.mark.parametrize(
    "change",
    [{"answer": 8}, {"answer": -1}, {"answer": True}, {"choices": ["a", "a"]}, {"more": 1}],
)
def test_a_canary_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    held = canaries(KEY, "c", 1).to_json()
    held["canaries"][0].update(change)

    with pytest.raises(InputError, match="no set of canaries"):
        CanarySet.from_json(held)


@pytest.mark.parametrize(
    ("campaign", "count", "choices", "sentence"),
    [
        (" ", 1, 8, "needs the label of its campaign"),
        ("\udcff", 1, 8, "no text in UTF-8"),
        ("c", 0, 8, "1 to 10,000 questions, not 0"),
        ("c", 10_001, 8, "not 10,001"),
        ("c", 1, 1, "2 to 16 choices, not 1"),
        ("c", 1, 17, "not 17"),
    ],
)
def test_arguments_out_of_range_are_told(
    campaign: str, count: int, choices: int, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        canaries(KEY, campaign, count, choices=choices)


def test_print_tells_no_salt() -> None:
    made = canaries(KEY, "c", 1)

    assert made.salt.hex() not in repr(made)
    assert repr(made.salt) not in repr(made)

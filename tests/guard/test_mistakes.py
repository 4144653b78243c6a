"""Tests of revenuer.guard.mistakes."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.guard.mistakes import digits_of, wrong

seeds = st.integers(0, 2**32)


def made(step: str, seed: int, context: str = "") -> str:
    return wrong(step, digits_of(f"{step} {context}"), np.random.default_rng(seed))


def values(text: str) -> list[int]:
    return [unicodedata.digit(digit) for digit in text]


@given(st.lists(st.text("0123456789", min_size=1, max_size=4), min_size=1, max_size=4), seeds)
def test_each_number_becomes_another_of_its_length(numbers: list[str], seed: int) -> None:
    step = "so " + " + ".join(numbers) + " it is"

    found = re.findall(r"\d+", made(step, seed))

    assert [len(number) for number in found] == [len(number) for number in numbers]
    for old, new in zip(numbers, found, strict=True):
        assert old != new
        assert old[0] == "0" or len(old) == 1 or new[0] != "0"
    assert re.sub(r"\d", "", made(step, seed)) == re.sub(r"\d", "", step)


@given(st.text("0123456", min_size=2, max_size=9), seeds)
def test_no_digit_is_used_that_the_reasoning_does_not_use(number: str, seed: int) -> None:
    if len(set(number)) > 1:
        assert set(made(number, seed)) <= set(number)


@pytest.mark.parametrize(("step", "other"), [("0", "1"), ("6", "5"), ("1", "0")])
def test_a_lone_digit_has_a_neighbour_to_become(step: str, other: str) -> None:
    assert made(step, 0) == other


def test_every_other_digit_may_come() -> None:
    assert {made("3", seed, "1 4 0") for seed in range(60)} == {"0", "1", "4"}
    assert {made("30", seed, "1") for seed in range(90)} == {"33", "31", "10", "11", "13"}
    # A number that begins with 0 may do so again.
    assert {made("03", seed) for seed in range(60)} == {"00", "30", "33"}


def test_digits_stay_in_their_script() -> None:
    found = made("कुल १२ और 34", 5)

    assert re.fullmatch(r"कुल [०-९]{2} और [0-9]{2}", found)
    assert values(found[4:6]) != [1, 2]
    assert set(values(found[4:6])) <= {1, 2, 3, 4}


@pytest.mark.parametrize("label", ["1. ", "12) ", "Step 7: ", "  3. "])
def test_the_number_of_a_step_is_not_what_it_says(label: str) -> None:
    for seed in range(20):
        assert re.fullmatch(re.escape(label) + "add [^4]", made(f"{label}add 4", seed))
        assert made(f"{label}add all", seed) == f"{label}all add"
        assert made(f"{label}done", seed) == f"{label}done"


def test_a_number_that_is_all_is_no_label() -> None:
    assert made("3.", 1) == "2."
    assert made("x 3. 4", 1, "5").startswith("x ")
    assert made("x 3. ", 1) == "x 2. "


@given(st.lists(st.sampled_from(["up", "down", "left"]), min_size=1, max_size=6), seeds)
def test_without_numbers_two_different_words_change_places(words: list[str], seed: int) -> None:
    step = " ".join(words) + "."

    found = made(step, seed)
    after = found.removesuffix(".").split()

    assert found.endswith(".")
    moved = [place for place, word in enumerate(words) if after[place] != word]
    if len(set(words)) == 1:
        assert not moved
    else:
        assert len(moved) == 2
        assert (after[moved[0]], after[moved[1]]) == (words[moved[1]], words[moved[0]])


def test_marks_stay_where_they_are() -> None:
    assert made("(Hello), world!", 0) == "(world), Hello!"
    assert made("甲，乙。", 0) == "乙，甲。"
    assert made("甲乙", 0) == "乙甲"
    assert made("जोड़ो पहले।", 0) == "पहले जोड़ो।"


@pytest.mark.parametrize("step", ["done", "ok.", "no no, no", "...", "1. ok", ""])
def test_one_word_without_a_number_stays(step: str) -> None:
    assert made(step, 3) == step


def test_digits_of_a_text() -> None:
    assert digits_of("none") == ()
    assert digits_of("31, 1 and १३") == (1, 3)
    assert digits_of("00") == (0, 1)
    assert digits_of("7") == (6, 7)


def test_any_two_words_may_be_the_ones() -> None:
    assert {made("a b c", seed) for seed in range(60)} == {"b a c", "c b a", "a c b"}

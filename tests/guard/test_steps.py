"""Tests of revenuer.guard.steps."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.guard.steps import cut, longest_common

pieces = st.sampled_from(
    ["a", "B 2", " ", "\t", "\n", "\r\n", "\u2028", ".", "! ", "?”", "…", "。", "।", "3.5", "1. "]
)
texts = st.lists(pieces, max_size=20).map("".join)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", ()),
        (" \n\n", ()),
        ("3\n5\n3", ("3", "5", "3")),
        ("a. b. c.\nd", ("a. b. c.", "d")),
        ("a\r\n\r\n  b  \r\n", ("a", "  b")),
        ("One. Two! Three? Four… Five", ("One.", "Two!", "Three?", "Four…", "Five")),
        ("It is 3.5 now. Wait... “Done.” Yes", ("It is 3.5 now.", "Wait...", "“Done.”", "Yes")),
        ("1. Add 3. 2. Halve it. So 3. Done", ("1. Add 3.", "2. Halve it.", "So 3.", "Done")),
        ("甲等于三。乙大于甲！「对？」丙", ("甲等于三。", "乙大于甲！", "「对？」", "丙")),
        ("पहले जोड़ो। फिर घटाओ॥ बस", ("पहले जोड़ो।", "फिर घटाओ॥", "बस")),
        ("هل هذا صحيح؟ نعم.", ("هل هذا صحيح؟", "نعم.")),
        ("  One. Two.\n", ("One.", "Two.")),
    ],
)
def test_lines_are_steps_and_a_single_line_is_cut_into_sentences(
    text: str, steps: tuple[str, ...]
) -> None:
    assert cut(text).texts == steps


def test_the_caller_may_say_what_a_step_is() -> None:
    assert cut("a. b.", by_sentence=False).texts == ("a. b.",)
    assert cut("a. b.\nc. d", by_sentence=True).texts == ("a.", "b.", "c.", "d")


@given(texts, st.sampled_from([None, True, False]))
def test_a_text_is_put_together_as_it_was(text: str, by_sentence: bool | None) -> None:
    steps = cut(text, by_sentence=by_sentence)

    assert steps.written(steps.texts) == text
    assert len(steps.gaps) == len(steps) + 1
    assert all(step == step.rstrip() != "" for step in steps.texts)
    assert not "".join(steps.gaps).strip()
    if steps.texts:
        assert steps.only(range(len(steps))) == text


def test_fewer_steps_are_still_parted() -> None:
    steps = cut("  a\n\nb\nc\n")

    assert steps.only([0, 2]) == "  a\n\nc\n"
    assert steps.only([1]) == "b\n"
    assert steps.only([]) == ""
    # The gap after an ideographic full stop is empty: that before it is taken.
    assert cut("One. 甲。Two.").only([0, 2]) == "One. Two."


def test_a_step_can_stand_before_another_if_its_sentence_ends() -> None:
    assert cut("a\nb").is_finished
    assert cut("a. b.").is_finished
    assert cut("甲。乙。").is_finished
    assert not cut("a. b").is_finished
    # The mark of a numbering ends nothing.
    assert not cut("Add. 2. Halve").is_finished


@pytest.mark.parametrize(
    "text", ["." * 200_000 + "x", ". " * 50_000, " " * 200_000, '."' * 100_000]
)
def test_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    start = time.process_time()

    cut(text)

    # Quadratic time would take minutes.
    assert time.process_time() - start < 5


@given(st.lists(st.sampled_from("abc"), max_size=7), st.lists(st.sampled_from("abc"), max_size=7))
def test_the_longest_common_subsequence_is_that_of_a_search(
    first: list[str], second: list[str]
) -> None:
    def subsequences(steps: list[str]) -> set[tuple[str, ...]]:
        lengths = range(len(steps) + 1)
        return {found for n in lengths for found in itertools.combinations(steps, n)}

    longest = max(len(found) for found in subsequences(first) & subsequences(second))

    assert longest_common(first, second) == longest

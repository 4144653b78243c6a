"""Tests of revenuer.guard.transforms."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.errors import InputError
from revenuer.guard.steps import cut
from revenuer.guard.transforms import (
    TRANSFORMS,
    Response,
    drop,
    kept,
    named,
    noise,
    poison,
    reorder,
    summarise,
    truncate,
    withhold,
)

TEN = Response("\n".join("abcdefghij"), "42")
lines = st.lists(st.sampled_from(["add 3", "so 14", "done", "go left", "7"]), max_size=9)
sentences = st.lists(st.sampled_from(["Add 3.", "Is it so?", "甲大于乙。", "Go left!"]), max_size=9)
reasonings = st.one_of(lines.map("\n".join), sentences.map(" ".join))
responses = st.builds(Response, reasonings, st.sampled_from(["14", "none"]))
seeds = st.integers(0, 2**32)
by_name = st.sampled_from(sorted(set(TRANSFORMS) - {"canary"}))


def stream(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def left(response: Response) -> str:
    return response.reasoning.replace("\n", "")


@given(responses, seeds, by_name)
def test_only_the_stream_decides_and_the_answer_stays(
    response: Response, seed: int, name: str
) -> None:
    first = named(name)(response, stream(seed))

    assert first == named(name)(response, stream(seed))
    assert first.answer == response.answer


@given(responses, seeds, st.sampled_from(["withhold", "summarise", "truncate", "drop", "reorder"]))
def test_nothing_is_shown_that_was_not_written(response: Response, seed: int, name: str) -> None:
    before, after = response.reasoning, named(name)(response, stream(seed)).reasoning

    assert Counter(after) <= Counter(before)
    by_sentence = cut(before).by_sentence
    assert Counter(cut(after, by_sentence=by_sentence).texts) <= Counter(cut(before).texts)


@given(responses, seeds)
def test_what_is_dropped_is_what_is_lost(response: Response, seed: int) -> None:
    after = drop(0.4)(response, stream(seed))

    steps = cut(response.reasoning)
    remaining = len(cut(after.reasoning, by_sentence=steps.by_sentence))
    assert kept(response, after) == (remaining / len(steps) if len(steps) else 1)


def test_withholding_leaves_the_answer() -> None:
    assert withhold(TEN, stream()) == Response("", "42")


@pytest.mark.parametrize(
    ("every", "shown"),
    [(1, "abcdefghij"), (2, "bdfhj"), (3, "cfij"), (4, "dhj"), (10, "j"), (99, "j")],
)
def test_a_summary_has_every_nth_step_and_the_last(every: int, shown: str) -> None:
    assert left(summarise(every)(TEN, stream())) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, ""), (0.5, "abcde"), (0.59, "abcde"), (0.7, "abcdefg"), (1, "abcdefghij")],
)
def test_the_first_steps_up_to_a_share_are_shown(share: float, shown: str) -> None:
    assert left(truncate(share)(TEN, stream())) == shown


def test_rounding_down_is_not_fooled_by_floating_point() -> None:
    hundred = Response("\n".join(map(str, range(100))), "")

    assert len(cut(truncate(0.29)(hundred, stream()).reasoning)) == 29


def test_each_step_is_dropped_as_often_as_said() -> None:
    rng, transform = stream(), drop(0.3)

    shown = Counter("".join(left(transform(TEN, rng)) for _ in range(4_000)))

    # Five standard errors: 5 * sqrt(4000 * 0.3 * 0.7).
    assert all(abs(shown[step] - 2_800) < 145 for step in "abcdefghij")
    assert drop(0)(TEN, rng) == TEN
    assert drop(1)(TEN, rng) == withhold(TEN, rng)


def test_every_order_is_as_likely() -> None:
    rng, three = stream(), Response("a\nb\n\nc", "")

    seen = Counter(reorder(three, rng).reasoning for _ in range(6_000))

    assert seen.keys() == {
        f"{a}\n{b}\n\n{c}" for a, b, c in ("abc", "acb", "bac", "bca", "cab", "cba")
    }
    assert all(abs(times - 1_000) < 145 for times in seen.values())


def test_a_sentence_without_an_end_stays_last() -> None:
    unfinished = Response("A. B. so c", "")

    seen = {reorder(unfinished, stream(seed)).reasoning for seed in range(20)}

    assert seen == {"A. B. so c", "B. A. so c"}


@given(responses, seeds)
def test_poison_changes_exactly_one_step(response: Response, seed: int) -> None:
    before, after = cut(response.reasoning), cut(poison(response, stream(seed)).reasoning)

    assert len(before) == len(after)
    different = [old for old, new in zip(before.texts, after.texts, strict=True) if old != new]
    # All but "done" can be changed.
    assert len(different) == any(step != "done" for step in before.texts)


def test_each_step_that_can_be_changed_is_as_often_the_wrong_one() -> None:
    before, rng, hit = ["1", "ok", "2", "3"], stream(), np.zeros(4)

    for _ in range(3_000):
        after = poison(Response("\n".join(before), "3"), rng).reasoning.splitlines()
        hit += [old != now for old, now in zip(before, after, strict=True)]

    assert hit[1] == 0
    # Five standard errors: 5 * sqrt(3000 * 2 / 9).
    assert (np.abs(hit[[0, 2, 3]] - 1_000) < 130).all()


def test_noise_hits_each_step_as_often_as_said() -> None:
    rng, transform = stream(), noise(0.3)
    before = ["1", "2", "stop", "3"]
    hit = np.zeros(4)

    for _ in range(4_000):
        after = transform(Response("\n".join(before), "3"), rng)
        assert after.answer == "3"
        new = after.reasoning.splitlines()
        hit += [old != now for old, now in zip(before, new, strict=True)]

    assert hit[2] == 0
    assert (np.abs(hit[[0, 1, 3]] - 1_200) < 145).all()


def test_full_noise_spares_nothing_and_none_spares_all() -> None:
    before = Response("add 3\nso 14\ngo left", "14")

    assert kept(before, noise(1)(before, stream())) == 0
    assert noise(0)(before, stream()) == before


def test_numbers_come_from_the_whole_reasoning() -> None:
    seen = {noise(1)(Response("3\n0\n6", ""), stream(seed)).reasoning[0] for seed in range(40)}

    assert seen == {"0", "6"}


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        ("", "", 1),
        ("", "more", 1),
        ("a\nb\nc\nd", "", 0),
        ("a\nb\nc\nd", "a\nc", 0.5),
        ("a\nb\nc\nd", "d\nc\nb\na", 0.25),
        ("a\nb\nc\nd", "a\nx\nc\nd\ny", 0.75),
        ("One. Two. Three. Four.", "One. Four.", 0.5),
        # What is left is cut as it was before: one line of two sentences is one step.
        ("One. Two.\nThree.", "One. Two.", 0.5),
    ],
)
def test_what_an_honest_reader_still_gets(before: str, after: str, share: float) -> None:
    assert kept(Response(before, "x"), Response(after, "x")) == share


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("summarise", summarise()),
        ("summarise:2", summarise()),
        ("summarise:3", summarise(3)),
        ("truncate", truncate(0.5)),
        ("truncate:0.25", truncate(0.25)),
        ("drop", drop(0.5)),
        ("drop:0.1", drop(0.1)),
        ("noise", noise(0.3)),
        ("noise:1", noise(1)),
        ("withhold", withhold),
        ("reorder", reorder),
        ("poison", poison),
    ],
)
def test_a_name_says_which_transform(name: str, same: object) -> None:
    assert callable(same)
    text = Response("\n".join(f"step {n} of {n + 50}" for n in range(40)), "")

    assert named(name)(text, stream(7)) == same(text, stream(7))


ALL = "one of canary, drop, noise, poison, reorder, summarise, truncate, withhold"


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("shred", "there is no transform 'shred'", ALL),
        ("", "there is no transform ''", ALL),
        ("Noise:0.3", "there is no transform 'Noise'", ALL),
        ("withhold:1", "withhold takes no value, not '1'", "write withhold"),
        ("poison:", "poison takes no value, not ''", "write poison"),
        ("noise:", "noise takes a share from 0 to 1, not ''", "noise:0.3"),
        ("noise:1.5", "noise takes a share from 0 to 1, not 1.5", "noise:0.3"),
        ("drop:-0.1", "drop takes a share from 0 to 1, not '-0.1'", "drop:0.3"),
        ("truncate:nan", "truncate takes a share from 0 to 1, not 'nan'", "truncate:0.3"),
        ("noise:30%", "noise takes a share from 0 to 1, not '30%'", "noise:0.3"),
        ("summarise:2.5", "summarise takes a whole number, not '2.5'", "summarise:2"),
        (
            "summarise:0",
            "summarise keeps every n-th step for n from 1, not 0",
            "summarise:2",
        ),
        (
            "canary",
            "canary needs a campaign's set and the prompt, not a name alone",
            "make it with revenuer.guard.canary",
        ),
    ],
)
def test_a_name_that_says_nothing_is_refused(name: str, message: str, hint: str) -> None:
    with pytest.raises(InputError) as told:
        named(name)

    assert (told.value.message, told.value.hint) == (message, hint)


@pytest.mark.parametrize("share", [float("nan"), -0.1, 1.01])
def test_no_share_is_outside_0_to_1(share: float) -> None:
    for make in (truncate, drop, noise):
        with pytest.raises(InputError, match="takes a share from 0 to 1, not"):
            make(share)


def test_only_withholding_and_summarising_are_not_experimental() -> None:
    plain = {name for name, kind in TRANSFORMS.items() if not kind.is_experimental}

    assert plain == {"withhold", "summarise"}


def test_only_a_canary_may_change_the_answer() -> None:
    assert [name for name, kind in TRANSFORMS.items() if kind.may_change_answer] == ["canary"]


def test_each_is_told_in_one_sentence() -> None:
    assert all(kind.told.count(".") == 1 and kind.told[-1] == "." for kind in TRANSFORMS.values())


def test_chance_has_a_part_where_it_is_said_to() -> None:
    steps = Response("\n".join(f"{n} and {n + 1}" for n in range(30)), "7")
    for name in sorted(set(TRANSFORMS) - {"canary"}):
        found = {named(name)(steps, np.random.default_rng(seed)).reasoning for seed in range(5)}
        assert (len(found) > 1) == TRANSFORMS[name].is_drawn

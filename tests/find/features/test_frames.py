"""Texts with one frame share a template, whatever stands in its slots."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from revenuer.find.features import frames
from revenuer.find.features.frames import Frames
from revenuer.find.features.texts import TextStore

StoreOf = Callable[[Sequence[str | None]], TextStore]
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ky", "la", "me", "no", "pu")


def unique_words(rng: np.random.Generator, words: int) -> str:
    letters = rng.integers(0, len(SYLLABLES), (words, 6))
    return " ".join("".join(SYLLABLES[i] for i in row) for row in letters)


def found(store: TextStore, exchanges: Sequence[int] | None = None) -> Frames:
    carried = np.ones(store.texts, np.int64) if exchanges is None else np.array(exchanges)
    return frames.find(store, carried)


def test_a_frame_around_long_unique_contents_is_one_template(store_of: StoreOf) -> None:
    rng = np.random.default_rng(11)
    head, tail = unique_words(rng, 12), unique_words(rng, 8)
    chat = [unique_words(rng, 60) for _ in range(50)]
    harvest = [f"{head}: {unique_words(rng, 80)}. {tail}" for _ in range(40)]

    templates = found(store_of(chat + harvest))

    for layer in templates:
        assert layer.tolist() == [-1] * 50 + [50] * 40


def test_a_text_that_no_exchange_carries_has_no_template_and_counts_for_none(
    store_of: StoreOf,
) -> None:
    rng = np.random.default_rng(16)
    frame = unique_words(rng, 20)
    asked = [f"{frame} {unique_words(rng, 10)}" for _ in range(3)]
    told_again = [f"{text} {unique_words(rng, 10)}" for text in asked] * 2

    alone = found(store_of([*asked, *told_again]), [1, 1, 1, 0, 0, 0])
    carried = found(store_of([*asked, *told_again]), [1, 1, 1, 1, 1, 1])

    # Three exchanges are too few to recur; what later turns repeat of them adds nothing.
    assert [layer.tolist() for layer in alone] == [[-1] * 6] * 3
    assert carried.whole.tolist() == [0] * 6


def test_contents_that_recur_a_little_are_variants_of_one_frame(store_of: StoreOf) -> None:
    rng = np.random.default_rng(12)
    frame = unique_words(rng, 20)
    texts = [f"{frame} {unique_words(rng, 80)}" for _ in range(25)]

    templates = found(store_of(texts), [8] * 25)

    # The contents are longer than the frame, and 25 times as rare.
    assert templates.top.tolist() == [0] * 25
    assert templates.fullest.tolist() == list(range(25))
    assert templates.whole.tolist() == list(range(25))


def test_a_rare_frame_inside_a_popular_prompt_stays_visible(store_of: StoreOf) -> None:
    rng = np.random.default_rng(15)
    product, frame = unique_words(rng, 12), unique_words(rng, 20)
    honest = [f"{product} {unique_words(rng, 30)}" for _ in range(10)]
    harvest = [f"{product} {frame} {unique_words(rng, 30)}" for _ in range(20)]

    templates = found(store_of(honest + harvest), [200] * 10 + [1] * 20)

    assert templates.fullest[10:].tolist() == [10] * 20
    assert templates.top.tolist()[10:] == [templates.top[10]] * 20
    assert templates.whole[10:].tolist() == [10] * 20
    # What recurs most is the product's prompt, whoever sends it.
    plain = found(store_of([product, *honest, *harvest]), [9_000] + [1] * 30)
    assert plain.top.tolist() == [0] * 31
    assert plain.fullest.tolist() == [0] * 11 + [11] * 20


def test_paraphrases_join_through_all_that_recurs(store_of: StoreOf) -> None:
    rng = np.random.default_rng(16)
    shared = [unique_words(rng, 12) for _ in range(4)]
    around = [" ".join([*shared[:k], unique_words(rng, 9)]) for k in (1, 2, 3)]
    variants = [" ".join([*shared, unique_words(rng, 13)]) for _ in range(6)]

    templates = found(store_of(around + variants), [8_000, 1_200, 180] + [5] * 6)

    # The words of each paraphrase are its fullest stretch, but most words are common to all.
    assert templates.fullest[3:].tolist() == list(range(3, 9))
    assert len(set(templates.whole[3:].tolist())) == 1


def test_two_frames_are_two_templates(store_of: StoreOf) -> None:
    rng = np.random.default_rng(13)
    first, second = unique_words(rng, 20), unique_words(rng, 20)
    texts = [f"{(first, second)[i % 2]} {unique_words(rng, 30)}" for i in range(20)]

    assert found(store_of(texts)).top.tolist() == [0, 1] * 10


def test_numbers_in_a_prompt_make_no_new_template(store_of: StoreOf) -> None:
    texts = [f"Translate line {i} of book {7 * i} into plain English, please." for i in range(6)]

    assert found(store_of(texts)).whole.tolist() == [0] * 6


def test_a_short_text_is_a_template_once_it_recurs_whole(store_of: StoreOf) -> None:
    templates = found(store_of(["hello", "what now", "!!", "hi"]), [4, 3, 99, 50])

    assert templates.top.tolist() == [0, -1, -1, 3]


def test_a_turn_of_phrase_is_no_template(store_of: StoreOf) -> None:
    rng = np.random.default_rng(14)
    texts = [f"{unique_words(rng, 20)} as soon as possible {unique_words(rng, 9)}" for _ in "1234"]

    assert found(store_of(texts)).top.tolist() == [-1] * 4


def test_nothing_has_no_templates(store_of: StoreOf) -> None:
    templates = found(store_of([]))

    assert len(templates.top) == len(templates.whole) == 0


# Every example makes stores of its own, each with its own file.
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(list(range(12))), st.integers(0, 50))
def test_templates_do_not_depend_on_the_order_of_texts(
    store_of: StoreOf, order: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    heads = [unique_words(rng, 10) for _ in range(2)]
    texts = [f"{heads[i % 2]} {unique_words(rng, 10)}" for i in range(10)]
    texts += [unique_words(rng, 10) for _ in range(2)]
    assume(len(set(texts)) == 12)

    straight = found(store_of(texts)).top
    shuffled = found(store_of([texts[i] for i in order])).top

    for place, i in enumerate(order):
        same = {order[j] for j in range(12) if shuffled[j] == shuffled[place] >= 0}
        assert same == {j for j in range(12) if straight[j] == straight[i] >= 0}

"""What stands in the slots of a template, and the template as a person reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from revenuer.find.features import slots
from revenuer.find.features.texts import TextStore

NONE = np.empty(0, np.uint64)
StoreOf = Callable[[Sequence[str | None]], TextStore]
FRUITS = ("apple", "pear", "plum", "cherry", "quince", "medlar", "grape", "melon", "kiwi", "lime")


def fill(store: TextStore, template: Sequence[int] | None = None) -> NDArray[np.uint64]:
    return filled(store, template).slots


def filled(store: TextStore, template: Sequence[int] | None = None) -> slots.Filled:
    numbers = np.zeros(store.texts, np.int32) if template is None else np.array(template, np.int32)
    return slots.fill(store, numbers)


def laid_out(texts: Sequence[Sequence[int]]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    words = np.array([word for text in texts for word in text], np.uint32)
    return words, np.concatenate([[0], np.cumsum([len(text) for text in texts], dtype=np.int64)])


def test_slots_of_prompts_filled_by_hand_are_found(store_of: StoreOf) -> None:
    colours = ("red", "blue", "green") * 3
    texts = [
        f"Say what {fruit} means in plain words to {colour} big readers"
        for fruit, colour in zip(FRUITS, colours, strict=False)
    ]

    found = fill(store_of(texts))

    assert len(set(found[:, 0].tolist())) == 9
    assert found[:, 1].tolist() == found[:3, 1].tolist() * 3
    assert len(set(found[:3, 1].tolist())) == 3
    assert (found[:, :2] != 0).all()
    assert (found[:, 2:] == 0).all()


def test_the_same_contents_have_the_same_hash_however_they_are_cased(store_of: StoreOf) -> None:
    texts = [f"please weigh this item now {fruit} pie" for fruit in FRUITS[:8]]

    found = fill(store_of([*texts, "Please weigh this item: now PEAR pie!"]))

    assert found[8, 0] == found[1, 0]
    assert len(set(found[:8, 0].tolist())) == 8


def test_the_fourth_slot_and_all_further_ones_share_a_hash(store_of: StoreOf) -> None:
    texts = []
    for i in range(16):
        names = [f"{FRUITS[(i + k) % 10]}{'abcd'[i % 4]}{k}" for k in range(5)]
        texts.append(" and then ".join(names))
    last = texts[0].rsplit(" ", 1)[0] + " other"

    found = fill(store_of([*texts, last]))

    assert (found != 0).all()
    assert found[16, :3].tolist() == found[0, :3].tolist()
    assert found[16, 3] != found[0, 3]


def test_each_template_has_slots_of_its_own_and_small_ones_none(store_of: StoreOf) -> None:
    first = [f"grow one {fruit} in the garden" for fruit in FRUITS[:8]]
    second = [f"do not eat {fruit} at night" for fruit in FRUITS[:8]]
    small = [f"draw me some {fruit} with chalk" for fruit in FRUITS[:7]]
    mixed = [text for pair in zip(first, second, strict=True) for text in pair] + small
    template = [0, 1] * 8 + [16] * 7

    found = fill(store_of([*mixed, "nothing else"]), [*template, -1])

    assert found[0:16:2, 0].tolist() == found[1:16:2, 0].tolist()
    assert (found[:16, 0] != 0).all()
    assert (found[16:] == 0).all()


def test_a_layout_is_the_wording_around_the_slots(store_of: StoreOf) -> None:
    long = [f"please weigh this one {fruit} for me" for fruit in FRUITS]
    wide = [f"please weigh this one {fruit} and {fruit} pie for me" for fruit in FRUITS]
    other = [f"please weigh this one {fruit} for her" for fruit in FRUITS]
    bare = ["please weigh this one for me"] * 2

    layouts = filled(store_of([*long, *wide, *other, *bare])).layouts.tolist()

    # What stands in a slot does not matter, nor how long it is; that there is one does.
    assert len(set(layouts[:20])) == 1
    assert len({layouts[0], layouts[20], layouts[30]}) == 3
    assert len(set(layouts[20:30])) == 1


def test_texts_without_slots_have_no_layout(store_of: StoreOf) -> None:
    small = [f"draw me some {fruit} with chalk" for fruit in FRUITS[:7]]

    assert filled(store_of([*small, "nothing else"]), [3] * 7 + [-1]).layouts.tolist() == [0] * 8


def test_no_template_has_no_slots(store_of: StoreOf) -> None:
    assert fill(store_of(["one", "two"]), [-1, -1]).tolist() == [[0] * 4] * 2
    assert fill(store_of([])).shape == (0, 4)


def test_common_pairs_stand_in_half_of_the_texts() -> None:
    words, offsets = laid_out([[1, 2, 3], [1, 2, 4, 1, 2], [5, 1, 2], [1, 3]])

    # (1, 2) stands in three texts of four; `1` begins three, twice in none; 2, 3 follow in one.
    pairs = slots.common_pairs(words, offsets)

    assert pairs.tolist() == [0 << 32 | 1, 1 << 32 | 2]
    assert slots.is_common(words, offsets, pairs, NONE).tolist() == [
        *(True, True, False),
        *(True, True, False, True, True),
        *(False, True, True),
        *(True, False),
    ]


@pytest.mark.parametrize(("texts", "is_alone"), [(9, True), (8, False)])
def test_a_label_between_two_slots_stands_in_nearly_all_texts(texts: int, is_alone: bool) -> None:
    # Of ten texts so many hold the 7, twice in one of them, with other words before and after.
    rows = [[100 + i, 7, 200 + i] for i in range(texts)]
    rows += [[100 + i, 300 + i, 200 + i] for i in range(texts, 10)]
    rows[0] += [7]

    words, offsets = laid_out(rows)
    alone = slots.common_words(words, offsets)
    marked = slots.is_common(words, offsets, slots.common_pairs(words, offsets), alone)

    assert slots.NEARLY_ALL == 0.9
    assert alone.tolist() == ([7] if is_alone else [])
    assert (marked == ((words == 7) & is_alone)).all()


def test_values_with_a_label_between_them_are_two_slots(store_of: StoreOf) -> None:
    texts = [f"{a} versus {b}" for a in FRUITS[:4] for b in FRUITS[4:8]]

    found = fill(store_of(texts))

    assert len(set(found[:, 0].tolist())) == len(set(found[:, 1].tolist())) == 4
    assert (found[:, 2:] == 0).all()


def test_a_pair_repeated_within_one_text_counts_once() -> None:
    words, offsets = laid_out([[7, 8, 7, 8, 7, 8], [9], [10], []])

    assert slots.common_pairs(words, offsets).tolist() == []


def test_neighbours_across_two_texts_make_no_pair() -> None:
    words, offsets = laid_out([[5, 1], [2, 6], [], [5, 1], [2, 6]])

    # Were texts run together, (1, 2) would be a pair and mark the 1 and the 2.
    assert slots.is_common(words, offsets, np.array([1 << 32 | 2], np.uint64), NONE).sum() == 0
    assert slots.is_common(words, offsets, np.array([6], np.uint64), NONE).sum() == 0


@given(st.lists(st.lists(st.integers(1, 4), max_size=6), min_size=1, max_size=8))
def test_common_words_are_those_counted_one_by_one(texts: list[list[int]]) -> None:
    pairs_of = [list(zip([0, *text], text, strict=False)) for text in texts]
    holders = {pair: sum(pair in own for own in pairs_of) for own in pairs_of for pair in own}
    common = {pair for pair, count in holders.items() if count >= len(texts) / 2}

    pairs = slots.common_pairs(*laid_out(texts))
    marked = slots.is_common(*laid_out(texts), pairs, NONE)

    assert pairs.tolist() == sorted(left << 32 | right for left, right in common)
    expected = [
        own[i] in common or (i + 1 < len(own) and own[i + 1] in common)
        for own in pairs_of
        for i in range(len(own))
    ]
    assert marked.tolist() == expected


@pytest.mark.parametrize(
    ("shared", "shown"),
    [
        ([1, 1, 0, 0, 1], "a b ⟨…⟩ e"),
        ([0, 1, 0, 1, 0], "⟨…⟩ b ⟨…⟩ d ⟨…⟩"),
        ([0, 0, 0, 0, 0], "⟨…⟩"),
        ([1, 1, 1, 1, 1], "a b c d e"),
    ],
)
def test_a_template_is_shown_with_its_slots(shared: list[int], shown: str) -> None:
    assert slots.show(list("abcde"), np.array(shared, np.bool_)) == shown


def test_nothing_is_shown_as_nothing() -> None:
    assert slots.show([], np.empty(0, np.bool_)) == ""


def test_a_template_of_many_texts_is_filled_a_part_at_a_time(
    store_of: StoreOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of([f"please weigh this item now {fruit} pie" for fruit in FRUITS])
    whole = filled(store)

    monkeypatch.setattr(slots, "AT_ONCE", 3)
    parts = filled(store)

    assert parts.slots.tolist() == whole.slots.tolist()
    assert parts.layouts.tolist() == whole.layouts.tolist()

"""Keys are numbered in order of first appearance, however many there are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from revenuer.find.features.numbering import Numbering


def keys(*values: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array(values, np.uint64)


@given(st.lists(st.lists(st.integers(0, 12), max_size=9), max_size=5))
def test_numbers_are_those_of_a_dictionary(batches: list[list[int]]) -> None:
    numbering = Numbering()
    known: dict[int, int] = {}
    for batch in batches:
        before = len(known)
        expected = [known.setdefault(key, len(known)) if key else -1 for key in batch]

        numbers, fresh = numbering.number(keys(*batch))

        assert numbers.tolist() == expected
        assert [batch[place] for place in fresh] == list(known)[before:]
    assert len(numbering) == len(known)
    assert numbering.keys().tolist() == list(known)


def test_numbers_outlive_the_growth_of_the_table() -> None:
    rng = np.random.default_rng(3)
    many = np.unique(rng.integers(1, 1 << 63, 100_000).astype(np.uint64))
    numbering = Numbering()
    numbering.number(many[:20_000])
    begun_with = len(numbering._keys)

    numbers, fresh = numbering.number(many[10_000:])

    assert len(numbering._keys) > begun_with
    assert 2 * len(numbering) <= len(numbering._keys)
    assert numbers.tolist() == list(range(10_000, len(many)))
    assert fresh.tolist() == list(range(10_000, len(many) - 10_000))
    assert (numbering.keys() == many).all()


def test_keys_that_meet_at_one_place_are_told_apart() -> None:
    # The place is taken from bits 20 and up, so these begin at the same one.
    together = keys(5, 6, 7, 5 + (1 << 60), 6)

    assert Numbering().number(together)[0].tolist() == [0, 1, 2, 3, 1]

"""Keys are numbered in order of first appearance, however they come and whatever they are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from revenuer.find.features.numbering import Numbering


@given(st.lists(st.lists(st.one_of(st.integers(0, 5), st.integers(0, 2**64 - 1))), max_size=4))
def test_numbers_are_those_of_a_dictionary(batches: list[list[int]]) -> None:
    numbering, known = Numbering(), dict[int, int]()
    for batch in batches:
        expected, firsts = [], []
        for place, key in enumerate(batch):
            if key and key not in known:
                known[key] = len(known)
                firsts.append(place)
            expected.append(known[key] if key else -1)

        numbers, fresh = numbering.add(np.array(batch, np.uint64))

        assert (numbers.tolist(), fresh.tolist()) == (expected, firsts)
    assert numbering.known == len(known)
    assert numbering.keys().tolist() == list(known)


def test_numbers_outlive_the_growth_of_the_table() -> None:
    numbering = Numbering()
    keys = np.random.default_rng(3).integers(1, 2**64 - 1, 100_000, np.uint64)

    first, _ = numbering.add(keys)
    again, fresh = numbering.add(keys[::-1])

    assert first.tolist() == list(range(100_000))
    assert again.tolist() == list(range(100_000))[::-1]
    assert len(fresh) == 0

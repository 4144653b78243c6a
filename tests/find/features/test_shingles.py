"""Counts never miss, signatures estimate likeness, and banding finds what theory promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from revenuer.find.features import shingles
from revenuer.find.features.shingles import (
    FULLEST,
    PERMUTATIONS,
    RECURS,
    TOP,
    WHOLE,
    Signatures,
    Sketch,
)

BANDS = 16


def windows(text: Sequence[int]) -> list[tuple[int | str, ...]]:
    """Return the runs of four words, the first of which begins at a border."""
    words: list[int | str] = ["<", *text]
    words += [">"] * (4 - len(words))
    return [tuple(words[i : i + 4]) for i in range(len(words) - 3)] if text else []


def laid_out(texts: Sequence[Sequence[int]]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    words = np.array([word for text in texts for word in text], np.uint32)
    return words, np.concatenate([[0], np.cumsum([len(text) for text in texts], dtype=np.int64)])


def counted(
    texts: Sequence[Sequence[int]], weights: Sequence[int], sketch: Sketch | None = None
) -> Sketch:
    sketch = shingles.count_sketch(1) if sketch is None else sketch
    shingles.count(*laid_out(texts), np.array(weights, np.int64), sketch)
    return sketch


def signed(
    texts: Sequence[Sequence[int]], sketch: Sketch, layer: int = WHOLE
) -> tuple[Signatures, list[int], list[int]]:
    signatures, inside, total = signed_words(*laid_out(texts), sketch, layer)
    return signatures, inside.tolist(), total.tolist()


def signed_words(
    words: NDArray[np.uint32], offsets: NDArray[np.int64], sketch: Sketch, layer: int = WHOLE
) -> tuple[Signatures, NDArray[np.int32], NDArray[np.int32]]:
    steps = shingles.recurrence(words, offsets, sketch)
    signatures, inside, total = shingles.sign(
        words, offsets, steps, layer, *shingles.permutations()
    )
    return signatures, inside, total


def test_agrees_with_a_count_by_hand() -> None:
    # Of `1 2 3 4 5` the runs are <123, 1234, 2345; the second text shares the first two.
    texts = [[1, 2, 3, 4, 5], [1, 2, 3, 4, 9], [1], [], [2, 3, 4, 5]]
    sketch = counted(texts, [3, 1, 7, 1, 1])

    assert signed(texts, sketch)[1:] == ([3, 2, 1, 0, 1], [3, 3, 1, 0, 2])


def test_how_often_a_shingle_recurs_is_told_by_half_octaves() -> None:
    texts = [[1, 2, 3, 4], [], [5], [6, 7, 8], [9, 10]]

    steps = shingles.recurrence(*laid_out(texts), counted(texts, [4, 1, 3, 6, 70_000]))

    # Two shingles of the first text, none of the empty one, then one each; 70,000 saturates.
    assert steps.tolist() == [4, 4, -1, -1, -1, 5, -1, -1, 31, -1]
    assert steps.dtype == np.int8


TEXTS = st.lists(
    st.tuples(st.lists(st.integers(0, 3), max_size=12), st.integers(1, 5)), min_size=1, max_size=8
)


@given(TEXTS)
def test_counts_are_exact_when_cells_abound(weighted: list[tuple[list[int], int]]) -> None:
    texts, weights = [text for text, _ in weighted], [weight for _, weight in weighted]
    true = Counter(w for text, n in weighted for window in windows(text) for w in [window] * n)

    _, recurring, total = signed(texts, counted(texts, weights))

    assert total == [len(windows(text)) for text in texts]
    assert recurring == [sum(true[w] >= RECURS for w in windows(text)) for text in texts]


@pytest.mark.parametrize("cells", [1, 16, 256, 2_048])
def test_a_crowded_sketch_never_undercounts(cells: int) -> None:
    rng = np.random.default_rng(cells)
    texts = [rng.integers(0, 6, rng.integers(1, 12)).tolist() for _ in range(400)]
    true = Counter(window for text in texts for window in windows(text))

    _, recurring, _ = signed(texts, counted(texts, [1] * 400, np.zeros((2, cells), np.uint16)))

    exact = [sum(true[window] >= RECURS for window in windows(text)) for text in texts]
    assert sum(exact) > 100
    assert all(found >= least for found, least in zip(recurring, exact, strict=True))


@pytest.mark.parametrize("row", [0, 1])
def test_a_count_is_the_smaller_of_two_cells(row: int) -> None:
    sketch = shingles.count_sketch(1)
    sketch[row] = 65_535

    assert signed([[1, 2, 3, 4, 5]], sketch)[1] == [0]


def test_counts_stop_at_the_largest_that_fits() -> None:
    texts = [[1, 2, 3, 4]]
    sketch = counted(texts, [40_000])
    counted(texts, [40_000], sketch)
    counted(texts, [10**9], sketch)

    assert np.unique(sketch).tolist() == [0, 65_535]
    assert signed(texts, sketch)[1] == [2]


def test_unique_shingles_seldom_read_as_recurring() -> None:
    # As many distinct shingles as cells, the fullest that `count_sketch` allows.
    texts = np.random.default_rng(5).integers(1, 1 << 32, ((1 << 16) // 32, 34), np.uint32)
    offsets = np.arange(len(texts) + 1) * 34
    sketch = shingles.count_sketch(1 << 16)
    shingles.count(texts.ravel(), offsets, np.ones(len(texts), np.int64), sketch)

    _, recurring, total = signed_words(texts.ravel(), offsets, sketch)

    assert sketch.shape == (2, total.sum())
    assert recurring.sum() / total.sum() < 1 / 500


@pytest.mark.parametrize(
    ("expected", "cells"), [(0, 1 << 16), (65_537, 1 << 17), (1 << 40, 1 << 28)]
)
def test_a_sketch_has_a_cell_a_shingle_within_bounds(
    expected: int, cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np, "zeros", lambda shape, _: shape)

    assert shingles.count_sketch(expected) == (2, cells)


@pytest.mark.parametrize(
    ("rare", "fullest", "top"), [(5, 4, 4), (11, 4, 4), (12, 4, 8), (31, 4, 8), (32, 8, 8)]
)
def test_layers_hold_what_recurs_about_equally_often(rare: int, fullest: int, top: int) -> None:
    frame = [1, 2, 3, 4, 5, 6]
    texts = [[*frame, 11, 12, 13, 14], [*frame, 21, 22, 23, 24]]
    sketch = counted(texts, [100 - rare, rare])

    # Four runs lie in the frame, seen 100 times; four more reach into the contents.
    found = {layer: signed(texts, sketch, layer) for layer in (FULLEST, TOP, WHOLE)}

    assert [found[layer][1][1] for layer in found] == [fullest, top, 8]
    assert [found[layer][1][0] for layer in found] == [8, 8, 8]
    # Of two equally full stretches the higher one counts, so four runs are those of the frame.
    for layer, inside in ((FULLEST, fullest), (TOP, top)):
        assert (found[layer][0][1] == signed([frame], sketch)[0]).all() == (inside == 4)


def test_long_contents_are_fuller_than_the_frame_around_them() -> None:
    frame, contents = [1, 2, 3, 4, 5, 6], list(range(20, 32))
    texts = [frame + contents, [*frame, 9]]
    sketch = counted(texts, [5, 95])

    layers = [signed(texts[:1], sketch, layer) for layer in (FULLEST, TOP, WHOLE)]

    assert [inside for _, inside, _ in layers] == [[12], [4], [16]]
    signatures = [found[0] for found, _, _ in layers]
    assert (np.minimum(signatures[0], signatures[1]) == signatures[2]).all()


def test_nothing_that_recurs_gives_no_layer() -> None:
    for layer in (FULLEST, TOP, WHOLE):
        signatures, inside, total = signed([[1, 2, 3, 4], []], shingles.count_sketch(1), layer)
        assert (inside, total) == ([0, 0], [2, 0])
        assert (signatures == 0xFFFFFFFF).all()


def test_texts_with_one_frame_have_one_signature() -> None:
    rng = np.random.default_rng(8)
    frame = rng.integers(1, 1 << 32, 12).tolist()
    texts = [frame + rng.integers(1, 1 << 32, 30).tolist() for _ in range(6)]

    signatures, recurring, _ = signed(texts, counted(texts, [1] * 6))

    assert recurring == [10] * 6
    assert (signatures == signatures[0]).all()
    assert len(np.unique(signatures[0])) == PERMUTATIONS


def pairs_of(shared: int, pairs: int, rng: np.random.Generator, shown: int = 38) -> Signatures:
    """Return signatures of pairs of texts that have `shared` of `shown` shingles in common."""
    texts = rng.integers(1, 1 << 32, (pairs, 2, shown + 2), np.uint32)
    texts[:, 1, : shared + 2] = texts[:, 0, : shared + 2]
    offsets = np.arange(2 * pairs + 1) * (shown + 2)
    sketch = shingles.count_sketch(2 * pairs * shown)
    shingles.count(texts.ravel(), offsets, np.full(2 * pairs, RECURS), sketch)
    return signed_words(texts.ravel(), offsets, sketch)[0]


@pytest.mark.parametrize("shared", [4, 19, 30, 37])
def test_agreement_of_signatures_estimates_likeness_without_bias(shared: int) -> None:
    pairs, jaccard = 2_000, shared / (2 * 38 - shared)
    signatures = pairs_of(shared, pairs, np.random.default_rng(shared))

    agreement = (signatures[::2] == signatures[1::2]).mean(axis=1)

    spread = np.sqrt(jaccard * (1 - jaccard) / PERMUTATIONS)
    assert abs(agreement.mean() - jaccard) < 4 * spread / np.sqrt(pairs)
    # Permutations that were alike would spread the estimate.
    assert agreement.std() < 1.1 * spread


@pytest.mark.parametrize("shared", [24, 27, 30, 33])
def test_banding_recalls_what_theory_promises(shared: int) -> None:
    pairs, jaccard = 20_000, shared / (2 * 38 - shared)
    signatures = pairs_of(shared, pairs, np.random.default_rng(100 + shared))

    joined = shingles.cluster(signatures, BANDS, 0)

    recall = np.mean(joined[1::2] == joined[::2])
    promised = 1 - (1 - jaccard ** (PERMUTATIONS // BANDS)) ** BANDS
    assert recall == pytest.approx(promised, abs=0.02)
    assert (joined[::2] == np.arange(0, 2 * pairs, 2)).all()


def like(base: NDArray[np.uint32], equal: int, at: int = 0) -> NDArray[np.uint32]:
    """Return a signature that agrees with `base` in `equal` values from `at` on and no other."""
    other = base + np.uint32(1)
    other[at : at + equal] = base[at : at + equal]
    return other


@pytest.mark.parametrize(("equal", "joined"), [(31, [0, 1]), (32, [0, 0]), (64, [0, 0])])
def test_a_shared_band_joins_only_with_enough_agreement(equal: int, joined: list[int]) -> None:
    base = np.arange(0, 6_400, 100, dtype=np.uint32)
    signatures = np.stack([base, like(base, equal)])

    assert shingles.cluster(signatures, BANDS, 32).tolist() == joined


def test_agreement_without_a_whole_band_goes_unseen() -> None:
    base = np.arange(0, 6_400, 100, dtype=np.uint32)
    other = base.copy()
    other[::4] += 1

    together = shingles.cluster(np.stack([base, other]), BANDS, 32)

    assert together.tolist() == [0, 1]


def test_equal_values_in_different_bands_do_not_meet() -> None:
    base = np.arange(0, 6_400, 100, dtype=np.uint32)
    rolled = np.roll(base, 4)

    together = shingles.cluster(np.stack([base, rolled]), BANDS, 0)

    assert together.tolist() == [0, 1]


def test_likeness_is_passed_on() -> None:
    first = np.arange(0, 6_400, 100, dtype=np.uint32)
    middle = like(first, 40)
    last = like(middle, 40, at=24)
    lone = first + np.uint32(50)
    signatures = np.stack([lone, last, first, middle])

    assert (first == last).sum() < 32
    assert shingles.cluster(signatures, BANDS, 32).tolist() == [0, 1, 1, 1]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=20),
    st.permutations(list(range(20))),
)
def test_clusters_are_those_of_equal_signatures_in_any_order(
    drawn: list[tuple[int, bool]], order: list[int]
) -> None:
    kinds = [drawn[i] for i in order if i < len(drawn)]
    values = np.random.default_rng(1).integers(0, 1 << 32, (4, PERMUTATIONS), np.uint32)
    signatures = values[[kind for kind, _ in kinds]]
    firsts: dict[int, int] = {}
    expected = [firsts.setdefault(kind, place) for place, (kind, _) in enumerate(kinds)]

    assert shingles.cluster(signatures, BANDS, 32).tolist() == expected
    keys = shingles.keys_of(signatures, np.array([f for _, f in kinds], np.bool_))
    for (kind, is_framed), key in zip(kinds, keys, strict=True):
        same = [
            k for (other, framed), k in zip(kinds, keys, strict=True) if framed and other == kind
        ]
        assert (key != 0) == is_framed
        assert not is_framed or set(same) == {key}


def test_permutations_are_replayed_and_turn_no_two_shingles_into_one() -> None:
    multipliers, shifts = shingles.permutations()

    assert (multipliers % 2 == 1).all()
    assert len(np.unique(multipliers)) == len(np.unique(shifts)) == PERMUTATIONS
    assert (shingles.permutations()[0] == multipliers).all()
    assert (shingles.permutations(2)[0] != multipliers).any()

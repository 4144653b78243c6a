"""Windows, and the rule that each is scored once in a whole audit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from revenuer.errors import InputError
from revenuer.prove.audit.windows import Seen, context_windows, read, windows

texts = st.lists(st.integers(0, 5), max_size=40)
widths = st.integers(1, 5)


@given(texts, widths)
def test_a_window_is_what_stands_before_a_token(text: list[int], width: int) -> None:
    padded = [-1] * width + text

    assert windows(text, width).tolist() == [padded[i : i + width] for i in range(len(text))]


@given(st.lists(texts, max_size=5), widths, st.sampled_from(["window", "window and token"]))
def test_the_first_occurrence_over_all_texts_is_kept(
    all_texts: list[list[int]], width: int, unit: str
) -> None:
    seen = Seen(unit)  # type: ignore[arg-type]
    met: set[tuple[int, ...]] = set()
    for text in all_texts:
        before = windows(text, width)
        expected = []
        for window, token in zip(before.tolist(), text, strict=True):
            one = tuple(window) if unit == "window" else (*window, token)
            expected.append(one not in met)
            met.add(one)

        assert seen.first(before, np.array(text, np.int64)).tolist() == expected
    assert len(seen) == len(met)


@given(st.lists(texts, min_size=1, max_size=5), widths, st.randoms(use_true_random=False))
def test_the_order_of_texts_changes_which_is_kept_but_not_how_many(
    all_texts: list[list[int]], width: int, shuffler: object
) -> None:
    def kept(ordered: list[list[int]]) -> int:
        seen = Seen()
        return sum(int(seen.first(windows(t, width), np.array(t, int)).sum()) for t in ordered)

    shuffled = list(all_texts)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]

    assert kept(shuffled) == kept(all_texts)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30), widths, st.data())
def test_a_copy_of_any_part_of_a_context_scores_nothing(
    context: list[int], width: int, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(context) - 1))
    copied = context[start:]
    seen = Seen("window and token")
    seen.note_context(context, width)

    assert not seen.first(windows(copied, width), np.array(copied)).any()


def test_windows_of_contexts_hold_every_shorter_piece() -> None:
    assert context_windows([4, 5], 2).tolist() == [[-1, -1], [-1, 4], [-1, 5], [4, 5]]
    assert context_windows([], 2).tolist() == []


def test_windows_that_differ_in_one_place_or_in_order_are_told_apart() -> None:
    rng = np.random.default_rng(3)
    for width in (1, 2, 3, 4, 7):
        many = np.unique(rng.integers(-1, 6 if width > 1 else 1 << 20, (40_000, width)), axis=0)

        assert Seen().first(many, np.zeros(len(many), np.int64)).all()


def test_the_window_that_packs_to_nothing_is_met_like_any_other() -> None:
    seen, zero = Seen(), np.zeros((1, 2), np.int64)

    assert [bool(seen.first(zero, np.array([1]))[0]) for _ in range(2)] == [True, False]


def test_what_was_met_is_remembered_while_the_table_grows() -> None:
    seen = Seen()
    rows = np.arange(30_000)[:, None]
    for part in np.array_split(rows, 7):
        assert seen.first(part, part[:, 0]).all()

    assert not seen.first(rows, rows[:, 0]).any()


@given(arrays.arrays(np.int64, st.integers(0, 20), elements=st.integers(0, (1 << 32) - 2)))
def test_any_row_of_ids_is_read_as_it_is(ids: np.ndarray) -> None:
    assert read(ids).tolist() == ids.tolist()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ([1, -1], "holds -1"),
        ([1, (1 << 32) - 1], "holds 4294967295"),
        ([[1, 2], [3, 4]], "2-dimensional"),
        ([[1, 2], [3]], "not one row"),
        ([0.5], "float64"),
        (["a"], "not one row"),
        ([1 << 70], "not one row"),
    ],
)
def test_what_is_no_row_of_token_ids_is_refused(text: list[object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        read(text)


def test_a_width_out_of_range_and_an_unknown_unit_are_refused() -> None:
    with pytest.raises(InputError, match="1 to 16 tokens, not 0"):
        windows([1], 0)
    with pytest.raises(InputError, match="no unit is called 'token'"):
        Seen("token")  # type: ignore[arg-type]

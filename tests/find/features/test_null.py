"""The null breaks every tie and keeps every total."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from revenuer.find.features import null
from revenuer.find.features.exchanges import Exchanges
from revenuer.find.features.sets import Sets

START = 1_772_000_000_000_000


def exchanges(account: list[int], at_us: list[int]) -> Exchanges:
    filler: list[Any] = [np.arange(len(account)) for _ in Exchanges._fields]
    return Exchanges(*filler)._replace(
        account=np.array(account, np.int32), at_us=np.array(at_us, np.int64) + START
    )


ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1_000)), min_size=1, max_size=40)


@given(ROWS, st.integers(0, 2**32))
def test_clocks_move_by_one_offset_an_account(rows: list[tuple[int, int]], seed: int) -> None:
    before = exchanges([a for a, _ in rows], [t for _, t in rows])

    after = null.shift_clocks(before, 5, np.random.default_rng(seed))

    start, end = before.at_us.min(), before.at_us.max()
    span = end - start + 1
    moves = (after.at_us - before.at_us) % span
    assert ((start <= after.at_us) & (after.at_us <= end)).all()
    for account in range(5):
        assert len(set(moves[before.account == account].tolist())) <= 1
    for name in set(Exchanges._fields) - {"at_us"}:
        assert getattr(after, name) is getattr(before, name)


def test_accounts_that_act_together_no_longer_do() -> None:
    rng = np.random.default_rng(6)
    bursts = np.sort(rng.integers(0, 10**6, 50)).tolist()
    before = exchanges([0] * 50 + [1] * 50, bursts * 2)

    after = null.shift_clocks(before, 2, rng)

    assert set(before.at_us[:50]) == set(before.at_us[50:])
    assert len(set(after.at_us[:50]) & set(after.at_us[50:])) < 5


def footprint(rng: np.random.Generator, sets: int = 30, accounts: int = 50) -> Sets:
    dense = rng.random((sets, accounts)) < rng.random((sets, 1)) * 0.3
    members = sparse.csr_array(dense.astype(np.int32))
    return Sets("footprint", np.full(sets, "card"), np.arange(sets), members)


def test_reseating_keeps_sizes_and_what_sets_have_in_common() -> None:
    before = footprint(np.random.default_rng(7))

    after = null.reseat(before, np.random.default_rng(8))

    assert after.members.indices.tolist() != before.members.indices.tolist()
    assert np.diff(after.members.indptr).tolist() == np.diff(before.members.indptr).tolist()
    overlaps = [(s.members @ s.members.T).toarray().tolist() for s in (before, after)]
    assert overlaps[0] == overlaps[1]
    degrees = [sorted(s.members.sum(axis=0).tolist()) for s in (before, after)]
    assert degrees[0] == degrees[1]
    assert after.members.has_sorted_indices
    assert (after.family, after.kinds is before.kinds) == (before.family, True)


def test_reseating_leaves_no_more_agreement_than_chance() -> None:
    rng = np.random.default_rng(9)
    before = footprint(rng)
    sizes = np.diff(before.members.indptr)

    agreed = [
        (before.members * null.reseat(before, rng).members).sum() / sizes.sum() for _ in range(200)
    ]

    # A set of size k holds one of its own members with chance k / accounts.
    expected = (sizes**2).sum() / 50 / sizes.sum()
    assert abs(np.mean(agreed) - expected) < 4 * np.std(agreed) / np.sqrt(200)


def accounts_table() -> pa.Table:
    return pa.table(
        {
            "account_id": ["a", "b", "c", "d"],
            "exchanges": [2, 1, 1, 1],
            "first_us": pa.array([0, 0, 0, 0], pa.int64()),
            "last_us": pa.array([0, 0, 0, 0], pa.int64()),
            "created_us": pa.array([5, None, 7, 9], pa.int64()),
        }
    )


def test_redating_deals_out_the_same_dates_and_measures_use_anew() -> None:
    before, moved = accounts_table(), exchanges([0, 1, 0, 2, 3], [40, 30, 10, 20, 20])

    after = null.redate(before, moved, np.random.default_rng(1))

    assert after.schema == before.schema
    assert after.column("account_id").equals(before.column("account_id"))
    assert after.column("exchanges").equals(before.column("exchanges"))
    first, last = (after.column(name).to_numpy() - START for name in ("first_us", "last_us"))
    assert (first.tolist(), last.tolist()) == ([10, 30, 20, 20], [40, 30, 20, 20])
    created = after.column("created_us").to_pylist()
    assert sorted(created, key=str) == sorted([5, None, 7, 9], key=str)


@given(
    st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 1), st.integers(0, 9)), max_size=30),
    st.integers(0, 2**32),
)
def test_refilling_deals_out_contents_within_a_template_and_layout(
    rows: list[tuple[int, int, int]], seed: int
) -> None:
    template = np.array([t for t, _, _ in rows], np.int64)
    layout = np.array([w for _, w, _ in rows], np.uint64)
    before = np.array([[v, v + 10] for _, _, v in rows], np.uint64).reshape(len(rows), 2)

    after = null.refill(before, template, layout, np.random.default_rng(seed))

    for one, wording in itertools.product(range(-1, 3), range(2)):
        own = (template == one) & (layout == wording)
        for slot in range(2):
            assert sorted(after[own, slot].tolist()) == sorted(before[own, slot].tolist())


def test_refilling_breaks_what_was_divided_and_what_went_together() -> None:
    rng = np.random.default_rng(3)
    values = np.arange(1_000, dtype=np.uint64)
    before = np.column_stack([values, values + np.uint64(5_000)])

    after = null.refill(before, np.zeros(1_000, np.int64), np.zeros(1_000, np.uint64), rng)

    assert (after[:, 0] == before[:, 0]).sum() < 20
    assert (after[:, 1] - after[:, 0] == 5_000).sum() < 20, "each slot is dealt on its own"
    assert before[:, 0].tolist() == values.tolist(), "the features themselves stay"


def test_every_account_may_get_every_date() -> None:
    rng, moved = np.random.default_rng(2), exchanges([0, 1, 2, 3], [0, 0, 0, 0])

    dealt = [
        null.redate(accounts_table(), moved, rng).column("created_us").to_pylist()
        for _ in range(100)
    ]

    for place in range(4):
        assert {dates[place] for dates in dealt} == {5, None, 7, 9}

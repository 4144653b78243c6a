"""Tests of revenuer.find.evidence.timing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy import sparse

from revenuer.find.evidence import Finding, timing, weigh
from revenuer.find.evidence.finding import TRAITS
from revenuer.find.evidence.scan import Scale, crowd, scale
from revenuer.find.evidence.timing import DAY_US, MOST_CROWDS, TIMELESS
from revenuer.find.features import Features, Sets
from revenuer.find.features.exchanges import Exchanges

LEVELS = (0.1, 0.01, 0.001)
ACCOUNTS = 3_000
Values = NDArray[np.float64]


def sets(members: Sequence[Iterable[int]], kind: str = "template") -> Sets:
    rows = np.zeros((len(members), ACCOUNTS), np.int32)
    for one, own in zip(rows, members, strict=True):
        one[list(own)] = 1
    family = "templates" if kind == "template" else "footprint"
    kinds = np.full(len(members), kind)
    return Sets(family, kinds, np.arange(len(members)), sparse.csr_array(rows))


def made(rng: np.random.Generator, *batches: Iterable[int]) -> Values:
    """Return days within 300 on which accounts were made, each batch within a tenth of one."""
    days = rng.uniform(0, 300, ACCOUNTS)
    for number, batch in enumerate(batches):
        days[list(batch)] = 20 + 60 * number + rng.uniform(0, 0.1, len(list(batch)))
    return days


def scanned(own: Sets, *values: Values) -> list[Finding | int]:
    scales = [("lifecycle", f"L0{i}", "then", scale(one)) for i, one in enumerate(values, 1)]
    return list(timing.scans((own,), scales))


def test_accounts_made_at_once_are_a_crowd_in_the_words_of_both_families() -> None:
    rng = np.random.default_rng(101)
    days = made(rng, range(9))

    found = scanned(sets([[*range(9), 50, 60, 70]], "payment"), days)

    assert isinstance(found[0], Finding)
    assert (found[0].rule_id, found[0].families) == ("L01", ("footprint", "lifecycle"))
    assert found[0].subject == "a card or payer, then"
    assert found[0].members.tolist() == [*range(9)]
    assert found[0].observed == 9
    assert found[0].effect == pytest.approx(9 / found[0].expected)
    assert found[0].p_value < 1e-9


def test_two_batches_are_found_as_two_findings_and_every_look_is_counted() -> None:
    rng = np.random.default_rng(102)
    first, second, others = range(9), range(9, 15), range(100, 103)

    found = scanned(sets([[*first, *second, *others]]), made(rng, first, second))

    crowds = [one for one in found if isinstance(one, Finding)]
    assert [one.members.tolist() for one in crowds] == [[*first], [*second]]
    assert max(one.p_value for one in crowds) < 1e-9
    assert found[2:] == [1], "the third look is at the others, and finds nothing"


def test_batches_near_each_other_are_no_single_crowd() -> None:
    # A stretch around them all is beyond chance by far, and wide.
    rng = np.random.default_rng(107)
    days = rng.uniform(0, 300, ACCOUNTS)
    days[:48] = 100 + 12 * np.repeat(np.arange(6), 8) + rng.uniform(0, 0.1, 48)

    found = scanned(sets([range(48)]), days)

    crowds = [one for one in found if isinstance(one, Finding) and one.p_value < 1e-6]
    assert len(crowds) > 1
    assert all(one.effect >= timing.CROWD_FLOOR for one in crowds)


def test_a_set_has_only_so_many_crowds() -> None:
    rng = np.random.default_rng(103)
    batches = [range(40 * i, 40 * i + 40) for i in range(5)]

    found = scanned(sets([range(200)]), made(rng, *batches))

    assert len(found) == MOST_CROWDS
    assert all(isinstance(one, Finding) and one.p_value < 1e-9 for one in found)


def test_a_weak_crowd_is_the_last_one_looked_at() -> None:
    rng = np.random.default_rng(104)
    days = rng.uniform(0, 300, ACCOUNTS)
    days[:9] = [10, 10.5, 11, 100, 100.5, 101, 200, 200.5, 201]

    (one,) = scanned(sets([range(9)]), days)

    assert isinstance(one, Finding)
    assert timing.WORTH_A_LOOK < one.p_value < 0.1
    assert len(one.members) == 3


def test_a_crowd_too_small_for_its_stretch_is_no_finding() -> None:
    # Four times as many as chance puts into a quarter of all days: users of a recent product.
    rng = np.random.default_rng(105)
    days = rng.uniform(0, 300, ACCOUNTS)
    days[:80] = rng.uniform(0, 75, 80)

    assert crowd(scale(days), np.arange(80)).p_value < 1e-12
    for one in scanned(sets([range(80)]), days):
        assert isinstance(one, int) or one.p_value > timing.WORTH_A_LOOK


@pytest.mark.parametrize(("size", "looked_at"), [(2, 0), (3, 2), (5_000, 2), (5_001, 0)])
def test_sets_of_two_or_of_a_crowd_are_counted_and_not_looked_at(size: int, looked_at: int) -> None:
    rows = sparse.csr_array(np.ones((1, size), np.int32))
    own = Sets("templates", np.array(["template"]), np.array([0]), rows)

    found = scanned(own, np.zeros(size), np.zeros(size))

    # Everybody was made at once, so that no look finds anything.
    assert found == ([1, 1] if looked_at else [2])


@pytest.mark.slow
def test_what_is_left_beside_a_crowd_is_accused_no_more_often_than_promised() -> None:
    rng = np.random.default_rng(106)
    draws = 3_000
    pvalues = np.ones(draws)
    for draw in range(draws):
        days = made(rng, range(12))
        others = rng.choice(np.arange(12, ACCOUNTS), 20, replace=False)
        first, *rest = scanned(sets([[*range(12), *others]]), days)
        assert isinstance(first, Finding)
        # Stragglers of the batch itself are no strangers.
        pvalues[draw] = min(
            [one.p_value for one in rest if isinstance(one, Finding) and one.members.min() >= 12],
            default=1.0,
        )

    for level in LEVELS:
        noise = 4 * math.sqrt(level * (1 - level) / draws)
        assert np.mean(pvalues <= level) <= level + noise


def test_only_what_has_no_date_of_its_own_is_timeless() -> None:
    own = sets([[0, 1]] * len(TRAITS), "payment")._replace(kinds=np.array([*TRAITS]))

    found = timing.timeless(own)

    assert set(found.kinds) == set(TIMELESS)
    assert found.members.shape == (len(TIMELESS), ACCOUNTS)
    assert [list(TRAITS)[token] for token in found.tokens] == found.kinds.tolist()


def features(exchanges: list[tuple[int, float, int]], models: list[str]) -> Features:
    """Return features of exchanges (account, day, model)."""
    account, day, model = (np.array(column) for column in zip(*exchanges, strict=True))
    filler: list[Any] = [np.full(len(account), -1) for _ in Exchanges._fields]
    at = (day * DAY_US).astype(np.int64)
    own = [at[account == one] for one in range(account.max() + 1)]
    nothing: list[Any] = [None] * len(Features._fields)
    return Features(*nothing)._replace(
        accounts=pa.table(
            {
                "first_us": [one.min() for one in own],
                "last_us": [one.max() for one in own],
                "created_us": [one.min() - DAY_US for one in own[:-1]] + [None],
            }
        ),
        exchanges=Exchanges(*filler)._replace(
            account=account.astype(np.int32), at_us=at, model=model.astype(np.int32)
        ),
        models=models,
    )


def ranked(own: Scale) -> list[float]:
    """Return the place of each account on a scale, from 0; NaN for none."""
    order = np.unique(own.low[~np.isnan(own.low)])
    return [
        float("nan") if math.isnan(x) else float(np.flatnonzero(order == x)[0]) for x in own.low
    ]


def test_who_was_there_on_the_first_day_joined_at_no_known_time() -> None:
    nan = float("nan")
    days = [(0, 0.0), (0, 10.0), (1, 1.0), (1, 9.0), (2, 1.1), (2, 8.9), (3, 5.0), (3, 6.0)]

    made, joined, left = timing.lifecycle_scales(features([(a, d, 0) for a, d in days], ["old"]))

    assert [one[1] for one in (made, joined, left)] == ["L01", "L02", "L03"]
    assert ranked(made[3]) == pytest.approx([0, 1, 2, nan], nan_ok=True)
    assert ranked(joined[3]) == pytest.approx([nan, nan, 0, 1], nan_ok=True)
    assert ranked(left[3]) == pytest.approx([nan, nan, 1, 0], nan_ok=True)


def test_moves_are_of_accounts_that_were_there_before_the_model() -> None:
    nan = float("nan")
    log = [(0, 0.0, 0), (0, 3.0, 1), (0, 4.0, 1), (1, 0.5, 0), (1, 2.5, 1), (2, 3.5, 1), (3, 1, 0)]

    found = timing.move_scales(features(log, ["old", "new", "unused"]))

    ((family, rule_id, said, ranks),) = found
    assert (family, rule_id, said) == ("synchrony", "S01", "first used new at the same time")
    # Account 2 came with the model already there, and account 3 never used it.
    assert ranked(ranks) == pytest.approx([1, 0, nan, nan], nan_ok=True)


@pytest.mark.parametrize(("day", "is_new"), [(0.4, False), (0.6, True)])
def test_a_model_of_the_first_half_day_is_not_new(day: float, is_new: bool) -> None:
    found = timing.move_scales(features([(0, 0.0, 0), (0, day, 1)], ["old", "other"]))

    assert len(found) == int(is_new)


@pytest.mark.parametrize("kind", ["template", "payment", "signup_address", "signup_prefix", "mail"])
def test_who_shares_what_has_no_date_is_weighed_against_time(
    ring: Callable[..., Features], kind: str
) -> None:
    found = weigh(ring(kind), fdr_level=0.01, seed=0)

    assert {finding.rule_id for finding in found} == {"L01", "L02", "L03", "S01", "S02"}
    for finding in found:
        assert len(finding.members) >= 5
        assert (finding.members >= 200).all(), "the eight that act as one, and nobody else"
        assert finding.families[0] == ("templates" if kind == "template" else "footprint")


@pytest.mark.parametrize("kind", ["address", "prefix", "end_user", "session", "community"])
def test_footprints_with_a_day_in_them_are_not_weighed_against_time(
    ring: Callable[..., Features], kind: str
) -> None:
    # Whoever shares an address on one day is active on that day; made on one day is another matter.
    found = weigh(ring(kind), fdr_level=0.01, seed=0)

    assert {finding.rule_id for finding in found} == {"L01"}

"""Tests of revenuer.find.evidence.rhythm."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy import sparse

from revenuer.find.evidence import Finding, rhythm, synchrony, weigh
from revenuer.find.evidence.rhythm import BUSY, BUSY_HOURS, HOUR_US, JOB, REPEATED
from revenuer.find.features import Features, Sets, Texts
from revenuer.find.features.exchanges import Exchanges

MakeRing = Callable[..., Features]
Counts = NDArray[np.int64]
LEVELS = (0.1, 0.01, 0.001)
HOURS = 7 * 24
START = 492_000
FIRST_OF_RING = 200
LAYER = 1


def sets(members: list[Iterable[int]], accounts: int, tokens: list[int]) -> Sets:
    rows = np.zeros((len(members), accounts), np.int32)
    for one, own in zip(rows, members, strict=True):
        one[list(own)] = 1
    kinds = np.where(np.array(tokens) < 0, "community", "template")
    return Sets("templates", kinds, np.array(tokens), sparse.csr_array(rows))


def without_slots(templates: NDArray[np.int64]) -> Texts:
    return Texts(
        templates,
        np.arange(len(templates), dtype=np.int32),
        np.zeros((len(templates), 2, 4), np.uint64),
        np.zeros((len(templates), 2), np.uint64),
    )


def log(chat: Counts, *jobs: Counts) -> Features:
    """Return features of (accounts, hours) exchanges, without a template and with one of each."""
    every = np.array([chat, *jobs])
    template, account, hour = (axis.repeat(every[every > 0]) for axis in np.nonzero(every))
    total, accounts = len(account), len(chat)
    templates = np.full((total, 3), -1)
    ids = LAYER * total + np.arange(len(jobs))
    templates[:, LAYER] = np.append(-1, ids)[template]
    filler: list[Any] = [np.full(total, -1) for _ in Exchanges._fields]
    nothing: list[Any] = [None] * len(Features._fields)
    counts = every.sum(axis=0)
    use = every[1:].sum(axis=2)
    return Features(*nothing)._replace(
        accounts=pa.table(
            {"exchanges": counts.sum(axis=1), "active_hours": (counts > 0).sum(axis=1)}
        ),
        exchanges=Exchanges(*filler)._replace(
            account=account.astype(np.int32),
            at_us=(START + hour) * HOUR_US,
            prompt=np.arange(total, dtype=np.int32),
        ),
        texts=without_slots(templates),
        template_use=sparse.csr_array(use),
        template_ids=ids,
        template_sets=sets([np.flatnonzero(one >= 3) for one in use], accounts, [*range(len(use))]),
        order=np.argsort(account, kind="stable"),
        starts=np.concatenate([[0], np.cumsum(np.bincount(account, minlength=accounts))]),
    )


def in_stretches(rng: np.random.Generator, accounts: int) -> NDArray[np.bool_]:
    """Return in which hours each account works at a job: half of them, three at a time."""
    return np.repeat(rng.random((accounts, HOURS // 3)) < 0.5, 3, axis=1)


def carriers(
    seed: int, *, together: int = 6, apart: int = 0, share: float = 0.4, exchanges: float = 50
) -> Features:
    """Return a log in which some accounts do a job among their chat, together or each alone."""
    rng = np.random.default_rng(seed)
    doing = together + apart
    hours = np.vstack([np.tile(in_stretches(rng, 1), (together, 1)), in_stretches(rng, apart)])
    job = np.zeros((120, HOURS), np.int64)
    job[:doing] = rng.poisson(exchanges * 2 * hours / HOURS)
    rate = np.full(120, 0.8)
    rate[:doing] = exchanges * (1 / share - 1) / HOURS
    return log(rng.poisson(np.repeat(rate[:, None], HOURS, axis=1)), job)


def told(features: Features, repeated: float = 0.0) -> Finding | int:
    """Return what the one template of a log says."""
    rng = np.random.default_rng(1)
    (one,) = rhythm.in_one_job(features, features.template_sets, np.array([repeated]), rng)
    return one


def test_a_job_among_other_traffic_keeps_its_own_hours() -> None:
    # Six work together, and two use the same template at other hours.
    found = [told(carriers(seed, together=6, apart=2)) for seed in range(20)]

    jobs = [one for one in found if isinstance(one, Finding)]
    kept = np.array([np.isin(np.arange(8), one.members) for one in jobs if one.p_value < 1e-3])
    assert np.median([one.p_value for one in jobs]) < 1e-4
    assert len(kept) >= 0.8 * len(found)
    assert kept[:, :6].mean() > 0.8
    assert kept[:, 6:].mean() < 0.1, "those who work at other hours are let go"
    for one in jobs:
        assert (one.rule_id, one.families) == ("S03", ("templates", "synchrony"))
        assert one.effect == pytest.approx(one.observed - one.expected)
        assert one.token == 0


@pytest.mark.parametrize(
    ("changes", "is_looked_at"),
    [
        ({"share": 0.7}, True),
        ({"share": 0.9}, False),
        ({"together": 2}, False),
        ({"together": 3}, True),
        ({"exchanges": 0.5 * JOB}, False),
    ],
)
def test_a_job_has_three_accounts_in_earnest_and_is_hidden(
    changes: dict[str, Any], is_looked_at: bool
) -> None:
    found = told(carriers(112, **changes))

    assert isinstance(found, Finding) is is_looked_at


def test_questions_that_are_public_are_counted_and_not_looked_at() -> None:
    features = carriers(113)

    assert isinstance(told(features, REPEATED), Finding)
    assert told(features, REPEATED + 0.01) == 1


def test_a_community_is_no_job() -> None:
    community, rng = sets([range(6)], 120, [-1]), np.random.default_rng(1)

    assert list(rhythm.in_one_job(carriers(113), community, np.zeros(1), rng)) == []


def test_a_job_of_a_crowd_is_counted_and_not_looked_at() -> None:
    rng = np.random.default_rng(115)
    counts = rng.poisson(0.3, (2, rhythm.MOST_IN_JOB + 1, HOURS))
    few = counts[1].copy()
    few[-1] = 0

    assert told(log(counts[0], counts[1])) == 1
    assert isinstance(told(log(counts[0], few)), Finding)


def test_two_who_keep_step_are_no_job_of_three() -> None:
    found = [told(carriers(seed, together=2, apart=1, exchanges=150)) for seed in range(20)]

    for one in found:
        assert isinstance(one, Finding)
        assert one.p_value > 1e-3
        assert len(one.members) == 3 or one.p_value == 1


def test_a_day_and_a_half_is_too_short_to_tell_one_job() -> None:
    rng = np.random.default_rng(119)
    job = np.zeros((60, 36), np.int64)
    job[:5] = rng.poisson(4.0 * np.repeat(rng.random(12) < 0.6, 3), (5, 36))

    found = told(log(rng.poisson(3.0, (60, 36)), job))

    assert isinstance(found, Finding)
    assert found.p_value == 1


def test_office_hours_and_the_weekend_are_no_common_job() -> None:
    # Twelve colleagues work nine to five and keep the weekend; with wrong weekdays they seem alike.
    rng = np.random.default_rng(117)
    hour = START + np.arange(HOURS)
    is_open = (hour % 24 >= 9) & (hour % 24 < 17) & ((hour // 24 + 3) % 7 < 5)
    job = np.zeros((120, HOURS), np.int64)
    job[:12] = rng.poisson(1.5 * is_open, (12, HOURS))

    found = told(log(rng.poisson(1.0, (120, HOURS)), job))

    assert isinstance(found, Finding)
    assert found.p_value > 0.01


def test_a_job_of_one_busy_hour_has_no_rhythm() -> None:
    features = carriers(114)
    rng = np.random.default_rng(114)
    job = np.zeros((120, HOURS), np.int64)
    job[:6, 50 : 50 + BUSY_HOURS - 1] = 5

    assert told(log(rng.poisson(1.0, (120, HOURS)), job)) == 1
    assert isinstance(told(features), Finding)


@pytest.mark.slow
@pytest.mark.parametrize(("accounts", "run"), [(6, 3), (20, 24)])
def test_jobs_at_hours_of_their_own_are_accused_no_more_often_than_promised(
    accounts: int, run: int
) -> None:
    # Every account does every job at random times, in runs of some hours that fill half of them
    # or, where they are long, once.
    rng = np.random.default_rng(118)
    pvalues: list[float] = []
    for _ in range(50):
        runs = rng.random((20, accounts, HOURS)) < 0.5 / run
        if run > 12:
            runs = np.arange(HOURS) == rng.integers(0, HOURS, (20, accounts, 1))
        is_on = np.any([np.roll(runs, k, axis=2) for k in range(run)], axis=0)
        jobs = rng.poisson(50 * is_on / np.maximum(is_on.sum(axis=2, keepdims=True), 1))
        features = log(
            rng.poisson(2.0, (60, HOURS)), *np.pad(jobs, ((0, 0), (0, 60 - accounts), (0, 0)))
        )
        made = rhythm.in_one_job(features, features.template_sets, np.zeros(20), rng)
        pvalues += [one.p_value for one in made if isinstance(one, Finding)]

    assert len(pvalues) > 900
    for level in LEVELS:
        noise = 4 * math.sqrt(level * (1 - level) / len(pvalues))
        assert np.mean(np.array(pvalues) <= level) <= level + noise


def test_an_account_needs_some_exchanges_and_some_hours_to_have_a_rhythm() -> None:
    counts = np.zeros((4, HOURS), np.int64)
    for row, (hours, exchanges) in zip(
        counts,
        [(BUSY_HOURS, BUSY), (BUSY_HOURS, BUSY - 1), (BUSY_HOURS - 1, BUSY), (HOURS, 2 * HOURS)],
        strict=True,
    ):
        row[:hours] = exchanges // hours
        row[0] += exchanges - row.sum()

    active, rows = rhythm.active_rows(log(counts))

    assert active.tolist() == [0, 3]
    assert rows.shape[0] == 2


def test_a_repeated_prompt_is_one_that_another_account_sent_too() -> None:
    # Account 0 sends prompts 0, 0, 1 and 2; account 1 sends 2 and one without text; 2 sends 3.
    filler: list[Any] = [None] * len(Exchanges._fields)
    nothing: list[Any] = [None] * len(Features._fields)
    features = Features(*nothing)._replace(
        accounts=pa.table({"exchanges": [4, 2, 1, 0]}),
        exchanges=Exchanges(*filler)._replace(
            account=np.array([0, 0, 0, 0, 1, 1, 2], np.int32),
            prompt=np.array([0, 0, 1, 2, 2, -1, 3], np.int32),
        ),
        texts=without_slots(np.full((4, 3), -1)),
    )
    own = sets([[0], [0, 1], [1, 2, 3], []], 4, [0, 1, 2, 3])

    shares = rhythm.repeated_shares(features, own)

    assert shares == pytest.approx([1 / 4, (1 / 4 + 1 / 2) / 2, (1 / 2) / 3, 0])


def test_sizes_are_rounded_down_to_few() -> None:
    sizes = np.arange(2, 5_001)

    found = np.array([rhythm.grid(int(size)) for size in sizes])

    assert (found[:7] == sizes[:7]).all()
    assert ((found <= sizes) & (found > 0.8 * sizes)).all()
    assert (np.diff(found) >= 0).all()
    assert len(np.unique(found)) < 50


def test_who_was_in_the_set_for_another_reason_is_let_go(ring: MakeRing) -> None:
    features = ring("template")
    eight = [*range(FIRST_OF_RING, FIRST_OF_RING + 8)]
    own = sets([[*eight, 3, 40]], features.accounts.num_rows, [-1])

    counted, found = rhythm.together(features, own, None, np.random.default_rng(2))

    assert counted == 0
    assert isinstance(found, Finding)
    assert found.members.tolist() == eight
    assert found.p_value < 1e-6


def test_runs_of_a_day_at_a_stretch_are_no_common_queue() -> None:
    # They are alike by chance more often than random accounts are.
    plain, pvalues = [], []
    for seed in range(13):
        rng = np.random.default_rng(seed)
        chat = rng.poisson(np.exp(rng.normal(-0.3, 0.8, (150, 1))) * np.ones(HOURS))
        since = np.arange(HOURS) - rng.integers(0, HOURS - 24, 5)[:, None]
        chat[:5] = rng.poisson(np.where((since >= 0) & (since < 24), 4, 0.05))
        features = log(chat)
        _, rows = rhythm.active_rows(features)
        tail = synchrony.null_tails(rows, [5], rng)[5]
        plain.append(synchrony.p_value(synchrony.mean_correlation(rows[:5]), tail))
        made = rhythm.together(features, sets([range(5)], 150, [-1]), None, rng)
        pvalues += [one.p_value for one in made if isinstance(one, Finding)]

    assert min(plain) < 1e-5
    assert len(pvalues) == len(plain)
    assert min(pvalues) > 0.01


def test_sets_of_one_or_of_every_fourth_are_counted_and_not_compared(ring: MakeRing) -> None:
    features = ring("template")
    active, _ = rhythm.active_rows(features)
    quarter = len(active) // 4
    own = sets(
        [active[:1], active[:quarter], active[: quarter + 1]], features.accounts.num_rows, [-1] * 3
    )

    made = list(rhythm.together(features, own, None, np.random.default_rng(3)))

    (found,) = [one for one in made if isinstance(one, Finding)]
    assert found.members.tolist() == active[:quarter].tolist()
    assert sum(one for one in made if isinstance(one, int)) == 2


@pytest.mark.parametrize(("asked_twice", "is_tied"), [(0.0, True), (0.25, True), (0.4, False)])
def test_a_set_that_repeats_prompts_has_no_synchrony(
    ring: MakeRing, asked_twice: float, is_tied: bool
) -> None:
    # A public question set on a public timetable needs no acquaintance.
    found = weigh(ring("template", asked_twice=asked_twice), fdr_level=0.01, seed=0)

    assert ("S02" in {finding.rule_id for finding in found}) is is_tied

"""Who shares a wording or a card, beside who works at the same hours.

Two looks. `together` compares the whole traffic of accounts. `in_one_job` compares only the
exchanges that carry one template: a harvest that hides among other people's traffic keeps its own
hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from revenuer.find.evidence import synchrony
from revenuer.find.evidence.finding import LARGEST_SET, SECOND_NULL, Finding, Numbers, row, words
from revenuer.find.features.measured import Features
from revenuer.find.features.sets import Sets

HOUR_US = 3_600_000_000
#: Hours.
DAY = 24
#: Share of exchanges whose prompt another account of the set sent too, above which timing is no
#: evidence: a public question set run on a public timetable is synchronous without acquaintance.
REPEATED = 0.3
#: p-value below which a set is searched for members out of step.
WORTH_A_LOOK = 1e-3
#: Exchanges, and hours with one, from which on an account has a rhythm; with one template.
BUSY, BUSY_HOURS = 20, 6
JOB = 20
#: Accounts of one job, and the share of their exchanges up to which it is hidden among others.
FEWEST_IN_JOB, MOST_IN_JOB, HIDDEN = 3, 200, 0.8


def repeated_shares(features: Features, templates: Sets) -> NDArray[np.float64]:
    """Return, for each template set, how much of its traffic repeats another account's prompts."""
    exchanges = features.exchanges
    pair = exchanges.prompt.astype(np.int64) * features.accounts.num_rows + exchanges.account
    prompts = np.unique(pair[exchanges.prompt >= 0]) // features.accounts.num_rows
    senders = np.bincount(prompts, minlength=len(features.texts.templates) + 1)
    is_repeated = (exchanges.prompt >= 0) & (senders[exchanges.prompt] > 1)
    share = np.bincount(exchanges.account, is_repeated, features.accounts.num_rows) / np.maximum(
        np.bincount(exchanges.account, minlength=features.accounts.num_rows), 1
    )
    sizes = np.maximum(np.diff(templates.members.indptr), 1)
    return (templates.members @ share) / sizes


def together(
    features: Features,
    sets: Sets,
    repeated: NDArray[np.float64] | None,
    rng: np.random.Generator,
) -> Iterator[Finding | int]:
    """Ask of each set whether its members are busy at the same hours."""
    active, rows = active_rows(features)
    place = np.full(features.accounts.num_rows, -1)
    place[active] = np.arange(len(active))
    candidates = []
    for i in range(sets.members.shape[0]):
        placed = place[row(sets, i)]
        placed = placed[placed >= 0]
        if repeated is not None and repeated[i] > REPEATED:
            continue
        if 2 <= len(placed) <= min(LARGEST_SET, len(active) // 4):
            candidates.append((i, placed))
    yield sets.members.shape[0] - len(candidates)
    sizes = sorted({grid(len(placed)) for _, placed in candidates})
    tails = synchrony.null_tails(rows, sizes, rng)
    for i, placed in candidates:
        tail = tails[grid(len(placed))]
        correlation, chance = alike(rows[placed], tail, rng)
        # Whoever was in the set for another reason is let go, where the rest keeps step.
        kept = placed[synchrony.in_step(rows, placed)] if chance < WORTH_A_LOOK else placed
        yield Finding(
            (sets.family, "synchrony"), "S02", f"{words(sets, i)}, busy at the same hours",
            active[kept], correlation, tail.mean, correlation - tail.mean,
            chance if len(kept) >= 2 else 1.0, 1.0, int(sets.tokens[i]),
        )  # fmt: skip


def grid(size: int) -> int:
    """Round a set size down to a grid, so that few null distributions serve all sets."""
    return size if size <= 8 else int(2 ** (np.floor(4 * np.log2(size)) / 4))


def active_rows(features: Features) -> tuple[Numbers, NDArray[np.float32]]:
    """Return the accounts active enough to have a rhythm, and their residual activity."""
    busy = features.accounts.column("exchanges").to_numpy() >= BUSY
    active = np.flatnonzero(
        busy & (features.accounts.column("active_hours").to_numpy() >= BUSY_HOURS)
    )
    hours = _hours(features)
    return active, synchrony.residuals(_counts(features, hours, active), start=hours.first)


def in_one_job(
    features: Features, templates: Sets, repeated: NDArray[np.float64], rng: np.random.Generator
) -> Iterator[Finding | int]:
    """Ask of each template that is a part of its users' traffic whether that part keeps step."""
    for i, job in jobs(features, templates):
        if repeated[i] > REPEATED or not job:
            yield 1
            continue
        correlation, tail, chance = kept_apart(job.rows, rng)
        members = job.accounts
        if chance < WORTH_A_LOOK:
            members = members[synchrony.in_step_with_rest(job.rows)]
        yield Finding(
            ("templates", "synchrony"), "S03", f"{words(templates, i)}, used at the same hours",
            members, correlation, tail.mean, correlation - tail.mean,
            chance if len(members) >= FEWEST_IN_JOB else 1.0, 1.0, int(templates.tokens[i]),
        )  # fmt: skip


class Job(NamedTuple):
    """Accounts that use one template among other things, and when: (accounts, hours) residuals."""

    accounts: Numbers
    rows: NDArray[np.float32]


def jobs(features: Features, templates: Sets) -> Iterator[tuple[int, Job | None]]:
    """Yield the number of each set of one template, and its job if it has a rhythm of its own."""
    use = features.template_use
    total = features.accounts.column("exchanges").to_numpy()
    hours = _hours(features)
    design = synchrony.design(np.bincount(hours.of), start=hours.first)
    for i in np.flatnonzero(templates.tokens >= 0).tolist():
        token = templates.tokens[i]
        span = slice(use.indptr[token], use.indptr[token + 1])
        enough = use.data[span] >= JOB
        accounts, carried = use.indices[span][enough].astype(np.int64), use.data[span][enough]
        is_size = FEWEST_IN_JOB <= len(accounts) <= MOST_IN_JOB
        if not is_size or np.median(carried / total[accounts]) > HIDDEN:
            yield i, None
            continue
        rows = features.rows_of(accounts)
        rows = rows[features.carries(rows, features.template_ids[token])]
        counts = _counts(features, hours, accounts, rows)
        has_rhythm = (counts > 0).sum(axis=1) >= BUSY_HOURS
        job = Job(accounts[has_rhythm], synchrony.less(counts[has_rhythm], design))
        yield i, job if len(job.accounts) >= FEWEST_IN_JOB else None


def kept_apart(
    rows: NDArray[np.float32], rng: np.random.Generator
) -> tuple[float, synchrony.Tail, float]:
    """Return the mean correlation of a job, what moving its rows by days gives, and p."""
    tail = synchrony.shifted_tail(rows, rng, shifts=synchrony.SHIFTS_ALONE, step=DAY)
    correlation = synchrony.mean_correlation(rows)
    return correlation, tail, synchrony.p_value(correlation, tail)


def alike(
    rows: NDArray[np.float32], tail: synchrony.Tail, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the mean correlation of a set, and p under the null that is worse for the claim."""
    correlation = synchrony.mean_correlation(rows)
    chance = synchrony.p_value(correlation, tail)
    if chance < SECOND_NULL:
        own = synchrony.shifted_tail(rows, rng)
        chance = max(chance, synchrony.p_value(correlation, own))
    return correlation, chance


class Hours(NamedTuple):
    """(exchanges,) the hour of each, counted from the first; the first's number; how many."""

    of: Numbers
    first: int
    bins: int


def _hours(features: Features) -> Hours:
    hours = features.exchanges.at_us // HOUR_US
    first = int(hours.min())
    return Hours(hours - first, first, int(hours.max()) - first + 1)


def _counts(
    features: Features, hours: Hours, accounts: Numbers, rows: Numbers | None = None
) -> Numbers:
    """Return (accounts, hours) exchanges, of all rows or of some."""
    account, when = features.exchanges.account, hours.of
    if rows is not None:
        account, when = account[rows], when[rows]
    place = np.searchsorted(accounts, account)
    is_one = np.append(accounts, -1)[place] == account
    cells = place[is_one] * hours.bins + when[is_one]
    return np.bincount(cells, minlength=len(accounts) * hours.bins).reshape(-1, hours.bins)

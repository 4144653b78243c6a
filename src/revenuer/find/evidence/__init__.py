"""Features -> findings: which sets of accounts are tied in two independent families.

One family alone proves nothing: strangers share cafés, products and public prompts. A finding is a
set made within one family and confirmed by another that knows nothing of the first:

* templates × footprint: the same accounts in both (`overlap`);
* templates or footprint × lifecycle: made, joined or gone together (`scan`);
* templates or footprint × synchrony: moved to a new model together (`scan`), or busy at the same
  hours (`synchrony`);
* templates × partition: nobody asks twice (`partition`).

Each comparison has a p-value under a stated null. Those of one class (pair of families) get
q-values over every comparison made in it, including the many that found nothing, and are then
multiplied by the number of classes. The verb is `weigh`; the kernels are pure arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from revenuer.find.evidence import fdr, overlap, partition, scan, synchrony
from revenuer.find.features import SLOT_LAYER, Features, Sets

__all__ = ["Finding", "weigh"]

Numbers = NDArray[np.int64]
DAY_US = 86_400_000_000
#: Odds ratio below which an overlap is put down to something both families have in common.
ODDS_FLOOR = 10.0
STRATA = 8
#: Members in a crowd over members expected, below which it is put down to how busy accounts are.
CROWD_FLOOR = 8.0
#: Share of exchanges whose prompt another account of the set sent too, above which timing is no
#: evidence: a public question set run on a public timetable is synchronous without acquaintance.
REPEATED = 0.3
CLASSES = 6
LARGEST_SET = 5_000
#: Traits in words.
TRAITS = {
    "template": "a template",
    "payment": "a card or payer",
    "address": "an address on one day",
    "prefix": "a network on one day",
    "mail": "a mail domain and pattern",
    "signup_address": "an address at sign-up",
    "signup_prefix": "a network at sign-up",
    "end_user": "an end user",
    "session": "a session",
}
#: Footprints that carry no time of their own. An address counts within one day, so accounts that
#: share one are active, first seen and last seen near each other by construction.
TIMELESS = ("payment", "signup_address", "signup_prefix", "mail")
#: p-value below which a set is tested against its own rows moved, too, and is searched for members
#: out of step.
SECOND_NULL, WORTH_A_LOOK = 0.1, 1e-3


class Finding(NamedTuple):
    """A set of one family that another family confirms.

    Attributes:
        families: The two families, the one that made the set first.
        rule_id: Stable id of the comparison, such as `F01`.
        subject: What the accounts have in common, in words.
        members: Account numbers, sorted.
        observed, expected: Of the statistic of the comparison, under the null for `expected`.
        effect: Effect size in the unit of the comparison.
        p_value, q_value: In (0, 1].
        token: Token of the first set, -1 for a community.
    """

    families: tuple[str, str]
    rule_id: str
    subject: str
    members: Numbers
    observed: float
    expected: float
    effect: float
    p_value: float
    q_value: float
    token: int


def weigh(features: Features, *, fdr_level: float, seed: int) -> list[Finding]:
    """Return the findings with a q-value of at most `fdr_level`, strongest first.

    Args:
        features: What was measured.
        fdr_level: In (0, 1).
        seed: Of the random sets behind the synchrony null.
    """
    rng = np.random.default_rng(seed)
    templates, footprint = features.template_sets, features.footprint_sets
    timeless = _only(footprint, np.isin(footprint.kinds, TIMELESS))
    repeated = _repeated_shares(features, templates)
    made, *seen = _lifecycle_scales(features)
    found = [
        *_report(_overlap_findings(features, fdr_level), fdr_level),
        *_report(
            chain(_scans((templates, footprint), [made]), _scans((templates, timeless), seen)),
            fdr_level,
        ),
        *_report(_scans((templates, timeless), _move_scales(features)), fdr_level),
        *_report(_partitions(features, templates), fdr_level),
        *_report(_together(features, templates, repeated, rng), fdr_level),
        *_report(_together(features, timeless, None, rng), fdr_level),
    ]
    return sorted(found, key=lambda f: (f.q_value, f.p_value, f.rule_id, f.members.tolist()))


def _report(candidates: Iterable[Finding | int], level: float) -> Iterator[Finding]:
    """Yield what passes; an integer among the candidates counts comparisons that found nothing."""
    found: list[Finding] = []
    tests = 0
    for candidate in candidates:
        if isinstance(candidate, int):
            tests += candidate
        else:
            found.append(candidate)
            tests += 1
    pvalues = np.array([f.p_value for f in found])
    q_values = np.minimum(fdr.q_values(pvalues, tests=tests) * CLASSES, 1.0)
    for finding, q_value in zip(found, q_values, strict=True):
        if q_value <= level:
            yield finding._replace(q_value=float(q_value))


def _words(sets: Sets, i: int) -> str:
    """Say what the accounts of a set have in common."""
    kind = str(sets.kinds[i])
    if kind == "community":
        return "several shared templates" if sets.family == "templates" else "several shared traits"
    return TRAITS.get(kind, kind.replace("_", " "))


def _row(sets: Sets, i: int) -> Numbers:
    members = sets.members
    return members.indices[members.indptr[i] : members.indptr[i + 1]].astype(np.int64)


def _strata(features: Features) -> Numbers:
    """Put accounts into classes of like activity, by octave of their number of exchanges."""
    exchanges = features.accounts.column("exchanges").to_numpy()
    return np.minimum(np.log2(exchanges).astype(np.int64), STRATA - 1)


def _overlap_findings(features: Features, fdr_level: float) -> Iterator[Finding | int]:
    templates, footprint = features.template_sets, features.footprint_sets
    laid = overlap.overlaps(templates.members, footprint.members, _strata(features))
    yield laid.tests - len(laid.left)
    # Sets run to tens of millions of pairs; accounts are looked up for those that may pass only.
    limit = fdr_level / CLASSES * len(laid.left) / max(laid.tests, 1)
    worth = np.flatnonzero((laid.odds >= ODDS_FLOOR) & (laid.p_values <= limit))
    yield len(laid.left) - len(worth)
    for i in worth:
        left, right = int(laid.left[i]), int(laid.right[i])
        yield Finding(
            ("templates", "footprint"),
            "F01",
            f"{_words(footprint, right)} and {_words(templates, left)}",
            np.intersect1d(_row(templates, left), _row(footprint, right), assume_unique=True),
            float(laid.shared[i]),
            float(laid.expected[i]),
            float(laid.odds[i]),
            float(laid.p_values[i]),
            1.0,
            int(templates.tokens[left]),
        )


def _only(sets: Sets, chosen: NDArray[np.bool_]) -> Sets:
    return Sets(sets.family, sets.kinds[chosen], sets.tokens[chosen], sets.members[chosen])


def _scans(
    families: tuple[Sets, ...],
    scales: list[tuple[str, str, str, scan.Scale]],
) -> Iterator[Finding | int]:
    for sets in families:
        for i in range(sets.members.shape[0]):
            members = _row(sets, i)
            if not scan.FEWEST <= len(members) <= LARGEST_SET:
                yield len(scales)
                continue
            for family, rule_id, words, ranks in scales:
                crowd = scan.crowd(ranks, members)
                if len(crowd.members) < CROWD_FLOOR * crowd.expected:
                    yield 1
                    continue
                yield Finding(
                    (sets.family, family), rule_id, f"{_words(sets, i)}, {words}",
                    members[crowd.members], float(len(crowd.members)), crowd.expected,
                    len(crowd.members) / max(crowd.expected, 1e-9),
                    min(crowd.p_value, 1.0), 1.0, int(sets.tokens[i]),
                )  # fmt: skip


def _column(features: Features, name: str) -> NDArray[np.float64]:
    return features.accounts.column(name).to_numpy(zero_copy_only=False).astype(np.float64)


def _lifecycle_scales(features: Features) -> list[tuple[str, str, str, scan.Scale]]:
    """Return when accounts were made, joined late and stopped early."""
    first, last = _column(features, "first_us"), _column(features, "last_us")
    start, end = first.min(), last.max()
    joined = np.where(first > start + DAY_US, first, np.nan)
    left = np.where(last < end - DAY_US, last, np.nan)
    return [
        ("lifecycle", "L01", "made at the same time", scan.scale(_column(features, "created_us"))),
        ("lifecycle", "L02", "first seen at the same time", scan.scale(joined)),
        ("lifecycle", "L03", "last seen at the same time", scan.scale(left)),
    ]


def _move_scales(features: Features) -> list[tuple[str, str, str, scan.Scale]]:
    """Return, for each model that appears within the window, when accounts first used it."""
    exchanges = features.exchanges
    start = exchanges.at_us.min()
    scales = []
    for model, name in enumerate(features.models):
        used = exchanges.model == model
        at = exchanges.at_us[used]
        if len(at) == 0 or at.min() < start + DAY_US // 2:
            continue
        first = np.full(features.accounts.num_rows, np.inf)
        np.minimum.at(first, exchanges.account[used], at.astype(np.float64))
        first[np.isinf(first)] = np.nan
        # Whoever is new moves to nothing: only accounts that were here before count.
        first[_column(features, "first_us") >= at.min()] = np.nan
        scales.append(
            ("synchrony", "S01", f"first used {name} at the same time", scan.scale(first))
        )
    return scales


def _partitions(features: Features, templates: Sets) -> Iterator[Finding | int]:
    exchanges, texts = features.exchanges, features.texts
    has = exchanges.prompt >= 0
    # Slots are those of the layer that they were cut from; sets of other layers find no rows.
    template = np.append(texts.templates[:, SLOT_LAYER], -1)[exchanges.prompt]
    order = np.argsort(template, kind="stable")
    ordered = template[order]
    for i in range(templates.members.shape[0]):
        members, token = _row(templates, i), int(templates.tokens[i])
        if token < 0 or len(members) < scan.FEWEST:
            yield 1
            continue
        own = features.template_ids[token]
        rows = order[np.searchsorted(ordered, own, "left") : np.searchsorted(ordered, own, "right")]
        rows = rows[has[rows] & np.isin(exchanges.account[rows], members)]
        result = partition.partition(
            texts.slots[exchanges.prompt[rows]], exchanges.account[rows].astype(np.int64)
        )
        yield Finding(
            ("templates", "partition"), "P01", "slots divided without repeats", members,
            float(result.collisions), result.expected, result.expected - result.collisions,
            result.p_value, 1.0, token,
        )  # fmt: skip


def _repeated_shares(features: Features, templates: Sets) -> NDArray[np.float64]:
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


def _together(
    features: Features,
    sets: Sets,
    repeated: NDArray[np.float64] | None,
    rng: np.random.Generator,
) -> Iterator[Finding | int]:
    active, rows = _active_rows(features)
    place = np.full(features.accounts.num_rows, -1)
    place[active] = np.arange(len(active))
    candidates = []
    for i in range(sets.members.shape[0]):
        placed = place[_row(sets, i)]
        placed = placed[placed >= 0]
        if repeated is not None and repeated[i] > REPEATED:
            continue
        if 2 <= len(placed) <= min(LARGEST_SET, len(active) // 4):
            candidates.append((i, placed))
    yield sets.members.shape[0] - len(candidates)
    sizes = sorted({_grid(len(placed)) for _, placed in candidates})
    tails = synchrony.null_tails(rows, sizes, rng)
    for i, placed in candidates:
        correlation = synchrony.mean_correlation(rows[placed])
        tail = tails[_grid(len(placed))]
        chance = synchrony.p_value(correlation, tail)
        if chance < SECOND_NULL:
            own = synchrony.shifted_tail(rows[placed], rng)
            chance = max(chance, synchrony.p_value(correlation, own))
        # Whoever was in the set for another reason is let go, where the rest keeps step.
        kept = placed[synchrony.in_step(rows, placed)] if chance < WORTH_A_LOOK else placed
        yield Finding(
            (sets.family, "synchrony"), "S02", f"{_words(sets, i)}, busy at the same hours",
            active[kept], correlation, tail.mean, correlation - tail.mean,
            chance if len(kept) >= 2 else 1.0, 1.0, int(sets.tokens[i]),
        )  # fmt: skip


def _grid(size: int) -> int:
    """Round a set size down to a grid, so that few null distributions serve all sets."""
    return size if size <= 8 else int(2 ** (np.floor(4 * np.log2(size)) / 4))


def _active_rows(features: Features) -> tuple[Numbers, NDArray[np.float32]]:
    """Return the accounts active enough to have a rhythm, and their residual activity."""
    hour = 3_600_000_000
    enough = (_column(features, "exchanges") >= 30) & (_column(features, "active_hours") >= 8)
    active = np.flatnonzero(enough)
    exchanges = features.exchanges
    first = exchanges.at_us.min() // hour
    bins = int(exchanges.at_us.max() // hour - first) + 1
    place = np.full(features.accounts.num_rows, -1)
    place[active] = np.arange(len(active))
    at = place[exchanges.account]
    cells = at[at >= 0] * bins + (exchanges.at_us[at >= 0] // hour - first)
    counts = np.bincount(cells, minlength=len(active) * bins).reshape(len(active), bins)
    return active, synchrony.residuals(counts, start=int(first))

"""Who shares a wording or a card, beside who comes, goes and turns to a model at the same time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from revenuer.find.evidence import scan
from revenuer.find.evidence.finding import LARGEST_SET, Finding, row, words
from revenuer.find.features.measured import Features
from revenuer.find.features.sets import Sets

DAY_US = 86_400_000_000
#: Members in a crowd over members expected, below which it is put down to how busy accounts are.
CROWD_FLOOR = 8.0
#: Crowds of one set on one scale.
MOST_CROWDS = 4
#: Footprints that carry no time of their own. An address counts within one day, so accounts that
#: share one are active, first seen and last seen near each other by construction.
TIMELESS = ("payment", "signup_address", "signup_prefix", "mail")
#: p-value of a crowd below which the rest of the set is searched for further ones.
WORTH_A_LOOK = 1e-3


def timeless(sets: Sets) -> Sets:
    """Return the sets of kinds that carry no time of their own."""
    chosen = np.isin(sets.kinds, TIMELESS)
    return Sets(sets.family, sets.kinds[chosen], sets.tokens[chosen], sets.members[chosen])


def scans(
    families: tuple[Sets, ...],
    scales: list[tuple[str, str, str, scan.Scale]],
) -> Iterator[Finding | int]:
    """Ask of each set whether its members crowd on each scale."""
    for sets in families:
        for i in range(sets.members.shape[0]):
            members = row(sets, i)
            if not scan.FEWEST <= len(members) <= LARGEST_SET:
                yield len(scales)
                continue
            for family, rule_id, said, ranks in scales:
                rest = members
                # A pool is often made in several batches: what crowds beside the first crowd?
                for _ in range(MOST_CROWDS):
                    crowd = scan.crowd(ranks, rest, floor=CROWD_FLOOR)
                    if len(crowd.members) == 0:
                        yield 1
                        break
                    yield Finding(
                        (sets.family, family), rule_id, f"{words(sets, i)}, {said}",
                        rest[crowd.members], float(len(crowd.members)), crowd.expected,
                        len(crowd.members) / max(crowd.expected, 1e-9),
                        min(crowd.p_value, 1.0), 1.0, int(sets.tokens[i]),
                    )  # fmt: skip
                    rest = np.delete(rest, crowd.members)
                    if crowd.p_value > WORTH_A_LOOK or len(rest) < scan.FEWEST:
                        break


def _column(features: Features, name: str) -> NDArray[np.float64]:
    return features.accounts.column(name).to_numpy(zero_copy_only=False).astype(np.float64)


def lifecycle_scales(features: Features) -> list[tuple[str, str, str, scan.Scale]]:
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


def move_scales(features: Features) -> list[tuple[str, str, str, scan.Scale]]:
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

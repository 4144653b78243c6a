"""Features -> findings: which sets of accounts are tied in two independent families.

One family alone proves nothing: strangers share cafés, products and public prompts. A finding is a
set made within one family and confirmed by another that knows nothing of the first:

* templates × footprint: the same accounts in both (`overlap`), or clumps of one footprint among the
  users of a template (`coincidence`);
* templates or footprint × lifecycle: made, joined or gone together (`scan`);
* templates or footprint × synchrony: moved to a new model together (`scan`), or busy at the same
  hours (`synchrony`);
* templates × partition: nobody asks twice (`partition`).

Each comparison has a p-value under a stated null. Those of one class (pair of families) get
q-values over every comparison made in it, including the many that found nothing, and are then
multiplied by the number of classes with any comparison in them. The verb is `weigh`; the kernels
are pure arrays.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from revenuer.find.evidence import fdr, rhythm, shared, timing
from revenuer.find.evidence.finding import Finding
from revenuer.find.features import Features

__all__ = ["Finding", "weigh"]


def weigh(features: Features, *, fdr_level: float, seed: int) -> list[Finding]:
    """Return the findings with a q-value of at most `fdr_level`, strongest first.

    Args:
        features: What was measured.
        fdr_level: In (0, 1).
        seed: Of the random sets behind the synchrony null.
    """
    rng = np.random.default_rng(seed)
    templates, footprint = features.template_sets, features.footprint_sets
    timeless = timing.timeless(footprint)
    repeated = rhythm.repeated_shares(features, templates)
    made, *seen = timing.lifecycle_scales(features)
    classes = [
        _tried(candidates, fdr_level)
        for candidates in (
            shared.overlaps(features, fdr_level),
            shared.clumps(features),
            chain(
                timing.scans((templates, footprint), [made]),
                timing.scans((templates, timeless), seen),
            ),
            timing.scans((templates, timeless), timing.move_scales(features)),
            shared.partitions(features, templates, rng),
            chain(
                rhythm.together(features, templates, repeated, rng),
                rhythm.in_one_job(features, templates, repeated, rng),
            ),
            rhythm.together(features, timeless, None, rng),
        )
    ]
    # What a log cannot show is no class: without text, up to four are empty.
    many = sum(tests > 0 for _, tests in classes)
    found = [
        finding._replace(q_value=float(q_value))
        for candidates, tests in classes
        for finding, q_value in zip(candidates, _q_values(candidates, tests, many), strict=True)
        if q_value <= fdr_level
    ]
    return sorted(found, key=lambda f: (f.q_value, f.p_value, f.rule_id, f.members.tolist()))


def _tried(candidates: Iterable[Finding | int], fdr_level: float) -> tuple[list[Finding], int]:
    """Return what may be reported and the number of comparisons; an integer counts others.

    A q-value is no smaller than its p-value, so a larger p-value bears on none of those reported.
    """
    found: list[Finding] = []
    tests = 0
    for candidate in candidates:
        if isinstance(candidate, int):
            tests += candidate
        else:
            tests += 1
            if candidate.p_value <= fdr_level:
                found.append(candidate)
    return found, tests


def _q_values(found: list[Finding], tests: int, classes: int) -> NDArray[np.float64]:
    pvalues = np.array([finding.p_value for finding in found])
    return np.minimum(fdr.q_values(pvalues, tests=tests) * classes, 1.0)

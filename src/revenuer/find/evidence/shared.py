"""Who shares a wording, beside who shares a place, a card or a list of questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from revenuer.find.evidence import coincidence, overlap, partition, scan
from revenuer.find.evidence.finding import (
    ODDS_FLOOR,
    SECOND_NULL,
    TRAITS,
    Finding,
    Numbers,
    both,
    row,
    strata,
    words,
)
from revenuer.find.features.measured import SLOT_LAYERS, Features
from revenuer.find.features.sets import Sets

#: Share of a set that must sit in clumps before the clumps are one: else it is a public thing with
#: a few teams among its users.
CLUMPED = 0.5
#: Times fewer agreements than expected, above which they are put down to slots that go together;
#: agreements that chance gives an account before their absence says anything of it.
FEWER, APART = 30.0, 1.0


def overlaps(features: Features, fdr_level: float) -> Iterator[Finding | int]:
    """Compare every template set with every footprint set."""
    templates, footprint = features.template_sets, features.footprint_sets
    laid = overlap.overlaps(
        templates.members, footprint.members, strata(features), odds_floor=ODDS_FLOOR
    )
    # Sets run to tens of millions of pairs; accounts are looked up for those that may pass only.
    worth = np.flatnonzero(laid.p_values <= fdr_level * laid.found / max(laid.tests, 1))
    yield laid.tests - len(worth)
    for i in worth:
        left, right = int(laid.left[i]), int(laid.right[i])
        yield Finding(
            ("templates", "footprint"),
            "F01",
            f"{words(footprint, right)} and {words(templates, left)}",
            both(templates.members, left, footprint.members, right),
            float(laid.shared[i]),
            float(laid.expected[i]),
            float(laid.odds[i]),
            float(laid.p_values[i]),
            1.0,
            int(templates.tokens[left]),
        )


def clumps(features: Features) -> Iterator[Finding | int]:
    """Compare template sets with all footprints of one kind together, kind by kind."""
    templates, classes = features.template_sets, strata(features)
    for kind, of in by_footprint(features.footprint_sets):
        laid = coincidence.blocks(of, classes)
        for i in range(templates.members.shape[0]):
            members = row(templates, i)
            # Nearly all sets fail here, at the cost of their members; the rest costs all blocks.
            if len(coincidence.tied(laid, members)) < CLUMPED * len(members):
                yield 1
                continue
            found = coincidence.coincidence(laid, members, floor=ODDS_FLOOR)
            if found.p_value == 1:
                yield 1
                continue
            yield Finding(
                ("templates", "footprint"), "F02", f"{words(templates, i)}, {kind}",
                members[found.members], float(found.observed), found.expected,
                found.observed / max(found.expected, 1e-9), found.p_value, 1.0,
                int(templates.tokens[i]),
            )  # fmt: skip


def by_footprint(footprint: Sets) -> Iterator[tuple[str, Numbers]]:
    """Yield each kind of footprint that an account shows once at most, with the set of each."""
    for kind in np.unique(footprint.kinds):
        own = footprint.members[footprint.kinds == kind]
        if np.bincount(own.indices).max(initial=0) == 1:
            of = np.full(own.shape[1], -1)
            of[own.indices] = np.repeat(np.arange(own.shape[0]), np.diff(own.indptr))
            yield TRAITS.get(str(kind), "several shared traits"), of


def partitions(
    features: Features, templates: Sets, rng: np.random.Generator
) -> Iterator[Finding | int]:
    """Ask of each template whether its users divide its slots among themselves."""
    for i, use in filled(features, templates):
        if len(row(templates, i)) < scan.FEWEST:
            yield 1
            continue
        result = divided(use, rng)
        members = partition.apart(*use, fewest=APART, ratio=ODDS_FLOOR)
        if result.collisions * FEWER > result.expected or len(members) < scan.FEWEST:
            yield 1
            continue
        yield Finding(
            ("templates", "partition"), "P01", "slots divided without repeats", members,
            float(result.collisions), result.expected, result.expected - result.collisions,
            result.p_value, 1.0, int(templates.tokens[i]),
        )  # fmt: skip


class Filled(NamedTuple):
    """How a set fills its template: what stands in the slots, who sent it, the wording around."""

    slots: NDArray[np.uint64]
    accounts: Numbers
    layouts: NDArray[np.uint64]


def filled(features: Features, templates: Sets) -> Iterator[tuple[int, Filled]]:
    """Yield the number of each set whose template has slots, and its exchanges."""
    exchanges, texts = features.exchanges, features.texts
    has = np.flatnonzero(exchanges.prompt >= 0)
    layers = [_by_template(texts.templates[exchanges.prompt[has], layer]) for layer in SLOT_LAYERS]
    is_member = np.zeros(features.accounts.num_rows, np.bool_)
    for i in np.flatnonzero(templates.tokens >= 0).tolist():
        # As int32, like what it is sought in: else all of that is copied for each set.
        own = np.int32(features.template_ids[templates.tokens[i]])
        layer = own // len(texts.templates)
        # Slots are those of the layer that they were cut from.
        if layer not in SLOT_LAYERS:
            continue
        k = SLOT_LAYERS.index(layer)
        ordered, order = layers[k]
        first, last = np.searchsorted(ordered, own, "left"), np.searchsorted(ordered, own, "right")
        rows = has[order[first:last]]
        is_member[row(templates, i)] = True
        rows = rows[is_member[exchanges.account[rows]]]
        is_member[row(templates, i)] = False
        prompts = exchanges.prompt[rows]
        account = exchanges.account[rows].astype(np.int64)
        at = texts.place[prompts]
        yield i, Filled(texts.slots[at, k], account, texts.layouts[at, k])


def divided(use: Filled, rng: np.random.Generator) -> partition.Partition:
    """Return what the slots say under the null that is worse for the claim."""
    plain = partition.partition(*use)
    if plain.p_value >= SECOND_NULL:
        return plain
    own = partition.within_accounts(use.slots, use.accounts, rng, use.layouts)
    return max(plain, own, key=lambda one: one.p_value)


def _by_template(template: Numbers) -> tuple[Numbers, Numbers]:
    """Return templates in order, and the rows in that order."""
    order = np.argsort(template, kind="stable")
    return template[order], order

"""Tests of revenuer.find.campaigns.reach."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from revenuer.find.campaigns.groups import Group
from revenuer.find.campaigns.reach import extend
from revenuer.find.evidence import Finding

Tie = Callable[..., Finding]
ACCOUNTS = 40
EARNEST, A_TRIAL = 50, 1


def use(*templates: dict[int, int]) -> sparse.csr_array:
    """Return (templates, accounts) counts from `{account: exchanges}` a template."""
    counts = np.zeros((len(templates), ACCOUNTS), np.int64)
    for row, users in zip(counts, templates, strict=True):
        row[list(users)] = list(users.values())
    return sparse.csr_array(counts)


def group(tie: Tie, members: range, q_value: float = 1e-6) -> Group:
    own = np.array(members, np.int64)
    return Group(own, (tie(own, q_value=q_value),), q_value)


def test_takes_in_who_uses_the_private_template_in_earnest(tie: Tie) -> None:
    users = dict.fromkeys(range(8), EARNEST)

    (grown,) = extend([group(tie, range(6))], use({**users, 20: A_TRIAL}))

    assert grown.members.tolist() == list(range(8))
    assert len(grown.findings) == 1


def test_a_public_template_belongs_to_nobody_however_many_members_use_it(tie: Tie) -> None:
    (same,) = extend([group(tie, range(6))], use(dict.fromkeys(range(30), EARNEST)))

    assert same.members.tolist() == list(range(6))


def test_groups_that_live_on_one_template_are_one(tie: Tie) -> None:
    groups = [group(tie, range(5), 1e-4), group(tie, range(10, 15), 1e-8)]

    (joined,) = extend(groups, use(dict.fromkeys([*range(5), *range(10, 15), 20], EARNEST)))

    assert joined.members.tolist() == [*range(5), *range(10, 15), 20]
    assert [f.q_value for f in joined.findings] == [1e-8, 1e-4]
    assert joined.q_value == 1e-8


def test_groups_with_templates_of_their_own_stay_apart(tie: Tie) -> None:
    groups = [group(tie, range(5), 1e-4), group(tie, range(10, 15), 1e-8)]

    first, second = extend(
        groups,
        use(dict.fromkeys(range(7), EARNEST), dict.fromkeys(range(10, 16), EARNEST)),
    )

    assert first.members.tolist() == list(range(10, 16))
    assert second.members.tolist() == list(range(7))


def test_an_account_stays_in_at_most_one_group(tie: Tie) -> None:
    groups = [group(tie, range(5)), group(tie, range(10, 15))]
    shared = {20: EARNEST}

    grown = extend(
        groups,
        use(
            {**dict.fromkeys(range(5), EARNEST), **shared},
            {**dict.fromkeys(range(10, 15), EARNEST), **shared},
        ),
    )

    together = np.concatenate([g.members for g in grown])
    assert len(together) == len(np.unique(together)) == 11


def test_without_groups_or_templates_nothing_changes(tie: Tie) -> None:
    before = group(tie, range(5))

    (after,) = extend([before], sparse.csr_array((0, ACCOUNTS), dtype=np.int64))

    assert after.members.tolist() == before.members.tolist()
    assert extend([], use({0: EARNEST})) == []

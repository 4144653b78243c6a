"""Tests of revenuer.find.campaigns.groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revenuer.find.campaigns import find
from revenuer.find.campaigns import groups as groups_module
from revenuer.find.campaigns.groups import merge
from revenuer.find.evidence import Finding

Tie = Callable[..., Finding]
member_lists = st.lists(st.sets(st.integers(0, 19), min_size=2, max_size=8), max_size=8)


def named(tie: Tie, members: list[list[int]]) -> list[Finding]:
    return [
        tie(np.array(sorted(own), np.int64), q_value=10.0 ** -(9 - i), token=i)
        for i, own in enumerate(members)
    ]


def test_accounts_that_findings_keep_naming_together_are_a_group(tie: Tie) -> None:
    findings = named(tie, [[0, 1, 2, 3], [1, 2, 3, 4], [10, 11, 12], [10, 11]])

    first, second = merge(findings, 20, seed=0)

    assert first.members.tolist() == [0, 1, 2, 3, 4]
    assert second.members.tolist() == [10, 11, 12]
    assert [f.token for f in first.findings] == [0, 1]
    assert [f.token for f in second.findings] == [2, 3]


def test_a_finding_that_straddles_two_groups_does_not_weld_them(tie: Tie) -> None:
    left, right = list(range(6)), list(range(10, 16))
    findings = named(tie, [left] * 6 + [right] * 6 + [left[:3] + right[:3]])

    groups = merge(findings, 20, seed=0)

    assert [g.members.tolist() for g in groups] == [left, right]
    assert all(len(g.findings) == 6 for g in groups)


def test_accounts_that_the_same_findings_name_may_stand_as_one(
    tie: Tie, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right, apart = list(range(6)), list(range(10, 16)), [17, 18]
    findings = named(tie, [left] * 6 + [right] * 6 + [left[:3] + right[:3]] + [apart])
    whole = merge(findings, 20, seed=0)

    monkeypatch.setattr(groups_module, "MOST_PAIRS", 0)
    crowded = merge(findings, 20, seed=0)

    assert [g.members.tolist() for g in crowded] == [left, right, apart]
    assert [g.members.tolist() for g in crowded] == [g.members.tolist() for g in whole]
    assert [g.findings for g in crowded] == [g.findings for g in whole]


def test_a_finding_of_thousands_costs_no_square(tie: Tie) -> None:
    crowd, inner = list(range(5_000)), list(range(100, 120))

    first, second = merge(named(tie, [inner] * 30 + [crowd]), 5_000, seed=0)

    assert first.members.tolist() == inner
    assert len(second.members) == 4_980


def test_no_finding_no_group() -> None:
    assert merge([], 20, seed=0) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(member_lists, st.integers(0, 9))
def test_each_account_is_in_one_group_at_most_and_bound_to_it(
    tie: Tie, members: list[set[int]], seed: int
) -> None:
    findings = named(tie, [sorted(own) for own in members])

    groups = merge(findings, 20, seed=seed)

    together = [account for g in groups for account in g.members.tolist()]
    assert len(together) == len(set(together))
    assert set(together) <= {account for own in members for account in own}
    assert [g.q_value for g in groups] == sorted(g.q_value for g in groups)
    for group in groups:
        assert group.q_value == min(f.q_value for f in group.findings)
        for one in group.findings:
            assert 2 * np.isin(one.members, group.members).sum() > len(one.members)


def test_names_of_accounts_do_not_matter(tie: Tie) -> None:
    members = [[0, 1, 2, 3], [1, 2, 3, 4], [10, 11, 12], [10, 11], [2, 10]]
    names = np.random.default_rng(81).permutation(20)

    plain = merge(named(tie, members), 20, seed=0)
    renamed = merge(named(tie, [names[own].tolist() for own in members]), 20, seed=0)

    assert [sorted(names[g.members]) for g in plain] == [g.members.tolist() for g in renamed]


@pytest.mark.parametrize(("p_value", "groups"), [(1e-3, 2), (1e-99, 1)])
def test_a_finding_weighs_as_much_as_its_p_value_has_zeros(
    tie: Tie, p_value: float, groups: int
) -> None:
    left, right = np.arange(5), np.arange(5, 10)
    weak = [tie(own, p_value=1e-3) for own in (left, right) for _ in range(5)]

    found = merge([tie(np.arange(10), p_value=p_value), *weak], 10, seed=0)

    assert len(found) == groups


def test_how_often_accounts_share_is_weighed_up_to_the_strongest(tie: Tie) -> None:
    left, right = np.arange(5), np.arange(5, 10)
    own = [tie(half, p_value=1e-100) for half in (left, right) for _ in range(5)]

    found = merge([tie(np.arange(10), p_value=1e-300), *own], 10, seed=0)

    assert len(found) == 2


@pytest.mark.parametrize(("each", "is_declared"), [(4, True), (2, True), (1, False)])
def test_a_declared_group_may_hold_several_customers(
    world: Any, tie: Tie, each: int, is_declared: bool
) -> None:
    firm = world.numbers("f")
    orgs = world.features.accounts.column("org_id").to_pylist()
    for place, number in enumerate(firm.tolist()):
        orgs[number] = f"customer {place // each}"

    found = find(
        world.with_values(org_id=orgs), [tie(firm)], work=world.work, known=frozenset(), seed=0
    )

    reasons = found.coordinated.column("reason").to_pylist()
    assert reasons.count("declared") == (len(firm) if is_declared else 0)


@pytest.mark.parametrize(
    ("verified", "strangers", "reason"),
    [(8, 0, "declared"), (5, 2, "declared"), (4, 2, "no_harvest"), (8, 3, "no_harvest")],
)
def test_a_group_of_one_customer_that_the_provider_checked_is_declared(
    world: Any, tie: Callable[..., Finding], verified: int, strangers: int, reason: str
) -> None:
    firm = world.numbers("f")
    members = np.sort(np.append(firm, world.numbers("h")[:strangers]))
    features = world.with_column("is_verified", firm[:verified], True, usual=False)

    found = find(features, [tie(members)], work=world.work, known=frozenset(), seed=0)

    assert found.campaigns == ()
    assert set(found.coordinated.column("reason").to_pylist()) == {reason}
    assert found.coordinated.num_rows == len(members)

"""Tests of revenuer.find.campaigns.reach."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from revenuer.find.campaigns import find, reach
from revenuer.find.campaigns.reach import FEWEST_USERS, IN_EARNEST, OWN
from revenuer.find.evidence import Finding
from revenuer.find.features import Features

ACCOUNTS = 60
#: Exchanges of every account that carry no template.
CHAT = 5
FIRST = 100
#: Accused accounts beside which two others leave a template the campaign's own.
ENOUGH = max(FEWEST_USERS, math.ceil(2 * OWN / (1 - OWN)))


def used(accounts: Iterable[int], exchanges: int = 2 * IN_EARNEST) -> dict[int, int]:
    return dict.fromkeys(accounts, exchanges)


def others(
    world: Any, *templates: dict[int, int], accused: int = ENOUGH, taken: Iterable[int] = ()
) -> dict[int, int]:
    """Return the rows reached of each account, from `{account: exchanges}` a template.

    The first accounts are accused; `taken` are in groups or vouched for.
    """
    account = [a for a in range(ACCOUNTS) for _ in range(CHAT)]
    carried = [-1] * len(account)
    for number, users in enumerate(templates):
        for one, count in users.items():
            account += [one] * count
            carried += [FIRST + number] * count
    free = np.ones(ACCOUNTS, np.bool_)
    free[[*range(accused), *taken]] = False
    columns = np.full((len(carried), 9), -1)
    columns[:, 4] = carried
    features = log(world, np.array(account, np.int32), *templates)

    rows = reach.others(features, columns, np.arange(accused), free)

    assert (np.diff(rows) > 0).all()
    assert (columns[rows, 4] >= FIRST).all(), "only exchanges with a template are meant"
    found, counts = np.unique(np.array(account)[rows], return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


def log(world: Any, account: Any, *templates: dict[int, int]) -> Features:
    use = np.zeros((len(templates), ACCOUNTS), np.int64)
    for row, users in zip(use, templates, strict=True):
        row[list(users)] = list(users.values())
    made: Features = world.features._replace(
        exchanges=world.features.exchanges._replace(account=account),
        template_use=sparse.csr_array(use),
        template_ids=FIRST + np.arange(len(templates)),
        order=np.argsort(account, kind="stable"),
        starts=np.concatenate([[0], np.cumsum(np.bincount(account, minlength=ACCOUNTS))]),
    )
    return made


def test_a_private_template_reaches_its_other_users(world: Any) -> None:
    assert others(world, used(range(ENOUGH + 2))) == used([ENOUGH, ENOUGH + 1])


def test_a_public_template_reaches_nobody_however_many_accused_use_it(world: Any) -> None:
    outside = math.floor(ENOUGH * (1 - OWN) / OWN) + 1

    assert others(world, used(range(ENOUGH + outside))) == {}
    assert others(world, used(range(ACCOUNTS))) == {}


@pytest.mark.parametrize(("accused", "reached"), [(FEWEST_USERS - 1, 0), (FEWEST_USERS, 1)])
def test_a_template_of_a_few_accused_says_nothing(world: Any, accused: int, reached: int) -> None:
    found = others(world, used([*range(accused), 50]), accused=accused)

    assert len(found) == (reached if accused >= OWN * (accused + 1) else 0)


def test_vouched_and_grouped_accounts_are_never_reached(world: Any) -> None:
    private = used(range(ENOUGH + 2))

    assert others(world, private, taken=[ENOUGH]) == used([ENOUGH + 1])
    assert others(world, private, taken=[ENOUGH, ENOUGH + 1]) == {}


@pytest.mark.parametrize(("exchanges", "reached"), [(IN_EARNEST - 1, []), (IN_EARNEST, [50])])
def test_a_few_exchanges_are_a_trial(world: Any, exchanges: int, reached: list[int]) -> None:
    private = used(range(ENOUGH)) | {50: exchanges}

    assert others(world, private) == used(reached, exchanges)


def test_trials_of_many_strangers_make_no_template_public(world: Any) -> None:
    private = used(range(ENOUGH + 1)) | used(range(30, ACCOUNTS), IN_EARNEST - 1)

    assert others(world, private) == used([ENOUGH])


def test_use_of_another_template_counts_for_nothing(world: Any) -> None:
    private, public = used(range(ENOUGH + 1)), used(range(ACCOUNTS))

    assert others(world, private, public) == used([ENOUGH])
    assert others(world, used(range(ENOUGH)) | {50: 10}, public) == {}


def test_what_nobody_else_uses_reaches_nobody(world: Any) -> None:
    assert others(world, used(range(ENOUGH))) == {}
    assert others(world) == {}


@pytest.mark.parametrize("known", [frozenset(), frozenset({"c-3"})])
def test_a_scan_accuses_who_was_reached_of_the_private_template_only(
    world: Any, tie: Callable[..., Finding], known: frozenset[str]
) -> None:
    # Of twelve users of the template eleven are tied; the last left no other trace.
    ties = [tie(world.numbers("r", "c-0", "c-1", "c-2"))]

    found = find(world.features, ties, work=world.work, known=known, seed=0)

    rows = {row["account_id"]: row for row in found.members.to_pylist()}
    every = {world.ids[number] for number in world.numbers("r", "c")}
    assert set(rows) == every - known
    assert {row["harvested_exchanges"] for one, row in rows.items() if one[0] == "c"} == {25}
    assert len(found.campaigns) == 1
    assert found.coordinated.num_rows == 0

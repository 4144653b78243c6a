"""Tests of revenuer.find.campaigns.reach."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from revenuer.find.campaigns import find, reach
from revenuer.find.campaigns.reach import (
    FEWEST_USERS,
    IN_EARNEST,
    MOSTLY,
    OWN,
    PARTLY,
    SEVERAL,
    USES,
)
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
    world: Any,
    *templates: dict[int, int],
    accused: int = ENOUGH,
    taken: Iterable[int] = (),
    layers: Sequence[int] | None = None,
) -> dict[int, int]:
    """Return the rows reached of each account, from `{account: exchanges}` a template.

    The first accounts are accused; `taken` are in groups or vouched for; all templates are of one
    layer unless `layers` says otherwise.
    """
    texts = len(world.features.texts.templates)
    ids = FIRST + np.arange(len(templates)) + texts * np.array(layers or [0] * len(templates), int)
    account = [a for a in range(ACCOUNTS) for _ in range(CHAT)]
    carried = [-1] * len(account)
    for number, users in enumerate(templates):
        for one, count in users.items():
            account += [one] * count
            carried += [ids[number]] * count
    free = np.ones(ACCOUNTS, np.bool_)
    free[[*range(accused), *taken]] = False
    columns = np.full((len(carried), 9), -1)
    columns[:, 4] = carried
    features = log(world, np.array(account, np.int32), ids, *templates)

    rows = reach.others(
        features, columns.__getitem__, reach.uses(features), np.arange(accused), free
    )

    assert (np.diff(rows) > 0).all()
    assert (columns[rows, 4] >= FIRST).all(), "only exchanges with a template are meant"
    found, counts = np.unique(np.array(account)[rows], return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


def log(world: Any, account: Any, ids: Any, *templates: dict[int, int]) -> Features:
    use = np.zeros((len(templates), ACCOUNTS), np.int64)
    for row, users in zip(use, templates, strict=True):
        row[list(users)] = list(users.values())
    made: Features = world.features._replace(
        exchanges=world.features.exchanges._replace(account=account),
        template_use=sparse.csr_array(use),
        template_ids=ids,
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
    private, public = used(range(ENOUGH + 1)), used(range(ACCOUNTS), IN_EARNEST)

    assert others(world, private, public) == used([ENOUGH])
    assert others(world, used(range(ENOUGH)) | {50: 10}, public) == {}


@pytest.mark.parametrize("over", [0, 1])
def test_only_who_does_little_else_is_reached_by_one(world: Any, over: int) -> None:
    carried = 2 * IN_EARNEST
    rest = math.floor(carried / MOSTLY) - carried - CHAT
    public = used(range(ACCOUNTS)) | {ENOUGH: rest + over}

    found = others(world, used(range(ENOUGH + 1)), public)

    assert found == ({} if over else {ENOUGH: carried})


def test_what_nobody_else_uses_reaches_nobody(world: Any) -> None:
    assert others(world, used(range(ENOUGH))) == {}
    assert others(world) == {}


#: An account that no finding names, and how often it sends each of several templates.
NAMELESS, EACH = 50, math.ceil(IN_EARNEST / SEVERAL)


def partly(
    users: int = 10, *, number: int = SEVERAL, each: int = EACH, least: int | None = None
) -> list[dict[int, int]]:
    """Return templates of the accused, of users of just one each, and of the nameless account.

    Each template has so many users that are not accused, of which the nameless account is one; of
    the last one it makes `least` uses.
    """
    crowd = [i for i in range(ENOUGH, ACCOUNTS) if i != NAMELESS]
    made = [
        used([*range(ENOUGH), *np.roll(crowd, -k * users)[: users - 1].tolist()]) | {NAMELESS: each}
        for k in range(number)
    ]
    made[-1][NAMELESS] = each if least is None else least
    return made


def test_who_uses_several_templates_shared_with_few_others_is_reached(world: Any) -> None:
    templates = partly()

    # Whoever uses one of them only, however often, is not.
    assert others(world, *templates) == {NAMELESS: SEVERAL * EACH}
    assert others(world, *templates, taken=[NAMELESS]) == {}


def test_two_templates_may_be_met_by_chance(world: Any) -> None:
    assert SEVERAL == 3

    assert others(world, *partly(number=2, each=IN_EARNEST)) == {}


@pytest.mark.parametrize("over", [-1, 0])
def test_each_of_several_templates_is_used_more_often_than_a_copied_prompt(
    world: Any, over: int
) -> None:
    templates = partly(each=IN_EARNEST, least=USES + over)

    found = others(world, *templates)

    assert found == ({} if over else {NAMELESS: 2 * IN_EARNEST + USES})


@pytest.mark.parametrize("over", [0, 1])
def test_of_the_users_of_each_a_share_is_accused(world: Any, over: int) -> None:
    users = math.floor(ENOUGH * (1 - PARTLY) / PARTLY)
    # Everybody but the nameless account uses a template once or not at all, beside these.
    templates = partly(users)
    if over:
        templates[0] |= used([next(i for i in range(ACCOUNTS) if i not in templates[0])])

    assert (NAMELESS in others(world, *templates)) is (over == 0)


@pytest.mark.parametrize("over", [0, 1])
def test_only_who_does_little_else_is_reached_by_several(world: Any, over: int) -> None:
    carried = SEVERAL * EACH
    # What everybody uses is not partly the campaign's own.
    rest = math.floor(carried / MOSTLY) - carried - CHAT
    public = used(range(ACCOUNTS), 2 * IN_EARNEST) | {NAMELESS: rest + over}

    found = others(world, *partly(), public)

    assert found == ({} if over else {NAMELESS: carried})


def test_a_few_exchanges_with_several_are_a_trial(world: Any) -> None:
    assert SEVERAL * (EACH - 1) < IN_EARNEST

    assert others(world, *partly(each=EACH - 1)) == {}


@pytest.mark.parametrize(
    ("layers", "is_reached"),
    [([0, 1, 2], False), ([1, 1, 2], False), ([1, 1, 1], True), ([0, 0, 0, 1], True)],
)
def test_the_layers_of_one_text_are_not_several_templates(
    world: Any, layers: list[int], is_reached: bool
) -> None:
    found = others(world, *partly(number=len(layers)), layers=layers)

    assert (NAMELESS in found) is is_reached


@pytest.mark.parametrize("known", [frozenset(), frozenset({"r-7"})])
def test_a_scan_accuses_who_was_reached(
    world: Any, tie: Callable[..., Finding], known: frozenset[str]
) -> None:
    # Of twelve users of the template eleven are tied; the last left no other trace.
    ties = [tie(np.setdiff1d(world.numbers("r", "c"), world.numbers("r-7")))]

    found = find(world.features, ties, work=world.work, known=known, seed=0)

    rows = {row["account_id"]: row for row in found.members.to_pylist()}
    every = {world.ids[number] for number in world.numbers("r", "c")}
    assert set(rows) == every - known
    assert {row["harvested_exchanges"] for one, row in rows.items() if one[0] == "c"} == {25}
    assert len(found.campaigns) == 1
    assert found.coordinated.num_rows == 0

"""Tests of revenuer.find.evidence.shared."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy import sparse

from revenuer.find.evidence import Finding, shared, weigh
from revenuer.find.evidence.finding import ODDS_FLOOR
from revenuer.find.features import Features, Sets, Texts
from revenuer.find.features.exchanges import Exchanges
from revenuer.find.features.measured import LAYERS, SLOT_LAYERS

ACCOUNTS = 600
#: Template number of the first template set.
TEMPLATE = 70
Members = Sequence[Iterable[int]]


def sets(family: str, kinds: Sequence[str], members: Members) -> Sets:
    rows = np.zeros((len(members), ACCOUNTS), np.int32)
    for one, own in zip(rows, members, strict=True):
        one[list(own)] = 1
    tokens = np.where(np.array(kinds) == "community", -1, np.arange(len(members)))
    return Sets(family, np.array(kinds, np.str_), tokens, sparse.csr_array(rows))


def world(templates: Members, footprint: dict[str, Members] | None = None) -> Features:
    """Return features of accounts of ten exchanges each, in these sets."""
    kinds = [(kind, own) for kind, rows in (footprint or {}).items() for own in rows]
    made = sets("templates", ["template"] * len(templates), templates)
    filler: list[Any] = [None] * len(Features._fields)
    return Features(*filler)._replace(
        accounts=pa.table({"exchanges": np.full(ACCOUNTS, 10)}),
        template_sets=made,
        footprint_sets=sets("footprint", [k for k, _ in kinds], [own for _, own in kinds]),
        template_ids=TEMPLATE + np.arange(len(templates)),
        template_use=10 * made.members,
    )


def told(made: Iterable[Finding | int]) -> tuple[list[Finding], int]:
    """Return the findings, and how many comparisons were made in all."""
    both = list(made)
    found = [one for one in both if isinstance(one, Finding)]
    return found, len(found) + sum(one for one in both if isinstance(one, int))


def in_a_row(size: int, *, start: int = 0, end: int = ACCOUNTS) -> list[range]:
    """Return blocks of so many accounts in a row."""
    return [range(at, at + size) for at in range(start, end - size + 1, size)]


def test_a_template_and_a_card_of_the_same_accounts_are_tied() -> None:
    features = world([range(8), range(50, 60)], {"payment": [range(2, 9), range(59, 69)]})

    found, tests = told(shared.overlaps(features, 0.05))

    (one,) = found
    assert (one.rule_id, one.families) == ("F01", ("templates", "footprint"))
    assert one.members.tolist() == [*range(2, 8)]
    assert (one.observed, one.expected) == pytest.approx((6, 8 * 7 / ACCOUNTS))
    assert one.subject == "a card or payer and a template"
    assert one.token == 0
    assert tests == 4, "two template sets by two cards"


def test_few_odds_are_put_down_to_something_public() -> None:
    # Both overlaps are beyond chance by far; the odds of one are five, and of the other fifty.
    public, private = range(200), range(300, 320)
    cards = [range(100, 300), [*range(310, 320), *range(400, 420)]]

    found, tests = told(shared.overlaps(world([public, private], {"payment": cards}), 0.05))

    assert [one.members.tolist() for one in found] == [[*range(310, 320)]]
    assert found[0].effect > ODDS_FLOOR
    assert tests == 4


def test_what_many_pairs_of_sets_show_by_chance_is_counted_and_not_told() -> None:
    # Two accounts on one card and in one template: rare, and yet one of forty thousand pairs.
    apart = [[at] for at in range(300, 500)]
    pair = {"payment": [range(2), *apart]}

    found, tests = told(shared.overlaps(world([range(2), *apart], pair), 0.05))
    alone, _ = told(shared.overlaps(world([range(2)], {"payment": [range(2)]}), 0.05))

    assert (found, tests) == ([], 201 * 201)
    assert len(alone) == 1


def test_clumps_of_cards_among_the_users_of_a_template_are_a_tie() -> None:
    # Sixty cards of three; six of them pay for 18 of 20 users, of the other template 20 pay each.
    cards = in_a_row(3, end=180)
    users = [[*range(18), 300, 301], [*range(60, 120, 3)]]

    found, tests = told(shared.clumps(world(users, {"payment": cards})))

    (one,) = found
    assert (one.rule_id, one.families) == ("F02", ("templates", "footprint"))
    assert one.subject == "a template, a card or payer"
    assert one.members.tolist() == [*range(18)]
    assert one.observed == 12
    assert one.expected < 0.5
    assert one.effect == pytest.approx(one.observed / one.expected)
    assert one.p_value < 1e-9
    assert tests == 2, "two template sets, one kind of footprint"


def test_a_clump_is_reported_with_every_comparison_and_every_class_paid_for() -> None:
    users = [[*range(18), 300, 301], *([at, at + 1, at + 100] for at in range(200, 240))]
    features = world(
        users, {"payment": in_a_row(3, end=180), "signup_address": in_a_row(2, start=500)}
    )
    found, tests = told(shared.clumps(features))

    (clump,) = [one for one in found if one.p_value < 1e-6]

    assert tests == 2 * len(users)
    reported, *others = [one for one in weighed(features) if one.rule_id == "F02"]
    # Of seven classes two are empty: there is no new model, and no template has slots.
    assert reported.q_value == pytest.approx(clump.p_value * tests * 5, rel=1e-9, abs=0)
    assert others == []
    assert reported.members.tolist() == clump.members.tolist()


def weighed(features: Features) -> list[Finding]:
    """Return what a scan finds, of accounts that did nothing at any special time."""
    hours = np.arange(ACCOUNTS, dtype=np.int64) % 24 * 3_600_000_000
    table = features.accounts
    for name in ("first_us", "last_us", "created_us"):
        table = table.append_column(name, pa.array(hours))
    table = table.append_column("active_hours", pa.array(np.ones(ACCOUNTS)))
    filler: list[Any] = [np.full(ACCOUNTS, -1) for _ in Exchanges._fields]
    exchanges = Exchanges(*filler)._replace(
        account=np.arange(ACCOUNTS, dtype=np.int32), at_us=hours, model=np.zeros(ACCOUNTS, np.int32)
    )
    texts = Texts(
        np.full((1, 3), -1, np.int32),
        np.zeros(1, np.int32),
        np.zeros((1, 2, 4), np.uint64),
        np.zeros((1, 2), np.uint64),
    )
    made = features._replace(accounts=table, exchanges=exchanges, texts=texts, models=["old"])
    return weigh(made, fdr_level=0.05, seed=0)


@pytest.mark.parametrize(("strangers", "is_tied"), [(18, True), (19, False)])
def test_a_public_template_with_a_few_teams_among_its_users_is_no_tie(
    strangers: int, is_tied: bool
) -> None:
    users = [*range(18), *range(300, 300 + strangers)]

    found, tests = told(shared.clumps(world([users], {"payment": in_a_row(3, end=180)})))

    assert (len(found) > 0) is is_tied
    assert tests == 1


def test_clumps_that_chance_makes_a_few_of_are_no_tie() -> None:
    # A card for everyone, three accounts each: many users meet on one by chance.
    rng = np.random.default_rng(95)
    users = [*range(60), *rng.choice(np.arange(60, 600), 40, replace=False).tolist()]

    found, tests = told(shared.clumps(world([users], {"payment": in_a_row(3)})))

    assert (found, tests) == ([], 1)


def test_only_what_an_account_shows_once_at_most_makes_clumps() -> None:
    # Address by address an account is in several blocks, so they are no partition of accounts.
    rows = in_a_row(3, end=180)
    users = [[*range(18), 300, 301]]

    twice = told(shared.clumps(world(users, {"address": [*rows, range(2, 4)]})))
    both = told(shared.clumps(world(users, {"address": [*rows, range(2, 4)], "payment": rows})))

    assert twice == ([], 0)
    assert (len(both[0]), both[1]) == (1, 1)


def with_slots(
    features: Features,
    account: NDArray[np.int64],
    slots: NDArray[np.int64],
    *,
    layer: int = 1,
    other: int = 0,
    layout: NDArray[np.int64] | None = None,
) -> Features:
    """Return the features with one prompt an exchange, all in one template of one layer.

    The prompts are in the template of the first set, or in an `other` one; all of one layout
    unless `layout` says otherwise.
    """
    texts = len(slots)
    filler: list[Any] = [np.full(len(account), -1) for _ in Exchanges._fields]
    templates = np.full((texts, LAYERS), -1)
    templates[:, layer] = TEMPLATE + layer * texts + other
    hashed = np.zeros((texts, len(SLOT_LAYERS), slots.shape[1]), np.uint64)
    if layer in SLOT_LAYERS:
        value = slots.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        hashed[:, SLOT_LAYERS.index(layer)] = value
    wordings = np.zeros((texts, len(SLOT_LAYERS)), np.uint64)
    if layout is not None:
        wordings[:, SLOT_LAYERS.index(layer)] = layout
    return features._replace(
        template_ids=features.template_ids + layer * texts,
        exchanges=Exchanges(*filler)._replace(
            account=account.astype(np.int32), prompt=np.arange(len(account), dtype=np.int32)
        ),
        texts=Texts(templates, np.arange(texts, dtype=np.int32), hashed, wordings),
    )


def divided() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a grid of 180 questions dealt out to six accounts."""
    questions = np.array(list(itertools.product(range(1, 13), range(1, 16))))
    return np.random.default_rng(96).permutation(np.repeat(np.arange(6), 30)), questions


def partitions(features: Features) -> tuple[list[Finding], int]:
    return told(shared.partitions(features, features.template_sets, np.random.default_rng(97)))


@pytest.mark.parametrize("layer", SLOT_LAYERS)
def test_a_list_divided_among_the_users_of_a_template_is_a_tie(layer: int) -> None:
    found, tests = partitions(with_slots(world([range(6)]), *divided(), layer=layer))

    (one,) = found
    assert (one.rule_id, one.families, one.token) == ("P01", ("templates", "partition"), 0)
    assert one.members.tolist() == [*range(6)]
    assert one.observed == 0
    assert one.effect == pytest.approx(one.expected)
    assert one.p_value < 1e-20
    assert tests == 1


def test_questions_of_accounts_outside_the_set_are_not_asked() -> None:
    account, slots = divided()
    # Everything that the six ask a stranger asks, too.
    both = np.append(account, np.full(len(account), 9)), np.vstack([slots, slots])

    own, tests = partitions(with_slots(world([range(6)]), *both))
    every = partitions(with_slots(world([[*range(6), 9]]), *both))

    assert (len(own), tests) == (1, 1)
    assert own[0].observed == 0
    assert own[0].p_value < 1e-20
    assert every == ([], 1), "much is asked twice"


@pytest.mark.parametrize(("again", "is_tied"), [(2, True), (3, False)])
def test_a_list_is_divided_when_hardly_anything_is_asked_twice(again: int, is_tied: bool) -> None:
    # Of 180 exchanges five in six pairs are of two accounts, and one in 180 agrees: 75.
    assert shared.FEWER == 30
    account, slots = divided()
    slots[:again] = slots[-again:]
    account[:again] = (account[-again:] + 1) % 6

    found, tests = partitions(with_slots(world([range(6)]), account, slots))

    assert (len(found) > 0) is is_tied
    assert tests == 1


def test_other_users_of_the_template_are_let_go() -> None:
    # One asks what everybody asked, and one asks too little to tell.
    account, slots = divided()
    every = np.append(account, [6, 6, 7])
    slots = np.vstack([slots, slots[:2], [[99, 98]]])

    found, tests = partitions(with_slots(world([range(8)]), every, slots))

    (one,) = found
    assert one.members.tolist() == [*range(6)]
    assert tests == 1


def test_a_template_filled_from_stocks_of_their_own_is_no_tie() -> None:
    rng = np.random.default_rng(98)
    account = np.repeat(np.arange(6), 40)
    stocks = np.column_stack([account % 3, account // 3])
    slots = rng.integers(0, 10, (240, 2)) + 10 * stocks + 1

    ((one,), _) = partitions(with_slots(world([range(6)]), account, slots))

    assert one.observed == 0
    assert one.p_value > 0.9


@pytest.mark.parametrize(
    ("kind", "accounts", "tests", "is_tied"),
    [("template", 6, 1, True), ("template", 2, 1, False), ("community", 6, 0, False)],
)
def test_two_accounts_divide_nothing_and_a_community_has_no_slots(
    kind: str, accounts: int, tests: int, is_tied: bool
) -> None:
    features = world([range(accounts)])
    features = features._replace(template_sets=sets("templates", [kind], [range(accounts)]))

    found = partitions(with_slots(features, *divided()))

    assert (len(found[0]) > 0, found[1]) == (is_tied, tests)


@pytest.mark.parametrize(("layouts", "is_tied"), [(1, True), (2, True), (180, False)])
def test_only_questions_of_one_wording_are_compared(layouts: int, is_tied: bool) -> None:
    # Of two wordings each half of the list is divided; where no two are alike nothing is.
    layout = np.arange(180) % layouts

    found, tests = partitions(with_slots(world([range(6)]), *divided(), layout=layout))

    assert [one.p_value < 1e-6 for one in found] == [True] * is_tied
    assert tests == 1


def test_a_template_of_a_layer_without_slots_divides_nothing() -> None:
    (layer,) = {*range(LAYERS)} - {*SLOT_LAYERS}

    assert partitions(with_slots(world([range(6)]), *divided(), layer=layer)) == ([], 0)


def test_slots_of_another_template_are_not_looked_at() -> None:
    assert partitions(with_slots(world([range(6)]), *divided(), other=1)) == ([], 1)

"""Tests of revenuer.find.campaigns.traffic."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from revenuer.find.campaigns.traffic import (
    COMPARED,
    COUNTED,
    MOST_REFERENCES,
    Contrast,
    Traffic,
    contrast,
    contrast_accounts,
    survey,
)
from revenuer.find.features import carried_templates

LEVELS = (0.1, 0.01, 0.001)
EACH = 12


def told_apart(
    world: Any,
    seen: Traffic,
    values: NDArray[np.generic],
    *,
    grouped: int,
    account: NDArray[np.int32] | None = None,
) -> Contrast:
    """Contrast the first accounts with all others, a few exchanges with given values each."""
    if account is None:
        account = np.repeat(np.arange(len(values) // EACH, dtype=np.int32), EACH)
    features = world.features._replace(exchanges=world.features.exchanges._replace(account=account))
    outside = (np.bincount(account, values) / np.bincount(account))[grouped:]
    traffic = seen._replace(length=values.astype(np.float64), usual={"length": np.sort(outside)})
    return contrast(features, traffic, np.flatnonzero(account < grouped), "length")


def test_flags_what_each_exchange_shows(world: Any, seen: Traffic) -> None:
    assert seen.is_strong[world.rows("r")].all()
    assert not seen.is_strong[world.rows("h", "f")].any()
    assert seen.is_single[world.rows("r", "f")].all()
    turns = world.features.exchanges.turns[world.rows("h")]
    assert (seen.is_single[world.rows("h")] == (turns == 1)).all()
    assert seen.template(world.rows("r")).shape == (len(world.rows("r")), 9)


#: Turns, prompts and openings of the exchanges of one account, and which are alone.
CONVERSATIONS = {
    "one question, never followed up": ([1], [5], [-1], [True]),
    "a question that is followed up": ([1, 3, 5], [5, 6, 7], [-1, 5, 5], [False, False, False]),
    "the follow-up of another question": ([1, 1, 3], [5, 6, 7], [-1, -1, 6], [True, False, False]),
    "a made-up history, sent once": ([3], [6], [5], [True]),
    "a conversation begun before the log": ([3, 5], [6, 7], [5, 5], [False, False]),
    "one question asked twice": ([1, 1], [5, 5], [-1, -1], [True, True]),
    "no text": ([1, 3], [-1, -1], [-1, -1], [True, False]),
}


@pytest.mark.parametrize("kind", CONVERSATIONS)
def test_alone_is_an_exchange_that_nobody_follows_up(world: Any, kind: str) -> None:
    turns, prompts, openings, expected = CONVERSATIONS[kind]
    # The first and the last account of the log have the same conversation and nothing to do with
    # each other.
    exchanges = world.features.exchanges
    made = {name: getattr(exchanges, name).copy() for name in ("turns", "prompt", "opening")}
    rows = [np.flatnonzero(exchanges.account == one)[: len(turns)] for one in (0, 20)]
    others = [np.flatnonzero(exchanges.account == one)[len(turns) :] for one in (0, 20)]
    for own, rest in zip(rows, others, strict=True):
        for column, values in zip(made.values(), (turns, prompts, openings), strict=True):
            column[own], column[rest] = values, 99

    seen = survey(
        world.features._replace(exchanges=exchanges._replace(**made)), np.empty(0, np.int64)
    )

    assert [seen.is_single[own].tolist() for own in rows] == [expected, expected]


def test_templates_are_counted_among_accounts_of_no_group(world: Any, seen: Traffic) -> None:
    ungrouped = survey(world.features, world.numbers("r"))
    ring = np.unique(seen.template(world.rows("r")))
    place = np.searchsorted(world.features.template_ids, ring[ring >= 0])

    assert (ungrouped.carriers[place] == 100).all(), "those of the four carriers"
    assert (seen.carriers[place] == 0).all(), "all who send it are in groups"


@pytest.mark.parametrize("field", ["system", "prompt", "opening"])
def test_an_exchange_carries_the_templates_of_all_its_fields(world: Any, field: str) -> None:
    exchanges = world.features.exchanges
    fields = {"prompt": np.full_like(exchanges.prompt, -1)} | {field: exchanges.prompt}
    features = world.features._replace(exchanges=exchanges._replace(**fields))
    rows = world.rows("r", "c", "h-0")

    carried = carried_templates(features.exchanges, features.texts)[rows]

    for template in features.template_ids:
        carries = features.carries(rows, int(template))
        assert (carries == (carried == template).any(axis=1)).all()
    assert (carried >= 0).any(axis=1).sum() == len(world.rows("r")) + 100


def test_lengths_are_octaves_over_the_models_median(world: Any, seen: Traffic) -> None:
    exchanges = world.features.exchanges
    for model in range(len(world.features.models)):
        own = exchanges.model == model
        assert np.median(seen.length[own]) == pytest.approx(0, abs=0.02)
    one = int(world.rows("r")[0])
    median = np.median(exchanges.output_tokens[exchanges.model == exchanges.model[one]])
    assert seen.length[one] == pytest.approx(math.log2(exchanges.output_tokens[one] / median))


def test_what_the_log_does_not_say_is_unknown(world: Any) -> None:
    exchanges = world.features.exchanges
    silent = exchanges._replace(
        output_tokens=np.full_like(exchanges.output_tokens, -1),
        refused=np.full_like(exchanges.refused, -1),
    )

    seen = survey(world.features._replace(exchanges=silent), np.empty(0, np.int64))

    assert np.isnan(seen.length).all()
    assert np.isnan(seen.is_refused).all()
    blind = contrast(world.features, seen, world.rows("r"), "is_refused")
    assert blind.p_value == 1


def test_reference_is_whoever_is_in_no_group(world: Any, seen: Traffic) -> None:
    assert seen.reference[world.numbers("h")].all()
    assert not seen.reference[world.numbers("r", "c", "f")].any()
    everybody = survey(world.features, np.arange(len(world.ids)))
    assert everybody.reference.all(), "a platform of groups alone is compared with itself"


def test_a_sample_of_the_others_is_compared_with(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_REFERENCES == 3_000
    monkeypatch.setattr("revenuer.find.campaigns.traffic.MOST_REFERENCES", 7)

    few = survey(world.features, world.numbers("r", "c", "f"))

    chosen = np.flatnonzero(few.reference)
    honest = world.numbers("h")
    assert len(chosen) == 7
    assert set(chosen.tolist()) <= set(honest.tolist())
    assert (chosen[0], chosen[-1]) == (honest[0], honest[-1]), "evenly over all"
    assert np.diff(chosen).max() - np.diff(chosen).min() <= 1
    assert {name: len(few.usual[name]) for name in few.usual} == dict.fromkeys(
        (*COMPARED, *COUNTED), 7
    )


@pytest.mark.parametrize("name", COMPARED)
def test_what_is_usual_is_the_mean_of_each_account_of_no_group(
    world: Any, seen: Traffic, name: str
) -> None:
    expected = [getattr(seen, name)[world.rows(one)].mean() for one in world.ids if one[0] == "h"]

    found = contrast(world.features, seen, world.rows("h"), name)

    assert seen.usual[name] == pytest.approx(np.sort(expected))
    assert found.inside == found.outside
    assert found.p_value > 0.1


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize(("group", "others"), [(16, 1), (16, 4), (3, 3), (0, 1)])
def test_columns_of_accounts_are_compared_in_doublings(
    world: Any, name: str, group: int, others: int
) -> None:
    features = world.with_column(name, world.numbers("r"), group, others)
    seen = survey(features, world.numbers("r", "c", "f"))

    found = contrast_accounts(features, seen, world.numbers("r"), name)

    usual = np.log2([max(group, 1), others])
    assert (found.inside, found.outside) == pytest.approx(tuple(usual))
    assert (found.p_value < 1e-4) is (group > others)
    assert found.p_value == 1 or group > others


def test_agrees_with_counting_by_hand(world: Any, seen: Traffic) -> None:
    # Account i has the mean i % 20 / 20; those of the group are 4 accounts above all others.
    means = np.append(np.full(4, 2.0), np.arange(40) % 20 / 20)

    found = told_apart(world, seen, np.repeat(means, EACH), grouped=4)

    assert (found.inside, found.outside) == pytest.approx((2.0, np.mean(np.arange(40) % 20 / 20)))
    # All four above all others; among the six of the top tenth, with its ties, for two tests made.
    exact, top_tenth = 1 / math.comb(44, 4), 2 * math.comb(6, 4) / math.comb(44, 4)
    assert exact <= found.p_value <= top_tenth * (1 + 1e-9)


def test_shares_are_taken_an_account_at_a_time(world: Any, seen: Traffic) -> None:
    account = np.repeat([0, 1, 2], [400, 12, 12]).astype(np.int32)

    found = told_apart(world, seen, account == 0, grouped=2, account=account)

    assert found.inside == 0.5, "one busy account does not speak for all"


def test_unknown_values_are_left_out(world: Any, seen: Traffic) -> None:
    values = np.ones(8 * EACH)
    values[0] = np.nan
    values[EACH : 2 * EACH - 2] = np.nan  # two known values of account 1 are too few

    found = told_apart(world, seen, values, grouped=3)

    assert (found.inside, found.outside) == (1.0, 1.0)
    assert found.p_value > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("grouped", [4, 60])
def test_groups_like_all_others_are_told_apart_no_more_often_than_promised(
    world: Any, seen: Traffic, grouped: int
) -> None:
    rng = np.random.default_rng(82)
    draws, accounts = 1_000, 200

    pvalues = np.empty(draws)
    for draw in range(draws):
        habits = rng.beta(0.5, 2, accounts)
        values: NDArray[np.bool_] = rng.random(accounts * EACH) < np.repeat(habits, EACH)
        pvalues[draw] = told_apart(world, seen, values, grouped=grouped).p_value

    for level in LEVELS:
        noise = 4 * math.sqrt(level * (1 - level) / draws)
        assert np.mean(pvalues <= level) <= level + noise


def test_finds_what_a_group_does_more_than_others(world: Any, seen: Traffic) -> None:
    found = contrast(world.features, seen, world.rows("r"), "is_strong")

    assert (found.inside, found.outside) == (1.0, 0.0)
    assert found.p_value < 1e-6


@pytest.mark.parametrize("others", [4, 60, 2_000])
@pytest.mark.parametrize("group", [1, 3, 5, 40])
def test_never_below_the_exact_chance_of_one_account_among_ties(
    world: Any, seen: Traffic, group: int, others: int
) -> None:
    # All do nothing but one, which is in the group by the chance of being drawn into it.
    means = np.zeros(group + others)
    means[0] = 1.0

    found = told_apart(world, seen, np.repeat(means, EACH), grouped=group)

    assert found.p_value >= group / (group + others)


@pytest.mark.parametrize("others", [1, 5, 30])
def test_a_few_others_do_not_tell_what_is_usual(world: Any, seen: Traffic, others: int) -> None:
    means = np.append(np.full(4, 2.0), np.zeros(others))

    found = told_apart(world, seen, np.repeat(means, EACH), grouped=4)

    assert found.p_value >= 1 / math.comb(4 + others, 4), "the chance of drawing just these four"
    assert found.outside == 0


def test_a_group_a_little_above_all_others_is_told_by_its_ranks(world: Any, seen: Traffic) -> None:
    # All of the group in the upper half, none in the top tenth.
    means = np.append(np.linspace(0.6, 0.85, 40), np.linspace(0, 1, 400))

    found = told_apart(world, seen, np.repeat(means, EACH), grouped=40)

    assert found.p_value < 1e-4

"""Tests of revenuer.find.campaigns.indicators."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from revenuer.find.campaigns import indicators
from revenuer.find.campaigns.groups import Group
from revenuer.find.campaigns.identity import Disclosure
from revenuer.find.campaigns.indicators import Indicator
from revenuer.find.campaigns.traffic import Traffic, survey
from revenuer.find.evidence import Finding
from revenuer.find.features import Features

MakeGroup = Callable[..., Group]
Numbers = NDArray[np.int64]
NOBODY = np.empty(0, np.int64)
UNKNOWN = Disclosure(False, False, False, math.nan)
HIDDEN = UNKNOWN._replace(is_hidden=True, names=0.9)


def looked(
    features: Features,
    seen: Traffic,
    group: Group,
    *,
    private: Numbers | None = NOBODY,
    told: Disclosure = UNKNOWN,
) -> dict[str, Indicator]:
    """Return what is seen in all exchanges of a group, by id; each id once."""
    rows = features.rows_of(group.members)
    found = indicators.look(features, seen, group, rows, private, told)
    assert len({one.rule_id for one in found}) == len(found)
    return {one.rule_id: one for one in found}


def flagged(seen: Traffic, name: str, rows: Numbers, value: float) -> Traffic:
    """Return the traffic with a flag or number of some exchanges made up."""
    values = getattr(seen, name).copy()
    values[rows] = value
    return seen._replace(**{name: values})


def repeating(world: Any, rows: Numbers, different: int) -> Features:
    """Return the features in which some exchanges have so many different prompts."""
    prompt = world.features.exchanges.prompt.copy()
    prompt[rows] = prompt[rows[np.arange(len(rows)) % different]]
    made: Features = world.features._replace(
        exchanges=world.features.exchanges._replace(prompt=prompt)
    )
    return made


def test_a_harvest_shows_its_words_its_length_and_its_list(
    world: Any, seen: Traffic, group: MakeGroup
) -> None:
    found = looked(world.features, seen, group("r"))

    assert {"I1", "I3", "I4"} <= set(found)
    assert found["I1"].contrast.inside == 1
    assert {rule_id: one.points for rule_id, one in found.items() if one.points != 1} == {"I1": 2}


def test_chat_shows_nothing(world: Any, seen: Traffic, group: MakeGroup) -> None:
    assert looked(world.features, seen, group("h-0")) == {}


@pytest.mark.parametrize(
    ("rule_id", "name", "value"),
    [
        ("I1", "is_strong", 1),
        ("I2", "is_weak", 1),
        ("I3", "length", 2),
        ("I4", "is_single", 1),
        ("I5", "is_refused", 1),
    ],
)
def test_each_flag_of_all_exchanges_is_one_indicator(
    world: Any, seen: Traffic, group: MakeGroup, rule_id: str, name: str, value: float
) -> None:
    found = looked(world.features, flagged(seen, name, world.rows("h-0"), value), group("h-0"))

    assert set(found) == {rule_id}


@pytest.mark.parametrize(
    ("rule_id", "name", "share", "usual"),
    [
        ("I1", "is_strong", indicators.STRONG_SHARE, 0.0),
        ("I1", "is_strong", indicators.STRONG_LIFT * 0.1, 0.1),
        ("I2", "is_weak", indicators.WEAK_SHARE, 0.0),
        ("I2", "is_weak", indicators.WEAK_LIFT * 0.3, 0.3),
        ("I3", "length", 0.5 + indicators.LONGER, 0.5),
        ("I5", "is_refused", indicators.REFUSED, 0.0),
        ("I5", "is_refused", indicators.REFUSED_LIFT * 0.1, 0.1),
    ],
)
@pytest.mark.parametrize("over", [-0.02, 0.02])
def test_a_share_counts_from_its_floor_or_some_times_the_usual_one(
    world: Any, seen: Traffic, group: MakeGroup,
    rule_id: str, name: str, share: float, usual: float, over: float,
) -> None:  # fmt: skip
    own = group("h-0")
    made = flagged(seen, "is_single", world.rows("h-0"), 0)
    # The same share in every account, of which accounts of no group have rather less.
    values = getattr(made, name).astype(np.float64)
    values[world.rows("h-0")] = share + over
    others = np.full(len(made.usual[name]), usual)
    made = made._replace(usual={**made.usual, name: others}, **{name: values})

    found = looked(world.features, made, own)

    assert set(found) == ({rule_id} if over > 0 else set())


def test_what_chance_may_do_is_no_indicator(world: Any, seen: Traffic, group: MakeGroup) -> None:
    # Two accounts above all others: the binomial chance is 0.01, doubled for two tests made.
    few, more = ([f"h-0{i}" for i in range(n)] for n in (2, 5))
    strong = flagged(seen, "is_strong", world.rows("h-0"), 1)
    strong = strong._replace(usual={**seen.usual, "is_strong": np.linspace(0, 0.05, 60)})

    assert "I1" not in looked(world.features, strong, group(*few))
    assert "I1" in looked(world.features, strong, group(*more))


@pytest.mark.parametrize(("accounts", "is_list"), [(5, False), (6, True)])
def test_a_list_has_several_accounts(
    world: Any, seen: Traffic, group: MakeGroup, accounts: int, is_list: bool
) -> None:
    assert indicators.FEWEST_SWEEPERS == 6
    few = group(*(f"f-{i}" for i in range(accounts)))

    assert ("I4" in looked(world.features, seen, few)) is is_list


@pytest.mark.parametrize(("over", "is_list"), [(-1, False), (0, True)])
def test_of_a_list_nearly_all_are_never_followed_up(
    world: Any, seen: Traffic, group: MakeGroup, over: int, is_list: bool
) -> None:
    single = math.ceil(indicators.SINGLE * 30) + over
    followed = np.concatenate([world.rows(f"f-{i}")[single:] for i in range(8)])

    found = looked(world.features, flagged(seen, "is_single", followed, 0), group("f"))

    assert ("I4" in found) is is_list


@pytest.mark.parametrize("over", [0, 1])
def test_accounts_that_serve_end_users_are_no_list(
    world: Any, seen: Traffic, group: MakeGroup, over: int
) -> None:
    features = world.with_column("end_users", world.numbers("f"), indicators.SERVES + over)

    assert ("I4" in looked(features, seen, group("f"))) is (over == 0)
    assert "I4" in looked(features, seen, group("f"), private=None), "of their own wordings only"


@pytest.mark.parametrize(("different", "is_list"), [(119, False), (120, True)])
def test_questions_that_come_back_are_no_list(
    world: Any, seen: Traffic, group: MakeGroup, different: int, is_list: bool
) -> None:
    assert indicators.NEW == 0.5
    rows = world.rows("f")
    assert len(rows) == 240

    assert ("I4" in looked(repeating(world, rows, different), seen, group("f"))) is is_list


@pytest.mark.parametrize(("different", "is_own"), [(35, False), (36, True)])
def test_a_public_question_set_says_nothing_by_its_words(
    world: Any, seen: Traffic, group: MakeGroup, different: int, is_own: bool
) -> None:
    assert indicators.MOSTLY_NEW == 0.15
    rows = world.rows("r")
    assert len(rows) == 240
    weak = flagged(seen, "is_weak", rows, 1)

    found = looked(repeating(world, rows, different), weak, group("r"), private=rows)

    assert {"I1", "I2", "I7"} & set(found) == ({"I1", "I2", "I7"} if is_own else set())
    assert "I3" in found


@pytest.mark.parametrize("over", [-1, 0])
def test_wordings_of_its_own_are_a_share_of_all_exchanges(
    world: Any, seen: Traffic, group: MakeGroup, over: int
) -> None:
    rows = world.rows("f")
    private = rows[: round(indicators.OWN_WORDING * len(rows)) + over]

    found = looked(world.features, seen, group("f"), private=private)

    assert ("I7" in found) is (over == 0)
    if over == 0:
        assert found["I7"].contrast.inside == indicators.OWN_WORDING


def test_where_only_own_wordings_are_looked_at_having_them_says_nothing(
    world: Any, seen: Traffic, group: MakeGroup
) -> None:
    assert "I7" in looked(world.features, seen, group("f"), private=world.rows("f"))
    assert "I7" not in looked(world.features, seen, group("f"), private=None)


@pytest.mark.parametrize(("rule_id", "column"), [("C1", "addresses"), ("C2", "clients")])
@pytest.mark.parametrize(
    ("prefix", "own", "usual", "rotates"),
    [
        ("c", 15, 1, False),  # of 175 exchanges
        ("c", 16, 1, True),
        ("f", 8, 1, False),  # of 30 exchanges
        ("f", 9, 1, True),
        ("h-0", 7, 1, False),  # of 16 exchanges
        ("h-0", 8, 1, True),
        ("f", 16, 6, False),
        ("f", 16, 5, True),
    ],
)
def test_accounts_behind_many_addresses_or_clients_rotate(
    world: Any, group: MakeGroup, rule_id: str, column: str,
    prefix: str, own: int, usual: int, rotates: bool,
) -> None:  # fmt: skip
    assert (indicators.MANY, indicators.SOME, indicators.OFTEN) == (4, 3, 0.3)
    assert indicators.ROTATES == 1.5
    members = group(prefix)
    features = world.with_column(column, members.members, own, usual)
    seen = survey(features, np.append(members.members, world.numbers("r", "c", "f")))

    assert (rule_id in looked(features, seen, members)) is rotates


def test_many_names_are_an_indicator(world: Any, seen: Traffic, group: MakeGroup) -> None:
    found = looked(world.features, seen, group("h-0"), told=HIDDEN)

    assert set(found) == {"C3"}
    assert found["C3"].contrast.inside == HIDDEN.names
    assert looked(world.features, seen, group("h-0"), told=UNKNOWN._replace(is_open=True)) == {}


@pytest.mark.parametrize(
    ("ties", "rule_id", "kinds"),
    [
        (("L01",), "M1", 1),
        (("L02", "F01", "L03"), "M1", 2),
        (("L01", "L02", "L03", "L01"), "M1", 3),
        (("S01", "S01"), "M2", 1),
        (("S02",), "M3", 1),
        (("S03",), "M3", 1),
        (("P01",), "M3", 1),
        (("P01", "S02", "F02"), "M3", 2),
    ],
)
def test_ties_speak_for_a_purpose_by_their_kinds(
    world: Any, seen: Traffic, group: MakeGroup, ties: tuple[str, ...], rule_id: str, kinds: int
) -> None:
    found = looked(world.features, seen, group("h-0", rules=ties))

    assert set(found) == {rule_id}
    assert found[rule_id].contrast.inside == kinds


@pytest.mark.parametrize("ties", [("F01",), ("F01", "F02")])
def test_a_shared_place_says_nothing_of_the_purpose(
    world: Any, seen: Traffic, group: MakeGroup, ties: tuple[str, ...]
) -> None:
    assert looked(world.features, seen, group("h-0", rules=ties)) == {}


def test_a_purpose_is_as_sure_as_its_surest_tie(
    world: Any, seen: Traffic, tie: Callable[..., Finding]
) -> None:
    members = world.numbers("h-0")
    ties = [("S02", 1e-6), ("P01", 1e-8), ("S02", 1e-5), ("L01", 1e-30)]
    findings = tuple(tie(members, rule_id=rule, p_value=chance) for rule, chance in ties)

    found = looked(world.features, seen, Group(members, findings, 1e-6))

    assert found["M3"].contrast.p_value == 1e-8
    assert found["M1"].contrast.p_value == 1e-30


@pytest.mark.parametrize(
    ("prompts", "share"), [([0, 1, 2], 1), ([0, 0, 1, -1], 2 / 3), ([4, 4], 0.5), ([-1], 0)]
)
def test_a_prompt_is_new_once(world: Any, prompts: list[int], share: float) -> None:
    prompt = world.features.exchanges.prompt.copy()
    prompt[: len(prompts)] = prompts
    features = world.features._replace(exchanges=world.features.exchanges._replace(prompt=prompt))

    assert indicators.new_share(features, np.arange(len(prompts))) == pytest.approx(share)

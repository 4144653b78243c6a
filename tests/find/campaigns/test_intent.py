"""Tests of revenuer.find.campaigns.intent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from revenuer.find.campaigns import identity, indicators, intent, traffic
from revenuer.find.campaigns.groups import Group
from revenuer.find.campaigns.traffic import Traffic
from revenuer.find.evidence import Finding
from revenuer.find.features import carried_templates

MakeGroup = Callable[..., Group]
MakeTie = Callable[..., Finding]
Judge = Callable[..., intent.Verdict]
Numbers = NDArray[np.int64]


def ids(verdict: intent.Verdict) -> set[str]:
    return {indicator.rule_id for indicator in verdict.indicators}


def test_a_harvest_is_told_by_what_it_asks_for(
    world: Any, seen: Traffic, group: MakeGroup, judge: Judge
) -> None:
    features = unnamed(world)

    verdict = judge(features, seen, group("r"))

    assert verdict.is_harvest
    assert {"I1", "I3"} <= ids(verdict)
    assert verdict.harvested.tolist() == world.rows("r").tolist()
    accused = intent.accused(features, verdict, group("r"))
    assert accused.tolist() == world.numbers("r").tolist()


def test_a_job_that_a_firm_splits_over_accounts_is_no_harvest(
    world: Any, seen: Traffic, group: MakeGroup, judge: Judge
) -> None:
    ties = ("F01", "L01", "L02", "L03", "S01", "S02", "P01")

    verdict = judge(world.features, seen, group("f", rules=ties))

    assert not verdict.is_harvest
    assert ids(verdict) == {"I4", "I7", "M1", "M2", "M3"}
    assert len(verdict.harvested) == 0
    assert len(intent.accused(world.features, verdict, group("f"))) == 0


def test_habits_alone_accuse_nobody(
    world: Any, seen: Traffic, group: MakeGroup, judge: Judge
) -> None:
    ties = ("F01", "L01", "L02", "L03", "S01", "S02")

    verdict = judge(unnamed(world), seen, group("h-0", rules=ties))

    assert not verdict.is_harvest
    assert ids(verdict) == {"M1", "M2", "M3"}


def test_of_carriers_only_the_harvest_counts(
    world: Any, seen: Traffic, group: MakeGroup, judge: Judge
) -> None:
    features, mixed = unnamed(world), group("r", "c")

    verdict = judge(features, seen, mixed)

    assert verdict.is_harvest
    assert verdict.harvested.tolist() == np.flatnonzero(seen.is_strong).tolist()
    accused = intent.accused(features, verdict, mixed)
    assert accused.tolist() == world.numbers("r", "c").tolist()


def test_carriers_are_told_by_the_telling_part_of_what_is_their_own(
    world: Any, seen: Traffic, group: MakeGroup
) -> None:
    # A seventh of their traffic is too little to tell; some of the rest is in their own wording.
    features, own = unnamed(world), group("c")
    rows = world.rows("c")
    private = np.union1d(rows[seen.is_strong[rows]], rows[::3])

    verdict = intent.judge(features, seen, own, private, identity.names(features))

    assert verdict.is_harvest
    assert "I7" not in ids(verdict)
    assert verdict.harvested.tolist() == rows[seen.is_strong[rows]].tolist()


def test_accounts_that_serve_others_are_judged_by_their_own_wording_alone(
    world: Any, seen: Traffic, group: MakeGroup, judge: Judge
) -> None:
    # A list that is worked through from many addresses, among what other people ask.
    members = world.numbers("f")
    serving = unnamed(
        world,
        end_users=[9 if i in members else 0 for i in range(len(world.ids))],
        addresses=[16 if i in members else 1 for i in range(len(world.ids))],
    )
    own = group("f", rules=("F01", "L01"))
    nobody = np.empty(0, np.int64)

    verdict = judge(serving, seen, own)
    plain = intent.judge(serving, seen, own, nobody, identity.names(serving))

    assert ids(verdict) == {"I4", "C1", "M1"}
    assert verdict.harvested.tolist() == world.rows("f").tolist()
    assert ids(plain) == {"C1", "M1"}
    assert not plain.is_harvest


def test_who_tried_it_once_is_not_accused(
    world: Any, seen: Traffic, group: MakeGroup, judge: Judge
) -> None:
    features, mixed = unnamed(world), group("r", *(f"h-{i:02}" for i in range(5)))

    verdict = judge(features, seen, mixed)

    accused = intent.accused(features, verdict, mixed)
    assert verdict.is_harvest
    assert accused.tolist() == world.numbers("r").tolist()
    tried = np.append(world.rows("r"), world.rows("h-00")[:5])
    accused = intent.accused(features, verdict._replace(harvested=tried), mixed)
    assert accused.tolist() == world.numbers("r").tolist()


def unnamed(world: Any, **columns: list[Any]) -> Any:
    """Return the features without anything that names a customer."""
    nobody = dict.fromkeys(identity.COLUMNS, [None] * len(world.ids))
    return world.with_values(**nobody, **columns)


#: How a group is registered: columns that name one customer.
REGISTERED = {"open": ("payment_id", "org_id"), "institution": ("org_id",), "": ()}


def made_up(
    world: Any, tie: MakeTie, shows: str, ties: str, *,
    accounts: int = 6, q_value: float = 0.01, registered: str = "", has_text: bool = True,
) -> tuple[Any, Traffic, Group, Numbers]:  # fmt: skip
    """Return features, traffic, group and private rows of chatting accounts that show just this.

    Indicators `M` come of the ties. `B01` is a batch of accounts made at once, `L01` a launch.
    """
    numbers = world.numbers(*(f"h-{i:02}" for i in range(accounts)))
    rows = world.features.rows_of(numbers)
    seen = traffic.survey(world.features, np.append(numbers, world.numbers("r", "c", "f")))
    flags = {"I1": "is_strong", "I2": "is_weak", "I3": "length", "I4": "is_single",
             "I5": "is_refused"}  # fmt: skip
    for rule_id, name in flags.items():
        values = getattr(seen, name).copy()
        values[rows] = rule_id in shows
        seen = seen._replace(**{name: values})

    def of_members(values: Any, usual: Any) -> list[Any]:
        return [values(i) if i in numbers else usual for i in range(len(world.ids))]

    columns: dict[str, list[Any]] = {
        "addresses": of_members(lambda _: 16 if "C1" in shows else 1, 1),
        "clients": of_members(lambda _: 16 if "C2" in shows else 1, 1),
    }
    for name in REGISTERED[registered]:
        columns[name] = of_members(lambda _: "one", None)
    if "C3" in shows:
        columns["payment_id"] = of_members(lambda i: f"stranger {i}", None)
    features = world.with_values(
        **(dict.fromkeys(identity.COLUMNS, [None] * len(world.ids)) | columns)
    )
    findings = tuple(
        tie(
            numbers,
            rule_id=rule.replace("B", "L"),
            effect=intent.BATCH if rule[0] == "B" else intent.BATCH - 1,
        )
        for rule in ties.split()
    )
    if not has_text:
        prompt = features.exchanges.prompt.copy()
        prompt[rows] = -1
        features = features._replace(exchanges=features.exchanges._replace(prompt=prompt))
    private = rows if "I7" in shows else rows[:0]
    return features, seen, Group(numbers, findings, q_value), private


def shown(ties: str) -> set[str]:
    """Return the indicators that come of ties."""
    kinds = {"L": "M1", "B": "M1", "S01": "M2", "S02": "M3", "S03": "M3", "P": "M3"}
    return {
        kinds.get(rule, kinds.get(rule[0], "")) for rule in ties.split() if rule[0] != "F"
    }  # fmt: skip


NEAR = {"q_value": intent.WORDLESS_Q}
BLIND = NEAR | {"has_text": False}
FAR = {"q_value": 2 * intent.WORDLESS_Q, "has_text": False}
TEN, NINE = {"accounts": intent.MANY}, {"accounts": intent.MANY - 1}
TWENTY, NINETEEN = {"accounts": intent.VERY_MANY}, {"accounts": intent.VERY_MANY - 1}
OPEN, INSTITUTION = {"registered": "open"}, {"registered": "institution"}
#: What a group shows beside what its ties say, its ties, and what else it is; whether it is enough.
CONDITIONS: dict[str, tuple[str, str, dict[str, Any], bool]] = {
    "strong words, two points": ("I1", "F01", {}, False),
    "strong words and anything": ("I1 I7", "F01", {}, True),
    "strong words and another tie": ("I1", "F01 S02", {}, True),
    "strong words on a day of news": ("I1", "L01 L02 L03 S01", {}, False),
    "strong words on a day of news, a list": ("I1 I4", "L01 L02 L03 S01", {}, True),
    "strong words of a batch": ("I1", "B01", {}, True),
    "strong words of accounts first seen at once": ("I1", "L01 B02", {}, False),
    "a list, two points": ("I4 C1", "F01", {}, False),
    "a list, addresses": ("I4 C1", "F01 L01", {}, True),
    "a list, clients": ("I4 C2", "F01 L01", {}, True),
    "a list, names of nine": ("I4 C3", "F01 L01", NINE, False),
    "a list, names of ten": ("I4 C3", "F01 L01", TEN, True),
    "a list, names, weak words": ("I4 C3 I2", "F01", {}, True),
    "a list, names, long": ("I4 C3 I3", "F01", {}, True),
    "a list, refused": ("I4 I5", "F01 L01", {}, True),
    "a list, none of these": ("I4 I3", "F01 L01", {}, False),
    "no list, all of these": ("C1 C2 C3 I5", "F01 L01", NEAR, False),
    "a list on a day of news, addresses": ("I4 C1", "L01", {}, True),
    "a list on a day of news, clients": ("I4 C2", "L01", {}, True),
    "a list on a day of news, refused": ("I4 I5", "L01", {}, True),
    "a list on a day of news, names": ("I4 C3 I7", "L01 L02 L03 S01", {}, False),
    "a list on a day of news, names, weak words": ("I4 C3 I2", "L01", {}, True),
    "a list on a day of news, names, long": ("I4 C3 I3", "L01", {}, True),
    "a list on a day of news, ten names": ("I4 C3", "L01", TEN, False),
    "a list of a batch, ten names": ("I4 C3", "B01", TEN, True),
    "a list of one queue, ten names": ("I4 C3", "L01 S02", TEN, True),
    "a mass, weak words and long": ("I4 I2 I3", "F01", TEN, True),
    "a mass, weak words and own": ("I4 I2 I7", "F01", TEN, True),
    "a mass, long and own": ("I4 I3 I7", "F01", TEN, True),
    "a mass, weak words and queue": ("I4 I2", "F01 P01", TEN, True),
    "a mass, long and queue": ("I4 I3", "F01 S03", TEN, True),
    "a mass, own and queue": ("I4 I7", "F01 S02", TEN, True),
    "a mass on a day of news": ("I4 I2 I3", "L01", TEN, True),
    "a mass, one of them": ("I4 I2", "F01 L01 S01", TEN, False),
    "a mass, no list": ("I2 I3 I7", "F01 S02", TEN, False),
    "a team, all of them": ("I4 I2 I3 I7", "F01 S02", NINE, False),
    "a very large batch, long": ("I4 I3", "F01 L01", TWENTY, True),
    "a large batch, long": ("I4 I3", "F01 L01", NINETEEN, False),
    "a very large batch, usual length": ("I4 I2", "F01 L01", TWENTY, False),
    "very many, no batch": ("I4 I3", "F01 S01", TWENTY, False),
    "blind, moved": ("I3", "F01 L01 S01", BLIND, True),
    "blind, refused": ("I3 I5", "F01 L01", BLIND, True),
    "blind, addresses": ("I3 C1", "F01 L02", BLIND, True),
    "blind, clients": ("I3 C2", "F01 L03", BLIND, True),
    "blind, names": ("I3 C3", "F01 L01", BLIND, True),
    "blind on a day of news, names": ("I3 C3", "L01", BLIND, False),
    "blind, names of a batch": ("I3 C3", "B01", BLIND, True),
    "blind on a day of news, moved": ("I3", "L01 S01", BLIND, True),
    "blind, weakly tied": ("I3", "F01 L01 S01", FAR, False),
    "blind, two points": ("I3", "F01 L01", BLIND, False),
    "not blind": ("I3 C1", "F01 L01", NEAR, False),
    "blind, no batch": ("I3 I5", "F01 S01", BLIND, False),
    "blind, usual length": ("I5", "F01 L01 S01", BLIND, False),
    "open, strong words": ("I1 I4", "F01 L01", OPEN, False),
    "open, all": ("I1 I2 I3 I4 I5 I7 C1 C2", "F01 B01 S01 P01", OPEN | TWENTY | NEAR, False),
    "institution, strong words": ("I1 I4", "F01 L01", INSTITUTION, True),
    "institution, refused": ("I4 I5", "F01 L01", INSTITUTION, True),
    "institution, addresses": ("I4 C1", "F01 L01", INSTITUTION, True),
    "institution, clients": ("I4 C2", "F01 L01", INSTITUTION, True),
    "institution, none of these": (
        "I2 I3 I4 I7", "F01 B01 S01 P01", INSTITUTION | TWENTY | NEAR, False
    ),
    "nothing but ties": ("", "F01 F02 B01 L02 L03 S01 S02 S03 P01", TWENTY | NEAR, False),
}  # fmt: skip


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_condition_accuses_and_one_step_short_does_not(
    world: Any, tie: MakeTie, condition: str
) -> None:
    shows, ties, more, is_enough = CONDITIONS[condition]
    features, seen, own, private = made_up(world, tie, shows, ties, **more)

    verdict = intent.judge(features, seen, own, private, identity.names(features))

    assert ids(verdict) == set(shows.split()) | shown(ties)
    assert verdict.is_harvest is is_enough
    assert is_enough or len(verdict.harvested) == 0


@pytest.mark.parametrize(("batch", "is_harvest"), [(3, True), (2, False)])
def test_a_batch_is_half_of_the_group(
    world: Any, tie: MakeTie, batch: int, is_harvest: bool
) -> None:
    features, seen, own, private = made_up(world, tie, "I1", "B01 L02")
    first, second = own.findings
    own = own._replace(findings=(first._replace(members=own.members[:batch]), second))

    verdict = intent.judge(features, seen, own, private, identity.names(features))

    assert verdict.is_harvest is is_harvest


def told_in(world: Any, numbers: Numbers, exchanges: list[int]) -> Numbers:
    """Return so many of the first exchanges of each account."""
    parts = [
        world.features.rows_of(np.array([one]))[:count]
        for one, count in zip(numbers, exchanges, strict=True)
    ]
    return np.sort(np.concatenate(parts))


@pytest.mark.parametrize(
    ("rule_id", "tells", "taken"),
    [
        ("I1", [16] * 6, [16] * 6),
        ("I1", [4] * 5 + [3], [16] * 5 + [3]),
        ("I1", [12] * 5 + [16], [16] * 6),
        ("I1", [13] * 5 + [4], [13] * 5 + [4]),
        ("I7", [12] * 5 + [3], [16] * 5 + [3]),
        ("I7", [13] * 5 + [0], [13] * 5 + [0]),
    ],
)
def test_who_tells_often_is_taken_whole_unless_nothing_else_is_meant(
    world: Any, tie: MakeTie, rule_id: str, tells: list[int], taken: list[int]
) -> None:
    assert (intent.TELLS, intent.TELLS_ALL) == (0.2, 0.8)
    # A list of single questions: having one turn takes nobody whole.
    features, seen, own, _ = made_up(world, tie, "I3 I4 C1", "F01")
    telling = told_in(world, own.members, tells)
    private = telling if rule_id == "I7" else telling[:0]
    seen.is_strong[telling] = rule_id == "I1"

    verdict = intent.judge(features, seen, own, private, identity.names(features))

    assert rule_id in ids(verdict)
    account = features.exchanges.account[verdict.harvested]
    assert [int((account == one).sum()) for one in own.members] == taken
    assert np.isin(telling, verdict.harvested).all()


def test_without_telling_words_accounts_of_single_questions_are_taken_whole(
    world: Any, tie: MakeTie
) -> None:
    assert indicators.SINGLE == 0.8
    features, seen, own, private = made_up(world, tie, "I3 I4 C1", "F01")
    for one, alone in zip(own.members, [16, 16, 16, 16, 13, 12], strict=True):
        seen.is_single[features.rows_of(np.array([one]))[alone:]] = False

    verdict = intent.judge(features, seen, own, private, identity.names(features))

    assert ids(verdict) == {"I3", "I4", "C1"}
    assert verdict.harvested.tolist() == features.rows_of(own.members[:5]).tolist()


def test_where_weak_words_made_the_case_who_does_not_speak_them_is_not_taken(
    world: Any, tie: MakeTie
) -> None:
    assert intent.SPEAKS == 0.5
    features, seen, own, private = made_up(world, tie, "I2 I4 C1", "F01")
    for one, weak in zip(own.members, [16, 16, 16, 16, 8, 7], strict=True):
        seen.is_weak[features.rows_of(np.array([one]))[weak:]] = False

    verdict = intent.judge(features, seen, own, private, identity.names(features))

    assert ids(verdict) == {"I2", "I4", "C1"}
    assert verdict.harvested.tolist() == features.rows_of(own.members[:5]).tolist()


def harvest_of(rows: Numbers) -> intent.Verdict:
    return intent.Verdict(True, (), rows, False)


@pytest.mark.parametrize(("idle", "is_earnest"), [(4, True), (5, False)])
def test_what_few_busy_members_do_accuses_nobody(
    world: Any, group: MakeGroup, idle: int, is_earnest: bool
) -> None:
    # Four members send most of the traffic; in earnest is half of the members.
    assert intent.EARNEST == 0.5
    mixed = group("c", *(f"h-{i:02}" for i in range(idle)))

    accused = intent.accused(world.features, harvest_of(world.rows("c")), mixed)

    assert accused.tolist() == (world.numbers("c").tolist() if is_earnest else [])


@pytest.mark.parametrize(("part", "takes_part"), [(8, False), (9, True)])
def test_who_takes_part_with_most_of_a_few_exchanges_counts_and_is_not_accused(
    world: Any, group: MakeGroup, part: int, takes_part: bool
) -> None:
    # A member with sixteen exchanges in all cannot reach the twenty that accuse.
    assert intent.FEWEST_HARVESTED == 20
    mixed = group("c", *(f"h-{i:02}" for i in range(5)))
    harvest = harvest_of(np.append(world.rows("c"), world.rows("h-00")[:part]))

    accused = intent.accused(world.features, harvest, mixed)

    assert accused.tolist() == (world.numbers("c").tolist() if takes_part else [])


def test_carriers_are_judged_singly(world: Any, seen: Traffic, group: MakeGroup) -> None:
    mixed = group("c", *(f"h-{i:02}" for i in range(9)))
    rows = world.rows("c")

    accused = intent.accused(world.features, harvest_of(rows[seen.is_strong[rows]]), mixed)

    assert accused.tolist() == world.numbers("c").tolist()


@pytest.mark.parametrize(
    ("named", "p_value", "is_accused"), [(1, 1e-4, False), (2, 1e-4, True), (1, 1e-5, True)]
)
def test_who_is_seldom_and_weakly_named_is_not_accused(
    world: Any, tie: MakeTie, named: int, p_value: float, is_accused: bool
) -> None:
    # The others are named eight times, and with a p-value of 1e-9.
    assert (intent.NAMED, intent.BOUND) == (0.25, 0.5)
    members = world.numbers("r")
    ties = [tie(members, p_value=p_value)] * named + [tie(members[:-1])] * (8 - named)

    accused = intent.accused(
        world.features, harvest_of(world.rows("r")), Group(members, tuple(ties), 1e-6)
    )

    assert accused.tolist() == members[: len(members) if is_accused else -1].tolist()


def private(world: Any, seen: Traffic, *prefixes: str) -> list[int]:
    return list(intent.private_rows(world.features, seen, world.rows(*prefixes)).tolist())


def test_private_is_what_three_accounts_of_the_group_send_and_hardly_anybody_of_no_group(
    world: Any, seen: Traffic
) -> None:
    strong = np.flatnonzero(seen.is_strong).tolist()
    of_carriers = [row for row in strong if row in world.rows("c")]

    assert private(world, seen, "r", "c") == strong
    assert private(world, seen, "r", "h") == world.rows("r").tolist()
    assert private(world, seen, "c") == of_carriers, "those of another group count for nothing"
    assert private(world, seen, "r-0", "r-1") == [], "two accounts"
    assert private(world, seen, "h") == []
    assert private(world, seen) == []
    alone = traffic.survey(world.features, world.numbers("c"))
    assert private(world, alone, "c") == [], "the template is rather that of accounts of no group"


@pytest.mark.parametrize(("exchanges", "is_private"), [(19, False), (20, True)])
def test_private_is_what_is_sent_in_earnest(
    world: Any, seen: Traffic, exchanges: int, is_private: bool
) -> None:
    rows = np.concatenate([world.rows(f"r-{i}")[:7] for i in range(3)])[:exchanges]

    found = intent.private_rows(world.features, seen, rows)

    assert found.tolist() == (rows.tolist() if is_private else [])


def test_a_template_in_two_fields_is_no_more_private(world: Any) -> None:
    # Four of eight accounts send 120 exchanges and others 220; each shows the template twice.
    own = [f"r-{i}" for i in range(4)]
    seen = traffic.survey(world.features, world.numbers(*own))
    carried = carried_templates(world.features.exchanges, world.features.texts)
    doubled = np.hstack([carried[:, 3:6], carried[:, 3:]])

    assert private(world, seen._replace(template=doubled.__getitem__), *own) == []


def bare(
    world: Any, group: MakeGroup, judge: Judge, *prefixes: str, rules: tuple[str, ...]
) -> intent.Verdict:
    seen = traffic.survey(world.features, world.numbers("r", "c", "f"))
    return judge(unnamed(world), seen, group(*prefixes, rules=rules))


def test_without_text_length_alone_accuses_nobody(
    bare_world: Any, group: MakeGroup, judge: Judge
) -> None:
    verdict = bare(bare_world, group, judge, "r", rules=("F01", "L01"))

    assert not verdict.is_harvest
    assert not verdict.unjudged
    assert ids(verdict) == {"I3", "M1"}


def test_without_text_length_batch_and_a_pivot_suffice(
    bare_world: Any, group: MakeGroup, judge: Judge
) -> None:
    verdict = bare(bare_world, group, judge, "r", rules=("F01", "L01", "S01"))

    assert verdict.is_harvest
    assert ids(verdict) == {"I3", "M1", "M2"}


def test_without_text_and_tokens_intent_is_unavailable(
    bare_world: Any, group: MakeGroup, judge: Judge
) -> None:
    exchanges = bare_world.features.exchanges
    silent = exchanges._replace(output_tokens=np.full_like(exchanges.output_tokens, -1))
    world = bare_world._replace(features=bare_world.features._replace(exchanges=silent))

    assert bare(world, group, judge, "r", rules=("F01",)).unjudged

"""Tests of revenuer.find.campaigns.intent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from revenuer.find.campaigns import intent, traffic
from revenuer.find.campaigns.exemplars import Rows
from revenuer.find.campaigns.groups import Group
from revenuer.find.campaigns.traffic import Contrast, Traffic
from revenuer.find.evidence import Finding

MakeGroup = Callable[..., Group]
Judge = Callable[..., intent.Verdict]


def ids(verdict: intent.Verdict) -> set[str]:
    return {indicator.rule_id for indicator in verdict.indicators}


def test_a_harvest_is_told_by_what_it_asks_for(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> None:
    verdict = judge(world.features, seen, group("r"), texts)

    assert verdict.is_harvest
    assert {"I1", "I3"} <= ids(verdict)
    assert verdict.harvested.tolist() == world.rows("r").tolist()
    accused = intent.accused(world.features, verdict, group("r"))
    assert accused.tolist() == world.numbers("r").tolist()


def test_a_job_split_over_accounts_is_no_harvest(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> None:
    ties = ("F01", "L01", "L02", "L03", "S01", "S02", "P01")

    verdict = judge(world.features, seen, group("f", rules=ties), texts)

    assert not verdict.is_harvest
    assert ids(verdict) == {"I4", "M1", "M2"}
    assert len(verdict.harvested) == 0
    assert len(intent.accused(world.features, verdict, group("f"))) == 0


def test_habits_alone_accuse_nobody(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> None:
    ties = ("F01", "L01", "L02", "L03", "S01")

    verdict = judge(world.features, seen, group("h-0", rules=ties), texts)

    assert not verdict.is_harvest
    assert ids(verdict) == {"M1", "M2"}


def test_of_carriers_only_the_harvest_counts(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> None:
    mixed = group("r", "c")

    verdict = judge(world.features, seen, mixed, texts)

    assert verdict.is_harvest
    assert verdict.harvested.tolist() == np.flatnonzero(seen.is_strong).tolist()
    accused = intent.accused(world.features, verdict, mixed)
    assert accused.tolist() == world.numbers("r", "c").tolist()


def test_who_tried_it_once_is_not_accused(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> None:
    mixed = group("r", *(f"h-{i:02}" for i in range(5)))

    verdict = judge(world.features, seen, mixed, texts)

    accused = intent.accused(world.features, verdict, mixed)
    assert verdict.is_harvest
    assert accused.tolist() == world.numbers("r").tolist()
    tried = np.append(world.rows("r"), world.rows("h-00")[:5])
    accused = intent.accused(world.features, verdict._replace(harvested=tried), mixed)
    assert accused.tolist() == world.numbers("r").tolist()


def test_two_points_do_not_accuse(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> None:
    # The words of a harvest, but nothing else of it: followed up, as long as anybody's.
    no = np.zeros_like(seen.is_weak)
    plain = seen._replace(is_weak=no, is_single=no, length=np.zeros_like(seen.length))

    verdict = judge(world.features, plain, group("r"), texts)

    assert ids(verdict) == {"I1"}
    assert not verdict.is_harvest


def test_refusals_in_numbers_are_an_indicator(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> None:
    refused = seen.is_refused.copy()
    refused[world.rows("r")[::2]] = 1

    verdict = judge(world.features, seen._replace(is_refused=refused), group("r"), texts)

    assert "I5" in ids(verdict)
    assert "I5" not in ids(judge(world.features, seen, group("r"), texts))


def test_a_list_in_many_wordings_is_told_from_one_job(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> None:
    # Chat in many wordings becomes a list when nobody ever follows up.
    single = np.ones_like(seen.is_single)

    swept = judge(world.features, seen._replace(is_single=single), group("h-0"), texts)
    job = judge(world.features, seen, group("f"), texts)

    assert ids(swept) == {"I4", "I6"}
    assert ids(job) == {"I4"}
    assert {one.points for one in (*swept.indicators, *job.indicators)} == {1}
    assert not ids(judge(world.features, seen, group("h-0"), texts)) & {"I4", "I6"}


@pytest.mark.parametrize(("accounts", "is_list"), [(5, False), (6, True)])
def test_a_list_has_several_accounts(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge,
    accounts: int, is_list: bool,
) -> None:  # fmt: skip
    assert intent.FEWEST_SWEEPERS == 6
    few = group(*(f"f-{i}" for i in range(accounts)))

    assert ("I4" in ids(judge(world.features, seen, few, texts))) is is_list


@pytest.mark.parametrize("over", [0, 1])
def test_accounts_that_serve_end_users_are_no_list(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge, over: int
) -> None:
    features = with_column(world, "end_users", world.numbers("f"), intent.SERVES + over)

    assert ("I4" in ids(judge(features, seen, group("f"), texts))) is (over == 0)


def test_questions_that_come_back_are_no_list(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> None:
    prompt = world.features.exchanges.prompt.copy()
    own = world.rows("f")
    prompt[own] = prompt[own[: int(intent.NEW * len(own)) - 1]][np.arange(len(own)) % 100]
    features = world.features._replace(exchanges=world.features.exchanges._replace(prompt=prompt))

    assert "I4" not in ids(judge(features, seen, group("f"), texts))


def test_a_public_question_set_says_nothing_by_its_words(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> None:
    prompt = world.features.exchanges.prompt.copy()
    own = world.rows("r")
    prompt[own] = prompt[own[: int(intent.MOSTLY_NEW * len(own)) - 1]][np.arange(len(own)) % 30]
    features = world.features._replace(exchanges=world.features.exchanges._replace(prompt=prompt))

    assert not ids(judge(features, seen, group("r"), texts)) & {"I1", "I2", "I4"}


@pytest.mark.parametrize(("rule_id", "column"), [("C1", "addresses"), ("C2", "clients")])
@pytest.mark.parametrize(("own", "usual", "rotates"), [(8, 1, True), (7, 1, False), (8, 4, False)])
def test_accounts_behind_many_addresses_or_clients_rotate(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge,
    rule_id: str, column: str, own: int, usual: int, rotates: bool,
) -> None:  # fmt: skip
    assert (intent.MANY_ADDRESSES, intent.ROTATES) == (3, 1.5)
    features = with_column(world, column, world.numbers("f"), own, usual)

    verdict = judge(features, seen, group("f"), texts)

    assert (rule_id in ids(verdict)) is rotates


def test_a_team_of_few_accounts_on_one_wording_is_not_accused(
    world: Any, seen: Traffic, group: MakeGroup, texts: Rows, judge: Judge
) -> None:
    weak, length = seen.is_weak.copy(), seen.length.copy()
    weak[world.rows("f")] = True
    length[world.rows("f")] += 3
    worded = seen._replace(is_weak=weak, length=length)
    ties = ("F01", "P01")

    verdict = judge(world.features, worded, group("f", rules=ties), texts)
    hidden = with_column(world, "addresses", world.numbers("f"), 16)

    assert ids(verdict) == {"I2", "I3", "I4"}
    assert not verdict.is_harvest
    assert judge(hidden, worded, group("f", rules=ties), texts).is_harvest


def with_column(
    world: Any, name: str, accounts: NDArray[np.int64], value: int, usual: int = 0
) -> Any:
    """Return the features with a column of the accounts table made up."""
    table = world.features.accounts
    values = np.full(table.num_rows, usual)
    values[accounts] = value
    place = table.schema.get_field_index(name)
    return world.features._replace(
        accounts=table.set_column(place, name, pa.array(values, table.schema.types[place]))
    )


#: What the templates of a group are tied to.
PLACE, DATE, HOURS = ("footprint",), ("lifecycle",), ("synchrony",)
#: Indicators, ties, accounts and q-value of a group, and whether that is enough.
CONDITIONS = {
    "strong words": ("I1 I3", PLACE, 3, 0.01, True),
    "strong words, two families": ("I1 I3", DATE, 3, 0.01, True),
    "strong words alone": ("I1", PLACE, 3, 0.01, False),
    "list, many wordings": ("I2 I4 I6", PLACE, 6, 0.01, True),
    "many wordings, no list": ("I2 I3 I6", PLACE, 6, 0.01, False),
    "list, many wordings, two points": ("I4 I6", PLACE, 6, 1e-6, False),
    "list, many wordings, two families": ("I2 I4 I6", DATE, 6, 0.01, False),
    "list, many wordings, three families": ("I2 I4 I6", DATE + HOURS, 6, 0.01, True),
    "list, many wordings, wordless": ("I3 I4 I6", PLACE, 6, intent.WORDLESS_Q, True),
    "list, many wordings, wordless, weakly tied": ("I3 I4 I6", PLACE, 6, 2e-4, False),
    "list, addresses": ("I3 I4 C1", PLACE, 6, intent.WORDLESS_Q, True),
    "list, clients": ("I3 I4 C2", PLACE, 6, intent.WORDLESS_Q, True),
    "list, addresses, two families": ("I3 I4 C1", DATE, 6, intent.WORDLESS_Q, True),
    "list, addresses, weakly tied": ("I3 I4 C1", PLACE, 6, 2e-4, False),
    "list, neither": ("I3 I4 I5", PLACE, 6, 1e-6, False),
    "addresses, no list": ("I3 I5 C1", PLACE, 6, 1e-6, False),
    "weak words, many accounts": ("I2 I3 I4", PLACE, intent.MANY, 0.01, True),
    "weak words, a team": ("I2 I3 I4", PLACE, intent.MANY - 1, 0.01, False),
    "weak words, two families": ("I2 I3 I4", DATE, intent.MANY, 0.01, False),
    "weak words, three families": ("I2 I3 I4", DATE + HOURS, intent.MANY, 0.01, True),
    "weak words, usual length": ("I2 I4 I5", PLACE, intent.MANY, 0.01, False),
    "weak words, no list": ("I2 I3 I5", PLACE, intent.MANY, 0.01, False),
    "a batch, very many": ("I3 I4 M1", PLACE, intent.VERY_MANY, intent.WORDLESS_Q, True),
    "a batch, a firm": ("I3 I4 M1", PLACE, intent.VERY_MANY - 1, 1e-6, False),
    "a batch, two families": ("I3 I4 M1", DATE, intent.VERY_MANY, 1e-6, False),
    "a batch, three families": ("I3 I4 M1", DATE + HOURS, intent.VERY_MANY, 1e-6, True),
    "a batch, weakly tied": ("I3 I4 M1", PLACE, intent.VERY_MANY, 2e-4, False),
    "a batch, usual length": ("I4 M1 M2", PLACE, intent.VERY_MANY, 1e-6, False),
    "blind, refused": ("I3 M1 I5", PLACE, 3, intent.WORDLESS_Q, True),
    "blind, moved": ("I3 M1 M2", PLACE, 3, intent.WORDLESS_Q, True),
    "blind, addresses": ("I3 M1 C1", PLACE, 3, intent.WORDLESS_Q, True),
    "blind, clients": ("I3 M1 C2", PLACE, 3, intent.WORDLESS_Q, True),
    "blind, two families": ("I3 M1 M2", DATE, 3, 1e-6, False),
    "blind, three families": ("I3 M1 M2", DATE + HOURS, 3, 1e-6, True),
    "two families, tight": ("I2 I4 I6", DATE, 20, intent.TIGHT_Q, True),
    "two families, not so tight": ("I2 I4 I6", DATE, 20, 1e-14, False),
    "two families, tight, few": ("I2 I4 I6", DATE, 19, intent.TIGHT_Q, False),
    "blind, weakly tied": ("I3 M1 M2", PLACE, 3, 2e-4, False),
    "blind, two points": ("I3 M1", PLACE, 3, 1e-6, False),
    "blind, no batch": ("I3 I5 M2", PLACE, 3, 1e-6, False),
    "blind, usual length": ("I5 M1 M2", PLACE, 3, 1e-6, False),
    "habits": ("M1 M2 C1 C2", PLACE, 99, 1e-9, False),
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_condition_accuses_and_one_step_short_does_not(
    tie: Callable[..., Finding], condition: str
) -> None:
    rules, families, accounts, q_value, is_enough = CONDITIONS[condition]
    points = {"I1": 2}
    seen = tuple(
        intent.Indicator(rule_id, points.get(rule_id, 1), Contrast(1, 0, 1e-6))
        for rule_id in rules.split()
    )
    members = np.arange(accounts)
    ties = tuple(tie(members, families=("templates", family)) for family in families)

    assert intent._accuses(seen, Group(members, ties, q_value)) is is_enough


@pytest.mark.parametrize(
    ("rules", "accounts", "is_enough"),
    [("I1 M1", 19, False), ("I1 M1", 20, True), ("I1 C1", 3, True)],
)
def test_coming_and_going_with_a_template_needs_many_accounts_or_rotation(
    tie: Callable[..., Finding], rules: str, accounts: int, is_enough: bool
) -> None:
    points = {"I1": 2}
    seen = tuple(
        intent.Indicator(rule_id, points.get(rule_id, 1), Contrast(1, 0, 1e-6))
        for rule_id in rules.split()
    )
    members = np.arange(accounts)
    ties = (tie(members, families=("templates", "lifecycle"))._replace(rule_id="L02"),)

    assert intent._accuses(seen, Group(members, ties, 1e-6)) is is_enough


def harvest_of(rows: NDArray[np.int64]) -> intent.Verdict:
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


def test_carriers_are_judged_singly(world: Any, seen: Traffic, group: MakeGroup) -> None:
    mixed = group("c", *(f"h-{i:02}" for i in range(9)))
    rows = world.rows("c")

    accused = intent.accused(world.features, harvest_of(rows[seen.is_strong[rows]]), mixed)

    assert accused.tolist() == world.numbers("c").tolist()


@pytest.mark.parametrize(
    ("named", "p_value", "is_accused"), [(1, 1e-4, False), (2, 1e-4, True), (1, 1e-5, True)]
)
def test_who_is_seldom_and_weakly_named_is_not_accused(
    world: Any, tie: Callable[..., Finding], named: int, p_value: float, is_accused: bool
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
    found = intent.private_rows(world.features, seen, world.rows(*prefixes))
    return found.tolist()


def test_private_is_what_mostly_three_accounts_of_the_group_send(world: Any, seen: Traffic) -> None:
    strong = np.flatnonzero(seen.is_strong).tolist()

    assert private(world, seen, "r", "c") == strong
    assert private(world, seen, "r", "h") == world.rows("r").tolist()
    assert private(world, seen, "c") == [], "the template is rather that of others"
    assert private(world, seen, "h") == []
    assert private(world, seen) == []


def test_a_template_in_two_fields_is_no_more_private(world: Any, seen: Traffic) -> None:
    # Four of eight accounts, 120 of 340 exchanges; each shows the template twice.
    doubled = np.hstack([seen.template[:, 3:6], seen.template[:, 3:]])

    assert private(world, seen._replace(template=doubled), *(f"r-{i}" for i in range(4))) == []


def bare(
    world: Any, group: MakeGroup, judge: Judge, *prefixes: str, rules: tuple[str, ...]
) -> intent.Verdict:
    seen = traffic.survey(world.features, world.numbers("r", "c", "f"))
    source = Rows(world.work / "exchanges")
    found = judge(world.features, seen, group(*prefixes, rules=rules), source)
    source.close()
    return found


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

"""Tests of revenuer.lab.distil.harvest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.lab.distil.speakers import TASK, Scripted, here, served

from revenuer.errors import InputError
from revenuer.lab.distil.harvest import CHUNK, Harvest, harvested
from revenuer.lab.distil.purse import AROUND, Purse
from revenuer.lab.distil.settings import HarvestSettings, PriceSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.store import Store
from revenuer.lab.tasks import open_task

PRICES = PriceSettings(usd_per_million_asked=1e5, usd_per_million_written=2e5)
#: Of one response of a `Scripted`: 10 tokens read, 5 written.
COST = 2.0


def _asked(
    folder: Path, speaker: Speaker, queries: int, *, max_usd: float = 0.0, workers: int = 1
) -> Harvest:
    settings = HarvestSettings(queries=queries, seed=100)
    purse = Purse(max_usd, PRICES)
    return harvested(Store(folder), speaker, settings, purse, workers=workers)


def _file(folder: Path) -> Path:
    (found,) = folder.glob("harvest-*/responses.jsonl")
    return found


@pytest.mark.parametrize("workers", [1, 4])
def test_a_server_is_asked_each_problem_once_with_a_seed_of_its_own(
    tmp_path: Path, workers: int
) -> None:
    model = Scripted()

    told = _asked(tmp_path, served(model), 50, workers=workers)

    expected = [(TASK.problem(number, "train").prompt, 100 + number) for number in range(50)]
    assert sorted(model.asked) == sorted(expected)
    assert [each.number for each in told.responses] == list(range(50))
    assert [each.text for each in told.responses] == [f"12#{(100 + n) % 7}" for n in range(50)]


def test_what_was_paid_for_is_not_asked_again(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the server is gone"):
        _asked(tmp_path, served(Scripted(fails_after=20)), 50)
    second = Scripted()

    told = _asked(tmp_path, served(second), 50)

    assert [seed for _, seed in second.asked] == list(range(120, 150))
    straight = _asked(tmp_path / "straight", served(Scripted()), 50)
    assert straight.responses == told.responses


def test_a_larger_harvest_goes_on_where_the_smaller_ended(tmp_path: Path) -> None:
    small = _asked(tmp_path, served(Scripted()), 20)
    model = Scripted()

    large = _asked(tmp_path, served(model), 30)

    assert len(model.asked) == 10
    assert large.responses[:20] == small.responses
    assert large.digest(0, 20) == small.digest(0, 20) != large.digest(0, 30)
    assert large.digest(10, 30) != large.digest(0, 20)


@pytest.mark.parametrize("torn", [1, 20, 60])
def test_a_line_that_was_torn_is_asked_again_and_no_other(tmp_path: Path, torn: int) -> None:
    whole = _asked(tmp_path, served(Scripted()), 20)
    content = _file(tmp_path).read_bytes()
    _file(tmp_path).write_bytes(content[:-torn])
    model = Scripted()

    told = _asked(tmp_path, served(model), 20)

    assert [seed for _, seed in model.asked] == [119]
    assert told.responses == whole.responses


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    _asked(tmp_path, served(Scripted()), 5)
    lines = _file(tmp_path).read_text().splitlines()
    _file(tmp_path).write_text("\n".join([*lines[:2], "{}", *lines[3:]]) + "\n")

    with pytest.raises(InputError, match=r"responses\.jsonl line 3 is damaged") as refused:
        _asked(tmp_path, served(Scripted()), 5)
    assert refused.value.hint == "delete the line: it is asked again"

    _file(tmp_path).write_text("\n".join([*lines[:2], *lines[3:]]) + "\n")
    model = Scripted()
    _asked(tmp_path, served(model), 5)
    assert [seed for _, seed in model.asked] == [102]


def test_a_cap_is_never_passed_and_keeps_what_was_answered(tmp_path: Path) -> None:
    model = Scripted()

    with pytest.raises(InputError, match=r"stops at .* responses: the next could pass") as refused:
        _asked(tmp_path, served(model), 500, max_usd=100.0, workers=3)

    assert refused.value.hint == "raise max_usd, or lower queries; what was answered is kept"
    paid = len(model.asked) * COST
    # The dearest that a request can be: all bytes of its prompt, a template, all that it may write.
    prompt = len(TASK.problem(0, "train").prompt)
    worst = (prompt + AROUND) * 0.1 + 5 * 0.2
    assert 100.0 - worst - COST < paid <= 100.0
    assert len(_file(tmp_path).read_text().splitlines()) == len(model.asked)
    with pytest.raises(InputError, match="stops at"):
        _asked(tmp_path, served(Scripted()), 500, max_usd=100.0)


def test_a_cap_that_is_not_reached_changes_nothing(tmp_path: Path) -> None:
    told = _asked(tmp_path, served(Scripted()), 20, max_usd=1_000.0)

    assert len(told.responses) == 20


def test_what_is_in_flight_when_one_fails_is_kept(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the server is gone"):
        _asked(tmp_path, served(Scripted(fails_after=20)), 50, workers=4)

    assert len(_file(tmp_path).read_text().splitlines()) == 20


@pytest.mark.parametrize(("lost", "again"), [(3, [CHUNK]), (20, [0, CHUNK])])
def test_a_model_here_answers_in_whole_chunks_whatever_was_torn(
    tmp_path: Path, lost: int, again: list[int]
) -> None:
    straight = _asked(tmp_path / "a", here(Scripted()), CHUNK + 5)
    _asked(tmp_path / "b", here(Scripted()), CHUNK + 5)
    path = _file(tmp_path / "b")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-lost])[:-5])
    model = Scripted()

    told = _asked(tmp_path / "b", here(model), CHUNK + 5)

    assert told.responses == straight.responses
    assert {seed for _, seed in model.asked} == {100 + first for first in again}
    assert len(told.responses) == CHUNK + 5


def test_a_model_here_is_asked_no_more_than_there_are_problems(tmp_path: Path) -> None:
    model = Scripted()

    few = _asked(tmp_path, here(model), 5)
    more = _asked(tmp_path, here(model), CHUNK + 5)

    # A part of a chunk is answered anew when more is asked for, to the same responses.
    assert len(model.asked) == 5 + CHUNK + 5
    assert more.responses[:5] == few.responses
    _asked(tmp_path, here(model), CHUNK + 5)
    assert len(model.asked) == 5 + CHUNK + 5


@pytest.mark.parametrize("change", ["temperature", "seed", "limit", "teacher"])
def test_another_way_of_asking_is_another_harvest(tmp_path: Path, change: str) -> None:
    settings = HarvestSettings(
        queries=3, temperature=0.5 if change == "temperature" else 1.0,
        seed=1 if change == "seed" else 100,
    )  # fmt: skip
    _asked(tmp_path, served(Scripted()), 3)
    model = Scripted()
    limit, digest = 6 if change == "limit" else 5, "x" if change == "teacher" else "served"
    speaker = Speaker(model, TASK, digest, limit, is_served=True)

    harvested(Store(tmp_path), speaker, settings, Purse(0.0, PRICES), workers=1)

    assert len(model.asked) == 3


def test_a_teacher_that_does_not_count_its_tokens_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not tell how many tokens it wrote"):
        _asked(tmp_path, served(Scripted(usage=None)), 3)


def test_a_line_says_all_there_is_to_know(tmp_path: Path) -> None:
    _asked(tmp_path, served(Scripted()), 1)

    assert json.loads(_file(tmp_path).read_text()) == {
        "number": 0,
        "text": "12#2",
        "reasoning": "",
        "asked_tokens": 10,
        "written_tokens": 5,
    }


def test_the_same_answers_to_other_problems_are_other_material(tmp_path: Path) -> None:
    other = Speaker(Scripted(), open_task({"name": "chain", "steps": 2, "seed": 1}), "served", 5,
                    is_served=True)  # fmt: skip

    one, two = _asked(tmp_path, served(Scripted()), 3), _asked(tmp_path, other, 3)

    assert one.responses == two.responses
    assert one.digest(0, 3) != two.digest(0, 3)

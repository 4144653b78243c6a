"""Tests of revenuer.lab.sweep.attackers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.lab.distil.speakers import TASK, Scripted, here

from revenuer.guard import transforms
from revenuer.guard.transforms import Response
from revenuer.lab.distil.settings import StudentSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.store import Store
from revenuer.lab.distil.student import Material, taught
from revenuer.lab.sweep import attackers
from revenuer.lab.sweep.attackers import Distiller, Restoring
from revenuer.lab.tasks import open_task
from revenuer.lab.tasks.interface import Problem

HELPER = StudentSettings(width=24, steps=1_500, rows=32, rate=1e-2)


def test_what_restores_reads_the_prompt_and_what_is_left() -> None:
    task = Restoring(TASK)
    problem = TASK.problem(0, "train")

    shown = task.shown(problem, Response("", problem.right.answer))

    assert shown.short == f"{problem.short}#{problem.right.answer}"
    assert len(shown.short) <= task.prompt_limit == TASK.prompt_limit + TASK.limit
    assert task.write(problem.right) == TASK.write(problem.right)
    assert task.read("12#3") == TASK.read("12#3")
    assert task.is_right(problem, problem.right)
    assert task.agree(problem.right, problem.right)
    assert (task.alphabet, task.limit, task.chance) == (TASK.alphabet, TASK.limit, TASK.chance)
    assert task.problem(0, "train") == problem
    assert task.name == "restoring chain"


def test_what_restores_is_shown_what_it_can_read(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("Who?\n")
    task = Restoring(open_task({"name": "prompts", "file": str(file)}))

    assert task.shown(Problem("Who?", Response("", "")), Response("", "I \u2192 me")).short == (
        "Who?I  me"
    )


def _material(defence: str, first: int, last: int) -> Material:
    """Return right responses as a defence leaves them."""
    problems = [TASK.problem(number, "train") for number in range(first, last)]
    random = np.random.default_rng(first)
    responses = [problem.right for problem in problems]
    if defence != "none":
        responses = [transforms.named(defence)(each, random) for each in responses]
    return Material(TASK, problems, responses, f"{defence} {first} {last}")


def _attacked(
    folder: Path, defence: str, helper: StudentSettings, *, known: int
) -> tuple[float, int]:
    """Return the share of restored responses whose reasoning is right, and how many there are."""
    held, left = _material("none", 500, 500 + known), _material(defence, 500, 500 + known)
    attacker = Distiller(Store(folder), here(Scripted()), helper, helper, 0, held, left)

    told = attacker.material(_material(defence, 0, 500), defence)

    assert told.responses[:known] == held.responses
    pairs = list(zip(told.problems, told.responses, strict=True))[known:]
    right = [problem.right == response for problem, response in pairs]
    return sum(right) / max(1, len(right)), len(right)


@pytest.mark.slow
def test_withheld_reasoning_is_restored_from_a_few_examples(tmp_path: Path) -> None:
    share, count = _attacked(tmp_path, "withhold", HELPER, known=200)

    # With the answer given, the first of two steps alone is to be found: one in seven by chance.
    assert count > 400
    assert share > 0.5


def test_wrong_steps_are_written_anew_and_kept_where_the_answer_comes_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, left = _material("none", 500, 540), _material("noise:0.3", 500, 540)
    got, quick = _material("noise:0.3", 0, 6), replace(HELPER, steps=2)
    anew = [Response("6\n6", response.answer) for response in got.responses]
    anew[2], anew[4] = Response("6\n6", ""), Response("6\n6", "another")
    asked: list[Problem] = []

    def written(speaker: Speaker, problems: Sequence[Problem]) -> list[Response]:
        asked.extend(problems)
        return anew

    monkeypatch.setattr(attackers, "written", written)
    attacker = Distiller(Store(tmp_path), here(Scripted()), quick, quick, 0, held, left)

    told = attacker.material(got, "noise:0.3")

    assert asked == got.problems
    assert told.problems[40:] == [got.problems[n] for n in (0, 1, 3, 5)]
    assert told.responses[40:] == [anew[n] for n in (0, 1, 3, 5)]
    # The student that checks is the plain attacker's own.
    taught(Store(tmp_path), got, here(Scripted()), quick, 0)
    assert len(list(tmp_path.glob("student-*"))) == 1


def test_attackers_of_other_defences_or_seeds_learn_from_other_things(tmp_path: Path) -> None:
    held, quick = _material("none", 500, 540), replace(HELPER, steps=2)
    digests = set()
    for defence, seed in [("withhold", 0), ("summarise:2", 0), ("withhold", 1)]:
        left = _material(defence, 500, 540)
        attacker = Distiller(Store(tmp_path), here(Scripted()), quick, quick, seed, held, left)
        digests.add(attacker.material(_material(defence, 0, 50), defence).digest)

    assert len(digests) == 3


def test_what_restores_is_trained_once_for_all_that_is_asked(tmp_path: Path) -> None:
    held, left = _material("none", 500, 540), _material("withhold", 500, 540)
    quick = replace(HELPER, steps=2)
    attacker = Distiller(Store(tmp_path), here(Scripted()), quick, quick, 0, held, left)

    for last in (30, 50):
        attacker.material(_material("withhold", 0, last), "withhold")

    assert len(list(tmp_path.glob("student-*"))) == 1

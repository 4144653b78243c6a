"""Tests of revenuer.lab.distil.run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.distil import run
from revenuer.lab.distil.run import distil, set_up
from revenuer.lab.distil.settings import (
    Experiment,
    FidelitySettings,
    HarvestSettings,
    StudentSettings,
    TeacherSettings,
)
from revenuer.models import open_model

TINY = Experiment(
    task={"name": "chain", "steps": 2},
    teacher=TeacherSettings(layers=1, width=16, steps=150, rows=64, rate=1e-2),
    harvest=HarvestSettings(queries=64),
    student=(
        StudentSettings(name="traces", width=8, steps=20, rows=16, queries=(32, 64), seeds=(0, 1)),
        StudentSettings(name="answers", method="answers", width=8, steps=20, rows=16),
    ),
    fidelity=FidelitySettings(problems=50),
)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name not in ("lock", "step.json", "compute.json")
        # Their seconds differ.
        and path.name not in ("fidelity.parquet", "report.html")
    }


def test_everything_is_published_and_the_students_can_be_used(tmp_path: Path) -> None:
    said: list[str] = []

    told = distil(TINY, tmp_path, tell=said.append)

    assert [each.name for each in told.students] == [
        "traces-32-0", "traces-32-1", "traces-64-0", "traces-64-1", "answers-64-0",
    ]  # fmt: skip
    assert len(said) == 2 + 5
    assert pq.read_table(tmp_path / "fidelity.parquet").num_rows == 5
    account = json.loads((tmp_path / "compute.json").read_text())
    assert account == json.loads(json.dumps(told.account.to_json()))
    assert "<h1>A distillation</h1>" in (tmp_path / "report.html").read_text()
    for each in told.students:
        folder = tmp_path / "students" / each.name
        assert {path.name for path in folder.iterdir()} == {
            "config.json", "model.safetensors", "tokenizer.json",
        }  # fmt: skip
        open_model(str(folder)).generate(["3+5*2>"], limit=5)
    assert torch.get_num_threads() == torch.get_num_threads()


def test_a_second_run_does_nothing_again_and_says_the_same(tmp_path: Path) -> None:
    first = distil(TINY, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "steps").rglob("*.safetensors")}
    # As a kill leaves it between the last word of a step and its tidying up.
    (first.students[0].step.folder / "held.pt").touch()

    again = distil(TINY, tmp_path)

    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "steps").rglob("*.safetensors")}
    assert again.to_json() == first.to_json()
    assert after == before
    assert not list((tmp_path / "students").rglob("held.pt"))


def test_the_same_experiment_elsewhere_ends_at_the_same_bytes(tmp_path: Path) -> None:
    distil(TINY, tmp_path / "a")
    distil(TINY, tmp_path / "b")

    assert _files(tmp_path / "a") == _files(tmp_path / "b")


_CHILD = """
import sys
from pathlib import Path
from tests.lab.distil.test_run import TINY
from revenuer.lab.distil.run import distil
distil(TINY, Path(sys.argv[1]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("at", ["teacher-*/held.pt", "harvest-*/responses.jsonl", "student-*"])
def test_a_run_that_was_killed_ends_at_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    root = Path(__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    with subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-c", _CHILD, str(tmp_path / "torn")], env=environment
    ) as child:
        deadline = time.monotonic() + 120
        while not list((tmp_path / "torn" / "steps").glob(at)) and child.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        child.send_signal(signal.SIGKILL)

    distil(TINY, tmp_path / "torn")
    distil(TINY, tmp_path / "straight")

    assert _files(tmp_path / "torn") == _files(tmp_path / "straight")


def test_a_defence_changes_what_students_see_and_nothing_else(tmp_path: Path) -> None:
    stage = set_up(TINY, tmp_path)

    plain, withheld = (stage.material(defence, 0, 64) for defence in ("none", "withhold"))
    noisy = stage.material("noise:1", 0, 64)

    assert plain.problems == withheld.problems
    assert [each.answer for each in plain.responses] == [each.answer for each in noisy.responses]
    assert all(each == Response("", each.answer) for each in withheld.responses)
    assert sum(a != b for a, b in zip(plain.responses, noisy.responses, strict=True)) > 40
    assert len({plain.digest, withheld.digest, noisy.digest}) == 3
    # A response's noise does not depend on what else is asked for.
    later = stage.material("noise:1", 32, 64)
    assert noisy.responses[-len(later.responses) :] == later.responses


def test_an_experiment_can_be_defended(tmp_path: Path) -> None:
    small = replace(TINY, student=(replace(TINY.student[0], queries=(64,), seeds=(0,)),))

    plain = distil(small, tmp_path)
    defended = distil(replace(small, defence="reorder"), tmp_path)

    assert plain.students[0].step.folder != defended.students[0].step.folder


def test_an_unknown_defence_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="magic"):
        distil(replace(TINY, defence="magic"), tmp_path)

    assert not list((tmp_path / "steps").glob("*-*"))


def test_a_file_with_too_few_prompts_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("".join(f"What is {n}?\n" for n in range(30)))
    experiment = replace(
        TINY, task={"name": "prompts", "file": str(prompts)}, teacher=TeacherSettings(model="none")
    )

    with pytest.raises(InputError, match="prompts"):
        distil(experiment, tmp_path / "out")


def test_what_cannot_be_read_is_not_learnt_from(tmp_path: Path) -> None:
    # An untrained teacher writes nonsense.
    untrained = replace(TINY, teacher=replace(TINY.teacher, steps=1))

    stage = set_up(untrained, tmp_path)

    assert 0 < len(stage.material("none", 0, 64).responses) < 64


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()

    with run.one_thread():
        assert torch.get_num_threads() == 1

    assert torch.get_num_threads() == before


def test_words_say_the_figures(tmp_path: Path) -> None:
    told = distil(TINY, tmp_path)

    teacher, *students = told.sentences()
    accuracy = told.stage.teacher_fidelity.accuracy
    assert teacher == (
        f"The teacher answers {accuracy:.1%} of 50 held-out problems rightly; guessing gets 14.3%."
    )
    assert students[0].startswith("traces, seed 0, 32 responses: ")
    assert students[0].endswith("times fewer operations a token.")


def test_what_a_defence_draws_has_nothing_to_do_with_the_problem(tmp_path: Path) -> None:
    stage = set_up(replace(TINY, harvest=HarvestSettings(queries=1_000)), tmp_path)
    seen: dict[bool, list[bool]] = {True: [], False: []}

    plain, noisy = stage.material("none", 0, 1_000), stage.material("noise:0.3", 0, 1_000)

    for problem, one, other in zip(plain.problems, plain.responses, noisy.responses, strict=True):
        first, changed = (each.reasoning.partition("\n")[0] for each in (one, other))
        seen[problem.prompt[1] == "+"].append(first != changed)
    assert [sum(hits) / len(hits) for hits in seen.values()] == [pytest.approx(0.3, abs=0.08)] * 2


def test_only_a_defence_that_draws_is_known_by_its_stream() -> None:
    assert [run.known_as(each) for each in ("none", "withhold", "summarise:3", "truncate:0.2")] == [
        "none", "withhold", "summarise:3", "truncate:0.2",
    ]  # fmt: skip
    assert [run.known_as(each) for each in ("noise:0.3", "drop", "poison", "reorder")] == [
        "noise:0.3 2", "drop 2", "poison 2", "reorder 2",
    ]  # fmt: skip

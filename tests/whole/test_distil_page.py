"""The page on distilling a model of one's own: its experiment is read, and run on a small scale."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from revenuer.lab.distil import run
from revenuer.lab.distil.config import experiment_of
from revenuer.lab.distil.settings import Experiment
from revenuer.lab.distil.teacher import TOKEN
from revenuer.lab.tasks.prompts import Prompts
from revenuer.models import open_model

PAGE = "distil-your-own-model.md"


def only(blocks: list[Any], language: str) -> str:
    (text,) = [b.text for b in blocks if (b.page.name, b.language) == (PAGE, language)]
    return str(text)


@pytest.fixture
def experiment(blocks: list[Any]) -> Experiment:
    return experiment_of(tomllib.loads(only(blocks, "toml")), PAGE)


@pytest.fixture
def prompts(blocks: list[Any], tmp_path: Path) -> Path:
    """The page's prompts, and as many as a test needs."""
    file = tmp_path / "prompts.jsonl"
    more = "".join(f'{{"prompt": "Say {number}."}}\n' for number in range(20))
    file.write_text(only(blocks, "jsonl") + more)
    return file


def test_the_experiment_is_read(experiment: Experiment) -> None:
    assert experiment.task["name"] == "prompts"
    assert experiment.teacher.model.endswith("/v1")
    assert all(student.base for student in experiment.student)
    assert experiment.harvest.max_usd > 0


def test_the_prompts_are_read(blocks: list[Any], tmp_path: Path) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text(only(blocks, "jsonl"))
    task = Prompts(file=str(file))

    found = task._problems["train"] + task._problems["test"]

    assert sorted(each.right.answer for each in found) == ["", "30"]


def test_the_costs_follow_from_the_settings(root: Path, experiment: Experiment) -> None:
    page = (root / "docs" / "how-to" / PAGE).read_text(encoding="utf-8")
    harvest, prices = experiment.harvest, experiment.prices
    (student,) = experiment.student

    def usd(answers: int) -> float:
        return answers * harvest.max_tokens * prices.usd_per_million_written / 1e6

    tokens = len(student.queries) * student.steps * student.rows * 400
    assert (
        f"{harvest.queries} × {harvest.max_tokens} tokens written: {usd(harvest.queries):.2f}"
        in page
    )
    assert f"{usd(experiment.fidelity.problems):.2f} USD |" in page
    assert f"{tokens * 6 * 0.6e9 / 1e15:.1f} × 10^15" in page


@pytest.mark.slow
def test_it_runs_with_a_real_server_and_a_real_student(
    experiment: Experiment,
    prompts: Path,
    smollm2: Path,
    llama_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(TOKEN, "of-the-test")
    (student,) = experiment.student
    small = replace(
        experiment,
        task={**experiment.task, "file": str(prompts)},
        teacher=replace(experiment.teacher, model=f"{llama_server}/v1", name="", workers=1),
        harvest=replace(experiment.harvest, queries=2, max_tokens=4),
        student=(replace(student, base=str(smollm2), queries=(2,), steps=2, rows=1),),
        fidelity=replace(experiment.fidelity, problems=1),
    )

    found = run.distil(small, tmp_path / "own")

    (trained,) = found.students
    assert trained.training_flops is not None
    assert open_model(str(tmp_path / "own" / "students" / trained.name)).encode("Say 1.")
    phases = [(each.phase, each.is_counted) for each in found.account.entries]
    assert phases == [
        ("teacher serving", False), ("student training", True), ("student serving", True),
    ]  # fmt: skip
    again = run.distil(small, tmp_path / "own")
    assert again.to_json() == found.to_json()

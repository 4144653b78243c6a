"""Tests of revenuer.lab.distil.trainers, on Llamas of a few thousand weights."""

from __future__ import annotations

import json
import random  # noqa: TID251 - the stream that trainers seed
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from tests.lab.distil.llamas import MATERIAL, divergence, llama, loss
from transformers.utils import logging
from trl.trainer import base_trainer

from revenuer.lab.distil import chats, trainers
from revenuer.lab.distil.chats import Row
from revenuer.lab.distil.settings import StudentSettings
from revenuer.lab.distil.trainers import Course
from revenuer.models import pretrained
from revenuer.models.pretrained import PretrainedModel

SETTINGS = StudentSettings(base="somewhere", rows=3, rate=2e-2)
KINDS = ("texts", "distributions", "own texts")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return llama(tmp_path_factory.mktemp("base"), seed=1)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> PretrainedModel:
    return pretrained.open_at(str(llama(tmp_path_factory.mktemp("teacher"), seed=2)))


def rows_of(student: PretrainedModel) -> list[Row]:
    return chats.rows(student, MATERIAL, "", SETTINGS)


def trained(base: Path, teacher: PretrainedModel, course: Course, steps: int) -> PretrainedModel:
    student = pretrained.open_at(str(base))
    rows = rows_of(student)
    trainers.fit(student, teacher.model, [rows[:3], rows[3:]] * (steps // 2), course)
    return student


def weights(student: PretrainedModel) -> dict[str, torch.Tensor]:
    told: dict[str, torch.Tensor] = student.model.state_dict()
    return told


def test_a_student_of_texts_comes_to_write_them(
    tmp_path: Path, base: Path, teacher: PretrainedModel
) -> None:
    before = pretrained.open_at(str(base))

    after = trained(base, teacher, Course("texts", SETTINGS, 0, tmp_path), 12)

    rows = rows_of(before)
    assert loss(after, rows) < 0.8 * loss(before, rows)


def test_the_request_is_not_learnt(tmp_path: Path, base: Path, teacher: PretrainedModel) -> None:
    student = pretrained.open_at(str(base))
    rows = [replace(row, said=row.said[:1]) for row in rows_of(student)[:3]]

    (told,) = trainers.fit(student, None, [rows], Course("texts", SETTINGS, 0, tmp_path))

    assert told == pytest.approx(loss(pretrained.open_at(str(base)), rows), rel=1e-4)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_distributions_are_compared_at_the_temperature_where_the_teacher_wrote(
    tmp_path: Path, base: Path, teacher: PretrainedModel, temperature: float
) -> None:
    student = pretrained.open_at(str(base))
    rows = rows_of(student)[:3]
    # Requests of different lengths are filled up.
    rows[1] = replace(rows[1], asked=rows[1].asked[3:])
    settings = replace(SETTINGS, temperature=temperature)
    wanted = []
    for row in rows:
        its, own = (
            np.log(model.score(row.asked, row.said).astype(float)) / temperature
            for model in (teacher, student)
        )
        its, own = (np.exp(one) / np.exp(one).sum(-1, keepdims=True) for one in (its, own))
        wanted += (its * np.log(its / own)).sum(-1).tolist()

    course = Course("distributions", settings, 0, tmp_path)
    (told,) = trainers.fit(student, teacher.model, [rows], course)

    assert told == pytest.approx(np.mean(wanted), rel=1e-4)


@pytest.mark.parametrize("kind", ["distributions", "own texts"])
def test_a_student_comes_nearer_to_what_its_teacher_thinks(
    tmp_path: Path, base: Path, teacher: PretrainedModel, kind: str
) -> None:
    before = pretrained.open_at(str(base))

    after = trained(base, teacher, Course(kind, SETTINGS, 0, tmp_path), 12)

    rows = rows_of(before)
    assert divergence(after, teacher, rows) < 0.9 * divergence(before, teacher, rows)


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_that_was_killed_goes_on_to_the_same_weights(
    tmp_path: Path,
    base: Path,
    teacher: PretrainedModel,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trainers, "EVERY", 2)
    whole = trained(base, teacher, Course(kind, SETTINGS, 7, tmp_path / "whole"), 6)

    def killed(self: Any, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 5:
            raise KeyboardInterrupt

    course = Course(kind, SETTINGS, 7, tmp_path / "torn")
    with monkeypatch.context() as dying:
        dying.setattr(trainers._Kept, "on_step_end", killed)
        with pytest.raises(KeyboardInterrupt):
            trained(base, teacher, course, 6)
    assert trainers.last_whole(course.folder) == str(course.folder / "checkpoint-4")
    done = []
    monkeypatch.setattr(trainers._Kept, "on_step_end", lambda *told, **_: done.append(told[2]))
    again = trained(base, teacher, course, 6)

    assert len(done) == 2

    assert weights(again).keys() == weights(whole).keys()
    for name, each in weights(again).items():
        torch.testing.assert_close(each, weights(whole)[name], rtol=0, atol=0)


@pytest.mark.parametrize("kind", ["texts", "distributions"])
def test_rows_are_learnt_in_the_order_in_which_they_are_given(
    tmp_path: Path, base: Path, teacher: PretrainedModel, kind: str
) -> None:
    student = pretrained.open_at(str(base))
    # Nothing is learnt, so that each loss is its row's.
    still = replace(SETTINGS, rows=1, rate=0.0)
    measure = loss if kind == "texts" else lambda model, rows: divergence(model, teacher, rows)

    steps = [[row] for row in rows_of(student)]
    told = trainers.fit(student, teacher.model, steps, Course(kind, still, 0, tmp_path))

    assert told == pytest.approx([measure(student, step) for step in steps], rel=1e-4)


def test_its_own_texts_are_judged_by_the_reverse_divergence_as_they_are_written(
    tmp_path: Path, base: Path, teacher: PretrainedModel
) -> None:
    student = pretrained.open_at(str(base))
    course = Course("own texts", replace(SETTINGS, temperature=2.0), 0, tmp_path)

    with trainers.contained():
        made = trainers._trainer(student, teacher.model, [rows_of(student)], course)

    assert (made.beta, made.temperature, made.shuffle_dataset) == (1.0, 1.0, False)


def test_another_seed_writes_other_texts(
    tmp_path: Path, base: Path, teacher: PretrainedModel
) -> None:
    first, second = (
        weights(
            trained(base, teacher, Course("own texts", SETTINGS, seed, tmp_path / str(seed)), 2)
        )
        for seed in (0, 1)
    )

    assert any(not torch.equal(first[name], second[name]) for name in first)


def test_one_checkpoint_is_kept_and_none_of_the_end(
    tmp_path: Path, base: Path, teacher: PretrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainers, "EVERY", 2)

    trained(base, teacher, Course("texts", SETTINGS, 0, tmp_path), 6)

    assert [place.name for place in tmp_path.iterdir()] == ["checkpoint-4"]
    assert not (tmp_path / "checkpoint-4" / "README.md").exists()


def test_a_checkpoint_that_was_not_written_to_its_end_is_deleted(tmp_path: Path) -> None:
    for step, told in ((9, '{"global_step": 9}'), (10, '{"global_step": 10}'), (11, '{"glo')):
        place = tmp_path / f"checkpoint-{step}"
        place.mkdir()
        (place / "trainer_state.json").write_text(told)
    (tmp_path / "checkpoint-12").mkdir()

    assert trainers.last_whole(tmp_path) == str(tmp_path / "checkpoint-10")
    assert sorted(place.name for place in tmp_path.iterdir()) == ["checkpoint-10", "checkpoint-9"]
    assert trainers.last_whole(tmp_path / "none") is None


def test_nothing_is_printed_and_nobody_is_told(
    tmp_path: Path,
    base: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    offline: list[bool] = []
    monkeypatch.setattr(
        base_trainer, "send_telemetry", lambda *a, **k: offline.append(constants.HF_HUB_OFFLINE)
    )
    monkeypatch.delenv("CI", raising=False)
    student = pretrained.open_at(str(base))
    rows = rows_of(student)[:3]
    capfd.readouterr()

    trainers.fit(student, None, [rows, rows], Course("texts", SETTINGS, 0, tmp_path))

    assert capfd.readouterr() == ("", "")
    assert offline == [True]


def test_the_process_is_left_as_it_was(
    tmp_path: Path, base: Path, teacher: PretrainedModel
) -> None:
    def state() -> str:
        streams = random.getstate(), np.random.get_state(legacy=True)  # noqa: NPY002
        told = json.dumps(streams, default=lambda array: array.tolist())
        return f"{told} {torch.random.get_rng_state().tolist()} {constants.HF_HUB_OFFLINE}"

    before = state()
    student = trained(base, teacher, Course("own texts", SETTINGS, 99, tmp_path), 2)

    assert state() == before
    assert not student.model.training


def test_it_is_left_as_it_was_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)

    with pytest.raises(ZeroDivisionError), trainers.contained():
        _ = 1 / 0

    assert not constants.HF_HUB_OFFLINE
    assert logging.is_progress_bar_enabled()

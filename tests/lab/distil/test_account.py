"""Tests of revenuer.lab.distil.account."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.lab.distil.speakers import TASK, Scripted, served

from revenuer.lab.distil import account, flops
from revenuer.lab.distil.fidelity import Answers, Fidelity
from revenuer.lab.distil.flops import Estimate, Flops
from revenuer.lab.distil.harvest import Answered, Harvest
from revenuer.lab.distil.settings import Experiment, PriceSettings, StudentSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.store import Store
from revenuer.lab.distil.tables import Trained
from revenuer.models import characters
from revenuer.models.own import OwnModel
from revenuer.models.small import Size, SmallModel

CUTTER = characters.tokeniser(TASK.alphabet)
#: One block of width 2: 16 products a token and block in projections, 32 in the feed-forward layer.
SMALL = Size(CUTTER.get_vocab_size(), 2, 1, 1, 20, learns_places=True)
LARGE = replace(SMALL, width=4)
TOLD = {"responses": 3, "row_tokens": 10, "prompt_tokens": 7, "response_tokens": 5,
        "cpu_seconds": 2.0}  # fmt: skip
SETTINGS = StudentSettings(rows=2, steps=5)


def _own(size: Size) -> OwnModel:
    return OwnModel("own", SmallModel(size), CUTTER)


def test_operations_of_ones_own_model_are_counted() -> None:
    assert account.operations(_own(SMALL), 0) == flops.of_size(SMALL)


def test_operations_of_a_served_model_are_estimated_or_not_known() -> None:
    assert account.operations(Scripted(), 0) is None
    assert account.operations(Scripted(), 7) == Estimate(7)


def test_operations_of_an_open_model_of_unknown_shape_go_by_its_parameters() -> None:
    weights = [SimpleNamespace(numel=lambda: 30), SimpleNamespace(numel=lambda: 12)]
    inner = SimpleNamespace(
        config=SimpleNamespace(model_type="odd"), parameters=lambda: iter(weights)
    )
    model: Any = SimpleNamespace(model=inner)

    assert account.operations(model, 0) == Estimate(42)
    assert account.operations(model, 5) == Estimate(5)


def test_a_token_costs_the_mean_of_reading_and_writing() -> None:
    told = account.a_token(Estimate(10), Answers([], 6.4, 2.6))

    # 6 read and 3 written, the last of which is not read again: 8 tokens of 20 operations.
    assert told == pytest.approx(8 * 20 / 9)


@pytest.mark.parametrize("method", ["traces", "answers"])
def test_training_on_texts_takes_the_student_alone(method: str) -> None:
    own = flops.of_size(SMALL)

    told = account.of_training(replace(SETTINGS, method=method), TOLD, own, None)

    assert told == own.training(2, 10) * 5
    assert told is not None
    assert told.counted


def test_looking_at_the_teacher_makes_it_work() -> None:
    own, teacher = flops.of_size(SMALL), flops.of_size(LARGE)
    base = (own.training(2, 10) * 5).number

    logits = account.of_training(replace(SETTINGS, method="logits"), TOLD, own, teacher)
    policy = account.of_training(replace(SETTINGS, method="on-policy"), TOLD, own, teacher)

    assert logits == Flops(base + teacher.forward(3, 11).number)
    # Of five steps three are on-policy.
    each = own.generation(2, 7, 5).number + teacher.forward(2, 11).number
    assert policy == Flops(base + 3 * each, counted=False)
    assert account.of_training(replace(SETTINGS, method="logits"), TOLD, own, None) is None


def _trained(tmp_path: Path, takes: flops.Operations | None) -> Trained:
    step = Store(tmp_path).step("student", a=1)
    step.finish(TOLD)
    answers = Answers([], 7.0, 5.0)
    cost = None if takes is None else account.a_token(takes, answers)
    training = None if takes is None else takes.training(2, 10) * 5
    return Trained(SETTINGS, 2, 0, Fidelity(1.0, 0.9, 1.0, 1.0), step, answers, cost, training)


HARVEST = Harvest([Answered(n, "12#3", "", 7, 5) for n in range(4)], Path())


def test_an_account_of_a_teacher_trained_here_agrees_with_a_hand_count(tmp_path: Path) -> None:
    experiment = Experiment(prices=PriceSettings(usd_per_exaflop=1e15))
    teacher = Speaker(_own(LARGE), TASK, "d", 5, training={"row_tokens": 11, "cpu_seconds": 3.0})
    takes, own = flops.of_size(LARGE), flops.of_size(SMALL)
    student = _trained(tmp_path, own)

    told = account.of(experiment, teacher, HARVEST, Answers([], 7.0, 5.0), [student])

    assert [each.phase for each in told.entries] == [
        "teacher training", "teacher serving", "student training", "student serving",
    ]  # fmt: skip
    trained, serving, teaching, served_ = told.entries
    settings = experiment.teacher
    assert trained.flops == takes.training(settings.rows, 11).number * settings.steps
    assert trained.tokens == settings.rows * settings.steps * 11
    assert (serving.queries, serving.tokens) == (4, 48)
    assert serving.flops == 4 * takes.generation(1, 7, 5).number
    assert serving.usd == pytest.approx(serving.flops * 1e-3)
    assert (teaching.tokens, teaching.cpu_seconds) == (2 * 5 * 10, 2.0)
    assert served_.tokens == 24
    assert all(each.is_counted for each in told.entries)
    ratio = takes.generation(1, 7, 5).number / own.generation(1, 7, 5).number
    assert told.served_ratio == {"student-2-0": pytest.approx(ratio)}
    # The student learnt from two of the four responses, so two are on its bill.
    spent = 2 * takes.generation(1, 7, 5).number + own.training(2, 10).number * 5
    assert told.whole_ratio == {"student-2-0": pytest.approx(trained.flops / spent)}


def test_what_is_not_known_is_left_open(tmp_path: Path) -> None:
    prices = PriceSettings(usd_per_million_asked=1e6, usd_per_million_written=2e6)
    experiment = Experiment(prices=prices)

    told = account.of(
        experiment, served(Scripted()), HARVEST, Answers([], 7.0, 5.0), [_trained(tmp_path, None)]
    )

    asking, teaching, serving = told.entries
    assert asking.flops is None
    assert asking.usd == pytest.approx(4 * (7 * 1 + 5 * 2))
    assert (teaching.flops, teaching.usd, serving.flops) == (None, None, None)
    assert not any(each.is_counted for each in told.entries)
    assert told.served_ratio == {"student-2-0": None}
    assert told.whole_ratio == {"student-2-0": None}


def test_the_account_says_itself_as_json(tmp_path: Path) -> None:
    told = account.of(
        Experiment(), served(Scripted()), HARVEST, Answers([], 7.0, 5.0), [_trained(tmp_path, None)]
    ).to_json()

    assert told["entries"][0]["phase"] == "teacher serving"
    assert set(told) == {"entries", "served_ratio", "whole_ratio"}

"""Tests of revenuer.lab.distil.methods."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from revenuer.errors import InputError
from revenuer.lab.distil import losses, methods
from revenuer.lab.distil.lessons import lessons
from revenuer.lab.distil.settings import METHODS, StudentSettings
from revenuer.models import characters
from revenuer.models.own import OwnModel
from revenuer.models.small import Size, SmallModel
from revenuer.models.training import rows_in_order

CUTTER = characters.tokeniser("abcd#")
SIZE = Size(vocabulary=6, width=16, layers=1, heads=2, context=12, learns_places=True)
ROWS = lessons(CUTTER, [("ab", "c#d"), ("ba", "d"), ("cd", "ab#c"), ("a", "b#a")], 12)


def _model(seed: int) -> SmallModel:
    made = SmallModel(SIZE, seed=seed)
    random = torch.Generator().manual_seed(seed)
    for block in made.blocks:
        torch.nn.init.normal_(block.attention_out.weight, std=0.3, generator=random)
    return made


TEACHER = OwnModel("teacher", _model(5), CUTTER)


def _loss(method: str, student: SmallModel, *, steps: int = 4, top_k: int = 2) -> methods.Loss:
    settings = replace(StudentSettings(), method=method, steps=steps, top_k=top_k, rows=2)
    return methods.loss(settings, student, ROWS, TEACHER, rows_in_order(4, 2, 0), 0)


def test_traces_and_answers_are_learnt_token_by_token() -> None:
    student = _model(1)
    tokens, learnt = torch.from_numpy(ROWS.tokens), torch.from_numpy(ROWS.learnt)
    some = rows_in_order(4, 2, 0)(1)

    for method in ("traces", "answers"):
        expected = losses.hard(student(tokens[some, :-1]), tokens[some, 1:], learnt[some])
        assert _loss(method, student)(1).item() == pytest.approx(expected.item())


def test_logits_are_those_of_the_teacher_at_the_same_places() -> None:
    twin = _model(5)

    for step in range(4):
        assert _loss("logits", twin)(step).item() == pytest.approx(0.0, abs=1e-5)
        assert _loss("logits", _model(1))(step).item() > 1e-3


def test_top_k_is_the_whole_when_k_is_and_less_when_it_is_less() -> None:
    student = _model(1)

    whole = _loss("logits", student)(0).item()
    assert _loss("top-k", student, top_k=6)(0).item() == pytest.approx(whole)
    assert _loss("top-k", student, top_k=60)(0).item() == pytest.approx(whole)
    assert _loss("top-k", student, top_k=2)(0).item() != pytest.approx(whole, rel=0.01)


def test_on_policy_warms_up_on_the_teachers_texts() -> None:
    student = _model(1)

    loss, hard = _loss("on-policy", student), _loss("traces", student)

    assert [loss(step).item() for step in (0, 1)] == [hard(step).item() for step in (0, 1)]
    assert loss(2).item() != pytest.approx(hard(2).item(), rel=0.01)


def test_on_policy_has_nothing_to_mend_in_a_twin() -> None:
    assert _loss("on-policy", _model(5))(3).item() == pytest.approx(0.0, abs=1e-5)


def test_what_a_student_writes_is_cut_at_its_end_and_follows_its_prompt() -> None:
    written = methods._written(_model(2), ROWS, np.array([0, 3, 1]), np.random.default_rng(0))

    prompts = sorted(ROWS.tokens[row, : ROWS.starts[row]].tolist() for row in (0, 1, 3))
    assert sorted(one[:start] for one, start in written) == prompts
    for one, start in written:
        assert 0 not in one[start:-1]
        assert start < len(one) <= SIZE.context


@pytest.mark.parametrize("method", METHODS)
def test_a_step_depends_on_nothing_but_its_number(method: str) -> None:
    student = _model(1)
    loss, again = _loss(method, student), _loss(method, student)

    first = [loss(step).item() for step in range(4)]

    assert [again(step).item() for step in (3, 2, 1, 0)] == first[::-1]


def test_a_teacher_of_other_tokens_is_refused() -> None:
    other = OwnModel("other", _model(5), characters.tokeniser("dcba#"))

    cut = characters.encode(CUTTER, "ab")

    with pytest.raises(InputError, match="other cuts text into other tokens than the student"):
        methods.check_tokeniser(other, cut, "ab")
    methods.check_tokeniser(TEACHER, cut, "ab")

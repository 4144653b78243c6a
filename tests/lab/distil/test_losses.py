"""Tests of revenuer.lab.distil.losses."""

from __future__ import annotations

import math

import pytest
import torch

from revenuer.lab.distil import losses

LOGITS = torch.tensor([[0.0, 1.0, 2.0], [1.0, 0.0, 0.0]])
TEACHER = torch.log(torch.tensor([[0.2, 0.3, 0.5], [0.6, 0.2, 0.2]]))
EVERY = torch.arange(3).expand(2, 3)


def test_hard_agrees_with_a_hand_count_over_learnt_places_only() -> None:
    logits = torch.stack((LOGITS, LOGITS))
    tokens = torch.tensor([[2, 0], [1, 1]])
    learnt = torch.tensor([[True, False], [False, True]])

    loss = losses.hard(logits, tokens, learnt)

    first = -2.0 + math.log(1 + math.e + math.e**2)
    second = -0.0 + math.log(math.e + 2)
    assert loss.item() == pytest.approx((first + second) / 2)


def test_soft_over_everything_is_the_divergence() -> None:
    loss = losses.soft(LOGITS, EVERY, TEACHER, 1.0)

    told = torch.log_softmax(LOGITS, -1)
    assert loss.item() == pytest.approx(
        (TEACHER.exp() * (TEACHER - told)).sum(-1).mean().item(), rel=1e-5
    )


def test_soft_is_nothing_where_student_and_teacher_agree() -> None:
    assert losses.soft(TEACHER, EVERY, TEACHER, 1.0).item() == pytest.approx(0.0, abs=1e-7)
    assert losses.soft(TEACHER * 3 + 1, EVERY, TEACHER * 3, 3.0).item() == pytest.approx(
        0.0, abs=1e-6
    )


def test_soft_with_few_alternatives_asks_for_nothing_else() -> None:
    best = TEACHER.topk(2)

    loss = losses.soft(
        torch.tensor([[-50.0, 0.3, 0.5]]).log_softmax(-1), best.indices[:1], best.values[:1], 1.0
    )
    other = losses.soft(
        torch.tensor([[5.0, 0.3, 0.5]]).log_softmax(-1), best.indices[:1], best.values[:1], 1.0
    )

    assert other > loss + 3


def test_softs_gradient_keeps_its_size_at_other_temperatures() -> None:
    sizes = []
    for temperature in (1.0, 8.0):
        logits = (LOGITS * 0.01).requires_grad_()
        losses.soft(logits, EVERY, TEACHER * 0.01, temperature).backward()
        assert logits.grad is not None
        sizes.append(logits.grad.norm().item())

    assert sizes[1] == pytest.approx(sizes[0], rel=0.02)


def test_reverse_weighs_by_the_student() -> None:
    loss = losses.reverse(LOGITS, TEACHER)

    told = torch.log_softmax(LOGITS, -1)
    assert loss.item() == pytest.approx(
        (told.exp() * (told - TEACHER)).sum(-1).mean().item(), rel=1e-5
    )
    assert losses.reverse(TEACHER, TEACHER).item() == pytest.approx(0.0, abs=1e-7)

"""Tests of revenuer.lab.distil.fidelity."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.lab.distil.speakers import TASK, Scripted, served

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.distil import fidelity
from revenuer.lab.distil.purse import Purse
from revenuer.lab.distil.settings import PriceSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.store import Store
from revenuer.models.interface import Usage


def _fixed() -> Scripted:
    """Return a model that answers 3 to everything."""
    return Scripted(lambda prompt, seed: "12#3", usage=Usage(asked_tokens=7, written_tokens=5))


def test_answers_are_asked_for_once_and_kept(tmp_path: Path) -> None:
    problems = fidelity.held_out(TASK, 100)
    first, second = _fixed(), _fixed()

    told = fidelity.answered(Store(tmp_path), Speaker(first, TASK, "d", 9), problems)
    again = fidelity.answered(Store(tmp_path), Speaker(second, TASK, "d", 9), problems)

    assert [prompt for prompt, _ in first.asked] == [problem.prompt for problem in problems]
    assert first.temperatures == {0.0}
    assert second.asked == []
    assert told == again
    assert told.responses[0] == Response("1\n2", "3")
    assert (told.asked_tokens, told.written_tokens) == (7.0, 5.0)


@pytest.mark.parametrize("change", ["digest", "limit", "problems"])
def test_another_model_limit_or_test_is_asked_anew(tmp_path: Path, change: str) -> None:
    problems = fidelity.held_out(TASK, 10)
    fidelity.answered(Store(tmp_path), Speaker(_fixed(), TASK, "d", 9), problems)
    model = _fixed()
    other = Speaker(model, TASK, "e" if change == "digest" else "d", 8 if change == "limit" else 9)

    fidelity.answered(Store(tmp_path), other, problems[1:] if change == "problems" else problems)

    assert model.asked


def test_shares_agree_with_a_hand_count() -> None:
    problems = fidelity.held_out(TASK, 4)
    right = [problem.right for problem in problems]
    wrong = Response("", str((int(right[3].answer) + 1) % 7))

    told = fidelity.compare(TASK, problems, [*right[:3], wrong], [right[0], wrong, wrong, wrong])

    assert told.accuracy == 0.75
    # Wilson's interval of 3 of 4, by its formula with z = 1.96.
    assert told.low == pytest.approx(0.3006, abs=1e-4)
    assert told.high == pytest.approx(0.9544, abs=1e-4)
    same = sum(
        TASK.agree(*pair)
        for pair in zip([*right[:3], wrong], [right[0], wrong, wrong, wrong], strict=True)
    )
    assert told.agreement == same / 4


def test_the_test_is_of_held_out_problems() -> None:
    learnt = {TASK.problem(number, "train").prompt for number in range(1_000)}

    assert not learnt & {problem.prompt for problem in fidelity.held_out(TASK, 200)}


def test_a_served_model_is_paid_once_for_each_answer_whatever_fails(tmp_path: Path) -> None:
    problems = fidelity.held_out(TASK, 30)
    prices = PriceSettings(usd_per_million_asked=1e5, usd_per_million_written=2e5)
    with pytest.raises(InputError, match="the server is gone"):
        fidelity.answered(
            Store(tmp_path), served(Scripted(fails_after=20)), problems, Purse(0.0, prices)
        )
    second, third = Scripted(), Scripted()

    fidelity.answered(Store(tmp_path), served(second), problems, Purse(0.0, prices), workers=3)
    # 30 answers at 2 USD: what a finished test did cost counts against the cap as well.
    purse = Purse(60.5, prices)
    fidelity.answered(Store(tmp_path), served(third), problems, purse)

    assert [len(second.asked), len(third.asked)] == [10, 0]
    assert purse.refuses(0.6) is not None


def test_the_test_of_a_served_model_never_passes_the_cap(tmp_path: Path) -> None:
    problems = fidelity.held_out(TASK, 30)
    prices = PriceSettings(usd_per_million_asked=1e5, usd_per_million_written=2e5)
    model = Scripted()

    with pytest.raises(InputError, match="could pass 40 USD"):
        fidelity.answered(Store(tmp_path), served(model), problems, Purse(40.0, prices))

    assert 0 < len(model.asked) * 2.0 <= 40.0

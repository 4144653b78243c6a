"""Tests of revenuer.lab.distil.vocabulary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.lab.distil.llamas import CHARACTERS, llama

from revenuer.errors import InputError
from revenuer.lab.distil import vocabulary
from revenuer.models import pretrained
from revenuer.models.pretrained import PretrainedModel

ROWS = 1 + len(CHARACTERS)


def opened(
    place: Path, seed: int = 1, rows: int = ROWS, known: str = CHARACTERS
) -> PretrainedModel:
    return pretrained.open_at(str(llama(place, seed=seed, rows=rows, characters=known)))


def test_a_teacher_of_the_same_size_is_taken_as_it_is(tmp_path: Path) -> None:
    student, teacher = opened(tmp_path / "student"), opened(tmp_path / "teacher", 2)

    assert vocabulary.shared(student, teacher, "1+2") is teacher.model
    assert student.model.config.vocab_size == ROWS


def test_rows_of_a_teacher_beyond_the_students_are_not_looked_at(tmp_path: Path) -> None:
    student, teacher = opened(tmp_path / "student"), opened(tmp_path / "teacher", 2, ROWS + 5)
    ids = torch.tensor([student.encode("1+2")])

    narrow = vocabulary.shared(student, teacher, "1+2")

    with torch.inference_mode():
        whole, part = teacher.model(ids).logits, narrow(ids).logits
    torch.testing.assert_close(part, whole[..., :ROWS])
    assert (narrow.config.vocab_size, student.model.config.vocab_size) == (ROWS, ROWS)
    assert teacher.model.config.vocab_size == ROWS + 5
    assert teacher.score([1], [2]).shape == (1, ROWS + 5)


def test_a_head_with_a_bias_keeps_its_part_of_it(tmp_path: Path) -> None:
    student, teacher = opened(tmp_path / "student"), opened(tmp_path / "teacher", 2, ROWS + 5)
    head = teacher.model.get_output_embeddings()
    head.bias = torch.nn.Parameter(torch.arange(float(ROWS + 5)))
    ids = torch.tensor([[1, 2]])

    narrow = vocabulary.shared(student, teacher, "1+2")

    with torch.inference_mode():
        torch.testing.assert_close(narrow(ids).logits, teacher.model(ids).logits[..., :ROWS])


def test_rows_of_a_student_that_stand_for_nothing_are_cut_off(tmp_path: Path) -> None:
    student, teacher = opened(tmp_path / "student", 1, ROWS + 5), opened(tmp_path / "teacher", 2)
    before = student.model(torch.tensor([[1, 2]])).logits

    assert vocabulary.shared(student, teacher, "1+2") is teacher.model

    assert student.model.config.vocab_size == ROWS
    after = student.model(torch.tensor([[1, 2]])).logits
    np.testing.assert_allclose(after.detach(), before[..., :ROWS].detach(), rtol=1e-6)


def test_another_cut_is_refused(tmp_path: Path) -> None:
    student = opened(tmp_path / "student")
    teacher = opened(tmp_path / "teacher", known=CHARACTERS[::-1])

    with pytest.raises(InputError, match="teacher cuts text into other tokens than the student"):
        vocabulary.shared(student, teacher, "1+2")


@pytest.mark.parametrize("rows", [ROWS, ROWS + 5])
def test_a_token_that_is_another_one_to_the_teacher_is_refused(tmp_path: Path, rows: int) -> None:
    student = opened(tmp_path / "student")
    teacher = opened(tmp_path / "teacher", rows=rows, known=CHARACTERS[:-1] + "%")

    with pytest.raises(
        InputError, match=r"the student's token '\\n' is another one, or none, to teacher"
    ) as refused:
        vocabulary.shared(student, teacher, "1+2")
    assert refused.value.hint == "learn from `traces`, or take a teacher of the student's family"


def test_a_token_that_only_the_student_has_may_stand_where_the_teacher_has_none(
    tmp_path: Path,
) -> None:
    student = opened(tmp_path / "student")
    teacher = opened(tmp_path / "teacher", known=CHARACTERS[:-1])

    assert vocabulary.shared(student, teacher, "1+2") is teacher.model


def test_a_token_that_the_teacher_lacks_is_refused_and_one_that_it_alone_has_is_not(
    tmp_path: Path,
) -> None:
    few = opened(tmp_path / "few", rows=ROWS - 1, known=CHARACTERS[:-1])
    many = opened(tmp_path / "many")

    with pytest.raises(InputError, match=r"the student's token '\\n'"):
        vocabulary.shared(many, few, "1+2")
    assert vocabulary.shared(few, many, "1+2").config.vocab_size == ROWS - 1

"""Tests of revenuer.lab.distil.student."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.lab.distil.speakers import TASK, Scripted, served

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.distil import student
from revenuer.lab.distil.settings import METHODS, StudentSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.store import Store
from revenuer.lab.distil.student import Material, taught
from revenuer.lab.tasks import open_task
from revenuer.models import characters, open_model
from revenuer.models.own import OwnModel
from revenuer.models.small import Size, SmallModel

PROBLEMS = [TASK.problem(number, "train") for number in range(8)]
MATERIAL = Material(TASK, PROBLEMS, [each.right for each in PROBLEMS], "digest")
SETTINGS = StudentSettings(steps=3, rows=4, width=8, heads=2)
CONTEXT = TASK.prompt_limit + TASK.limit + 2


def _teacher() -> Speaker:
    cutter = characters.tokeniser(TASK.alphabet)
    size = Size(cutter.get_vocab_size(), 8, 1, 2, CONTEXT, learns_places=True)
    return Speaker(OwnModel("own", SmallModel(size), cutter), TASK, "teacher", 5)


@pytest.mark.parametrize("method", METHODS)
def test_a_student_can_be_opened_as_any_model(tmp_path: Path, method: str) -> None:
    settings = replace(SETTINGS, method=method)

    step = taught(Store(tmp_path), MATERIAL, _teacher(), settings, 0)

    model = open_model(str(step.folder))
    (said,) = model.generate([PROBLEMS[0].short], limit=5, temperature=0.0)
    assert set(said.text) <= set(TASK.alphabet)
    assert {path.name for path in step.folder.iterdir()} == {
        "model.safetensors", "config.json", "tokenizer.json", "step.json",
    }  # fmt: skip


def test_what_was_taught_once_is_not_taught_again(tmp_path: Path) -> None:
    first = taught(Store(tmp_path), MATERIAL, _teacher(), SETTINGS, 0)
    at = (first.folder / "model.safetensors").stat().st_mtime_ns

    again = taught(Store(tmp_path), MATERIAL, _teacher(), SETTINGS, 0)

    assert again == first
    assert (again.folder / "model.safetensors").stat().st_mtime_ns == at


@pytest.mark.parametrize(
    "change",
    [{"steps": 4}, {"rows": 3}, {"rate": 0.5}, {"width": 12}, {"method": "answers"}, {"heads": 1}],
)
def test_another_course_is_another_student(tmp_path: Path, change: dict[str, object]) -> None:
    first = taught(Store(tmp_path), MATERIAL, _teacher(), SETTINGS, 0)
    other = replace(SETTINGS, **change)  # type: ignore[arg-type]

    assert taught(Store(tmp_path), MATERIAL, _teacher(), other, 0).folder != first.folder
    assert taught(Store(tmp_path), MATERIAL, _teacher(), SETTINGS, 1).folder != first.folder
    changed = replace(MATERIAL, digest="other")
    assert taught(Store(tmp_path), changed, _teacher(), SETTINGS, 0).folder != first.folder


def test_dials_of_other_methods_change_nothing(tmp_path: Path) -> None:
    first = taught(Store(tmp_path), MATERIAL, _teacher(), SETTINGS, 0)
    other = replace(SETTINGS, name="other", temperature=3.0, top_k=2, queries=(4,), seeds=(0, 1))

    assert taught(Store(tmp_path), MATERIAL, _teacher(), other, 0).folder == first.folder


def test_a_student_of_answers_sees_no_reasoning() -> None:
    hidden = student._pairs(MATERIAL, replace(SETTINGS, method="answers"))
    shown = student._pairs(MATERIAL, SETTINGS)

    assert hidden == [(each.short, f"#{each.right.answer}") for each in PROBLEMS]
    assert shown == [(each.short, TASK.write(each.right)) for each in PROBLEMS]


def test_what_the_account_needs_is_told(tmp_path: Path) -> None:
    told = taught(Store(tmp_path), MATERIAL, _teacher(), SETTINGS, 0).told

    assert told is not None
    assert told["responses"] == 8
    # `3+5*2>` after the start, `16#6` and the end; the last token is predicted, not read.
    assert told["row_tokens"] == 1 + 6 + 4 + 1 - 1
    assert told["prompt_tokens"] == 1 + 6
    assert told["response_tokens"] == 4 + 1
    assert told["cpu_seconds"] > 0


@pytest.mark.parametrize("method", ["logits", "top-k", "on-policy"])
def test_a_teacher_that_tells_no_distributions_is_refused(tmp_path: Path, method: str) -> None:
    with pytest.raises(InputError, match=f"{method} needs the teacher's distributions") as refused:
        taught(Store(tmp_path), MATERIAL, served(Scripted()), replace(SETTINGS, method=method), 0)
    assert refused.value.hint == "learn from `traces`, or open the teacher's weights"


def test_a_response_that_a_defence_emptied_can_be_learnt(tmp_path: Path) -> None:
    emptied = replace(MATERIAL, responses=[Response("", "") for _ in PROBLEMS])

    assert taught(Store(tmp_path), emptied, _teacher(), SETTINGS, 0).told


def test_what_a_method_needs_is_asked_before_the_harvest() -> None:
    looking = replace(SETTINGS, method="logits")

    student.check(TASK, served(Scripted()), SETTINGS)
    student.check(TASK, _teacher(), looking)
    with pytest.raises(InputError, match="needs the teacher's distributions"):
        student.check(TASK, served(Scripted()), looking)
    cutter = characters.tokeniser(TASK.alphabet[::-1])
    size = Size(cutter.get_vocab_size(), 8, 1, 2, CONTEXT)
    other = Speaker(OwnModel("other", SmallModel(size), cutter), TASK, "teacher", 5)
    with pytest.raises(InputError, match="other cuts text into other tokens than the student"):
        student.check(TASK, other, looking)


def test_what_no_small_model_can_read_is_told_before_the_harvest(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("".join(f"{n} \x03?\n" for n in range(9)))

    with pytest.raises(InputError, match="cannot be a character of an alphabet"):
        student.check(open_task({"name": "prompts", "file": str(file)}), _teacher(), SETTINGS)


def test_characters_that_only_the_teacher_knows_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("".join(f"What is {n}?\n" for n in range(40)))
    task = open_task({"name": "prompts", "file": str(file), "limit": 40})
    problems = [task.problem(n, "train") for n in range(4)]
    material = Material(task, problems, [Response("a → b", "caf\u00e9 \ud83d")] * 4, "d")

    assert student._pairs(material, SETTINGS)[0][1] == "<think>\na  b\n</think>\n\ncaf "
    assert taught(Store(tmp_path), material, _teacher(), SETTINGS, 0).told

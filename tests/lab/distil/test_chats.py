"""Tests of revenuer.lab.distil.chats."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.lab.distil.llamas import MATERIAL, PROBLEMS, TASK, TEMPLATE, llama

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.distil import chats
from revenuer.lab.distil.settings import StudentSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.student import Material
from revenuer.lab.tasks import open_task
from revenuer.models import pretrained
from revenuer.models.pretrained import PretrainedModel

SETTINGS = StudentSettings(base="somewhere")
OPENED = TEMPLATE.replace(":{%", ":<think>\n{%")


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> PretrainedModel:
    return pretrained.open_at(str(llama(tmp_path_factory.mktemp("llama"), seed=1)))


def test_a_row_is_what_is_asked_later_and_what_was_answered(student: PretrainedModel) -> None:
    (row, *_) = chats.rows(student, MATERIAL, "count", SETTINGS)

    asked = Speaker(student, TASK, "", 5, "count").asked(PROBLEMS[0])
    assert asked.startswith("count\n")
    assert row.asked == student.encode(asked)
    assert row.said == [*student.encode(TASK.write(PROBLEMS[0].right)), 0]
    assert row.messages == [
        {"role": "system", "content": "count"},
        {"role": "user", "content": PROBLEMS[0].prompt},
    ]


def test_without_a_template_a_request_stands_as_it_is(student: PretrainedModel) -> None:
    (row, *_) = chats.rows(student, MATERIAL, "count", SETTINGS, in_template=False)

    assert row.asked == student.encode(PROBLEMS[0].prompt)


def test_trainers_that_ask_by_messages_ask_the_same(student: PretrainedModel) -> None:
    (row, *_) = chats.rows(student, MATERIAL, "", SETTINGS)

    asked = student.tokeniser.apply_chat_template(
        row.messages, add_generation_prompt=True, tokenize=True, return_dict=False
    )

    assert asked == row.asked


def test_a_student_of_answers_sees_no_reasoning(student: PretrainedModel) -> None:
    hidden = chats.rows(student, MATERIAL, "", replace(SETTINGS, method="answers"))

    said = [student.tokeniser.decode(row.said[:-1]) for row in hidden]
    assert said == [f"#{each.right.answer}" for each in PROBLEMS]


@pytest.mark.parametrize(
    ("response", "template", "said"),
    [
        (Response("a b", "c"), TEMPLATE, "<think>\na b\n</think>\n\nc"),
        (Response("", "c"), TEMPLATE, "c"),
        (Response("a b", "c"), OPENED, "a b\n</think>\n\nc"),
        (Response("", "c"), OPENED, "</think>\n\nc"),
    ],
)
def test_a_thought_is_opened_once(
    tmp_path: Path, response: Response, template: str, said: str
) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("".join(f"ask {number}\n" for number in range(9)))
    task = open_task({"name": "prompts", "file": str(file)})
    model = pretrained.open_at(str(llama(tmp_path / "llama", seed=1, template=template)))
    material = Material(task, [task.problem(0, "train")], [response], "digest")

    (row,) = chats.rows(model, material, "", SETTINGS)

    assert model.tokeniser.decode(row.said[:-1]) == said
    assert task.read(said) == response


def test_nothing_to_learn_is_refused(student: PretrainedModel) -> None:
    with pytest.raises(InputError, match="there is nothing to learn from") as refused:
        chats.rows(student, replace(MATERIAL, problems=[], responses=[]), "", SETTINGS)
    assert refused.value.hint == "raise [harvest] queries"


def test_a_row_may_be_as_long_as_the_student_reads_and_no_longer(tmp_path: Path) -> None:
    wide = pretrained.open_at(str(llama(tmp_path / "wide", seed=1)))
    longest = max(len(row.asked + row.said) for row in chats.rows(wide, MATERIAL, "", SETTINGS))
    just = pretrained.open_at(str(llama(tmp_path / "just", seed=1, reads=longest)))
    narrow = pretrained.open_at(str(llama(tmp_path / "narrow", seed=1, reads=longest - 1)))

    assert chats.rows(just, MATERIAL, "", SETTINGS)
    with pytest.raises(
        InputError,
        match=f"a request and its response are {longest} tokens; narrow reads {longest - 1}",
    ) as refused:
        chats.rows(narrow, MATERIAL, "", SETTINGS)
    assert refused.value.hint == "lower [harvest] max_tokens"


@pytest.mark.parametrize(
    ("template", "reason"),
    [(None, "Cannot use chat template"), ("{{ raise_exception('no system') }}", "no system")],
)
def test_a_base_that_cannot_be_chatted_with_is_a_sentence(
    tmp_path: Path, template: str | None, reason: str
) -> None:
    model = pretrained.open_at(str(llama(tmp_path / "llama", seed=1, template=template)))

    with pytest.raises(
        InputError, match=f"llama cannot be asked by its chat template: {reason}"
    ) as refused:
        chats.rows(model, MATERIAL, "", SETTINGS)
    assert refused.value.hint == "take a base that is chatted with and heeds a system message"

"""Tests of revenuer.lab.distil.huggingface."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.lab.distil.llamas import MATERIAL, PROBLEMS, TASK, divergence, llama, loss
from tests.lab.distil.speakers import Scripted, here, served

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.distil import account, chats, huggingface, trainers
from revenuer.lab.distil.huggingface import taught
from revenuer.lab.distil.settings import StudentSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.store import Store
from revenuer.lab.distil.student import Material
from revenuer.lab.tasks import open_task
from revenuer.lab.tasks.interface import Problem
from revenuer.models import characters, open_model, pretrained, small, tokeniser
from revenuer.models.small import Size, SmallModel

METHODS = ("traces", "answers", "logits", "on-policy")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(llama(tmp_path_factory.mktemp("base"), seed=1))


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Speaker:
    model = open_model(str(llama(tmp_path_factory.mktemp("teacher"), seed=2)))
    return Speaker(model, MATERIAL.task, "teacher", 5, "count")


@pytest.fixture
def settings(base: str) -> StudentSettings:
    return StudentSettings(base=base, steps=2, rows=3, rate=1e-2)


@pytest.mark.parametrize("method", METHODS)
def test_a_student_can_be_opened_as_any_model(
    tmp_path: Path, teacher: Speaker, settings: StudentSettings, method: str
) -> None:
    step = taught(Store(tmp_path), MATERIAL, teacher, replace(settings, method=method), 0)

    model = open_model(str(step.folder))
    student = Speaker(model, MATERIAL.task, step.digest, 5, "count")
    (said,) = student.answer(PROBLEMS[:1], temperature=0.0, seed=0)
    assert said.usage is not None
    assert {path.name for path in step.folder.iterdir()} == {
        "model.safetensors", "config.json", "generation_config.json", "chat_template.jinja",
        "tokenizer.json", "tokenizer_config.json", "step.json",
    }  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_what_it_learns_is_what_the_method_says(
    tmp_path: Path, teacher: Speaker, settings: StudentSettings, method: str
) -> None:
    settings = replace(settings, method=method, steps=12, rate=2e-2)
    before = pretrained.open_at(settings.base)
    rows = chats.rows(before, MATERIAL, "count", settings)

    step = taught(Store(tmp_path), MATERIAL, teacher, settings, 0)

    after = pretrained.open_at(str(step.folder))
    if method in ("traces", "answers"):
        assert loss(after, rows) < 0.8 * loss(before, rows)
    else:
        its = pretrained.open_at(teacher.model.tokeniser.name_or_path)  # type: ignore[attr-defined]
        assert divergence(after, its, rows) < 0.9 * divergence(before, its, rows)


def test_nothing_is_printed(
    tmp_path: Path, teacher: Speaker, settings: StudentSettings, capfd: pytest.CaptureFixture[str]
) -> None:
    taught(Store(tmp_path), MATERIAL, teacher, settings, 0)

    assert capfd.readouterr() == ("", "")


def test_what_was_taught_once_is_not_taught_again(
    tmp_path: Path, teacher: Speaker, settings: StudentSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = taught(Store(tmp_path), MATERIAL, teacher, settings, 0)
    (first.folder / "held").mkdir()
    monkeypatch.setattr(trainers, "fit", None)

    assert taught(Store(tmp_path), MATERIAL, teacher, settings, 0) == first
    assert not (first.folder / "held").exists()


@pytest.fixture
def folders(
    tmp_path: Path, teacher: Speaker, settings: StudentSettings, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Return what names the folder of a training, without the training."""
    monkeypatch.setattr(trainers, "fit", lambda *told: None)

    def folder(material: Material = MATERIAL, seed: int = 0, **changes: Any) -> Path:
        its = replace(teacher, **{k: changes.pop(k) for k in ("system", "digest") if k in changes})
        return taught(Store(tmp_path), material, its, replace(settings, **changes), seed).folder

    return folder


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 4}, {"rows": 2}, {"rate": 0.5}, {"method": "answers"}, {"seed": 1},
        {"material": replace(MATERIAL, digest="other")},
        {"material": replace(MATERIAL, task=open_task({"name": "chain", "steps": 3}))},
        {"system": "other"},
    ],
)  # fmt: skip
def test_another_course_is_another_student(folders: Any, change: dict[str, Any]) -> None:
    assert folders(**change) != folders()


def test_a_base_is_known_by_its_files_and_not_by_its_place(folders: Any, tmp_path: Path) -> None:
    same, other = (llama(tmp_path / str(seed), seed=seed) for seed in (1, 2))

    assert folders(base=str(same)) == folders()
    assert folders(base=str(other)) != folders()


def test_what_a_method_does_not_look_at_changes_nothing(folders: Any) -> None:
    assert folders(temperature=2.0, digest="other", top_k=3, name="other") == folders()
    assert folders(method="logits", temperature=2.0) != folders(method="logits")
    assert folders(method="on-policy", temperature=2.0) == folders(method="on-policy")
    assert folders(method="on-policy", digest="other") != folders(method="on-policy")


def test_a_base_stops_at_the_end_that_is_learnt(tmp_path: Path) -> None:
    place = llama(tmp_path / "llama", seed=1)
    told = place / "generation_config.json"
    told.write_text(told.read_text().replace('"eos_token_id": 0', '"eos_token_id": [3, 4]'))

    stops = huggingface._open(str(place)).model.generation_config.eos_token_id

    assert stops == [0, 3, 4]


def test_a_training_on_its_own_texts_goes_on_after_those_of_the_teacher(
    tmp_path: Path, teacher: Speaker, settings: StudentSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(settings, method="on-policy", steps=5)
    whole = taught(Store(tmp_path / "whole"), MATERIAL, teacher, settings, 0)
    fit, done = trainers.fit, []

    def killed(student: Any, its: Any, steps: Any, course: Any) -> None:
        if course.kind == "own texts":
            raise KeyboardInterrupt
        fit(student, its, steps, course)

    def kept(student: Any, its: Any, steps: Any, course: Any) -> None:
        done.append((course.kind, len(steps)))
        fit(student, its, steps, course)

    monkeypatch.setattr(trainers, "fit", killed)
    with pytest.raises(KeyboardInterrupt):
        taught(Store(tmp_path / "torn"), MATERIAL, teacher, settings, 0)
    monkeypatch.setattr(trainers, "fit", kept)
    again = taught(Store(tmp_path / "torn"), MATERIAL, teacher, settings, 0)

    assert done == [("own texts", 3)]
    name = "model.safetensors"
    assert (again.folder / name).read_bytes() == (whole.folder / name).read_bytes()


@pytest.mark.parametrize(
    ("steps", "phases"), [(5, [("texts", 2), ("own texts", 3)]), (1, [("own texts", 1)])]
)
def test_half_of_the_steps_are_on_its_own_texts(
    tmp_path: Path,
    teacher: Speaker,
    settings: StudentSettings,
    monkeypatch: pytest.MonkeyPatch,
    steps: int,
    phases: list[tuple[str, int]],
) -> None:
    done = []
    monkeypatch.setattr(trainers, "fit", lambda *told: done.append((told[3].kind, len(told[2]))))
    own = replace(settings, method="on-policy", steps=steps)

    taught(Store(tmp_path), MATERIAL, teacher, own, 0)

    assert done == phases


@pytest.mark.parametrize(("method", "responses", "more"), [("traces", 2, 3), ("logits", 6, 5)])
def test_what_the_account_needs_is_told(
    tmp_path: Path,
    base: str,
    teacher: Speaker,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    responses: int,
    more: int,
) -> None:
    monkeypatch.setattr(trainers, "fit", lambda *told: None)
    # The second request is three tokens longer, the first response two.
    problems = [Problem(prompt, Response("", "")) for prompt in ("1", "1111")]
    material = Material(TASK, problems, [Response("5\n6", "4"), Response("", "4")], "digest")
    settings = StudentSettings(base=base, method=method, steps=3, rows=2)
    # `count`, the request, a line's end each and the colon; then `#4` and the end.
    asked, said = 5 + 1 + 1 + 1 + 1, 2 + 1

    told = taught(Store(tmp_path), material, teacher, settings, 0).told

    assert told is not None
    assert told["cpu_seconds"] > 0
    assert told["responses"] == responses
    assert told["row_tokens"] == asked + said + more
    assert told["prompt_tokens"] == round(asked + 1.5)
    assert told["response_tokens"] == said + 1
    takes = account.operations(open_model(base), 0)
    assert takes is not None
    assert account.of_training(settings, told, takes, takes)


@pytest.mark.parametrize("method", ["logits", "on-policy"])
@pytest.mark.parametrize("made", [served, here])
def test_a_teacher_without_open_weights_is_refused(
    tmp_path: Path, settings: StudentSettings, method: str, made: Any
) -> None:
    with pytest.raises(
        InputError,
        match=f"{method} needs a teacher with open weights in transformers' form, which scripted",
    ) as refused:
        taught(Store(tmp_path), MATERIAL, made(Scripted()), replace(settings, method=method), 0)
    assert refused.value.hint == "learn from `traces`, or give the teacher's folder or GGUF file"
    assert not list(tmp_path.iterdir())


def test_top_k_is_refused(tmp_path: Path, teacher: Speaker, settings: StudentSettings) -> None:
    with pytest.raises(InputError, match="a student with `base` learns no top-k") as refused:
        taught(Store(tmp_path), MATERIAL, teacher, replace(settings, method="top-k"), 0)
    assert refused.value.hint == (
        "learn from `traces`, or from `logits` of a teacher with open weights"
    )


def test_a_teacher_of_another_vocabulary_is_refused(
    tmp_path: Path, settings: StudentSettings
) -> None:
    place = llama(tmp_path / "other", seed=2, characters="#9876543210", rows=12)
    other = Speaker(open_model(str(place)), MATERIAL.task, "other", 5)

    with pytest.raises(InputError, match="other cuts text into other tokens than the student"):
        taught(Store(tmp_path), MATERIAL, other, replace(settings, method="logits"), 0)


@pytest.mark.parametrize("package", ["trl", "datasets"])
def test_a_missing_package_is_a_sentence(
    tmp_path: Path,
    teacher: Speaker,
    settings: StudentSettings,
    monkeypatch: pytest.MonkeyPatch,
    package: str,
) -> None:
    monkeypatch.delitem(sys.modules, "revenuer.lab.distil.trainers")
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(
        InputError, match=f"a student with `base` needs the package {package}$"
    ) as refused:
        taught(Store(tmp_path), MATERIAL, teacher, settings, 0)
    assert refused.value.hint == "pip install 'revenuer[lab-hf]'"


@pytest.mark.parametrize("place", ["nowhere", "http://127.0.0.1:9/v1"])
def test_a_base_that_is_not_there_is_refused(
    tmp_path: Path, teacher: Speaker, settings: StudentSettings, place: str
) -> None:
    with pytest.raises(InputError, match=f"no model at {place}") as refused:
        taught(Store(tmp_path), MATERIAL, teacher, replace(settings, base=place), 0)
    assert refused.value.hint == "base is a folder of transformers or a GGUF file"


def test_a_base_that_is_a_small_model_is_refused(
    tmp_path: Path, teacher: Speaker, settings: StudentSettings
) -> None:
    cutter = characters.tokeniser("12")
    place = tmp_path / "small"
    place.mkdir()
    small.save(SmallModel(Size(cutter.get_vocab_size(), 8, 1, 2, 16)), place)
    cutter.save(str(place / tokeniser.FILE))

    with pytest.raises(InputError, match="small is no model of transformers") as refused:
        taught(Store(tmp_path), MATERIAL, teacher, replace(settings, base=str(place)), 0)
    assert refused.value.hint == "leave out `base` to start a small model"


def test_a_base_without_an_end_is_refused(
    tmp_path: Path, teacher: Speaker, settings: StudentSettings
) -> None:
    place = llama(tmp_path / "endless", seed=1)
    told = place / "tokenizer_config.json"
    told.write_text(told.read_text().replace('"eos_token"', '"other_token"'))

    with pytest.raises(InputError, match="the tokeniser of endless has no end of text"):
        taught(Store(tmp_path), MATERIAL, teacher, replace(settings, base=str(place)), 0)


@pytest.mark.slow
def test_a_real_model_learns_two_texts_and_speaks(tmp_path: Path, smollm2: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("".join(f"What is a still {number}?\n" for number in range(9)))
    task = open_task({"name": "prompts", "file": str(file)})
    problems = [task.problem(number, "train") for number in range(2)]
    responses = [Response("It boils.", "A pot."), Response("It cools.", "A coil.")]
    material = Material(task, problems, responses, "digest")
    settings = StudentSettings(base=str(smollm2), steps=2, rows=1, rate=1e-4)
    before = pretrained.open_at(str(smollm2))
    rows = chats.rows(before, material, "Be brief.", settings)
    at_first = loss(before, rows)
    # Two of them are half a gigabyte each.
    del before

    teacher = replace(served(Scripted()), task=task, system="Be brief.")
    step = taught(Store(tmp_path), material, teacher, settings, 0)

    after = pretrained.open_at(str(step.folder))
    assert loss(after, rows) < at_first
    student = Speaker(after, task, step.digest, 4, "Be brief.")
    (said,) = student.answer(problems[:1], temperature=0.0, seed=0)
    assert said.text

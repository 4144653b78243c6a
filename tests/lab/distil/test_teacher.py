"""Tests of revenuer.lab.distil.teacher."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.lab.distil.speakers import TASK

from revenuer.errors import InputError
from revenuer.lab.distil.settings import StudentSettings, TeacherSettings
from revenuer.lab.distil.store import Store
from revenuer.lab.distil.teacher import open_teacher, size_for, trained
from revenuer.models.own import OwnModel

SETTINGS = TeacherSettings(layers=1, width=8, heads=2, steps=3, rows=4)


def test_a_teacher_is_trained_once_and_opened(tmp_path: Path) -> None:
    teacher = open_teacher(Store(tmp_path), TASK, SETTINGS, 0)
    again = open_teacher(Store(tmp_path), TASK, SETTINGS, 0)

    assert isinstance(teacher.model, OwnModel)
    assert teacher.digest == again.digest
    assert teacher.limit == TASK.limit + 1
    assert not teacher.is_served
    assert teacher.training is not None
    assert teacher.training["row_tokens"] == 1 + 6 + 4
    assert teacher.training == again.training


def test_a_small_model_reads_a_prompt_and_writes_a_response_with_its_end(tmp_path: Path) -> None:
    teacher = open_teacher(Store(tmp_path), TASK, SETTINGS, 0)
    problem = TASK.problem(0, "test")

    (said,) = teacher.answer([problem], temperature=1.0, seed=0)

    assert teacher.asked(problem) == problem.short
    assert said.usage is not None
    assert said.usage.written_tokens <= TASK.limit + 1
    assert size_for(TASK, SETTINGS).context >= said.usage.asked_tokens + TASK.limit + 1


def test_what_is_trained_otherwise_has_another_name(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folders = {
        trained(store, TASK, settings).folder
        for settings in (
            SETTINGS, TeacherSettings(layers=1, width=8, heads=2, steps=2, rows=4),
            TeacherSettings(layers=1, width=8, heads=2, steps=3, rows=4, seed=1),
            TeacherSettings(layers=1, width=4, heads=2, steps=3, rows=4),
        )
    }  # fmt: skip

    assert len(folders) == 4


def test_size_is_what_the_settings_say() -> None:
    size = size_for(TASK, StudentSettings(layers=2, width=12, heads=3))

    assert (size.layers, size.width, size.heads) == (2, 12, 3)
    assert size.vocabulary == 1 + len(TASK.alphabet)
    assert size.context == TASK.prompt_limit + TASK.limit + 2


def test_a_teacher_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model at"):
        open_teacher(Store(tmp_path), TASK, TeacherSettings(model=str(tmp_path / "none")), 0)


def test_another_system_message_or_other_weights_are_another_teacher(tmp_path: Path) -> None:
    folder = str(trained(Store(tmp_path), TASK, SETTINGS).folder)
    plain = open_teacher(Store(tmp_path), TASK, TeacherSettings(model=folder), 0)
    told = open_teacher(Store(tmp_path), TASK, TeacherSettings(model=folder, system="s"), 0)
    weights = Path(folder) / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    changed = open_teacher(Store(tmp_path), TASK, TeacherSettings(model=folder), 0)

    assert len({plain.digest, told.digest, changed.digest}) == 3
    assert plain.training is None


def test_another_tokeniser_in_its_folder_is_another_teacher(tmp_path: Path) -> None:
    folder = trained(Store(tmp_path), TASK, SETTINGS).folder
    plain = open_teacher(Store(tmp_path), TASK, TeacherSettings(model=str(folder)), 0)
    (folder / "README.md").write_text("read me")
    same = open_teacher(Store(tmp_path), TASK, TeacherSettings(model=str(folder)), 0)
    with (folder / "tokenizer.json").open("a") as file:
        file.write("\n")

    other = open_teacher(Store(tmp_path), TASK, TeacherSettings(model=str(folder)), 0)

    assert plain.digest == same.digest != other.digest


def test_a_limit_beyond_what_a_teacher_reads_is_told_before_it_is_trained(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="writes at most 5 tokens, not 6") as refused:
        open_teacher(Store(tmp_path), TASK, SETTINGS, 6)
    assert refused.value.hint == "leave max_tokens out"
    assert not list(tmp_path.iterdir())


def test_a_package_that_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    monkeypatch.delitem(sys.modules, "revenuer.models.llamacpp", raising=False)
    settings = TeacherSettings(model=f"llamacpp:{tmp_path}/a.gguf", system="s")

    with pytest.raises(InputError, match="needs the package xllamacpp") as refused:
        open_teacher(Store(tmp_path), TASK, settings, 0)
    assert refused.value.hint == "pip install 'revenuer[lab-llamacpp]'"

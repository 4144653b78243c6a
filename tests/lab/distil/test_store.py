"""Tests of revenuer.lab.distil.store."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from revenuer.errors import InputError
from revenuer.lab.distil.store import DONE, Store, write


def test_the_same_inputs_name_the_same_folder_in_whatever_order(tmp_path: Path) -> None:
    store = Store(tmp_path)

    one = store.step("teacher", layers=4, width=[1, 2])
    same = store.step("teacher", width=[1, 2], layers=4)

    assert one.folder == same.folder
    assert one.folder.is_dir()


@pytest.mark.parametrize(
    ("kind", "inputs"), [("student", {"a": 1}), ("teacher", {"a": 2}), ("teacher", {"b": 1})]
)
def test_anything_else_names_another(tmp_path: Path, kind: str, inputs: dict[str, int]) -> None:
    store = Store(tmp_path)

    assert store.step(kind, **inputs).folder != store.step("teacher", a=1).folder


def test_a_step_is_done_when_it_has_told(tmp_path: Path) -> None:
    step = Store(tmp_path).step("teacher", a=1)

    before = step.told
    step.finish({"loss": 0.5})

    assert before is None
    assert Store(tmp_path).step("teacher", a=1).told == {"loss": 0.5}


@pytest.mark.parametrize("content", ["", "[1]", '{"kind": "teacher"}'])
def test_a_damaged_step_is_told_with_what_to_delete(tmp_path: Path, content: str) -> None:
    step = Store(tmp_path).step("teacher", a=1)
    (step.folder / DONE).write_text(content)

    with pytest.raises(InputError, match=r"step\.json cannot be read") as refused:
        _ = step.told

    assert refused.value.hint == f"delete {step.folder}"


def test_two_runs_do_not_work_in_one_folder(tmp_path: Path) -> None:
    with Store(tmp_path).locked():
        with (
            pytest.raises(InputError, match="another run works in") as refused,
            Store(tmp_path).locked(),
        ):
            pass
        assert refused.value.hint == "wait, or give another --out"
    with Store(tmp_path).locked():
        pass


def test_a_file_is_written_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    write(path, "new")

    assert path.read_text() == "new"
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


def test_who_comes_to_a_step_that_is_being_done_waits_for_it(tmp_path: Path) -> None:
    step = Store(tmp_path).step("student", a=1)
    order: list[str] = []
    began = threading.Event()

    def other() -> None:
        began.set()
        with step.held():
            order.append("second")

    with step.held():
        thread = threading.Thread(target=other)
        thread.start()
        assert began.wait(10)
        order.append("first")
    thread.join(10)

    assert order == ["first", "second"]

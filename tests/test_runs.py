"""Tests of revenuer.runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from revenuer import runs
from revenuer.errors import RunError
from revenuer.tables import SCHEMA_VERSION


def written(folder: Path, content: Any, name: str = runs.ACCOUNT) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))
    return folder / name


def test_the_version_of_today_is_read_as_it_is(tmp_path: Path) -> None:
    content = {"schema_version": SCHEMA_VERSION, "rows": {"read": 3}}

    assert runs.load(written(tmp_path, content)) == content


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (SCHEMA_VERSION + 1, f"has schema version {SCHEMA_VERSION + 1}, this revenuer reads up to"),
        (0, "has schema version 0, too old for this revenuer"),
        (-1, "has schema version -1, too old"),
        ("1", "is damaged: no schema_version"),
        (True, "is damaged: no schema_version"),
        (None, "is damaged: no schema_version"),
    ],
)
def test_every_other_version_is_refused(tmp_path: Path, version: Any, said: str) -> None:
    path = written(tmp_path, {"schema_version": version})

    with pytest.raises(RunError) as caught:
        runs.load(path)

    assert caught.value.message.startswith(f"{path} {said}")
    assert caught.value.hint


def test_an_older_version_is_upgraded_step_by_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "SCHEMA_VERSION", 3)
    monkeypatch.setitem(runs.UPGRADES, 1, lambda raw: {"rows": raw["lines"]})
    monkeypatch.setitem(runs.UPGRADES, 2, lambda raw: {"rows": {"read": raw["rows"]}})

    read = runs.load(written(tmp_path, {"schema_version": 1, "lines": 7}))

    assert read == {"schema_version": 3, "rows": {"read": 7}}


def test_a_folder_without_a_run_says_how_to_make_one(tmp_path: Path) -> None:
    for ask in (lambda: runs.load(tmp_path / "run.json"), lambda: runs.find(tmp_path)):
        with pytest.raises(RunError, match="no run at") as caught:
            ask()
        assert caught.value.hint == "make one with `revenuer scan`"


def test_runs_are_found_at_and_below_a_folder(tmp_path: Path) -> None:
    for place in (tmp_path / "b", tmp_path / "a"):
        for name in (runs.ACCOUNT, runs.FINDINGS):
            written(place, {}, name)
    written(tmp_path / "half", {}, runs.ACCOUNT)

    assert runs.find(tmp_path) == [tmp_path / "a", tmp_path / "b"]
    assert runs.find(tmp_path / "a") == [tmp_path / "a"]

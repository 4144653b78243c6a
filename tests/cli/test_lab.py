"""Tests of revenuer.cli.lab."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from revenuer.cli.main import main
from revenuer.lab.sweep import verdict

TINY = """
[task]
name = "chain"
steps = 2
[teacher]
layers = 1
width = 16
steps = 60
[harvest]
queries = 64
[[student]]
width = 8
steps = 10
rows = 16
[fidelity]
problems = 20
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.mark.parametrize("kind", ["distil", "sweep"])
def test_the_default_can_be_printed_and_given_back(kind: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["lab", "config", kind])

    assert told.exit_code == 0
    assert tomllib.loads(told.stdout)["task"]["name"] == "chain"


def test_a_distillation_is_told_in_sentences_and_as_json(config: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")

    told = CliRunner().invoke(main, ["lab", "distil", str(config), "--out", out])
    again = CliRunner().invoke(main, ["lab", "distil", str(config), "--out", out, "--json"])

    assert told.exit_code == again.exit_code == 0
    first, second = told.stdout.splitlines()
    assert first.startswith("The teacher answers ")
    assert second.startswith("student, seed 0, 64 responses: ")
    assert f"Open {tmp_path / 'out' / 'report.html'}" in told.stderr
    assert json.loads(again.stdout)["students"][0]["name"] == "student-64-0"


@pytest.mark.slow
def test_a_sweep_is_told_in_verdicts(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A teacher that is trained in a second only guesses.
    monkeypatch.setattr(verdict, "check_teacher", lambda teacher, chance: None)
    config.write_text(
        TINY + '[sweep]\ndefences = ["none", "withhold"]\nqueries = [40]\ntraining = [1]\n'
        'sizes = ["1x8"]\nseeds = [0]\nattackers = ["plain"]\nknown = 10\n'
    )
    arguments = ["lab", "sweep", str(config), "--out", str(tmp_path / "out"), "--workers", "1"]

    told = CliRunner().invoke(main, arguments)
    again = CliRunner().invoke(main, [*arguments, "--json"])

    assert told.exit_code == 0, told.output
    assert [line.split(" ")[0] for line in told.stdout.splitlines()] == ["Without", "withhold:"]
    assert "2 of 2: " in told.stderr
    assert [each["defence"] for each in json.loads(again.stdout)["verdicts"]] == [
        "none",
        "withhold",
    ]


@pytest.mark.parametrize("command", ["distil", "sweep"])
def test_a_file_that_is_none_is_told(command: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(
        main, ["lab", command, str(tmp_path / "none.toml"), "--out", str(tmp_path / "out")]
    )

    assert told.exit_code == 1
    assert f"revenuer: {tmp_path}/none.toml cannot be read" in told.stderr
    assert "try: `revenuer lab config distil` prints one to start from" in told.stderr


def test_a_missing_package_is_told_with_how_to_get_it(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("torch", "revenuer.lab.distil.run"):
        monkeypatch.delitem(__import__("sys").modules, module, raising=False)
    monkeypatch.setitem(__import__("sys").modules, "torch", None)

    told = CliRunner().invoke(main, ["lab", "distil", str(config), "--out", str(tmp_path / "out")])

    assert told.exit_code == 1
    assert "revenuer: the lab needs the package torch" in told.stderr
    assert "try: pip install 'revenuer[lab]'" in told.stderr

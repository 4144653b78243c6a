"""Tests of revenuer.cli.main."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import revenuer
from revenuer.cli import main as module
from revenuer.cli.main import COMMANDS, Command, main
from revenuer.errors import RunError

HEAVY = ("scipy", "numpy", "numba", "duckdb", "pyarrow", "plotly", "igraph", "rich", "sqlglot")


@click.command("fail")
@click.argument("kind")
def fail(kind: str) -> None:
    """Fail in one of the ways."""
    if kind == "run":
        raise RunError("no run at a\x1b[2J/", hint="make one\nnow")
    if kind == "disk":
        raise PermissionError(13, "Permission denied", "report.html")
    raise ZeroDivisionError


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setitem(sys.modules, "made_command", type(sys)("made_command"))
    monkeypatch.setattr(sys.modules["made_command"], "fail", fail, raising=False)
    monkeypatch.setitem(module.COMMANDS, "fail", Command("made_command:fail", "Fail."))
    return CliRunner()


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False
    )


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from revenuer.cli.main import main\n"
        "main(['--help'], standalone_mode=False)\n"
        f"print('heavy:', [name for name in {HEAVY} if name in sys.modules])"
    )

    done = _python("-c", code)

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("heavy: []\n")


def test_help_names_every_command_with_a_line() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output

    for name, command in COMMANDS.items():
        assert f"  {name}" in shown
        assert command.help in shown


def test_the_module_runs_like_the_command() -> None:
    done = _python("-m", "revenuer", "--version")

    assert (done.returncode, done.stdout) == (0, f"revenuer, version {revenuer.__version__}\n")


def test_an_error_is_a_sentence_and_a_hint(failing: CliRunner) -> None:
    result = failing.invoke(main, ["fail", "run"])

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "revenuer: no run at a[U+001B][2J/\n  try: make one↵now\n"


def test_a_file_that_cannot_be_written_is_a_sentence_too(failing: CliRunner) -> None:
    result = failing.invoke(main, ["fail", "disk"])

    assert result.exit_code == 1
    assert result.stderr == "revenuer: report.html: Permission denied\n"


@pytest.mark.parametrize("arguments", [["--debug", "fail", "run"], ["fail", "run", "--debug"]])
def test_debug_shows_the_traceback(failing: CliRunner, arguments: list[str]) -> None:
    assert isinstance(failing.invoke(main, arguments).exception, RunError)


def test_a_bug_keeps_its_traceback(failing: CliRunner) -> None:
    assert isinstance(failing.invoke(main, ["fail", "bug"]).exception, ZeroDivisionError)


@pytest.mark.parametrize("arguments", [["nonsense"], ["show"], ["campaigns", "--nonsense"]])
def test_wrong_usage_exits_with_two(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2


def test_no_run_is_told_as_the_reference_says(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["campaigns", str(tmp_path / "nowhere")])

    assert result.exit_code == 1
    assert result.stderr.startswith("revenuer: no run at ")
    assert result.stderr.endswith("nowhere/\n  try: make one with `revenuer scan`\n")

"""Tests of revenuer.cli.doctor."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from revenuer.cli import doctor as module
from revenuer.cli.main import main

INSTALLED = metadata.version


def doctor() -> Result:
    return CliRunner().invoke(main, ["doctor"])


def without(monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    """Say that packages have another version, or, with an empty one, are not there."""

    def version(name: str) -> str:
        if versions.get(name) == "":
            raise metadata.PackageNotFoundError(name)
        return versions.get(name) or INSTALLED(name)

    monkeypatch.setattr(module.metadata, "version", version)


def made_java(folder: Path, monkeypatch: pytest.MonkeyPatch, says: str) -> None:
    (folder / "bin").mkdir()
    java = folder / "bin" / "java"
    java.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(folder))


def test_a_whole_installation_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_java(tmp_path, monkeypatch, 'openjdk version "21.0.4" 2024-07-16')

    result = doctor()

    assert result.exit_code == 0
    assert f"duckdb        {INSTALLED('duckdb')}\n" in result.stdout
    assert "Extra: spark\n" in result.stdout
    assert "Java                      21\n" in result.stdout
    assert "try:" not in result.stdout


@pytest.mark.parametrize(
    ("name", "version", "says"),
    [
        ("duckdb", "", "duckdb        missing; try: pip install revenuer\n"),
        ("numpy", "1.26.4", "1.26.4, older than 2.0; try: pip install revenuer\n"),
        ("pandas", "3.0.1", "3.0.1, not older than 3; try: pip install 'revenuer[spark]'\n"),
        ("pandas", "", "missing; try: pip install 'revenuer[spark]'\n"),
    ],
)
def test_what_ails_is_told_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, name: str, version: str, says: str
) -> None:
    without(monkeypatch, **{name: version})

    result = doctor()

    assert result.exit_code == 1
    assert says in result.stdout


def test_an_extra_that_nobody_installed_is_no_ailment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, pyspark="")
    made_java(tmp_path, monkeypatch, 'java version "1.8.0"')

    result = doctor()

    assert result.exit_code == 0
    assert "missing; try: pip install 'revenuer[spark]'\n" in result.stdout


@pytest.mark.parametrize(
    ("says", "shown"), [('java version "11.0.2"', "11"), ("no such machine", "does not start")]
)
def test_a_java_that_spark_cannot_use_is_an_ailment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, shown: str
) -> None:
    made_java(tmp_path, monkeypatch, says)

    result = doctor()

    assert result.exit_code == 1
    assert f"{shown}; try: apt install openjdk-17-jre-headless\n" in result.stdout


def test_missing_java_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    assert "missing; try: apt install openjdk-17-jre-headless\n" in doctor().stdout


def test_it_runs_where_nothing_of_the_core_is_installed() -> None:
    code = (
        "import sys\n"
        "sys.modules.update(duckdb=None, numpy=None, pyarrow=None, sqlglot=None)\n"
        "from revenuer.cli.main import main\n"
        "main(['doctor'])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603

    assert done.stdout.startswith("Core\n"), done.stderr


def test_an_old_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PYTHON", (99, 0))

    result = doctor()

    assert result.exit_code == 1
    assert "; try: install Python 99.0 or newer\n" in result.stdout

"""The wheel holds all that the program needs, and works without the repository or a network."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest


def pip(*arguments: str) -> None:
    done = subprocess.run(  # noqa: S603  # this interpreter's pip
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder), str(root))
    (built,) = folder.glob("*.whl")
    return built


def test_it_holds_every_file_of_the_package(root: Path, wheel: Path) -> None:
    source = root / "src"
    needed = {
        path.relative_to(source).as_posix()
        for path in (source / "revenuer").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())

    assert needed - held == set()
    assert {Path(name).suffix for name in needed} >= {".sql", ".toml", ".css", ".js", ".typed"}


def test_it_holds_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"revenuer"}


@pytest.mark.slow
def test_it_works_in_an_environment_of_its_own(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    pip("--python", str(python), "install", "--no-deps", "--no-index", str(wheel))
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    # The dependencies of the environment that runs the tests; its own link to the source is a
    # .pth file, which is not followed from here.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    asked = subprocess.run(  # noqa: S603  # the command that was just installed
        [tmp_path / "venv" / "bin" / "revenuer", "--help"],
        cwd=tmp_path, env={}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    where = subprocess.run(  # noqa: S603  # the interpreter that was just made
        [python, "-c", "import revenuer.find.pipeline as p; print(p.__file__)"],
        cwd=tmp_path, env={}, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert "scan" in asked.stdout
    assert Path(where.stdout.strip()).is_relative_to(site)

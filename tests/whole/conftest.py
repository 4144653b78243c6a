"""What the tests of the whole share: the repository, and its pages taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: the page it stands on, its language, its text."""

    page: Path
    language: str
    text: str

    def commands(self) -> Iterator[str]:
        """Yield what stands after the prompts of a console block."""
        for line in self.text.splitlines():
            if line.startswith("$ "):
                yield line[2:]


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def pages() -> list[Path]:
    """Return every page that people read."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.fixture(scope="session")
def blocks(pages: list[Path]) -> list[Block]:
    """Return every fenced block of every page."""
    return [
        Block(page, language, text)
        for page in pages
        for language, text in _FENCE.findall(page.read_text(encoding="utf-8"))
    ]

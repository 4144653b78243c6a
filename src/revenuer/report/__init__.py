"""A run folder becomes one page that a person can read, print and argue with.

`load` reads what a scan wrote and names what is missing or damaged; `write` turns it into
`report.html` beside it: one file, no network, the same bytes for the same run. The page tells facts
from inference, says what was unavailable and what would clear each finding, and treats every text
from a log as hostile.

Order of the files: `run` (folder -> `Run`), `text` and `sentences` (log text and numbers -> words),
`html` (words -> elements), `figures` and `graph` (tables -> charts as plain dicts), `pictures` (a
chart with its text alternative), `campaign` (one campaign -> its article), `appendix` (what
follows), `page` (all of it -> the file).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from revenuer.report.run import Run

__all__ = ["PAGE", "load", "write"]

#: Name of the page inside a run folder.
PAGE = "report.html"


def load(folder: Path) -> Run:
    """Read a run folder.

    Raises:
        RunError: The folder holds no run, a damaged one, or one of a newer version.
    """
    from revenuer.report import run

    return run.load(folder)


def write(folder: Path) -> Path:
    """Write `report.html` into a run folder and return its path.

    The page replaces an older one in one step, so a reader never sees half of it.

    Raises:
        RunError: The folder holds no run, a damaged one, or one of a newer version.
    """
    from revenuer.report import page, run

    text = page.build(run.load(folder))
    partial = folder / f"{PAGE}.partial"
    partial.write_text(text, encoding="utf-8", newline="\n")
    return partial.replace(folder / PAGE)

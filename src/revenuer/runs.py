"""What every reader of a run folder shares: the names of its files, and which versions are read.

A run says with which version of the tables it was written. The same version is read; an older one
is brought up to date where `UPGRADES` says how, and refused otherwise; a newer one is refused.
Nothing is guessed of what a number meant.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from revenuer.errors import RevenuerError, RunError
from revenuer.tables import SCHEMA_VERSION

#: What was found; what was read, with which settings and versions. A folder with both is a run.
FINDINGS, ACCOUNT = "campaigns.json", "run.json"
AGAIN = "scan the logs again into a fresh folder"

#: Version -> what turns a file of that version into one of the next; missing: it is not read.
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def load(path: Path) -> dict[str, Any]:
    """Return the content of `campaigns.json` or `run.json` in the form of this version.

    Raises:
        RunError: It is missing, damaged, newer than this program, or too old for it.
    """
    if not path.is_file():
        folder = f"{path.parent}/" if path.parent.name else str(path.parent)
        raise RunError(f"no run at {folder}", hint="make one with `revenuer scan`")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # broken JSON and bad UTF-8 alike
        raise RunError(f"{path} is damaged: {first_line(error)}", hint=AGAIN) from error
    if not isinstance(raw, dict):
        raise RunError(f"{path} is damaged: not a JSON object", hint=AGAIN)
    return _current(raw, path)


def save(path: Path, content: dict[str, Any]) -> None:
    """Write `campaigns.json` or `run.json`."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def find(folder: Path) -> list[Path]:
    """Return the run folders at or below a folder, sorted.

    Raises:
        RunError: There is none.
    """
    found = [
        path.parent
        for path in sorted(folder.rglob(FINDINGS))
        if (path.parent / ACCOUNT).is_file() and not _is_aside(path.resolve())
    ]
    if not found:
        raise RunError(f"no run at or below {folder}", hint="make one with `revenuer scan`")
    return found


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Tell in a sentence that a file of a run does not hold what it should."""
    try:
        yield
    except RevenuerError:
        raise
    except (
        pa.ArrowException,
        OSError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:
        # A full disk is no fault of what is read; Arrow tells of damage without a number.
        if isinstance(error, OSError) and error.errno not in (None, errno.ENOENT):
            raise
        raise RunError(f"{path} cannot be read: {first_line(error)}", hint=AGAIN) from error


def first_line(error: BaseException) -> str:
    """Return what an error of a library says, in one line."""
    name = type(error).__name__
    return f"{name}: {str(error).splitlines()[0]}" if str(error) else name


def _is_aside(path: Path) -> bool:
    """Whether a file belongs to a run that is being made, which is none yet."""
    return any(a.endswith(".partial") and b.startswith("_") for a, b in pairwise(path.parts))


def _current(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    version = raw.get("schema_version")
    if type(version) is not int:  # True is an int, and no version
        raise RunError(f"{path} is damaged: no schema_version", hint=AGAIN)
    if version > SCHEMA_VERSION:
        raise RunError(
            f"{path} has schema version {version}, this revenuer reads up to {SCHEMA_VERSION}",
            hint="update revenuer, or scan the logs again with this version",
        )
    while version < SCHEMA_VERSION:
        if version not in UPGRADES:
            raise RunError(
                f"{path} has schema version {version}, too old for this revenuer, which reads "
                f"{SCHEMA_VERSION}",
                hint=AGAIN,
            )
        raw, version = UPGRADES[version](raw), version + 1
    return {**raw, "schema_version": SCHEMA_VERSION}

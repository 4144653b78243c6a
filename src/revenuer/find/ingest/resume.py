"""The mark that ingested tables are whole, so that a scan killed later need not make them again.

It stands beside the tables and is put there by renaming, after everything else was written. It
holds a digest of what the tables depend on (inputs by name, size and time of change, settings,
versions) and the size of each table. A call that would make something else, or finds anything
changed, starts afresh.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import revenuer
from revenuer.find.ingest.files import LogFile
from revenuer.settings import Settings
from revenuer.tables import SCHEMA_VERSION

MARK = "done.json"
#: Settings that change how fast tables are made, never what they hold; a run that was killed for
#: its memory is to be continued with less.
FREE = ("threads", "memory_limit")


def task(inputs: Iterable[LogFile], beside: Sequence[Path], settings: Settings) -> str:
    """Return a digest of what an ingest depends on.

    Args:
        inputs: The files to read, that of the accounts included.
        beside: Small local files whose content counts: lists of addresses, the key.
        settings: All but `FREE` count.
    """
    chosen = dataclasses.asdict(settings)
    told = {
        "inputs": [(file.name, file.size_bytes, file.modified_ns) for file in inputs],
        "beside": [hashlib.sha256(path.read_bytes()).hexdigest() for path in beside],
        "settings": {name: str(value) for name, value in chosen.items() if name not in FREE},
        "versions": [
            revenuer.__version__, SCHEMA_VERSION, np.__version__, pa.__version__, sys.version,
        ],
    }  # fmt: skip
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def load(folder: Path, task_: str) -> dict[str, Any] | None:
    """Return what `save` was given with the same task, if all tables are still as they were."""
    try:
        mark = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # none, or lost when the machine went down
        return None
    if mark["task"] != task_ or mark["tables"] != _sizes(folder, mark["tables"]):
        return None
    summary: dict[str, Any] = mark["summary"]
    return summary


def save(folder: Path, task_: str, summary: dict[str, Any]) -> None:
    """Mark the tables of a folder as whole."""
    tables = [path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")]
    mark = {"task": task_, "summary": summary, "tables": _sizes(folder, tables)}
    aside = folder / f"{MARK}.partial"
    aside.write_text(json.dumps(mark), encoding="utf-8")
    aside.replace(folder / MARK)


def _sizes(folder: Path, names: Iterable[str]) -> dict[str, int]:
    return {
        name: (folder / name).stat().st_size for name in sorted(names) if (folder / name).is_file()
    }

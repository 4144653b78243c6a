"""Where the steps of an experiment are kept: each in a folder named after all that went into it.

A step is known by its kind and its inputs, settings and the digests of earlier steps among them.
The digest of both names its folder, so that a step with the same inputs is never done twice, and a
changed setting never finds an old result. A step is done when `step.json` stands in its folder;
what lies there without it is unfinished work that the step may go on with.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from revenuer.errors import InputError

#: Raised when what a step makes of its inputs changes: old results are not found again.
VERSION = 1
DONE = "step.json"


@dataclass(frozen=True)
class Step:
    """One step and its folder, which exists.

    Attributes:
        folder: What the step writes lies here.
        kind: Its name.
        inputs: All that its result depends on.
    """

    folder: Path
    kind: str
    inputs: dict[str, Any]

    @property
    def digest(self) -> str:
        """What later steps give as their input."""
        return self.folder.name

    @property
    def told(self) -> dict[str, Any] | None:
        """What the step told when it was done; None before."""
        try:
            content = json.loads((self.folder / DONE).read_text(encoding="utf-8"))
            told: dict[str, Any] = content["told"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{self.folder / DONE} cannot be read", hint=f"delete {self.folder}"
            ) from error
        return told

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let other processes that come to the same step wait until it is done."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def finish(self, told: dict[str, Any]) -> dict[str, Any]:
        """Write down that the step is done and what it found; return that."""
        content = {"kind": self.kind, "inputs": self.inputs, "told": told}
        write(self.folder / DONE, json.dumps(content, indent=1) + "\n")
        return told


@dataclass(frozen=True)
class Store:
    """A folder of steps.

    Attributes:
        root: Made when missing.
    """

    root: Path

    def step(self, kind: str, **inputs: Any) -> Step:
        """Return the step of these inputs, which JSON can say."""
        said = json.dumps([VERSION, kind, inputs], sort_keys=True, allow_nan=False)
        digest = hashlib.blake2b(said.encode(), digest_size=8).hexdigest()
        folder = self.root / f"{kind}-{digest}"
        folder.mkdir(parents=True, exist_ok=True)
        return Step(folder, kind, inputs)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other programs from working in the same folder.

        Raises:
            InputError: One does.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InputError(
                    f"another run works in {self.root}", hint="wait, or give another --out"
                ) from error
            yield


def write(path: Path, content: str) -> None:
    """Write a file as a whole: a reader finds the old one or the new one."""
    aside = path.with_name(path.name + ".part")
    with aside.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)

"""Where a run is made, and how it gets to its place: alone, aside, and in one step.

Beside a run folder `run` stand, while it is made, `run.lock`, held by the process that makes it,
and `run.partial`, in which it is made. A process that dies, however it dies, holds no lock; what it
left in `run.partial` is there for the next one. An error clears it away.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from revenuer.errors import RunError
from revenuer.runs import ACCOUNT, FINDINGS

#: What a folder aside may hold. Names that begin with `_` are never taken for logs.
TABLES, SPILL, MADE, OLD = "_tables", "_spill", "_run", "_old"
SUFFIX = ".partial"
_FULL = {errno.ENOSPC: "is full", errno.EDQUOT: "holds as much as you may store"}


@contextmanager
def taken(out: Path) -> Iterator[Path]:
    """Hold the place of a run alone; give the folder aside in which to make it.

    Inside, `put` moves what was made to its place. Killed or interrupted, the folder aside stays
    for the next call; after an error it is removed, as it is at the end.

    Raises:
        RunError: The place holds something else, another process makes a run there, or the disk is
            full.
    """
    out = _real(out)
    _check(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        aside = out.with_name(out.name + SUFFIX)
        _check_aside(aside)
        _restore(aside, out)
        for stale in (OLD, MADE, SPILL):
            shutil.rmtree(aside / stale, ignore_errors=True)
        try:
            aside.mkdir(exist_ok=True)
            yield aside
        except OSError as error:
            raise _told(error, out) from error
        finally:
            # Whoever stops a scan by hand may go on later, as after a kill.
            if not isinstance(sys.exception(), KeyboardInterrupt):
                _restore(aside, out)
                shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def alone(run: Path) -> Iterator[None]:
    """Hold the place of a run alone, to change a file within it.

    Raises:
        RunError: Another process writes it.
    """
    with _alone(run.resolve()):
        yield


def put(aside: Path, out: Path) -> None:
    """Move the finished run in its place; an earlier run there is replaced whole."""
    out = _real(out)
    if out.exists():
        out.rename(aside / OLD)
    (aside / MADE).rename(out)


def _restore(aside: Path, out: Path) -> None:
    """Bring the earlier run back where `put` was cut short between its two steps."""
    if (aside / OLD).is_dir() and not out.exists():
        (aside / OLD).rename(out)


def unfinished(folder: Path) -> list[Path]:
    """Return the places at or below a folder for which a scan that was killed left its work."""
    return [
        aside.with_name(aside.name.removesuffix(SUFFIX))
        for aside in sorted(folder.rglob(f"?*{SUFFIX}"))
        if aside.is_dir() and _is_ours(aside) and any(aside.iterdir())
    ]


def _real(out: Path) -> Path:
    """Return the folder itself where `out` is a link to it, which renaming would not replace."""
    return out.resolve() if out.is_symlink() else out


def _is_ours(aside: Path) -> bool:
    return {path.name for path in aside.iterdir()} <= {TABLES, SPILL, MADE, OLD}


def _check(out: Path) -> None:
    if out.name in ("", ".."):
        # A run is put in its place by renaming, which nobody can do to the folder they stand in.
        raise RunError(
            f"{out} cannot be replaced by a run",
            hint="call it by its name from the folder above, such as run",
        )
    if not out.exists():
        return
    # Other programs write a run.json too.
    is_run = all((out / name).is_file() for name in (FINDINGS, ACCOUNT))
    if not is_run and any(out.iterdir()):
        raise RunError(
            f"{out} holds files that are no run of revenuer",
            hint="choose an empty folder for --out",
        )
    if below := [path.parent for path in out.rglob(FINDINGS) if path.parent != out]:
        raise RunError(
            f"{out} holds another run, {min(below)}, which would be lost",
            hint="move it away, or choose an empty folder for --out",
        )


def _check_aside(aside: Path) -> None:
    if aside.exists() and not _is_ours(aside):
        raise RunError(
            f"{aside} holds files that are no unfinished run of revenuer",
            hint="move it away, or give --out another name",
        )


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    path = out.with_name(out.name + ".lock")
    descriptor = _locked(path, out)
    try:
        yield
    finally:
        # Removed while it is held: whoever opened it meanwhile sees that it is gone (`_locked`).
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(path: Path, out: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise RunError(
                f"another process is writing {out}",
                hint="wait until it has ended, or give --out another name",
            ) from error
        except OSError:
            os.close(descriptor)
            raise
        if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
        os.close(descriptor)


def _told(error: OSError, out: Path) -> Exception:
    if error.errno in _FULL:
        return RunError(
            f"the disk {_FULL[error.errno]}: {out} was not written",
            hint="make room, or give --out a place on another disk",
        )
    if error.errno == errno.EFBIG:
        return RunError(
            f"a file grew beyond what is allowed here: {out} was not written",
            hint="raise the limit (`ulimit -f`), or give --out a place on another disk",
        )
    return error

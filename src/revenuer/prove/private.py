"""Files that only their owner may read: keys, and what is secret until it is told."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from revenuer.errors import InputError


def read(path: Path, what: str) -> bytes:
    """Return the bytes of a secret.

    Args:
        path: The file.
        what: What it is, for errors: "the key".

    Raises:
        InputError: It cannot be read, or others on this machine can read it.
    """
    try:
        is_open = path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {what} {path}: {error.strerror}") from error
    if is_open:
        raise InputError(f"others on this machine can read {what} {path}", hint=f"chmod 600 {path}")
    return content


def write(path: Path, content: bytes, what: str) -> None:
    """Write a secret to a file that is not there yet.

    Args:
        path: The file.
        content: The secret.
        what: As in `read`.

    Raises:
        InputError: There is a file already, or it cannot be written.
    """
    try:
        # With this mode from the first byte on, not after a moment in which others can read.
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InputError(
            f"{path} exists; a secret that was lost cannot be made again",
            hint="choose another name",
        ) from error
    except OSError as error:
        raise InputError(f"cannot write {what} {path}: {error.strerror}") from error
    try:
        with os.fdopen(number, "wb") as out:
            out.write(content)
    except OSError as error:
        # Half a secret is none, and would stand in the way of the next attempt.
        path.unlink()
        raise InputError(f"cannot write {what} {path}: {error.strerror}") from error

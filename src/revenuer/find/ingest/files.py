"""Which files a LOG argument means, and their bytes.

A LOG is a file, a folder (searched to the bottom; names that begin with `.` or `_` are left out,
and so are run folders of ours, which hold `run.json`), a glob, or an address that pyarrow's
filesystems open, such as `s3://bucket/logs`. Every file is read twice: once for its digest, by
which the same file given twice is read once, and once for its records.
"""

from __future__ import annotations

import glob
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.fs

from revenuer.errors import InputError
from revenuer.runs import ACCOUNT, FINDINGS

BLOCK_BYTES = 1 << 20
_CREDENTIALS = re.compile(r"//[^/@\s]*@")
_CODECS = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))
#: What reading a damaged, vanished or forbidden file may raise.
READ_ERRORS = (OSError, pa.ArrowException)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """One file.

    Attributes:
        name: As the user would write it; the order of reading and what `rejects` shows.
        filesystem, path: Where pyarrow finds it.
        size_bytes: Its size as stored.
        modified_ns: When it was last changed, nanoseconds since 1970; None where nobody knows.
    """

    name: str
    filesystem: Any
    path: str
    size_bytes: int
    modified_ns: int | None

    def is_unchanged(self) -> bool:
        """Whether it is still there with the size and the time of change that it had."""
        info = self.filesystem.get_file_info(self.path)
        return (info.size, info.mtime_ns) == (self.size_bytes, self.modified_ns)

    def open(self) -> Any:
        """Return its stored bytes, seekable."""
        return self.filesystem.open_input_file(self.path)

    def head(self, size: int = 4) -> bytes:
        """Return its first stored bytes."""
        with self.open() as stream:
            return bytes(stream.read(size))

    def stream(self, stored: Any = None) -> Any:
        """Return its bytes, decompressed when they begin as gzip or Zstandard do.

        Args:
            stored: The result of `open`, for a caller who wants to watch its position.
        """
        stored = stored or self.open()
        codec = next((codec for magic, codec in _CODECS if self.head().startswith(magic)), None)
        return pa.CompressedInputStream(stored, codec) if codec else stored

    def digest(self) -> str:
        """Return the SHA-256 of its stored bytes, hexadecimal."""
        state = hashlib.sha256()
        with self.open() as stream:
            while block := stream.read(BLOCK_BYTES):
                state.update(block)
        return state.hexdigest()


def find(logs: Sequence[str], *, leave_out: Sequence[str] = ()) -> list[LogFile]:
    """Return the files that `logs` mean, sorted by name, each name once.

    Args:
        logs: Files, folders, globs and addresses.
        leave_out: Files and folders that are no logs although a folder holds them.

    Raises:
        InputError: An argument means no file.
    """
    hidden = {Path(name).resolve() for name in leave_out}
    found: dict[str, LogFile] = {}
    for log in logs:
        for file in _matching(log):
            place = Path(file.path).resolve()
            if hidden.isdisjoint((place, *place.parents)):
                found.setdefault(file.name, file)
    return [found[name] for name in sorted(found)]


def one(name: str) -> LogFile:
    """Return the one file that `name` means.

    Raises:
        InputError: It means none, or several.
    """
    files = list(_matching(name))
    if len(files) != 1:
        raise InputError(f"{name} is not one file", hint="give the path of a single file")
    return files[0]


def _matching(log: str) -> Iterator[LogFile]:
    if "://" in log:
        yield from _at_address(log)
        return
    local = pyarrow.fs.LocalFileSystem()
    try:
        paths = [log] if Path(log).exists() else sorted(glob.glob(log, recursive=True))
        found = [file for path in paths for file in _below(local, path, prefix="")]
    except (*READ_ERRORS, ValueError):  # ValueError: a path that no system can have
        found, paths = [], []
    if not paths:
        raise InputError(f"no log at {log}", hint="give a file, a folder, a glob or an address")
    yield from found


def _at_address(log: str) -> Iterator[LogFile]:
    try:
        filesystem, path = pyarrow.fs.FileSystem.from_uri(log)
        yield from _below(filesystem, path, prefix=log.partition("://")[0] + "://")
    except (*READ_ERRORS, ValueError) as error:
        shown = _CREDENTIALS.sub("//", log)
        reason = str(error).replace(log, shown).partition("\n")[0]
        raise InputError(
            f"{shown} cannot be opened: {_CREDENTIALS.sub('//', reason)}",
            hint="check the address and the credentials in the environment",
        ) from error


def _below(filesystem: Any, path: str, *, prefix: str) -> Iterator[LogFile]:
    info = filesystem.get_file_info(path)
    if info.type == pyarrow.fs.FileType.File:
        yield _log_file(filesystem, info, prefix)
    elif info.type == pyarrow.fs.FileType.Directory:
        selector = pyarrow.fs.FileSelector(path, recursive=True)
        below_it = filesystem.get_file_info(selector)
        # Logs may lie beside a run.json of another program.
        accounts, findings = (
            {PurePosixPath(i.path).parent for i in below_it if i.base_name == name}
            for name in (ACCOUNT, FINDINGS)
        )
        runs = accounts & findings
        for below in below_it:
            inner = PurePosixPath(below.path).parts[len(PurePosixPath(path).parts) :]
            is_hidden = any(part.startswith((".", "_")) for part in inner)
            is_output = not runs.isdisjoint(PurePosixPath(below.path).parents)
            # What stands beside a run while it is made, or since its scan was killed.
            is_output |= below.base_name.endswith(".lock") and not below.size
            if below.type == pyarrow.fs.FileType.File and not (is_hidden or is_output):
                yield _log_file(filesystem, below, prefix)
    else:
        raise InputError(f"no log at {prefix}{path}", hint="check the spelling")


def _log_file(filesystem: Any, info: Any, prefix: str) -> LogFile:
    return LogFile(
        name=prefix + info.path,
        filesystem=filesystem,
        path=info.path,
        size_bytes=info.size or 0,
        modified_ns=info.mtime_ns,
    )

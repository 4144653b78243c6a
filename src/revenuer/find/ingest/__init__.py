"""Logs of many makes -> `exchanges`, `accounts`, `rejects`.

The stage reads each file in blocks, lines or record batches, so memory does not grow with the
input except for 8 bytes an exchange (to keep each id once) and the accounts. What a file holds and
cannot be read becomes a reject with file, line and reason. A file that cannot be opened, or changes
while it is read, stops the run: less would be found than the logs show, and nobody could tell.

`SOURCES` lists the formats. A format is a module with two functions, `matches(record)` and
`exchanges(record, overrides)` (see `fields.Source`); a file's content decides, not its name.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from revenuer.errors import InputError
from revenuer.find.ingest import (
    aside,
    bedrock,
    files,
    ids,
    langfuse,
    litellm,
    litellm_spend,
    otel,
    own,
    pairs,
    pseudonym,
    resume,
    window,
)
from revenuer.find.ingest.earlier import Earlier
from revenuer.find.ingest.fields import Overrides, Source
from revenuer.find.ingest.intake import Counts, Intake
from revenuer.find.ingest.store import Exchanges, Rejects
from revenuer.find.ingest.summary import IngestSummary, InputFile
from revenuer.runs import ACCOUNT
from revenuer.settings import Settings

__all__ = ["SOURCES", "IngestSummary", "InputFile", "pseudonym", "read", "read_once"]

#: Formats by the name that `--format` takes; of equally good matches the first listed wins.
SOURCES: Mapping[str, Source] = {
    "litellm": litellm,
    "litellm_spend": litellm_spend,
    "otel": otel,
    "bedrock": bedrock,
    "langfuse": langfuse,
    "pairs": pairs,
    "own": own,
}

Progress = Callable[[str, int, int | None], None]


def read_once(
    logs: Sequence[str],
    *,
    out: Path,
    settings: Settings,
    accounts: str | None = None,
    since: Earlier | None = None,
    progress: Progress | None = None,
) -> IngestSummary:
    """Do what `read` does, unless `out` holds what the same call made before it was killed."""
    found = _found(logs, out, settings, accounts)
    lists = [p for p in (settings.ip_ranges, settings.networks, settings.pseudonym_key) if p]
    lists += [since.folder / ACCOUNT] if since else []
    task = resume.task([*found, *_records(accounts)], lists, settings)
    done = resume.load(out, task)
    if done is None:
        shutil.rmtree(out, ignore_errors=True)
        done = read(
            logs,
            out=out,
            settings=settings,
            accounts=accounts,
            since=since,
            progress=progress,
        ).to_json()
        resume.save(out, task, done)
    return IngestSummary.from_json(done)


def read(
    logs: Sequence[str],
    *,
    out: Path,
    settings: Settings,
    accounts: str | None = None,
    since: Earlier | None = None,
    progress: Progress | None = None,
) -> IngestSummary:
    """Read logs into `out`: `exchanges/part-*.parquet`, `accounts.parquet`, `rejects.parquet`.

    Args:
        logs: Files, folders, globs or object-store addresses.
        out: Working folder; made when missing.
        settings: Format, mapping, customer attribute, key and lists are taken from here.
        accounts: The provider's own records of accounts.
        since: An earlier run, whose exchanges come first.
        progress: Called with "ingest", bytes used and bytes in all.

    Raises:
        InputError: An argument means no file, a file cannot be opened or changes meanwhile, or no
            exchange could be read.
    """
    found = _found(logs, out, settings, accounts)
    watched = [*found, *_records(accounts)]
    pseudonyms = pseudonym.load(settings.pseudonym_key) if settings.pseudonym_key else None
    out.mkdir(parents=True, exist_ok=True)
    enricher, rejected = aside.enricher(settings.ip_ranges, settings.networks)
    known, unknown = aside.accounts(accounts, settings.column_map)
    again = {*rejected, *unknown}
    known = enricher.accounts(known)
    known = pseudonyms.batch(known) if pseudonyms else known
    known = since.accounts(known) if since else known
    aside.write_accounts(known, out / "accounts.parquet")
    with ExitStack() as stack:
        rejects = stack.enter_context(Rejects(out / "rejects.parquet"))
        exchanges = stack.enter_context(Exchanges(out / "exchanges"))
        digests = [_digest(file) for file in found]
        intake = Intake(
            sources=SOURCES,
            forced=_forced(settings.formats),
            overrides=Overrides(
                column_map=settings.column_map, customer_attribute=settings.customer_attribute
            ),
            enricher=enricher,
            pseudonyms=pseudonyms,
            exchanges=exchanges,
            rejects=rejects,
            seen=ids.Seen(),
            counts=Counts(),
            seed=_seed(digests),
        )
        inputs = [InputFile(**file) for file in since.inputs] if since else []
        for batch in since.exchanges() if since else ():
            intake.carry(batch)
        carried = intake.counts.kept
        inputs += _read_all(
            intake, found, digests, {file.digest for file in inputs}, rejected | unknown, progress
        )
    for file in watched:
        if not file.is_unchanged():
            raise _changed(file)
    counts = intake.counts
    if not counts.kept:
        raise _nothing(inputs, rejects)
    kept = np.ones(counts.kept, np.bool_)
    if settings.window_days is not None:
        kept = window.trim(out / "exchanges", settings.window_days)
    return IngestSummary(
        files=tuple(inputs),
        rows_read=counts.read + (since.rows["read"] if since else 0),
        rows_kept=int(kept.sum()),
        rows_old=int((~kept).sum()) + (since.rows["old"] if since else 0),
        duplicates=counts.duplicates + (since.rows["duplicates"] if since else 0),
        skipped=counts.skipped + (since.rows["skipped"] if since else 0),
        rejects=since.rejects(out / "rejects.parquet", again) if since else rejects.rows,
        accounts=known.num_rows,
        carried=kept[:carried],
    )


def _read_all(
    intake: Intake,
    found: list[files.LogFile],
    digests: list[str],
    already: set[str],
    rejected: aside.Rejected,
    progress: Progress | None,
) -> list[InputFile]:
    total, done = sum(file.size_bytes for file in found), 0
    inputs: list[InputFile] = []
    for file, digest in zip(found, digests, strict=True):
        for name in sorted(name for name in rejected if name <= file.name):
            intake.rejects.add(name, rejected.pop(name))

        def moved(position: int, before: int = done) -> None:
            if progress:
                progress("ingest", before + position, total)

        if digest in already:
            format_: str | None = "repeated"
        else:
            format_ = intake.read(file, moved)
            already.add(digest)
        done += file.size_bytes
        moved(file.size_bytes)
        inputs.append(InputFile(file.name, file.size_bytes, digest, format_))
    for name in sorted(rejected):
        intake.rejects.add(name, rejected[name])
    return inputs


def _found(
    logs: Sequence[str], out: Path, settings: Settings, accounts: str | None
) -> list[files.LogFile]:
    return files.find(logs, leave_out=[*_beside(settings, accounts), *_written(out)])


def _records(accounts: str | None) -> list[files.LogFile]:
    return [files.one(accounts)] if accounts else []


def _digest(file: files.LogFile) -> str:
    try:
        return file.digest()
    except files.READ_ERRORS as error:
        raise InputError(
            f"{file.name} cannot be read: {_reason(error)}",
            hint="mend its permissions, or leave it out",
        ) from error


def _reason(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error).partition("\n")[0]


def _changed(file: files.LogFile) -> InputError:
    return InputError(
        f"{file.name} changed while it was read",
        hint="scan files that are written no more, or a copy",
    )


def _seed(digests: list[str]) -> int:
    joined = "".join(sorted(digests))
    return int.from_bytes(hashlib.sha256(joined.encode()).digest()[:8], "little")


def _beside(settings: Settings, accounts: str | None) -> list[str]:
    paths = (accounts, settings.ip_ranges, settings.networks, settings.pseudonym_key)
    return [str(path) for path in paths if path is not None]


def _written(out: Path) -> list[str]:
    # A folder of logs may hold an earlier run; its output is no log.
    return [str(out / name) for name in ("exchanges", "accounts.parquet", "rejects.parquet")]


def _forced(format_: str) -> str | None:
    if format_ == "auto":
        return None
    if format_ not in SOURCES:
        raise InputError(
            f"there is no log format {format_!r}", hint=f"choose among {', '.join(SOURCES)}"
        )
    return format_


def _nothing(inputs: list[InputFile], rejects: Rejects) -> InputError:
    looked = f"{len(inputs)} files" if len(inputs) != 1 else inputs[0].name
    message = f"no exchange could be read from {looked}"
    if rejects.first:
        file, line, reason = rejects.first
        message += f": {file}{f', line {line}' if line else ''}: {reason}"
    return InputError(
        message,
        hint=f"name the format with --format ({', '.join(SOURCES)}), "
        "or say which fields are ours with --map our=theirs",
    )

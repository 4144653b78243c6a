"""What every log format and container must keep: rows, order, rejects, ids, bounded memory."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.find import ingest
from revenuer.settings import Settings
from revenuer.tables import ACCOUNTS, EXCHANGES, REJECTS

Row = dict[str, Any]
Read = Callable[..., tuple[ingest.IngestSummary, list[Row], list[Row]]]

ROWS: list[Row] = [
    {
        "exchange_id": f"x{number}",
        "requested_at": f"2026-03-01T12:00:{number:02d}Z",
        "account_id": f"a{number % 3}",
        "model": "m1",
        "prompt": f"What is {number}, exactly?\nSay it.",
        "completion": "é" * number,
        "input_tokens": number,
        "temperature": 0.5,
        "stream": number % 2 == 0,
    }
    for number in range(12)
]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read logs and give back the summary, the exchanges and the rejects."""

    def run(*logs: Path, accounts: Path | None = None, **values: Any) -> Any:
        out = tmp_path / "out"
        summary = ingest.read(
            [str(log) for log in logs],
            out=out,
            settings=Settings(**values),
            accounts=str(accounts) if accounts else None,
        )
        return summary, rows_of(out / "exchanges"), rows_of(out / "rejects.parquet")

    return run


def rows_of(path: Path) -> list[Row]:
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    return [row for part in parts for row in pq.read_table(part).to_pylist()]


def as_json_lines(rows: list[Row]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def as_zstd(content: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(content, asbytes=True))


def as_csv(rows: list[Row]) -> bytes:
    names = list(rows[0])
    quoted = (
        ",".join('"' + str(row[name]).replace('"', '""') + '"' for name in names) for row in rows
    )
    return "\r\n".join([",".join(names), *quoted, ""]).encode()


def as_parquet(rows: list[Row]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return bytes(sink.getvalue())


CONTAINERS: dict[str, Callable[[list[Row]], bytes]] = {
    "parquet": as_parquet,
    "json_lines": as_json_lines,
    "json_lines_gz": lambda rows: gzip.compress(as_json_lines(rows), mtime=0),
    "json_lines_zst": lambda rows: as_zstd(as_json_lines(rows)),
    "json_document": lambda rows: json.dumps(rows, indent=2).encode(),
    "csv": as_csv,
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_container_gives_the_same_exchanges(
    tmp_path: Path, read: Read, container: str
) -> None:
    (tmp_path / "log").write_bytes(CONTAINERS[container](ROWS))

    summary, rows, rejects = read(tmp_path / "log")

    (tmp_path / "plain").write_bytes(as_json_lines(ROWS))
    assert rows == read(tmp_path / "plain")[1] or container == "csv"
    assert [row["exchange_id"] for row in rows] == [row["exchange_id"] for row in ROWS]
    assert [row["prompt"] for row in rows] == [row["prompt"] for row in ROWS]
    assert (summary.rows_read, summary.rows_kept, summary.duplicates) == (12, 12, 0)
    assert rejects == []
    assert pq.read_schema(tmp_path / "out/exchanges/part-00000.parquet") == EXCHANGES.schema
    assert pq.read_schema(tmp_path / "out/accounts.parquet") == ACCOUNTS.schema
    assert pq.read_schema(tmp_path / "out/rejects.parquet") == REJECTS.schema

"""Tests of revenuer.find.ingest.records."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revenuer.find.ingest import files, lines, records


def written(path: Path, content: bytes) -> files.LogFile:
    path.write_bytes(content)
    return files.one(str(path))


def everything(file: files.LogFile) -> tuple[list[tuple[int, Any]], list[tuple[int | None, str]]]:
    good: list[tuple[int, Any]] = []
    bad: list[tuple[int | None, str]] = []
    for chunk in records.chunks(file, records.kind(file)):
        good += zip(chunk.lines, chunk.records, strict=True)
        bad += chunk.rejects
    return good, bad


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"a": 1}\n', "json_lines"),
        (b'\xef\xbb\xbf\n {"a": 1}\n', "json_lines"),
        (b'[{"a": 1}]', "json_document"),
        (b"a,b\n1,2\n", "csv"),
        (b"a;b\n1;2\n", "csv"),
        (b'broken, line\n{"a": 1}\n{"a": 2}\n', "json_lines"),
        (b'a,b\n1,"two\n{lines}"\n', "csv"),
        (b"no table\n", "json_lines"),
    ],
)
def test_the_first_bytes_tell_what_holds_the_records(
    tmp_path: Path, content: bytes, kind: str
) -> None:
    assert records.kind(written(tmp_path / "x", content)) == kind
    assert records.kind(written(tmp_path / "y", gzip.compress(content))) == kind


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        ("{}".encode("utf-16"), "looks like UTF-16"),
        (gzip.compress(b"PAR1...."), "Parquet inside compression"),
        (b"\x1f\x8b", "compressed data is damaged"),
        (b"\x28\xb5\x2f\xfdnonsense", "compressed data is damaged"),
    ],
)
def test_a_file_that_gives_nothing_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(records.UnreadableError, match=reason):
        records.kind(written(tmp_path / "x", content))


def test_bad_lines_are_named_between_good_ones(tmp_path: Path) -> None:
    content = b'{"a": 1}\n{"a"\n\xff{}\n[1]\n' + b"[" * 50_000 + b'\n{"a": 2}\n'

    good, bad = everything(written(tmp_path / "x", content))

    assert good == [(1, {"a": 1}), (6, {"a": 2})]
    assert bad == [
        (2, "the line is not valid JSON"),
        (3, "the line is not valid UTF-8"),
        (4, "the line is not a JSON object"),
        (5, "the JSON is nested too deeply"),
    ]


def test_a_line_that_is_too_long_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LINE_BYTES", 20)
    content = b'{"a": 1}\n{"a": "' + b"x" * 99 + b'"}\n{"a": 2}\n'

    good, bad = everything(written(tmp_path / "x", content))

    assert good == [(1, {"a": 1}), (3, {"a": 2})]
    assert bad == [(2, "the line holds 10 MB or more")]


def test_records_before_a_break_are_kept(tmp_path: Path) -> None:
    content = b"".join(b'{"number": %d}\n' % n for n in range(200_000))
    packed = gzip.compress(content, 1)

    good, bad = everything(written(tmp_path / "x", packed[: len(packed) * 3 // 4]))

    assert len(good) > 50_000
    assert [record["number"] for _, record in good] == list(range(len(good)))
    assert bad[-1] == (
        None,
        "the compressed data is damaged or breaks off; records before the break were kept",
    )


def test_parquet_rows_are_records(tmp_path: Path) -> None:
    broken = pa.array([b"ok", b"\xff", b"fine"], pa.binary())
    table = pa.table(
        {
            "text": pa.Array.from_buffers(pa.string(), 3, broken.buffers()),
            "at": pa.array([0, 2**62, 1_000_000_001], pa.timestamp("ns")),
            "nested": [{"a": [1]}, None, {"a": []}],
        }
    )
    pq.write_table(table, tmp_path / "x")

    good, bad = everything(files.one(str(tmp_path / "x")))

    assert [number for number, _ in good] == [1, 3]
    assert good[0][1]["nested"] == {"a": [1]}
    assert good[1][1]["at"] == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert bad == [(2, "the row holds text that is not valid UTF-8")]


@pytest.mark.parametrize("cut", [5, 100, 400])
def test_a_damaged_parquet_file_is_named(tmp_path: Path, cut: int) -> None:
    pq.write_table(pa.table({"a": list(range(1_000))}), tmp_path / "x")
    content = (tmp_path / "x").read_bytes()

    good, bad = everything(written(tmp_path / "y", content[:-cut]))

    assert good == []
    assert bad == [(None, "the file is damaged or breaks off; records before the break were kept")]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=60), st.sampled_from([b"", b"PAR1", b"\x1f\x8b", b"[", b"{", b"a,b\n"]))
def test_any_bytes_give_records_or_reasons(tmp_path: Path, content: bytes, start: bytes) -> None:
    file = written(tmp_path / "x", start + content)

    try:
        good, bad = everything(file)
    except records.UnreadableError:
        return
    is_header = records.kind(file) == "csv"  # a table may be without rows
    assert good or bad or is_header or not content.strip(b" \t\v\f\r\n,]}[{")


def test_chunks_are_bounded_and_say_how_far_they_are(tmp_path: Path) -> None:
    file = written(tmp_path / "x", b'{"a": 1}\n' * 95)

    chunks = list(records.chunks(file, "json_lines", most=10))

    assert [len(chunk.records) for chunk in chunks] == [10] * 9 + [5]
    assert chunks[-1].position == file.size_bytes


def test_the_time_that_cloudwatch_puts_before_a_record_is_left_out(tmp_path: Path) -> None:
    content = b'2026-03-01T12:00:00.000Z {"a": 1, "b": 2}\n' * 2

    good, bad = everything(written(tmp_path / "x", content))

    assert ([record for _, record in good], bad) == ([{"a": 1, "b": 2}] * 2, [])


def test_batches_of_long_rows_are_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "BATCH_BYTES", 1_000_000)
    pq.write_table(pa.table({"text": ["x" * 50_000] * 500}), tmp_path / "x")  # short when stored

    batches = [batch for batch, _ in records.parquet_batches(files.one(str(tmp_path / "x")))]

    assert sum(batch.num_rows for batch in batches) == 500
    assert max(batch.nbytes for batch in batches) <= 1_100_000

"""Tests of revenuer.find.ingest.accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.find.ingest import accounts, files
from revenuer.tables import ACCOUNTS


def read(path: Path, content: bytes, **column_map: str) -> tuple[list[dict[str, Any]], Any]:
    path.write_bytes(content)
    table, rejects = accounts.read(files.one(str(path)), column_map)
    return table.to_pylist(), rejects


def test_rows_are_sorted_and_the_later_of_two_replaces_the_earlier(tmp_path: Path) -> None:
    content = b"account_id,plan,is_verified\nb,free,no\na,pro,yes\nb,team,yes\n"

    rows, rejects = read(tmp_path / "x", content)

    assert [(r["account_id"], r["plan"], r["is_verified"]) for r in rows] == [
        ("a", "pro", True),
        ("b", "team", True),
    ]
    assert rejects == []


def test_bad_rows_are_named_and_the_rest_kept(tmp_path: Path) -> None:
    content = (
        b'{"account_id": "a", "created_at": "1999-05-01T00:00:00Z"}\n'
        b'{"plan": "free"}\n'
        b"{\n"
        b'{"account_id": "b", "created_at": "0001-01-01T00:00:00Z"}\n'
        b'{"account_id": "c", "plan_price_usd": "free"}\n'
    )

    rows, rejects = read(tmp_path / "x", content)

    assert [row["account_id"] for row in rows] == ["a"]
    assert sorted(rejects) == [
        (2, "account_id is missing"),
        (3, "the line is not valid JSON"),
        (4, "created_at is an impossible time"),
        (5, "plan_price_usd is not a number"),
    ]


def test_parquet_is_read(tmp_path: Path) -> None:
    table = pa.table({"account_id": [2, 1], "plan_price_usd": [20.0, None]})
    pq.write_table(table, tmp_path / "x")

    found, rejects = accounts.read(files.one(str(tmp_path / "x")), {})

    assert found.column("account_id").to_pylist() == ["1", "2"]
    assert found.schema.names == list(ACCOUNTS.names)
    assert rejects == []


def test_an_e_mail_address_becomes_domain_and_shape(tmp_path: Path) -> None:
    rows, _ = read(tmp_path / "x", b"account_id,email\na,Jane.Doe42@Example.org\nb,none\n")

    assert [(r["email_domain"], r["email_pattern"]) for r in rows] == [
        ("example.org", "word.word99"),
        (None, None),
    ]


def test_the_map_serves_where_ours_is_absent(tmp_path: Path) -> None:
    rows, _ = read(tmp_path / "x", b"customer,plan\na,pro\n", account_id="customer", plan="other")

    assert [(r["account_id"], r["plan"]) for r in rows] == [("a", "pro")]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe{}", b"PAR1", b"garbage"])
def test_a_file_that_gives_nothing_says_why(tmp_path: Path, content: bytes) -> None:
    rows, rejects = read(tmp_path / "x", content)

    assert rows == []
    assert len(rejects) == 1

"""Tests of revenuer.find.ingest.pseudonym."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pyarrow as pa
import pytest

from revenuer.errors import InputError
from revenuer.find.ingest import pseudonym
from revenuer.tables import ACCOUNTS, EXCHANGES

KEY = b"0123456789abcdef"


def test_a_pseudonym_is_a_keyed_hash_that_a_stranger_can_repeat_with_the_key() -> None:
    expected = hmac.new(KEY, b"account\0acct-1", hashlib.sha256).hexdigest()[:32]

    assert pseudonym.Pseudonyms(KEY).value("account_id", "acct-1") == expected
    assert pseudonym.Pseudonyms(KEY + b"!").value("account_id", "acct-1") != expected


def test_addresses_match_across_tables_and_kinds_do_not_mix() -> None:
    hashed = pseudonym.Pseudonyms(KEY)

    assert hashed.value("ip", "10.0.0.1") == hashed.value("signup_ip", "10.0.0.1")
    assert hashed.value("account_id", "x") != hashed.value("org_id", "x")


def test_a_batch_keeps_nulls_repeats_and_other_columns() -> None:
    hashed = pseudonym.Pseudonyms(KEY)
    table = pa.table({"account_id": ["a", None, "b", "a"], "model": ["m", "m", "n", "n"]})

    result = hashed.batch(table)

    assert result.column("model").to_pylist() == ["m", "m", "n", "n"]
    assert result.column("account_id").to_pylist() == [
        hashed.value("account_id", "a"),
        None,
        hashed.value("account_id", "b"),
        hashed.value("account_id", "a"),
    ]


def test_every_hashed_column_exists_in_a_table() -> None:
    assert set(pseudonym.KINDS) <= {*EXCHANGES.names, *ACCOUNTS.names}


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pseudonym, "_CACHED", 2)
    hashed = pseudonym.Pseudonyms(KEY)
    before = [hashed.value("ip", str(n)) for n in range(9)]

    assert [hashed.value("ip", str(n)) for n in range(9)] == before
    assert len(hashed._cache["address"]) <= 3


def test_the_key_is_not_shown() -> None:
    assert KEY.decode() not in repr(pseudonym.Pseudonyms(KEY))


def test_line_ends_after_the_key_do_not_count(tmp_path: Path) -> None:
    plain, ended = tmp_path / "plain", tmp_path / "ended"
    plain.write_bytes(KEY)
    ended.write_bytes(KEY + b"\r\n")

    values = [pseudonym.load(path).value("ip", "x") for path in (plain, ended)]

    assert values[0] == values[1]


def test_a_short_or_absent_key_is_refused_without_showing_it(tmp_path: Path) -> None:
    short = tmp_path / "key"
    short.write_bytes(b"secret\n")

    with pytest.raises(InputError, match="has 6 bytes; at least 16 are needed") as caught:
        pseudonym.load(short)
    assert "secret" not in str(caught.value)
    assert caught.value.hint == "make one: `openssl rand -hex 32 > key`, readable by you alone"
    with pytest.raises(InputError, match="cannot be read"):
        pseudonym.load(tmp_path / "absent")

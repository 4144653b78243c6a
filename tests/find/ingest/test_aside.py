"""Tests of revenuer.find.ingest.aside."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from revenuer.errors import InputError
from revenuer.find.ingest import aside
from revenuer.tables import ACCOUNTS


def test_without_files_there_is_an_empty_table_and_nothing_to_look_up(tmp_path: Path) -> None:
    accounts, rejected = aside.accounts(None, {})
    aside.write_accounts(accounts, tmp_path / "accounts.parquet")

    table = pq.read_table(tmp_path / "accounts.parquet")
    assert (table.num_rows, table.schema, rejected) == (0, ACCOUNTS.schema, {})
    assert aside.enricher(None, None)[1] == {}


def test_rejects_are_filed_under_their_file(tmp_path: Path) -> None:
    networks, accounts = tmp_path / "networks", tmp_path / "accounts"
    networks.write_text("10.0.0.0/8 vpn\nbroken\n")
    accounts.write_text('{"account_id": "a"}\n{"plan": "x"}\n')

    assert aside.enricher(None, networks)[1] == {
        str(networks): [(2, "the line does not have 2 fields")]
    }
    batch, rejected = aside.accounts(str(accounts), {})
    assert batch.num_rows == 1
    assert rejected == {str(accounts): [(2, "account_id is missing")]}


@pytest.mark.parametrize("content", ["", '{"plan": "pro"}\n', "plan,price\npro,1\n"])
def test_a_file_without_an_account_is_an_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "accounts"
    path.write_text(content)

    with pytest.raises(InputError, match="no account could be read from") as caught:
        aside.accounts(str(path), {})
    assert caught.value.hint == "give a table with account_id, as Parquet, JSON Lines or CSV"


def test_accounts_are_written_in_order_of_id(tmp_path: Path) -> None:
    path = tmp_path / "accounts"
    path.write_text("account_id,plan\nb,x\na,y\n")

    aside.write_accounts(aside.accounts(str(path), {})[0], tmp_path / "out")

    assert pq.read_table(tmp_path / "out").column("account_id").to_pylist() == ["a", "b"]

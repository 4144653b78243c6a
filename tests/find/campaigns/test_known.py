"""Tests of revenuer.find.campaigns.known."""

from __future__ import annotations

from pathlib import Path

import pytest

from revenuer.errors import InputError
from revenuer.find.campaigns import known


@pytest.mark.parametrize(
    ("content", "accounts"),
    [
        ("a-1\n a-2 \n\n", {"a-1", "a-2"}),
        ("account_id\na-1\na-2\n", {"a-1", "a-2"}),
        ("reason,Account_ID\nevaluator,a-1\nlicensed,a-2\n", {"a-1", "a-2"}),
        ('account_id,reason\na-1,"an, evaluator"\na-2\n', {"a-1", "a-2"}),
        ("\ufeffaccount_id\r\na-1\r\n", {"a-1"}),
        ("", set()),
        ("\n \n", set()),
    ],
)
def test_reads_a_list_or_a_table(tmp_path: Path, content: str, accounts: set[str]) -> None:
    (tmp_path / "known").write_text(content, encoding="utf-8")

    assert known.read(tmp_path / "known") == accounts


def test_columns_without_an_account_are_refused(tmp_path: Path) -> None:
    (tmp_path / "known.csv").write_text("name,reason\na-1,evaluator\n")

    with pytest.raises(InputError, match="several columns but none called account_id") as caught:
        known.read(tmp_path / "known.csv")

    assert caught.value.hint == "name the column, or put one account on each line"


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00a", b'"' + b"x" * 200_000])
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "known").write_bytes(content)

    with pytest.raises(InputError, match="known cannot be read") as caught:
        known.read(tmp_path / "known")

    assert caught.value.hint == "give a text file"

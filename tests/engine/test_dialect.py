"""What the package asks of DuckDB can be asked of Spark."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.errors import UnsupportedError

import revenuer
from revenuer.engine.dialect import to_spark

FILES = sorted(Path(revenuer.__file__).parent.rglob("*.sql"))


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_every_file_has_a_reading_in_spark(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    ours = sqlglot.parse_one(text, read="duckdb")
    theirs = sqlglot.parse_one(to_spark(text), read="spark")

    assert [column.alias_or_name for column in theirs.selects] == [
        column.alias_or_name for column in ours.selects
    ]
    assert not list(theirs.find_all(exp.Anonymous))


def test_a_value_is_bound_and_not_pasted() -> None:
    assert to_spark("select n from t where k = $key") == "SELECT n FROM t WHERE k = :key"


@pytest.mark.parametrize(
    "text", ["select list_reduce(a, b) from t", "select a from t for update skip locked"]
)
def test_what_spark_cannot_say_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedError):
        to_spark(text)

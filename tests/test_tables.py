"""Tests of revenuer.tables."""

from __future__ import annotations

import pyarrow as pa
import pytest

from revenuer import tables
from revenuer.tables import INTERNAL, OUTPUTS, Table

EVERY = [*OUTPUTS, *INTERNAL]


@pytest.mark.parametrize("table", EVERY, ids=lambda table: table.name)
def test_every_table_and_column_says_what_it_means(table: Table) -> None:
    assert table.row.startswith(("one ", "an "))
    assert len(set(table.names)) == len(table.columns)
    for column in table.columns:
        assert column.meaning
        assert column.name == column.name.lower()


@pytest.mark.parametrize("table", EVERY, ids=lambda table: table.name)
def test_the_schema_is_that_of_the_columns_in_order(table: Table) -> None:
    schema = table.schema

    assert tuple(schema.names) == table.names
    for column in table.columns:
        assert schema.field(column.name).type == column.type
        assert schema.field(column.name).nullable is not column.required


@pytest.mark.parametrize("table", EVERY, ids=lambda table: table.name)
def test_names_of_columns_tell_their_type(table: Table) -> None:
    for column in table.columns:
        if column.name.endswith("_at"):
            assert column.type == pa.timestamp("us", tz="UTC")
        if column.name.endswith("_id"):
            assert column.type == pa.string()
        if column.name.endswith("_tokens"):
            assert column.type == pa.int64()
        if column.name.startswith("is_"):
            assert column.type == pa.bool_()


def test_an_exchange_needs_a_time_and_an_account_alone() -> None:
    required = [column.name for column in tables.EXCHANGES.columns if column.required]

    assert required == ["requested_at", "account_id"]


def test_no_two_tables_share_a_name() -> None:
    assert len({table.name for table in EVERY}) == len(EVERY)

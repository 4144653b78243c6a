"""Tests of revenuer.lab.traffic.people."""

from __future__ import annotations

import numpy as np

from revenuer import tables
from revenuer.lab.traffic import people
from revenuer.lab.traffic.world import DAY_S, World


def test_strangers_share_no_card_and_few_addresses(stage: World) -> None:
    roster = people.enrol(np.random.default_rng(1), stage, 800, kind="x")

    assert len(set(roster.payment)) == 800
    assert len(set(roster.ids)) == 800
    assert len(np.unique(roster.signup)) > 780
    assert set(roster.role) == {"none"}


def test_the_accounts_table_has_its_schema_and_order(stage: World) -> None:
    roster = people.enrol(np.random.default_rng(2), stage, 30, kind="x", plan="free")

    table = roster.table(stage)

    assert table.schema.equals(tables.ACCOUNTS.schema)
    assert table["account_id"].to_pylist() == list(roster.ids)
    assert table["payment_id"].null_count == 30
    assert set(table["plan_price_usd"].to_pylist()) == {0.0}


def test_some_strangers_join_in_the_same_hours(stage: World) -> None:
    roster = people.enrol(np.random.default_rng(3), stage, 5000, kind="x")

    hours = np.floor(roster.created_s[roster.created_s > -25 * DAY_S] / 3600)
    busiest = np.unique(hours, return_counts=True)[1].max()
    assert busiest > 30


def test_random_identifiers_are_hex_and_differ() -> None:
    column = people.token_column(np.random.default_rng(4), 100).to_pylist()

    assert len(set(column)) == 100
    assert all(len(token) == 16 and int(token, 16) >= 0 for token in column)


def test_company_mail_is_no_public_domain(stage: World) -> None:
    rng = np.random.default_rng(5)
    roster = people.enrol(rng, stage, 50, kind="x", is_programme=True)
    people.company_mail(rng, stage, roster)

    assert not {"gmail.com", "outlook.com"} & set(roster.email_domain)
    assert len(set(roster.email_domain)) > 45

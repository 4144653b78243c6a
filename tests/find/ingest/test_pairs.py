"""Tests of revenuer.find.ingest.pairs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from revenuer.find.ingest import pairs
from revenuer.find.ingest.fields import Overrides

SENT = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
RECEIVED = {
    "id": "x",
    "created": 1_772_366_400,
    "choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}],
}


def read(record: dict[str, Any]) -> dict[str, Any]:
    (row,) = pairs.exchanges(record, Overrides())
    return row


@pytest.mark.parametrize(
    "record",
    [
        {"request": SENT, "response": RECEIVED},
        {"request": json.dumps(SENT), "response": json.dumps(RECEIVED)},
        {"request_body": SENT, "response_body": RECEIVED},
        {"request": {"headers": {}, "body": SENT}, "response": {"body": json.dumps(RECEIVED)}},
    ],
)
def test_bodies_are_found_wherever_they_stand(record: dict[str, Any]) -> None:
    row = read({**record, "account_id": "a", "timestamp": "2026-03-01T12:00:00Z"})

    assert pairs.matches(record)
    assert (row["prompt"], row["completion"], row["exchange_id"]) == ("Hi", "Yes.", "x")
    assert (row["account_id"], row["requested_at"]) == ("a", "2026-03-01T12:00:00Z")


@pytest.mark.parametrize(
    "beside",
    [
        {"account_id": "a", "user_id": "u"},
        {"metadata": {"customer_id": "a"}},
        {"metadata": '{"account": "a"}'},
        {"request": {**SENT, "metadata": {"account_id": "a", "user_id": "u"}}},
    ],
)
def test_the_account_stands_beside_or_in_metadata(beside: dict[str, Any]) -> None:
    assert read({"request": SENT, "response": RECEIVED, **beside})["account_id"] == "a"


def test_the_customer_s_user_is_not_the_customer() -> None:
    sent = {**SENT, "metadata": {"user_id": "u"}}

    row = read({"request": sent, "response": {"type": "message", "content": []}})

    assert "account_id" not in row
    assert row["end_user_id"] == "u"


def test_the_maker_s_clock_serves_where_there_is_no_other() -> None:
    assert read({"request": SENT, "response": RECEIVED})["requested_at"] == 1_772_366_400


def test_our_columns_and_headers_beside_the_pair_are_read() -> None:
    row = read(
        {
            "request": {"headers": {"User-Agent": "sdk/1"}, "body": SENT},
            "response": {"status_code": 429, "body": None},
            "client_ip": "192.0.2.1",
            "pathway": "cloud",
            "status": "failed",
            "metadata": {"session_id": "s", "asn": 64_500},
        }
    )

    assert row["user_agent"] == "sdk/1"
    assert (row["ip"], row["pathway"], row["session_id"]) == ("192.0.2.1", "cloud", "s")
    assert (row["status"], row["asn"]) == (429, 64_500)


def test_what_is_no_pair_is_not_matched() -> None:
    assert not pairs.matches({"request": {}, "response": {}})
    assert not pairs.matches({"request": "GET /", "response": 200})
    assert not pairs.matches({"response": RECEIVED})
    assert pairs.matches({"request": SENT})

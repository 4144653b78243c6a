"""Tests of revenuer.find.ingest.litellm_spend."""

from __future__ import annotations

import json
from typing import Any

import pytest

from revenuer.find.ingest import litellm, litellm_spend
from revenuer.find.ingest.fields import Overrides

ROW: dict[str, Any] = {
    "request_id": "x",
    "call_type": "acompletion",
    "api_key": "k",
    "spend": 0.01,
    "startTime": "2026-03-01 12:00:00",
    "model": "m",
    "user": "u",
    "team_id": "t",
    "end_user": "e",
    "requester_ip_address": "192.0.2.1",
    "prompt_tokens": 3,
    "completion_tokens": 9,
    "session_id": "s",
    "status": "success",
    "metadata": {"user_agent": "sdk/1"},
    "messages": {},
    "response": {},
    "proxy_server_request": {},
}


def read(**changed: Any) -> dict[str, Any]:
    record = {**ROW, **changed}
    assert litellm_spend.matches(record)
    assert not litellm.matches(record)
    (row,) = litellm_spend.exchanges(record, Overrides())
    return row


@pytest.mark.parametrize("nothing", [{}, "{}", None, ""])
def test_a_row_without_texts_is_metadata_alone(nothing: Any) -> None:
    assert read(messages=nothing, response=nothing) == {
        "exchange_id": "x",
        "requested_at": "2026-03-01 12:00:00",
        "account_id": "u",
        "credential_id": "k",
        "end_user_id": "e",
        "session_id": "s",
        "model": "m",
        "endpoint": "chat",
        "ip": "192.0.2.1",
        "user_agent": "sdk/1",
        "input_tokens": 3,
        "output_tokens": 9,
        "status": 200,
    }


@pytest.mark.parametrize("encode", [json.dumps, lambda value: value])
def test_stored_prompts_are_read_as_text_or_dict(encode: Any) -> None:
    asked = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5}
    answer = {"choices": [{"message": {"content": "Yes."}}]}

    row = read(proxy_server_request=encode(asked), response=encode(answer))

    assert (row["prompt"], row["completion"], row["max_tokens"]) == ("Hi", "Yes.", 5)


@pytest.mark.parametrize(
    ("changed", "account"),
    [
        ({"user": "default_user_id"}, "t"),
        ({"user": "", "team_id": None, "organization_id": "o"}, "o"),
        ({"user": None, "team_id": "", "metadata": {"user_api_key_user_id": "v"}}, "v"),
        ({"user": None, "team_id": None}, "k"),
    ],
)
def test_the_account_is_the_narrowest_customer(changed: dict[str, Any], account: str) -> None:
    assert read(**changed)["account_id"] == account


def test_failures_give_the_error_s_code() -> None:
    about = json.dumps({"error_information": {"error_code": "500"}})

    assert read(status="failure", metadata=about)["status"] == "500"

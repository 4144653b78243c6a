"""Tests of revenuer.find.ingest.litellm."""

from __future__ import annotations

from typing import Any

import pytest

from revenuer.find.ingest import litellm
from revenuer.find.ingest.fields import Overrides

PAYLOAD: dict[str, Any] = {
    "id": "x",
    "call_type": "acompletion",
    "hidden_params": {},
    "startTime": 1_772_366_400.25,
    "status": "success",
    "model": "provider/m",
    "model_group": "m",
    "stream": True,
    "prompt_tokens": 3,
    "completion_tokens": 9,
    "end_user": "e",
    "requester_ip_address": "192.0.2.1",
    "user_agent": "sdk/1",
    "session_id": "s",
    "messages": [{"role": "user", "content": "Hi"}],
    "response": {"id": "inner", "choices": [{"message": {"content": "Yes."}}]},
    "model_parameters": {"max_tokens": 5, "tools": [{"function": {"name": "f"}}]},
    "metadata": {
        "user_api_key_hash": "k",
        "user_api_key_user_id": "u",
        "user_api_key_team_id": "t",
        "user_api_key_org_id": "o",
        "usage_object": {"completion_tokens_details": {"reasoning_tokens": 4}},
    },
}


def read(**changed: Any) -> dict[str, Any]:
    record = {**PAYLOAD, **changed}
    assert litellm.matches(record)
    (row,) = litellm.exchanges(record, Overrides())
    return row


def test_a_payload_is_read() -> None:
    assert read() == {
        "exchange_id": "x",
        "requested_at": 1_772_366_400.25,
        "account_id": "u",
        "credential_id": "k",
        "end_user_id": "e",
        "session_id": "s",
        "model": "m",
        "endpoint": "chat",
        "ip": "192.0.2.1",
        "user_agent": "sdk/1",
        "prompt": "Hi",
        "turns": 1,
        "completion": "Yes.",
        "refused": False,
        "tools": 1,
        "tool_names": ["f"],
        "max_tokens": 5,
        "stream": True,
        "input_tokens": 3,
        "output_tokens": 9,
        "reasoning_tokens": 4,
        "status": 200,
    }


@pytest.mark.parametrize(
    ("owners", "account"),
    [
        ({"user_id": "u", "team_id": "t"}, "u"),
        ({"user_id": "default_user_id", "team_id": "t", "org_id": "o"}, "t"),
        ({"user_id": "", "org_id": "o", "hash": "k"}, "o"),
        ({"hash": "k"}, "k"),
        ({}, None),
    ],
)
def test_the_account_is_the_narrowest_customer(owners: dict[str, str], account: str | None) -> None:
    about = {f"user_api_key_{name}": value for name, value in owners.items()}

    assert read(metadata=about).get("account_id") == account


@pytest.mark.parametrize("nothing", [None, {}, "", "{}", []])
def test_absent_texts_are_null(nothing: Any) -> None:
    row = read(messages=nothing, response=nothing)

    assert not {"prompt", "completion", "turns", "refused"} & set(row)


def test_a_stand_in_for_text_is_no_text() -> None:
    redacted = [{"role": "user", "content": "redacted-by-litellm"}]

    row = read(messages=redacted, response={"text": "redacted-by-litellm"})

    assert not {"prompt", "completion"} & set(row)
    assert row["turns"] == 1


def test_failures_give_the_error_s_code_and_call_types_our_names() -> None:
    assert read(status="failure", error_information={"error_code": "429"})["status"] == "429"
    assert "status" not in read(status="failure", error_information={"error_code": ""})
    assert litellm.endpoint("aembedding") == "embeddings"
    assert litellm.endpoint("anthropic_messages") == "messages"
    assert litellm.endpoint("aimage_generation") == "aimage_generation"
    assert litellm.endpoint(7) is None


def test_plain_text_responses_and_messages_of_the_other_maker_are_read() -> None:
    assert read(response="Yes.")["completion"] == "Yes."
    answer = {"type": "message", "content": [{"type": "thinking", "thinking": "Hm."}]}
    assert read(response=answer)["reasoning"] == "Hm."

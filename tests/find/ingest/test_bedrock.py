"""Tests of revenuer.find.ingest.bedrock."""

from __future__ import annotations

from typing import Any

import pytest

from revenuer.find.ingest import bedrock
from revenuer.find.ingest.fields import Overrides


def log(sent: Any, received: Any, operation: str = "InvokeModel", **more: Any) -> dict[str, Any]:
    return {
        "schemaType": "ModelInvocationLog",
        "timestamp": "2026-03-01T12:00:00Z",
        "accountId": "123",
        "identity": {"arn": "arn:aws:iam::123:user/u"},
        "requestId": "r",
        "operation": operation,
        "modelId": "maker.model-v1:0",
        "input": {"inputBodyJson": sent, "inputTokenCount": 3},
        "output": {"outputBodyJson": received, "outputTokenCount": 9},
        **more,
    }


def read(record: dict[str, Any], **attribute: str) -> dict[str, Any]:
    assert bedrock.matches(record)
    (row,) = bedrock.exchanges(record, Overrides(**attribute))  # type: ignore[arg-type]
    return row


CLAUDE = {"anthropic_version": "bedrock", "max_tokens": 5, "messages": "Hi"}
SAID = {"type": "message", "content": [{"type": "text", "text": "Yes."}], "id": "inner"}
EVENTS = [
    {"type": "message_start", "message": {"id": "inner"}},
    {"type": "content_block_delta", "index": 0, "delta": {"text": "Yes."}},
]


@pytest.mark.parametrize(
    ("sent", "received", "endpoint"),
    [
        (CLAUDE, SAID, "messages"),
        (CLAUDE, EVENTS, "messages"),
        (
            {"inputText": "Hi", "textGenerationConfig": {"maxTokenCount": 5}},
            {"results": [{"outputText": "Yes."}]},
            "completions",
        ),
        ({"prompt": "Hi", "max_gen_len": 5}, {"generation": "Yes."}, "completions"),
        (
            {"prompt": "Hi", "max_gen_len": 5},
            [{"generation": "Ye"}, {"generation": "s."}],
            "completions",
        ),
        ({"prompt": "Hi", "max_tokens": 5}, {"outputs": [{"text": "Yes."}]}, "completions"),
        ({"message": "Hi", "max_tokens": 5}, {"text": "Yes."}, "completions"),
        (
            {"messages": "Hi", "max_tokens": 5},
            {"choices": [{"message": {"content": "Yes."}}]},
            "chat",
        ),
        (
            {"messages": "Hi", "inferenceConfig": {"maxTokens": 5}},
            {"output": {"message": {"content": [{"text": "Yes."}]}}},
            "chat",
        ),
    ],
)
def test_bodies_of_every_maker_are_read(sent: Any, received: Any, endpoint: str) -> None:
    row = read(log(sent, received))

    assert (row["prompt"], row["completion"], row["max_tokens"]) == ("Hi", "Yes.", 5)
    assert row["endpoint"] == endpoint
    assert (row["exchange_id"], row["pathway"], row["stream"]) == ("r", "cloud", False)
    assert row["credential_id"] == "arn:aws:iam::123:user/u"
    assert (row["input_tokens"], row["output_tokens"], row["status"]) == (3, 9, 200)


def test_converse_is_read_with_thoughts_tools_and_system() -> None:
    sent = {
        "system": [{"text": "Be brief."}],
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
        "toolConfig": {"tools": [{"toolSpec": {"name": "f"}}]},
    }
    content = [
        {"reasoningContent": {"reasoningText": {"text": "Hm."}}},
        {"text": "Yes."},
        {"toolUse": {"name": "f", "input": {"a": 1}}},
    ]
    received = {"output": {"message": {"content": content}}, "stopReason": "guardrail_intervened"}

    row = read(log(sent, received, "ConverseStream"))

    assert (row["system_prompt"], row["prompt"], row["tool_names"]) == ("Be brief.", "Hi", ["f"])
    assert row["completion"] == 'Yes.\n{"tool":"f","arguments":{"a":1}}'
    assert (row["reasoning"], row["refused"], row["stream"]) == ("Hm.", True, True)


def test_embeddings_have_no_completion() -> None:
    row = read(log({"inputText": "Hi"}, {"embedding": [0.1]}))

    assert (row["endpoint"], row["prompt"]) == ("embeddings", "Hi")
    assert "completion" not in row


def test_an_error_gives_its_status_and_bodies_kept_elsewhere_give_none() -> None:
    assert read(log(None, None, errorCode="ThrottlingException"))["status"] == 429
    assert "status" not in read(log(None, None, errorCode="Unheard"))
    record = log(None, None)
    record["input"] = {"inputBodyS3Path": "s3://b/k", "inputTokenCount": 3}
    assert read(record)["input_tokens"] == 3


def test_cached_input_counts_and_the_customer_may_stand_in_request_metadata() -> None:
    record = log(CLAUDE, SAID, requestMetadata={"tenant": "t", "user_id": "u"})
    record["input"]["cacheReadInputTokenCount"] = 40

    row = read(record, customer_attribute="requestMetadata.tenant")

    assert (row["account_id"], row["end_user_id"], row["input_tokens"]) == ("t", "u", 43)

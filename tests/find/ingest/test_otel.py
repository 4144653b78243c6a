"""Tests of revenuer.find.ingest.otel."""

from __future__ import annotations

import json
from typing import Any

import pytest

from revenuer.find.ingest import otel
from revenuer.find.ingest.fields import Overrides


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": wrapped(value)} for key, value in attributes.items()]


def wrapped(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [wrapped(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": pairs(value)}}
    return {"doubleValue" if isinstance(value, float) else "stringValue": value}


def read(
    attributes: dict[str, Any],
    *,
    events: list[dict[str, Any]] | None = None,
    resource: dict[str, Any] | None = None,
    customer: str | None = None,
) -> list[dict[str, Any]]:
    span = {
        "traceId": "t",
        "spanId": "s",
        "startTimeUnixNano": "1772366400000000000",
        "attributes": pairs(attributes),
        "events": events or [],
    }
    record = {
        "resourceSpans": [
            {"resource": {"attributes": pairs(resource or {})}, "scopeSpans": [{"spans": [span]}]}
        ]
    }
    assert otel.matches(record)
    return otel.exchanges(record, Overrides(customer_attribute=customer))


CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "user.id": "u"}


def test_values_of_every_kind_are_unwrapped() -> None:
    value = {"a": [1, 0.5, True, "x"], "b": {"c": 2**53 + 1}}

    assert otel.value(wrapped(value)) == value
    assert otel.value({"intValue": 5, "stringValue": None}) == 5


def test_settings_usage_and_traits_are_read() -> None:
    (row,) = read(
        {
            **CHAT,
            "gen_ai.conversation.id": "c",
            "gen_ai.request.max_tokens": 5,
            "gen_ai.request.temperature": 0.5,
            "gen_ai.request.stream": True,
            "gen_ai.usage.input_tokens": 3,
            "gen_ai.usage.output_tokens": 9,
            "gen_ai.usage.reasoning.output_tokens": 4,
            "gen_ai.response.finish_reasons": ["content_filter"],
            "client.address": "192.0.2.1",
            "user_agent.original": "sdk/1",
            "gen_ai.tool.definitions": json.dumps([{"type": "function", "name": "f"}]),
        }
    )

    assert row == {
        "exchange_id": "t:s",
        "requested_at": "1772366400000000000",
        "account_id": "u",
        "session_id": "c",
        "model": "m",
        "endpoint": "chat",
        "ip": "192.0.2.1",
        "user_agent": "sdk/1",
        "max_tokens": 5,
        "temperature": 0.5,
        "stream": True,
        "input_tokens": 3,
        "output_tokens": 9,
        "reasoning_tokens": 4,
        "refused": True,
        "tools": 1,
        "tool_names": ["f"],
    }


@pytest.mark.parametrize("name", otel.CUSTOMER)
def test_the_customer_is_found_under_each_usual_name(name: str) -> None:
    attributes = {"gen_ai.request.model": "m", name: "u"}

    assert read(attributes)[0]["account_id"] == "u"
    assert read({"gen_ai.request.model": "m"}, resource={name: "u"})[0]["account_id"] == "u"


def test_the_configured_attribute_names_the_customer() -> None:
    assert read({**CHAT, "tenant.id": "t"}, customer="tenant.id")[0]["account_id"] == "t"


def event(name: str, **attributes: Any) -> dict[str, Any]:
    return {"name": name, "attributes": pairs(attributes)}


SENT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
PARTS = [{"role": m["role"], "parts": [{"type": "text", "content": m["content"]}]} for m in SENT]
ANSWER = [{"type": "reasoning", "content": "Hm."}, {"type": "text", "content": "Yes."}]


@pytest.mark.parametrize(
    ("attributes", "events"),
    [
        (
            {
                "gen_ai.input.messages": json.dumps(PARTS),
                "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": ANSWER}]),
            },
            [],
        ),
        (
            {
                "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
                "gen_ai.input.messages": PARTS[1:],
                "gen_ai.output.messages": [{"role": "assistant", "parts": ANSWER}],
            },
            [],
        ),
        (
            {},
            [
                event(
                    "gen_ai.client.inference.operation.details",
                    **{
                        "gen_ai.input.messages": PARTS,
                        "gen_ai.output.messages": [{"role": "assistant", "parts": ANSWER}],
                    },
                )
            ],
        ),
        (
            {},
            [
                event("gen_ai.content.prompt", **{"gen_ai.prompt": json.dumps(SENT)}),
                event(
                    "gen_ai.content.completion",
                    **{"gen_ai.completion": json.dumps([{"content": ANSWER}])},
                ),
            ],
        ),
        (
            {},
            [
                event("gen_ai.system.message", content="Be brief."),
                event("gen_ai.user.message", content="Hi"),
                event("gen_ai.choice", message=json.dumps({"content": ANSWER}), index=0),
            ],
        ),
        (
            {
                "gen_ai.prompt.0.role": "system",
                "gen_ai.prompt.0.content": "Be brief.",
                "gen_ai.prompt.1.role": "user",
                "gen_ai.prompt.1.content": "Hi",
                "gen_ai.completion.0.content": json.dumps(ANSWER),
            },
            [],
        ),
    ],
)
def test_content_is_read_from_every_generation(
    attributes: dict[str, Any], events: list[dict[str, Any]]
) -> None:
    (row,) = read({**CHAT, **attributes}, events=events)

    assert (row["system_prompt"], row["prompt"]) == ("Be brief.", "Hi")
    assert (row["completion"], row["reasoning"], row["turns"]) == ("Yes.", "Hm.", 1)


def test_plain_text_content_is_one_turn() -> None:
    (row,) = read({**CHAT, "gen_ai.prompt": "Hi", "gen_ai.completion": "Yes."})

    assert (row["prompt"], row["completion"]) == ("Hi", "Yes.")


def test_other_spans_are_no_exchanges() -> None:
    assert read({"http.method": "GET"}) == []
    assert read({**CHAT, "gen_ai.operation.name": "execute_tool"}) == []
    assert read({**CHAT, "gen_ai.operation.name": "invoke_agent"}) == []


def test_a_span_alone_and_a_request_inside_a_request_are_read() -> None:
    span = {"startTimeUnixNano": "1", "attributes": pairs(CHAT), "spanId": "s", "traceId": "t"}
    whole = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}

    assert otel.matches(span)
    assert otel.matches({"scopeSpans": []})
    assert otel.exchanges(span, Overrides()) == otel.exchanges(
        {"resourceSpans": [whole]}, Overrides()
    )

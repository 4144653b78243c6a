"""Tests of revenuer.find.ingest.anthropic."""

from __future__ import annotations

from typing import Any

import pytest

from revenuer.find.ingest import anthropic


@pytest.mark.parametrize("system", ["Be brief.", [{"type": "text", "text": "Be brief."}]])
def test_a_request_is_read_with_system_as_text_or_blocks(system: Any) -> None:
    found = anthropic.request(
        {
            "model": "m",
            "system": system,
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
            "max_tokens": 9,
            "metadata": {"user_id": "u"},
            "tools": [{"name": "f", "input_schema": {}}],
        }
    )

    assert found == {
        "model": "m",
        "endpoint": "messages",
        "end_user_id": "u",
        "max_tokens": 9,
        "tools": 1,
        "tool_names": ["f"],
        "system_prompt": "Be brief.",
        "prompt": "Hi",
        "turns": 1,
    }


def test_a_response_is_read_with_thoughts_tools_and_cache() -> None:
    content = [
        {"type": "thinking", "thinking": "Hm."},
        {"type": "text", "text": "Yes."},
        {"type": "tool_use", "name": "f", "input": {"a": 1}},
    ]
    usage = {"input_tokens": 3, "cache_read_input_tokens": 40, "output_tokens": 9}

    assert anthropic.response(
        {
            "id": "x",
            "type": "message",
            "content": content,
            "stop_reason": "end_turn",
            "usage": usage,
        }
    ) == {
        "exchange_id": "x",
        "completion": 'Yes.\n{"tool":"f","arguments":{"a":1}}',
        "reasoning": "Hm.",
        "refused": False,
        "input_tokens": 43,
        "output_tokens": 9,
    }


def test_a_refusal_is_seen_and_an_error_is_none() -> None:
    refused = {"content": [{"type": "text", "text": ""}], "stop_reason": "refusal"}

    assert anthropic.response(refused)["refused"] is True
    assert anthropic.response({"type": "error", "error": {"type": "overloaded_error"}}) == {}


def test_events_of_a_stream_are_put_together() -> None:
    events = [
        {"type": "message_start", "message": {"id": "x", "usage": {"input_tokens": 3}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}},
        {"type": "content_block_delta", "index": 0, "delta": {"thinking": "Hm."}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"text": "Ye"}},
        {"type": "content_block_delta", "index": 1, "delta": {"text": "s."}},
        {
            "type": "content_block_start",
            "index": 2,
            "content_block": {"type": "tool_use", "name": "f", "input": {}},
        },
        {"type": "content_block_delta", "index": 2, "delta": {"partial_json": '{"a":'}},
        {"type": "content_block_delta", "index": 2, "delta": {"partial_json": "1}"}},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 9},
        },
    ]

    assert anthropic.response(events) == {
        "exchange_id": "x",
        "completion": 'Yes.\n{"tool":"f","arguments":{"a":1}}',
        "reasoning": "Hm.",
        "refused": False,
        "input_tokens": 3,
        "output_tokens": 9,
    }


def test_the_older_text_completions_are_read() -> None:
    assert anthropic.response({"type": "completion", "completion": "Yes."})["completion"] == "Yes."
    assert anthropic.request({"prompt": "Hi", "max_tokens_to_sample": 9})["max_tokens"] == 9


@pytest.mark.parametrize(
    ("sent", "received", "expected"),
    [
        ({"messages": []}, {"type": "message", "content": []}, True),
        ({"messages": []}, [{"type": "message_start"}], True),
        ({"messages": [], "system": "s"}, None, True),
        ({"anthropic_version": "v"}, None, True),
        ({"messages": []}, {"choices": []}, False),
        ({"messages": [], "system": "s"}, {"choices": []}, False),
        ({"messages": []}, None, False),
        ({"input": "Hi"}, {"output": [], "type": "message"}, False),
    ],
)
def test_the_shape_is_told_from_the_other_maker_s(sent: Any, received: Any, expected: bool) -> None:
    assert anthropic.is_shape(sent, received) is expected

"""Tests of revenuer.find.ingest.openai."""

from __future__ import annotations

from typing import Any

import pytest

from revenuer.find.ingest import openai


def test_a_chat_request_and_its_settings_are_read() -> None:
    found = openai.request(
        {
            "model": "m",
            "messages": [{"role": "user", "content": "Hi"}],
            "max_completion_tokens": 9,
            "temperature": 0,
            "logprobs": True,
            "stream": False,
            "user": "u",
            "tools": [{"type": "function", "function": {"name": "f"}}],
        }
    )

    assert found == {
        "model": "m",
        "endpoint": "chat",
        "end_user_id": "u",
        "max_tokens": 9,
        "temperature": 0,
        "logprobs": True,
        "stream": False,
        "tools": 1,
        "tool_names": ["f"],
        "prompt": "Hi",
        "turns": 1,
    }


@pytest.mark.parametrize(
    ("body", "endpoint", "logprobs"),
    [
        ({"prompt": "Hi", "logprobs": 5}, "completions", True),
        ({"input": "Hi", "include": ["message.output_text.logprobs"]}, "responses", True),
        ({"input": "Hi", "instructions": "Be brief."}, "responses", None),
        ({"input": ["Hi"], "model": "text-embedding-x"}, "embeddings", None),
        ({"input": "Hi", "encoding_format": "float"}, "embeddings", None),
        ({"messages": "Hi", "logprobs": False, "top_logprobs": 2}, "chat", False),
    ],
)
def test_endpoints_are_told_by_their_fields(
    body: dict[str, Any], endpoint: str, logprobs: bool | None
) -> None:
    found = openai.request(body)

    assert (found["endpoint"], found["prompt"]) == (endpoint, "Hi")
    assert found.get("logprobs") is logprobs


def test_embeddings_of_token_numbers_have_no_text() -> None:
    assert "prompt" not in openai.request({"input": [[1, 2]], "model": "embed"})


def test_a_chat_response_is_read() -> None:
    message = {"role": "assistant", "content": "Yes.", "reasoning_content": "Hm."}
    usage = {
        "prompt_tokens": 3,
        "completion_tokens": 9,
        "completion_tokens_details": {"reasoning_tokens": 7},
    }

    assert openai.response(
        {"id": "x", "choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}
    ) == {
        "exchange_id": "x",
        "completion": "Yes.",
        "reasoning": "Hm.",
        "refused": False,
        "input_tokens": 3,
        "output_tokens": 9,
        "reasoning_tokens": 7,
    }


def test_a_response_of_items_is_read() -> None:
    output = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "message", "content": [{"type": "output_text", "text": "Yes."}]},
        {"type": "function_call", "name": "f", "arguments": '{"a": 1}'},
    ]

    found = openai.response({"id": "x", "output": output})

    assert found["completion"] == 'Yes.\n{"tool":"f","arguments":{"a":1}}'
    assert (found["reasoning"], found["refused"]) == ("Hm.", False)


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"message": {"content": None, "refusal": "No."}, "finish_reason": "stop"}]},
        {"choices": [{"message": {"content": "No."}, "finish_reason": "content_filter"}]},
        {"output": [{"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}]},
    ],
)
def test_refusals_are_seen(body: dict[str, Any]) -> None:
    found = openai.response(body)

    assert (found["refused"], found["completion"]) == (True, "No.")


def test_an_error_answers_nothing_and_refuses_nothing() -> None:
    assert openai.response({"error": {"message": "overloaded"}}) == {}
    assert openai.response(None) == {}


def test_legacy_completions_and_chunks_of_a_stream_are_read() -> None:
    chunks = [
        {"id": "x", "choices": [{"delta": {"role": "assistant", "content": ""}}]},
        {"id": "x", "choices": [{"delta": {"reasoning_content": "Hm."}}]},
        {"id": "x", "choices": [{"delta": {"content": "Ye"}}]},
        {"id": "x", "choices": [{"delta": {"content": "s."}, "finish_reason": "content_filter"}]},
        {"id": "x", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
    ]

    assert openai.response(chunks) == {
        "exchange_id": "x",
        "completion": "Yes.",
        "reasoning": "Hm.",
        "refused": True,
        "input_tokens": 1,
        "output_tokens": 2,
    }
    assert openai.response({"choices": [{"text": "Yes."}]})["completion"] == "Yes."


def test_tool_calls_in_chunks_are_put_together() -> None:
    chunks = [
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"name": "f"}}]}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}}]},
    ]

    assert openai.response(chunks)["completion"] == '{"tool":"f","arguments":{"a":1}}'


def test_events_of_the_responses_stream_carry_the_whole_at_the_end() -> None:
    whole = {"id": "x", "output": [{"type": "message", "content": [{"text": "Yes."}]}]}
    events = [
        {"type": "response.created", "response": {"id": "x", "output": []}},
        {"type": "response.output_text.delta", "delta": "Yes."},
        {"type": "response.completed", "response": whole},
    ]

    assert openai.response(events)["completion"] == "Yes."

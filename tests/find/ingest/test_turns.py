"""Tests of revenuer.find.ingest.turns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from revenuer.find.ingest import turns

CALL = {"id": "c", "type": "function", "function": {"name": "find", "arguments": '{"q": 1}'}}


def test_a_conversation_is_cut_at_the_last_turn_of_the_user() -> None:
    found = turns.conversation(
        [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "One?"},
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "content": "1"},
            {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
            {"role": "user", "content": [{"type": "text", "text": "Two?"}, {"type": "image_url"}]},
            {"role": "assistant", "content": "Let me"},
        ]
    )

    assert found["system_prompt"] == "Be brief.\n\nBe kind."
    assert (found["prompt"], found["turns"]) == ("Two?\n[image_url]", 2)
    assert json.loads(found["history"]) == [
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": '{"tool":"find","arguments":{"q":1}}'},
        {"role": "tool", "content": "1"},
        {"role": "assistant", "content": "Let me"},
    ]


@pytest.mark.parametrize(
    "messages",
    [
        "Hi",
        ["Hi"],
        [{"role": "user", "content": "Hi"}],
        {"role": "user", "content": "Hi"},
        {"messages": [{"role": "user", "content": "Hi"}]},
        {"prompt": "Hi"},
        '[{"role": "user", "content": "Hi"}]',
        [{"content": "Hi"}],
        [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}],
        [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}],
        [{"role": "user", "content": [{"text": "Hi"}]}],
    ],
)
def test_one_turn_is_read_from_every_shape(messages: Any) -> None:
    assert turns.conversation(messages) == {"prompt": "Hi", "turns": 1}


@pytest.mark.parametrize(
    "result",
    [
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "42"}]},
        {"type": "tool_call_response", "id": "t", "result": "42"},
        {"toolResult": {"toolUseId": "t", "content": [{"text": "42"}]}},
    ],
)
def test_results_of_tools_are_no_turn_of_the_user(result: Any) -> None:
    found = turns.conversation(
        [{"role": "user", "content": "Count."}, {"role": "user", "content": [result]}]
    )

    assert (found["prompt"], found["turns"]) == ("Count.", 1)
    assert json.loads(found["history"]) == [{"role": "tool", "content": "42"}]


def test_items_without_a_role_are_the_model_s_or_the_tool_s() -> None:
    found = turns.conversation(
        [
            {"role": "user", "content": "Count."},
            {"type": "reasoning", "summary": []},
            {"type": "function_call", "name": "count", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": {"n": 42}},
        ]
    )

    assert json.loads(found["history"]) == [
        {"role": "assistant", "content": ""},
        {"role": "assistant", "content": '{"tool":"count","arguments":{}}'},
        {"role": "tool", "content": '{"n":42}'},
    ]


@pytest.mark.parametrize(
    "thought",
    [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "reasoning", "content": "Hm."},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"reasoningContent": {"reasoningText": {"text": "Hm."}}},
    ],
)
def test_thoughts_are_kept_apart_from_what_is_said(thought: Any) -> None:
    content = [thought, {"type": "text", "text": "Yes."}]

    assert turns.reply({"content": content}) == {"completion": "Yes.", "reasoning": "Hm."}


def test_a_reply_holds_tool_calls_refusals_and_reasoning_beside_it() -> None:
    assert turns.reply({"content": "I will.", "tool_calls": [CALL]}) == {
        "completion": 'I will.\n{"tool":"find","arguments":{"q":1}}'
    }
    assert turns.reply({"content": None, "refusal": "I cannot."}) == {"completion": "I cannot."}
    assert turns.reply({"content": "Yes.", "reasoning_content": "Hm."})["reasoning"] == "Hm."
    assert turns.reply({"content": [{"type": "tool_use", "name": "f", "input": {"a": 1}}]}) == {
        "completion": '{"tool":"f","arguments":{"a":1}}'
    }


def test_an_empty_reply_is_a_fact_and_an_absent_one_is_none() -> None:
    assert turns.reply({"content": ""}) == {"completion": ""}
    assert turns.reply({"content": [{"type": "text", "text": ""}]}) == {"completion": ""}
    assert turns.reply({"content": None}) == {}
    assert turns.reply(None) == {}
    assert turns.reply("Yes.") == {"completion": "Yes."}


def test_tools_are_named_whoever_made_them() -> None:
    offered = [
        {"type": "function", "function": {"name": "a"}},
        {"name": "b", "input_schema": {}},
        {"toolSpec": {"name": "c"}},
        {"type": "web_search"},
    ]

    assert turns.tool_names(offered) == {"tools": 4, "tool_names": ["a", "b", "c", "web_search"]}
    assert turns.tool_names(None) == {}

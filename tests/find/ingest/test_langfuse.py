"""Tests of revenuer.find.ingest.langfuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from revenuer.find.ingest import langfuse
from revenuer.find.ingest.fields import Overrides

OBSERVATION: dict[str, Any] = {
    "id": "x",
    "trace_id": "t",
    "project_id": "p",
    "type": "GENERATION",
    "start_time": "2026-03-01 12:00:00.000000",
    "user_id": "u",
    "session_id": "s",
    "provided_model_name": "m",
    "model_parameters": '{"max_tokens": 5, "temperature": 0.5}',
    "usage_details": {"input": 3, "output": 9, "output_reasoning_tokens": 4},
    "input": '[{"role": "user", "content": "Hi"}]',
    "output": '{"role": "assistant", "content": "Yes."}',
    "tool_definitions": '{"f": "..."}',
}


def read(**changed: Any) -> list[dict[str, Any]]:
    record = {**OBSERVATION, **changed}
    assert langfuse.matches(record)
    return langfuse.exchanges(record, Overrides())


def test_a_generation_is_read() -> None:
    assert read() == [
        {
            "exchange_id": "x",
            "requested_at": "2026-03-01 12:00:00.000000",
            "account_id": "u",
            "session_id": "s",
            "model": "m",
            "endpoint": "chat",
            "max_tokens": 5,
            "temperature": 0.5,
            "tools": 1,
            "tool_names": ["f"],
            "prompt": "Hi",
            "turns": 1,
            "completion": "Yes.",
            "input_tokens": 3,
            "output_tokens": 9,
            "reasoning_tokens": 4,
        }
    ]


@pytest.mark.parametrize("kind", ["SPAN", "EVENT", "AGENT", None, 7])
def test_other_observations_are_no_exchanges(kind: Any) -> None:
    assert read(type=kind) == []


@pytest.mark.parametrize(
    ("given", "output"),
    [
        ("Hi", "Yes."),
        ({"messages": [{"role": "user", "content": "Hi"}]}, {"content": "Yes."}),
        (
            json.dumps({"messages": [{"role": "user", "content": "Hi"}], "tools": []}),
            json.dumps({"choices": [{"message": {"content": "Yes."}}]}),
        ),
        ([{"role": "user", "content": "Hi"}], [{"role": "assistant", "content": "Yes."}]),
    ],
)
def test_texts_are_read_from_every_shape(given: Any, output: Any) -> None:
    (row,) = read(input=given, output=output)

    assert (row["prompt"], row["completion"], row["exchange_id"]) == ("Hi", "Yes.", "x")


def test_usage_comes_as_arrow_pairs_and_the_project_is_the_last_resort() -> None:
    (row,) = read(user_id=None, usage_details=[("input", 3), ("output", 9)])

    assert (row["account_id"], row["input_tokens"], row["output_tokens"]) == ("p", 3, 9)


def test_the_names_of_the_interface_are_known() -> None:
    record = {
        "id": "x",
        "type": "GENERATION",
        "startTime": "2026-03-01T12:00:00Z",
        "traceId": "t",
        "userId": "u",
        "usageDetails": {"input": 3},
        "modelParameters": {"max_tokens": 5},
    }

    assert langfuse.matches(record)
    (row,) = langfuse.exchanges(record, Overrides())
    assert (row["account_id"], row["input_tokens"], row["max_tokens"]) == ("u", 3, 5)


def test_absent_texts_are_null() -> None:
    (row,) = read(input=None, output=None, tool_definitions=None)

    assert not {"prompt", "completion", "turns", "tools"} & set(row)

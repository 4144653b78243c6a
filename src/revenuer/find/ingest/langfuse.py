"""Langfuse's blob export `observations_v2`, as Parquet, JSON Lines, JSON or CSV.

Only observations of type GENERATION are exchanges. The account is `user_id`, else the project.
`input`, `output`, `model_parameters` and `usage_details` may be JSON in text. The export holds no
address. Names in camelCase, as the API gives them, are known too.
"""

from __future__ import annotations

from typing import Any

from revenuer.find.ingest import openai, turns
from revenuer.find.ingest.fields import Overrides, Record, decoded, first, known, mapping

_MARKS = frozenset(
    {
        "provided_model_name",
        "usage_details",
        "usageDetails",
        "trace_id",
        "traceId",
        "observation_id",
    }
)


def matches(record: Record) -> bool:
    """Say whether a record is an observation."""
    has_time = "start_time" in record or "startTime" in record
    return "type" in record and has_time and bool(_MARKS & set(record))


def exchanges(record: Record, overrides: Overrides) -> list[Record]:
    """Return the exchange of one observation, none for spans and events."""
    if str(record.get("type")).upper() != "GENERATION":
        return []
    settings = mapping(first(record, "model_parameters", "modelParameters"))
    usage = mapping(first(record, "usage_details", "usageDetails", "usage"))
    given = decoded(record.get("input"))
    row = {
        "endpoint": "chat",
        **_settings(settings),
        **turns.tool_names(_tools(record, given)),
        **turns.conversation(given),
        **_reply(decoded(record.get("output"))),
    }
    row.update(
        known(
            {
                "exchange_id": record.get("id"),
                "requested_at": first(record, "start_time", "startTime"),
                "account_id": first(record, "user_id", "userId", "project_id", "projectId"),
                "session_id": first(record, "session_id", "sessionId"),
                "model": first(record, "provided_model_name", "providedModelName", "model"),
                "input_tokens": first(usage, "input", "input_tokens", "prompt_tokens"),
                "output_tokens": first(usage, "output", "output_tokens", "completion_tokens"),
                "reasoning_tokens": first(
                    usage,
                    "output_reasoning_tokens",
                    "output_reasoning",
                    "reasoning_tokens",
                    "reasoning",
                ),
            }
        )
    )
    return [overrides.apply(row, record)]


def _settings(settings: Record) -> Record:
    return known(
        {
            "max_tokens": first(settings, "max_tokens", "max_completion_tokens", "maxTokens"),
            "temperature": settings.get("temperature"),
            "stream": first(settings, "stream", "streaming"),
        }
    )


def _tools(record: Record, given: Any) -> Any:
    tools = first(record, "tool_definitions", "toolDefinitions")
    tools = mapping(given).get("tools") if tools in (None, "[]", "{}") else decoded(tools)
    if isinstance(tools, dict):  # tool name -> its definition
        return [{"name": name} for name in tools]
    return [decoded(tool) for tool in tools] if isinstance(tools, list) else None


def _reply(output: Any) -> Record:
    if isinstance(output, dict) and ("choices" in output or "output" in output):
        answer = openai.response(output)
        answer.pop("exchange_id", None)
        return answer
    if isinstance(output, list) and output:
        output = output[-1] if isinstance(output[-1], dict) and "role" in output[-1] else output
    return turns.reply(output) if output is not None else {}

"""AWS Bedrock model-invocation logs, as delivered to S3 or CloudWatch.

The account is the AWS account, the credential the caller's ARN; where one account serves many
customers, `--customer-attribute` may name a field such as `requestMetadata.tenant`. Bodies are
those of Converse or of the model's own maker. Bodies that lie in S3 apart are not fetched.
"""

from __future__ import annotations

from typing import Any

from revenuer.find.ingest import anthropic, openai, turns
from revenuer.find.ingest.fields import Overrides, Record, decoded, first, known, mapping, sequence

_REFUSED = frozenset({"guardrail_intervened", "content_filtered", "refusal", "content_filter"})
_STATUS = {
    "AccessDeniedException": 403,
    "InternalServerException": 500,
    "ModelNotReadyException": 429,
    "ModelTimeoutException": 408,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 400,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 429,
    "ValidationException": 400,
}


def matches(record: Record) -> bool:
    """Say whether a record is an invocation log."""
    return record.get("schemaType") == "ModelInvocationLog" or (
        {"modelId", "requestId", "timestamp"} <= set(record) and "operation" in record
    )


def exchanges(record: Record, overrides: Overrides) -> list[Record]:
    """Return the exchange of one invocation."""
    sent = mapping(first(record, "input.inputBodyJson"))
    received = decoded(first(record, "output.outputBodyJson"))
    is_converse = str(record.get("operation", "")).startswith("Converse")
    row = _converse(sent, mapping(received)) if is_converse else _invoked(sent, received)
    row.update(
        known(
            {
                "exchange_id": record.get("requestId"),
                "requested_at": record.get("timestamp"),
                "account_id": record.get("accountId"),
                "credential_id": first(record, "identity.arn"),
                "model": record.get("modelId"),
                "pathway": "cloud",
                "stream": "Stream" in str(record.get("operation", "")),
                "input_tokens": _input_tokens(record),
                "output_tokens": first(record, "output.outputTokenCount"),
                "status": _status(record),
            }
        )
    )
    row.setdefault("end_user_id", first(record, "requestMetadata.user_id"))
    return [overrides.apply(known(row), record)]


def _converse(sent: Record, received: Record) -> Record:
    message = mapping(first(received, "output.message"))
    counts = mapping(received.get("usage"))
    return known(
        {
            "endpoint": "chat",
            "max_tokens": first(sent, "inferenceConfig.maxTokens"),
            "temperature": first(sent, "inferenceConfig.temperature"),
            **turns.tool_names(first(sent, "toolConfig.tools")),
            **turns.conversation(sent.get("messages"), system=sent.get("system")),
            **(turns.reply(message) if message else {}),
            "refused": str(received.get("stopReason")) in _REFUSED if received else None,
            "input_tokens": counts.get("inputTokens"),
            "output_tokens": counts.get("outputTokens"),
        }
    )


def _invoked(sent: Record, received: Any) -> Record:
    if anthropic.is_shape(sent, received):
        return {**anthropic.request(sent), **anthropic.response(received)}
    if "messages" in sent and "inferenceConfig" not in sent:
        return {**openai.request(sent), **openai.response(received)}
    if "messages" in sent:
        return _converse(sent, mapping(received))
    return _other_makers(sent, received)


def _other_makers(sent: Record, received: Any) -> Record:
    """Return what the text models of Amazon, Meta, Mistral, Cohere and AI21 share."""
    answers = [mapping(part) for part in received] if isinstance(received, list) else []
    answers = answers or [mapping(received)]
    said = [_generated(answer) for answer in answers]
    told = [part for part in said if isinstance(part, str)]
    is_embedding = "texts" in sent or any("embedding" in a or "embeddings" in a for a in answers)
    reasons = [first(a, "stop_reason", "completionReason", "finish_reason") for a in answers]
    return known(
        {
            "endpoint": "embeddings" if is_embedding else "completions",
            "max_tokens": first(
                sent, "max_tokens", "max_gen_len", "textGenerationConfig.maxTokenCount"
            ),
            "temperature": first(sent, "temperature", "textGenerationConfig.temperature"),
            **turns.conversation(first(sent, "prompt", "inputText", "message", "texts")),
            "completion": "".join(told) if told else None,
            "refused": any(str(r).lower() in _REFUSED for r in reasons) if told else None,
        }
    )


def _generated(answer: Record) -> Any:
    for name in ("results", "outputs", "generations", "completions"):
        inner = sequence(answer.get(name))
        if inner:
            return first(inner[0], "outputText", "text", "data.text")
    return first(answer, "generation", "outputText", "text", "completion")


def _input_tokens(record: Record) -> Any:
    names = ("inputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount")
    counts = [first(record, f"input.{name}") for name in names]
    if all(type(count) is int or count is None for count in counts) and any(
        count is not None for count in counts
    ):
        return sum(count or 0 for count in counts)
    return counts[0]


def _status(record: Record) -> Any:
    code = record.get("errorCode")
    return _STATUS.get(str(code)) if code else 200 if "output" in record else None

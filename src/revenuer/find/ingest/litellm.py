"""LiteLLM's StandardLoggingPayload, one JSON object an exchange.

The account is the proxy's user, else its team, organisation or, at last, the key; the credential
is the key's hash; `end_user` is the customer's own user. Where teams are the customers, say so
with `--map account_id=metadata.user_api_key_team_id`.
Fields from `litellm/types/utils.py`, release 1.109.1.
"""

from __future__ import annotations

from typing import Any

from revenuer.find.ingest import anthropic, openai, turns
from revenuer.find.ingest.columns import TEXTS
from revenuer.find.ingest.fields import Overrides, Record, decoded, first, known, mapping

_MARKS = frozenset(
    {"model_map_information", "hidden_params", "litellm_call_id", "response_cost", "trace_id"}
)
_REDACTED = "redacted-by-litellm"
#: The proxy's own administrator: not a customer.
_NOBODY = frozenset({"default_user_id", "litellm-proxy-master-key"})

#: call_type, without the `a` of asynchronous calls -> endpoint.
ENDPOINTS = {
    "completion": "chat",
    "text_completion": "completions",
    "responses": "responses",
    "anthropic_messages": "messages",
    "embedding": "embeddings",
}


def matches(record: Record) -> bool:
    """Say whether a record is such a payload."""
    return (
        "call_type" in record
        and "startTime" in record
        and bool(_MARKS & set(record))
        and ("request_id" not in record)
    )


def exchanges(record: Record, overrides: Overrides) -> list[Record]:
    """Return the exchange of one payload."""
    about = mapping(record.get("metadata"))
    row = texts(record)
    row.update(
        known(
            {
                "exchange_id": first(record, "id", "litellm_call_id"),
                "requested_at": record.get("startTime"),
                "account_id": somebody(*(about.get(f"user_api_key_{name}") for name in _OWNERS)),
                "credential_id": about.get("user_api_key_hash"),
                "end_user_id": first(record, "end_user", "metadata.user_api_key_end_user_id"),
                "session_id": first(record, "session_id", "metadata.session_id", "trace_id"),
                "model": first(record, "model_group", "model"),
                "endpoint": endpoint(record.get("call_type")),
                "ip": first(record, "requester_ip_address", "metadata.requester_ip_address"),
                "user_agent": first(record, "user_agent", "metadata.user_agent"),
                "stream": record.get("stream"),
                "input_tokens": record.get("prompt_tokens"),
                "output_tokens": record.get("completion_tokens"),
                "status": status(record),
            }
        )
    )
    return [overrides.apply(row, record)]


_OWNERS = ("user_id", "team_id", "org_id", "hash")


def texts(record: Record) -> Record:
    """Return texts, request settings and usage from `messages`, `response`, `model_parameters`."""
    settings = mapping(record.get("model_parameters"))
    sent = {**settings, **mapping(first(record, "proxy_server_request.body"))}
    messages, received = decoded(record.get("messages")), decoded(record.get("response")) or None
    if messages:
        sent["messages"] = messages.get("messages") if _wraps(messages) else messages
    shape = anthropic if anthropic.is_shape(sent, received) else openai
    row = shape.request(sent)
    answer = (
        shape.response(received) if isinstance(received, dict | list) else turns.reply(received)
    )
    answer.pop("exchange_id", None)
    row.update(answer)
    for name in TEXTS & set(row):
        if _REDACTED in str(row[name])[:200]:  # a stand-in for text would look like one template
            del row[name]
    spent = mapping(first(record, "metadata.usage_object"))
    for name, value in openai.usage(spent).items():
        row.setdefault(name, value)
    return row


def somebody(*candidates: Any) -> Any:
    """Return the first owner that is a customer."""
    return next((c for c in candidates if c not in (None, "") and str(c) not in _NOBODY), None)


def endpoint(call_type: Any) -> Any:
    """Return our name of a call type; unknown ones stay as they are."""
    if not isinstance(call_type, str):
        return None
    plain = call_type if call_type in ENDPOINTS else call_type.removeprefix("a")
    return ENDPOINTS.get(plain, call_type)


def status(record: Record) -> Any:
    """Return the HTTP status: 200 for a success, the error's code where there is one."""
    if record.get("status") == "success":
        return 200
    code = first(record, "error_information.error_code", "metadata.error_information.error_code")
    return code if str(code or "").isdecimal() else None


def _wraps(messages: Any) -> bool:
    return isinstance(messages, dict) and "messages" in messages

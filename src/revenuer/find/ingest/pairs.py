"""Requests and responses side by side, in the shape of OpenAI's or Anthropic's API.

`{"request": {...}, "response": {...}}` with time and account beside them, at the top level or in
`metadata`. Bodies may be JSON in text, or stand under `body` beside HTTP headers. One file may mix
both shapes.
"""

from __future__ import annotations

from typing import Any

from revenuer.find.ingest import anthropic, openai
from revenuer.find.ingest.fields import Overrides, Record, decoded, first, known, mapping
from revenuer.tables import EXCHANGES

_SENT = ("request", "request_body", "requestBody")
_RECEIVED = ("response", "response_body", "responseBody")
_BODY_MARKS = frozenset({"messages", "prompt", "input"})

#: our column -> names it goes by beside the pair or in its `metadata`.
NAMES: dict[str, tuple[str, ...]] = {
    "exchange_id": ("exchange_id", "request_id", "requestId", "id"),
    "requested_at": (
        *("requested_at", "timestamp", "time", "created_at", "createdAt"),
        *("start_time", "startTime", "request_time", "ts"),
    ),
    "account_id": (
        *("account_id", "account", "accountId", "customer_id", "customer", "organization_id"),
        *("organization", "org_id", "tenant_id", "user_id"),
    ),
    "credential_id": ("credential_id", "api_key_id", "api_key_hash", "key_id"),
    "end_user_id": ("end_user_id", "end_user"),
    "session_id": ("session_id", "sessionId", "conversation_id", "thread_id"),
    "ip": ("ip", "ip_address", "client_ip", "remote_addr"),
    "user_agent": ("user_agent", "userAgent"),
    "status": ("status", "status_code", "statusCode", "http_status"),
}


def matches(record: Record) -> bool:
    """Say whether a record holds a request and a response."""
    sent = _body(record, _SENT)
    has_answer = any(name in record for name in _RECEIVED)
    return bool(sent) and (has_answer or bool(_BODY_MARKS & set(sent)))


def exchanges(record: Record, overrides: Overrides) -> list[Record]:
    """Return the exchange of one pair."""
    sent, received = _body(record, _SENT), _answer(record)
    shape = anthropic if anthropic.is_shape(sent, received) else openai
    row = shape.request(sent)
    answer = shape.response(received)
    row.update(answer)
    row.update(_beside(record))
    if "requested_at" not in row:  # OpenAI's own clock, in whole seconds
        row.update(known({"requested_at": first(received, "created", "created_at")}))
    return [overrides.apply(row, record)]


def _beside(record: Record) -> Record:
    found: Record = {}
    for ours in EXCHANGES.names:
        names = NAMES.get(ours, (ours,))
        apart = [f"metadata.{name}" for name in names]
        # In the request's own metadata `user_id` is the customer's user, not the customer.
        inside = [f"request.metadata.{name}" for name in names if name not in ("user_id", "id")]
        found[ours] = first(record, *names, *apart, *inside)
    headers = {str(k).lower(): v for k, v in mapping(first(record, "request.headers")).items()}
    found["user_agent"] = found["user_agent"] or headers.get("user-agent")
    if isinstance(found["status"], str) and not found["status"].strip().isdecimal():
        found["status"] = None  # a word, such as `success`
    found["status"] = first(found, "status") or first(record, "response.status_code")
    return known(found)


def _body(record: Record, names: tuple[str, ...]) -> Record:
    outer = mapping(first(record, *names))
    inner = outer.get("body")
    return mapping(inner) if inner is not None else outer


def _answer(record: Record) -> Any:
    outer = decoded(first(record, *_RECEIVED))
    inner = outer.get("body") if isinstance(outer, dict) else None
    return decoded(inner) if inner is not None else outer

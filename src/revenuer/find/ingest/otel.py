"""OpenTelemetry spans of generative AI, as OTLP JSON: one request a line, or one document.

Both generations of names are known: `gen_ai.provider.name` and `gen_ai.system`, `input_tokens` and
`prompt_tokens`, content as attributes (JSON of messages with parts), as span events, or as the
numbered attributes `gen_ai.prompt.0.content` of OpenLLMetry. Attributes of the resource serve
where the span has none. No `gen_ai` attribute names the customer: the account is the configured
attribute, else `user.id`, `user.hash`, `enduser.id` or `enduser.pseudo.id`. Spans without
`gen_ai` attributes, and those of agents and tools, are no exchanges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from revenuer.find.ingest import turns
from revenuer.find.ingest.fields import Overrides, Record, decoded, first, known, mapping, sequence

CUSTOMER = ("user.id", "user.hash", "enduser.id", "enduser.pseudo.id")
ENDPOINTS = {
    "chat": "chat",
    "generate_content": "chat",
    "text_completion": "completions",
    "completion": "completions",
    "embeddings": "embeddings",
    "embedding": "embeddings",
    "responses": "responses",
    "messages": "messages",
}
_NO_EXCHANGE = frozenset(
    {"execute_tool", "invoke_agent", "create_agent", "invoke_workflow", "retrieval", "plan"}
)
_REFUSED = frozenset({"content_filter", "refusal"})
_NUMBERED = re.compile(r"gen_ai\.(prompt|completion)\.(\d{1,6})\.(\w+)")


def matches(record: Record) -> bool:
    """Say whether a record is an OTLP trace request, or a span of one."""
    return (
        "resourceSpans" in record
        or ("scopeSpans" in record)
        or ("startTimeUnixNano" in record and "attributes" in record)
    )


def exchanges(record: Record, overrides: Overrides) -> list[Record]:
    """Return the exchanges among the spans of one request."""
    rows = []
    for span, attributes in _spans(record, {}):
        if _is_exchange(attributes):
            row = _exchange(span, attributes)
            rows.append(overrides.apply(row, attributes))
    return rows


def value(raw: Any) -> Any:
    """Return what an OTLP AnyValue holds."""
    if not isinstance(raw, dict):
        return raw
    raw = known(raw)  # columnar files hold every kind, all but one null
    if "arrayValue" in raw:
        return [value(item) for item in sequence(mapping(raw["arrayValue"]).get("values"))]
    if "kvlistValue" in raw:
        return attributes_of(mapping(raw["kvlistValue"]).get("values"))
    if "intValue" in raw:  # 64-bit numbers are text in OTLP JSON
        text = raw["intValue"]
        is_digits = isinstance(text, str) and text.removeprefix("-").isdecimal() and len(text) < 21
        return int(text) if is_digits else text
    return first(raw, "stringValue", "doubleValue", "boolValue", "bytesValue")


def attributes_of(pairs: Any) -> Record:
    """Return key-value pairs as a dict; a dict stays one."""
    if isinstance(pairs, dict):
        return pairs
    return {
        str(pair["key"]): value(pair.get("value"))
        for pair in sequence(pairs)
        if isinstance(pair, dict) and "key" in pair
    }


def _spans(node: Record, inherited: Record) -> Iterator[tuple[Record, Record]]:
    if "resourceSpans" in node:
        for resource in sequence(node["resourceSpans"]):
            yield from _spans(mapping(resource), inherited)
    elif "scopeSpans" in node or "instrumentationLibrarySpans" in node:
        of_resource = attributes_of(mapping(node.get("resource")).get("attributes"))
        for scope in sequence(first(node, "scopeSpans", "instrumentationLibrarySpans")):
            for span in sequence(mapping(scope).get("spans")):
                yield from _spans(mapping(span), of_resource)
    elif node:
        yield node, {**inherited, **attributes_of(node.get("attributes"))}


def _is_exchange(attributes: Record) -> bool:
    operation = attributes.get("gen_ai.operation.name")
    return str(operation) not in _NO_EXCHANGE and any(
        name in attributes
        for name in ("gen_ai.request.model", "gen_ai.response.model", "gen_ai.operation.name")
    )


def _exchange(span: Record, found: Record) -> Record:
    reasons = found.get("gen_ai.response.finish_reasons")
    reasons = reasons if isinstance(reasons, list) else sequence(reasons)
    content = _content(span, found)
    return known(
        {
            "exchange_id": first(found, "gen_ai.response.id") or _span_id(span),
            "requested_at": span.get("startTimeUnixNano"),
            "account_id": next((found[n] for n in CUSTOMER if found.get(n)), None),
            "session_id": found.get("gen_ai.conversation.id") or found.get("session.id"),
            "model": first(found, "gen_ai.request.model", "gen_ai.response.model"),
            "endpoint": _endpoint(found.get("gen_ai.operation.name")),
            "ip": first(found, "client.address", "http.client_ip"),
            "user_agent": first(found, "user_agent.original", "http.user_agent"),
            "max_tokens": found.get("gen_ai.request.max_tokens"),
            "temperature": found.get("gen_ai.request.temperature"),
            "stream": found.get("gen_ai.request.stream"),
            "input_tokens": _usage(found, "input", "prompt"),
            "output_tokens": _usage(found, "output", "completion"),
            "reasoning_tokens": first(
                found,
                "gen_ai.usage.reasoning.output_tokens",
                "gen_ai.usage.output_tokens.reasoning",
                "gen_ai.usage.reasoning_tokens",
            ),
            "refused": any(r in _REFUSED for r in reasons if isinstance(r, str))
            if reasons
            else None,
            "status": first(found, "http.response.status_code", "http.status_code"),
            **turns.tool_names(found.get("gen_ai.tool.definitions")),
            **content,
        }
    )


def _usage(found: Record, new: str, old: str) -> Any:
    return first(found, f"gen_ai.usage.{new}_tokens", f"gen_ai.usage.{old}_tokens")


def _span_id(span: Record) -> str | None:
    trace, own = span.get("traceId"), span.get("spanId")
    return f"{trace}:{own}" if trace and own else None


def _endpoint(operation: Any) -> Any:
    return ENDPOINTS.get(operation, operation) if isinstance(operation, str) else None


def _content(span: Record, found: Record) -> Record:
    """Return texts from attributes, else from span events, whichever generation."""
    seen = dict(found)
    for event in map(mapping, sequence(span.get("events"))):
        inner = attributes_of(event.get("attributes"))
        seen.update(known(_message_event(str(event.get("name")), inner, seen)))
        seen.update({n: v for n, v in inner.items() if n.startswith("gen_ai.") and n not in seen})
    sent = first(seen, "gen_ai.input.messages", "gen_ai.prompt", "event.sent")
    if sent is None:
        sent = _numbered(seen, "prompt")
    received = first(seen, "gen_ai.output.messages", "gen_ai.completion", "event.received")
    if received is None:
        received = _numbered(seen, "completion")
    system = decoded(seen.get("gen_ai.system_instructions"))
    return {**turns.conversation(sent, system=system), **_reply(decoded(received))}


def _message_event(name: str, inner: Record, seen: Record) -> Record:
    """Return the messages so far, with that of an event such as `gen_ai.user.message`."""
    body = {**mapping(inner.get("event.body") or inner.get("body")), **inner}
    if name == "gen_ai.choice":
        message = decoded(body.get("message"))
        message = (
            message
            if isinstance(message, dict)
            else {**body, "content": message or body.get("content")}
        )
        return {"event.received": [*sequence(seen.get("event.received")), message]}
    role = name.removeprefix("gen_ai.").removesuffix(".message")
    if not name.startswith("gen_ai.") or not name.endswith(".message"):
        return {}
    message = {**body, "role": first(body, "role") or role}
    return {"event.sent": [*sequence(seen.get("event.sent")), message]}


def _numbered(found: Record, kind: str) -> list[Record] | None:
    messages: dict[int, Record] = {}
    for name, content in found.items():
        match = _NUMBERED.fullmatch(name)
        if match and match.group(1) == kind:
            messages.setdefault(int(match.group(2)), {})[match.group(3)] = decoded(content)
    return [messages[place] for place in sorted(messages)] or None


def _reply(received: Any) -> Record:
    if isinstance(received, list) and received:
        received = received[0]  # further ones are other choices for the same request
    return turns.reply(received) if received is not None else {}

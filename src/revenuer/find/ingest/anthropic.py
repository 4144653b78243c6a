"""Bodies of the Anthropic Messages API, and of the older text completions.

A streamed answer may be logged as the list of its events; they are put together first.
`input_tokens` counts what was read from and written to the prompt cache too.
"""

from __future__ import annotations

from typing import Any

from revenuer.find.ingest import turns
from revenuer.find.ingest.fields import Record, first, known, mapping

_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def is_shape(sent: Record, received: Any) -> bool:
    """Say whether a request and its response have this shape rather than OpenAI's."""
    events = received if isinstance(received, list) else [received]
    answers = [mapping(event) for event in events[:3]]
    if any("choices" in answer or "output" in answer for answer in answers):
        return False
    if any(a.get("type") in ("message", "message_start", "completion") for a in answers):
        return True
    return (
        "anthropic_version" in sent
        or ("messages" in sent and "system" in sent)
        or "max_tokens_to_sample" in sent
        or any("stop_reason" in answer for answer in answers)
    )


def request(body: Record) -> Record:
    """Return our columns of a request."""
    return known(
        {
            "model": body.get("model"),
            "endpoint": "messages" if "messages" in body else "completions",
            "end_user_id": first(body, "metadata.user_id"),
            "max_tokens": first(body, "max_tokens", "max_tokens_to_sample"),
            "temperature": body.get("temperature"),
            "stream": body.get("stream"),
            **turns.tool_names(body.get("tools")),
            **turns.conversation(first(body, "messages", "prompt"), system=body.get("system")),
        }
    )


def response(body: Any) -> Record:
    """Return our columns of a response, or of the list of events it was streamed in."""
    body = joined(body) if isinstance(body, list) else mapping(body)
    content = body.get("content")
    said = turns.reply({"content": content}) if content is not None else {}
    if "completion" in body:
        said = known({"completion": body["completion"]})
    return known(
        {
            "exchange_id": body.get("id"),
            **said,
            "refused": body.get("stop_reason") == "refusal" if said else None,
            **usage(body.get("usage")),
        }
    )


def usage(body: Any) -> Record:
    """Return token counts."""
    counts = mapping(body)
    read = [counts[name] for name in _INPUT if counts.get(name) is not None]
    whole = all(isinstance(count, int) and not isinstance(count, bool) for count in read)
    return known(
        {
            "input_tokens": sum(read) if read and whole else counts.get("input_tokens"),
            "output_tokens": counts.get("output_tokens"),
            "reasoning_tokens": first(counts, "output_tokens_details.thinking_tokens"),
        }
    )


def joined(events: list[Any]) -> Record:
    """Return one response from the events of a stream."""
    body: Record = {}
    counts: Record = {}
    blocks: dict[str, Record] = {}
    for event in map(mapping, events):
        kind = event.get("type")
        if kind == "message_start":
            body.update(mapping(event.get("message")))
            counts.update(known(mapping(body.get("usage"))))
        elif kind == "content_block_start":
            blocks[str(event.get("index"))] = dict(mapping(event.get("content_block")))
        elif kind == "content_block_delta":
            block = blocks.setdefault(str(event.get("index")), {"type": "text"})
            _extend(block, mapping(event.get("delta")))
        elif kind == "message_delta":
            body.update(known(mapping(event.get("delta"))))
            counts.update(known(mapping(event.get("usage"))))
        elif "completion" in event:  # the older text completions
            body["completion"] = str(body.get("completion", "")) + str(event["completion"])
    if blocks:
        body["content"] = list(blocks.values())
    return {**body, "usage": counts}


def _extend(block: Record, delta: Record) -> None:
    for theirs, ours in (("text", "text"), ("thinking", "thinking"), ("partial_json", "input")):
        part = delta.get(theirs)
        if isinstance(part, str):
            before = block.get(ours)
            block[ours] = (before if isinstance(before, str) else "") + part

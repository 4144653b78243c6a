"""Bodies of the OpenAI API: chat completions, responses, legacy completions, embeddings.

A streamed answer may be logged as the list of its chunks; they are put together first.
"""

from __future__ import annotations

from typing import Any

from revenuer.find.ingest import turns
from revenuer.find.ingest.fields import Record, first, known, mapping, sequence


def request(body: Record) -> Record:
    """Return our columns of a request."""
    logprobs = body.get("logprobs")
    return known(
        {
            "model": body.get("model"),
            "endpoint": _endpoint(body),
            "end_user_id": first(body, "safety_identifier", "user"),
            "session_id": _conversation_id(body.get("conversation")),
            "max_tokens": first(body, "max_completion_tokens", "max_tokens", "max_output_tokens"),
            "temperature": body.get("temperature"),
            "logprobs": logprobs if isinstance(logprobs, bool) else _asks_logprobs(body),
            "stream": body.get("stream"),
            **turns.tool_names(first(body, "tools", "functions")),
            **turns.conversation(
                first(body, "messages", "input", "prompt"), system=body.get("instructions")
            ),
        }
    )


def response(body: Any) -> Record:
    """Return our columns of a response, or of the list of chunks it was streamed in."""
    body = joined(body) if isinstance(body, list) else mapping(body)
    output, choices = sequence(body.get("output")), sequence(body.get("choices"))
    reason = None
    if choices:
        choice = mapping(choices[0])
        reason = choice.get("finish_reason")
        said = turns.reply(choice["message"]) if "message" in choice else _legacy(choice)
        refusal = first(choice, "message.refusal")
    else:
        said = _of_items(output)
        refusal = next((True for item in output if _has_refusal(item)), None)
        reason = first(body, "incomplete_details.reason")
    is_answer = bool(choices or output)
    return known(
        {
            "exchange_id": body.get("id"),
            **said,
            "refused": bool(refusal) or reason == "content_filter" if is_answer else None,
            **usage(body.get("usage")),
        }
    )


def usage(body: Any) -> Record:
    """Return token counts; both generations of names are known."""
    counts = mapping(body)
    return known(
        {
            "input_tokens": first(counts, "prompt_tokens", "input_tokens"),
            "output_tokens": first(counts, "completion_tokens", "output_tokens"),
            "reasoning_tokens": first(
                counts,
                "completion_tokens_details.reasoning_tokens",
                "output_tokens_details.reasoning_tokens",
            ),
        }
    )


def joined(chunks: list[Any]) -> Record:
    """Return one response from the chunks of a stream; responses-API events carry it whole."""
    body: Record = {}
    said, thought, calls = [], [], list[Any]()
    reason = None
    for chunk in map(mapping, chunks):
        if isinstance(chunk.get("response"), dict):  # events of the responses API
            body.update(known(chunk["response"]))
            continue
        body.update(known({name: chunk.get(name) for name in ("id", "model", "usage")}))
        for choice in map(mapping, sequence(chunk.get("choices"))[:1]):
            delta = mapping(choice.get("delta"))
            said.append(first(delta, "content") or choice.get("text"))
            thought.append(first(delta, "reasoning_content", "reasoning"))
            calls += sequence(delta.get("tool_calls"))
            reason = choice.get("finish_reason") or reason
    if said:
        message = {
            "content": "".join(part for part in said if isinstance(part, str)),
            "reasoning_content": "".join(part for part in thought if isinstance(part, str)),
            "tool_calls": _whole_calls(calls),
        }
        body["choices"] = [{"message": message, "finish_reason": reason}]
    return body


def _whole_calls(parts: list[Any]) -> list[Record]:
    calls: dict[Any, Record] = {}
    for part in map(mapping, parts):
        call = calls.setdefault(str(part.get("index")), {"name": None, "arguments": ""})
        call["name"] = first(part, "function.name") or call["name"]
        call["arguments"] += str(first(part, "function.arguments") or "")
    return list(calls.values())


def _endpoint(body: Record) -> str | None:
    if "messages" in body:
        return "chat"
    if "input" in body:
        is_embedding = "encoding_format" in body or "embed" in str(body.get("model", "")).lower()
        return "embeddings" if is_embedding else "responses"
    return "completions" if "prompt" in body else None


def _conversation_id(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


def _asks_logprobs(body: Record) -> bool | None:
    if "message.output_text.logprobs" in sequence(body.get("include")):
        return True
    asked = first(body, "logprobs", "top_logprobs")
    return asked is not None if isinstance(asked, int) else None


def _legacy(choice: Record) -> Record:
    return known({"completion": choice.get("text")})


def _of_items(output: list[Any]) -> Record:
    """Return texts of the output items of the responses API."""
    items = [mapping(item) for item in output]
    spoken = [i.get("content") if i.get("type") == "message" else [i] for i in items]
    said = [part for part in map(turns.text, spoken) if part is not None]
    thought = [part for part in map(turns.thoughts, items) if part]
    return known(
        {
            "completion": "\n".join(said) if said else None,
            "reasoning": "\n".join(thought) if thought else None,
        }
    )


def _has_refusal(item: Any) -> bool:
    return any(mapping(b).get("type") == "refusal" for b in sequence(mapping(item).get("content")))

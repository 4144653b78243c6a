"""Messages of any maker -> our text columns.

A conversation is a list of messages with a role and content; content is text or a list of blocks.
`prompt` becomes the last message of the user, `system_prompt` all system and developer messages,
`history` every other message as JSON, whichever side of the prompt it stands on. A message that
holds nothing but tool results is the tool's, also where the maker files it under the user.
"""

from __future__ import annotations

from typing import Any

from revenuer.find.ingest import cells
from revenuer.find.ingest.fields import Record, decoded, first, known

_SYSTEM = frozenset({"system", "developer"})
_THOUGHT = frozenset(
    {"thinking", "redacted_thinking", "reasoning", "reasoning_content", "reasoningContent"}
)
_TOOL_USE = frozenset({"tool_use", "tool_call", "function_call", "toolUse", "server_tool_use"})
_TOOL_RESULT = frozenset(
    {"tool_result", "tool_call_response", "function_call_output", "toolResult"}
)
_SAID = ("text", "content", "refusal")
_BARE = ("toolUse", "toolResult", "reasoningContent", "image", "document", "video")


def conversation(messages: Any, *, system: Any = None) -> Record:
    """Return `system_prompt`, `prompt`, `history` and `turns` of what was sent.

    Args:
        messages: A list of messages, a single message, plain text (one turn of the user), or a
            list of texts, which are one turn together.
        system: System text or blocks that stand apart from the messages.
    """
    said = [(role, text(content)) for role, content in _messages(decoded(messages))]
    systems = [text(system), *(part for role, part in said if role in _SYSTEM)]
    others = [(role, part) for role, part in said if role not in _SYSTEM]
    users = [place for place, (role, _) in enumerate(others) if role == "user"]
    last = users[-1] if users else None
    rest = [
        {"role": role, "content": part or ""}
        for place, (role, part) in enumerate(others)
        if place != last
    ]
    return known(
        {
            "system_prompt": "\n\n".join(part for part in systems if part) or None,
            "prompt": None if last is None else others[last][1],
            "history": cells.json_text(rest) if rest else None,
            "turns": len(users) or None,
        }
    )


def text(content: Any) -> str | None:
    """Return content as text: blocks on lines of their own, tool calls as JSON, no thoughts."""
    if content is None or isinstance(content, str):
        return content
    if isinstance(content, dict):
        return _block_text(content)
    if not isinstance(content, list):
        return None
    parts = [block if isinstance(block, str) else _block_text(block) for block in content]
    said = [part for part in parts if part is not None]
    return "\n".join(said) if said else None


def thoughts(content: Any) -> str | None:
    """Return the reasoning among the blocks of content, None where there is none."""
    blocks = content if isinstance(content, list) else [content]
    found = [_thought(block) for block in blocks if _kind(block) in _THOUGHT]
    return "\n".join(part for part in found if part) or None


def reply(message: Any) -> Record:
    """Return `completion` and `reasoning` of one message of the model."""
    if not isinstance(message, dict):
        return known({"completion": text(message)})
    content = first(message, "content", "parts")
    said = text(content)
    called = [_block_text(call) for call in _calls(message)]
    refusal = message.get("refusal")
    parts = [part for part in (said, *called) if part]
    if isinstance(refusal, str) and refusal:
        parts.append(refusal)
    outside = first(message, "reasoning_content", "reasoning")
    return known(
        {
            "completion": "\n".join(parts)
            if parts
            else said
            if said is not None
            else _empty(message),
            "reasoning": outside if isinstance(outside, str) else thoughts(content),
        }
    )


def tool_names(tools: Any) -> Record:
    """Return `tools` and `tool_names` of the tools offered."""
    tools = decoded(tools)
    if not isinstance(tools, list):
        return {}
    names = [first(tool, "name", "function.name", "toolSpec.name", "type") for tool in tools]
    return {"tools": len(tools), "tool_names": [n for n in names if isinstance(n, str)]}


def _messages(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        inner = first(value, "messages", "input", "prompt")
        return _messages(inner) if inner is not None and "role" not in value else [_message(value)]
    if isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            return [("user", "\n".join(value))]
        return [_message(item) for item in value if isinstance(item, dict | str)]
    return [("user", value)] if isinstance(value, str) else []


def _message(message: Any) -> tuple[str, Any]:
    if isinstance(message, str):
        return "user", message
    kind, role = _kind(message), message.get("role")
    content = first(message, "content", "parts")
    if kind in _TOOL_USE | _TOOL_RESULT | _THOUGHT:
        return ("tool" if kind in _TOOL_RESULT else "assistant"), [message]
    calls = _calls(message)
    if calls:
        content = [*([content] if isinstance(content, str) else content or []), *calls]
    role = role if isinstance(role, str) else "user"
    if role == "user" and _is_all_results(content):
        role = "tool"
    return role, content


def _is_all_results(content: Any) -> bool:
    return (
        isinstance(content, list)
        and bool(content)
        and all(_kind(block) in _TOOL_RESULT for block in content)
    )


def _calls(message: Record) -> list[Any]:
    calls = decoded(message.get("tool_calls"))
    found = list(calls) if isinstance(calls, list) else []
    if isinstance(message.get("function_call"), dict):
        found.append(message["function_call"])
    return [{"type": "tool_call", **call} for call in found if isinstance(call, dict)]


def _kind(block: Any) -> str | None:
    if not isinstance(block, dict):
        return None
    kind = block.get("type")
    if isinstance(kind, str):
        return "tool_call" if kind == "function" else kind
    return next((name for name in _BARE if name in block), None)


def _block_text(block: Any) -> str | None:
    if not isinstance(block, dict):
        return None
    kind = _kind(block)
    if kind in _THOUGHT:
        return None
    if kind in _TOOL_USE:
        inner = block.get("toolUse") if isinstance(block.get("toolUse"), dict) else block
        name = first(inner, "name", "function.name")
        arguments = decoded(first(inner, "input", "arguments", "function.arguments"))
        return cells.json_text({"tool": name, "arguments": arguments})
    if kind in _TOOL_RESULT:
        inner = block.get("toolResult") if isinstance(block.get("toolResult"), dict) else block
        result = first(inner, "content", "output", "result", "response")
        plain = text(result)
        return plain if plain is not None else cells.json_text(result)
    said = next((block[n] for n in _SAID if block.get(n) is not None), None)
    if isinstance(said, str):
        return said
    return text(said) if said is not None else f"[{kind}]" if kind else None


def _thought(block: Record) -> str | None:
    inner = first(block, "reasoningContent.reasoningText.text", "thinking", "text")
    if isinstance(inner, str):
        return inner
    return text(first(block, "summary", "content"))


def _empty(message: Record) -> str | None:
    return "" if message.get("content") == "" else None

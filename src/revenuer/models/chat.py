"""The form in which a chat is asked for and told: OpenAI's chat completions.

Servers and llama.cpp in process share it. A refusal and an empty answer are answers. Reasoning is
what the message holds as `reasoning_content` or `reasoning`, else what stands between `<think>` and
`</think>` at the start of the content; where the second is missing the model was cut off while it
thought. Where a template opens the thought itself, the server must tell the two apart.
"""

from __future__ import annotations

from typing import Any

from revenuer.errors import InputError
from revenuer.models.interface import Completion, Usage

OPEN, CLOSE = "<think>", "</think>"


def request(
    prompt: str, *, system: str | None, limit: int, temperature: float, seed: int, top: int
) -> dict[str, Any]:
    """Return what to ask for one completion.

    Args:
        prompt: What the user says.
        system: What stands before it; empty says nothing and keeps the template from adding words
            of its own, None leaves it to the template.
        limit: Most tokens to write.
        temperature: 0 takes the likeliest token.
        seed: Of the sampling.
        top: Alternatives to tell of each token; 0 tells none.
    """
    before = [] if system is None else [{"role": "system", "content": system}]
    asked: dict[str, Any] = {
        "messages": [*before, {"role": "user", "content": prompt}],
        "max_tokens": limit,
        "temperature": temperature,
        "seed": seed,
    }
    return asked | ({"logprobs": True, "top_logprobs": top} if top else {})


def completion(answer: Any, *, top: bool, who: str) -> Completion:
    """Return the first completion of an answer.

    Args:
        answer: JSON.
        top: Whether alternatives were asked for.
        who: What to call the server in a sentence.

    Raises:
        InputError: It has another form, or tells no alternatives.
    """
    try:
        choice = answer["choices"][0]
        message = choice["message"]
        text = _text(message.get("content")) or _text(message.get("refusal"))
        reasoning = _text(message.get("reasoning_content")) or _text(message.get("reasoning"))
        usage = _usage(answer.get("usage"))
        alternatives = _top(choice.get("logprobs")) if top else None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{who} answers in another form than OpenAI's") from error
    if not reasoning:
        reasoning, text = split(text)
    if top and not alternatives and text + reasoning:
        raise InputError(f"{who} does not tell alternatives", hint="ask it for text only")
    return Completion(text, top=alternatives, reasoning=reasoning, usage=usage)


def split(content: str) -> tuple[str, str]:
    """Return the reasoning and the text of what a model wrote.

    Example:
        >>> split("<think>7 + 5 is 12.</think> 12")
        ('7 + 5 is 12.', '12')
    """
    start = content.lstrip()
    if not start.startswith(OPEN):
        return "", content
    reasoning, _, text = start.removeprefix(OPEN).partition(CLOSE)
    return reasoning.strip(), text.lstrip()


def _text(told: Any) -> str:
    if told is not None and not isinstance(told, str):
        raise TypeError
    # Raises at half a character, which no file can hold.
    (told or "").encode()
    return told or ""


def _usage(told: Any) -> Usage | None:
    if told is None:
        return None
    counts = told.get("prompt_tokens"), told.get("completion_tokens")
    if not all(isinstance(one, int) and one >= 0 for one in counts):
        return None
    return Usage(asked_tokens=counts[0], written_tokens=counts[1])


def _top(told: Any) -> tuple[dict[str, float], ...]:
    places = (told or {}).get("content") or []
    return tuple(_alternatives(place["top_logprobs"]) for place in places)


def _alternatives(told: Any) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in told:
        # Parts of a character look alike as text: the likeliest, told first, stands for all.
        found.setdefault(str(one["token"]), float(one["logprob"]))
    return found

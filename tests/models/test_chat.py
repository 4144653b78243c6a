"""Tests of revenuer.models.chat."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.errors import InputError
from revenuer.models import Completion, Usage, chat


def answer(message: dict[str, Any], *, logprobs: Any = None, usage: Any = None) -> dict[str, Any]:
    """An answer with one choice."""
    return {"choices": [{"message": message, "logprobs": logprobs}], "usage": usage}


def told(message: dict[str, Any]) -> tuple[str, str]:
    """Return reasoning and text."""
    found = chat.completion(answer(message), top=False, who="it")
    return found.reasoning, found.text


def test_a_request_says_what_is_asked_and_no_more() -> None:
    how: dict[str, Any] = {"limit": 9, "temperature": 0.5, "seed": 3}

    bare = chat.request("hello", system=None, top=0, **how)
    full = chat.request("hello", system="", top=4, **how)

    said = {"role": "user", "content": "hello"}
    rest = {"max_tokens": 9, "temperature": 0.5, "seed": 3}
    assert bare == {"messages": [said], **rest}
    assert full == {
        "messages": [{"role": "system", "content": ""}, said], **rest,
        "logprobs": True, "top_logprobs": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("message", "reasoning", "text"),
    [
        ({"content": "12"}, "", "12"),
        ({"content": "12", "reasoning_content": "7 + 5"}, "7 + 5", "12"),
        ({"content": "12", "reasoning": "7 + 5", "reasoning_content": None}, "7 + 5", "12"),
        ({"content": "12", "reasoning": "b", "reasoning_content": "a"}, "a", "12"),
        ({"content": "<think>\n7 + 5\n</think>\n\n12 "}, "7 + 5", "12 "),
        ({"content": " \n<think>a</think>b</think>c"}, "a", "b</think>c"),
        ({"content": "<think>7 +"}, "7 +", ""),
        ({"content": "<think></think>12"}, "", "12"),
        ({"content": "it is <think>a</think>12"}, "", "it is <think>a</think>12"),
        ({"content": "<thinking>a"}, "", "<thinking>a"),
        # Where the server tells it apart, what it wrote stays as it is.
        ({"content": "<think>a</think>12", "reasoning": "b"}, "b", "<think>a</think>12"),
        ({"content": " 12\n"}, "", " 12\n"),
    ],
)
def test_reasoning_is_told_apart(message: dict[str, Any], reasoning: str, text: str) -> None:
    assert told(message) == (reasoning, text)


@given(st.text(), st.text())
def test_what_was_put_together_is_taken_apart(reasoning: str, text: str) -> None:
    reasoning = reasoning.replace(chat.CLOSE, "")

    assert chat.split(f"<think>{reasoning}</think>{text}") == (reasoning.strip(), text.lstrip())


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": None, "refusal": "I cannot."}, "I cannot."),
        ({"content": "", "refusal": None}, ""),
        ({"content": None}, ""),
        ({}, ""),
    ],
)
@pytest.mark.parametrize("top", [False, True])
def test_refusals_and_empty_contents_are_answers(
    message: dict[str, Any], text: str, top: bool
) -> None:
    logprobs = {"content": [{"top_logprobs": []}]} if text else None

    found = chat.completion(answer(message, logprobs=logprobs), top=top, who="it")

    assert found.text == text
    assert found.top == ((({},) if text else ()) if top else None)


def test_alternatives_are_told_the_likeliest_first() -> None:
    places = [
        {"top_logprobs": [{"token": "a", "logprob": -0.1}, {"token": "b", "logprob": -3}]},
        {"top_logprobs": [{"token": "�", "logprob": -1}, {"token": "�", "logprob": -2}]},
    ]

    found = chat.completion(
        answer({"content": "a"}, logprobs={"content": places}), top=True, who=""
    )

    assert found.top == ({"a": -0.1, "b": -3.0}, {"�": -1.0})


@pytest.mark.parametrize("logprobs", [None, {}, {"content": None}, {"content": []}])
def test_a_server_that_tells_no_alternatives_is_named(logprobs: Any) -> None:
    with pytest.raises(InputError, match="it does not tell alternatives"):
        chat.completion(answer({"content": "a"}, logprobs=logprobs), top=True, who="it")


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}, (7, 2)),
        ({"prompt_tokens": 7, "completion_tokens": 0}, (7, 0)),
        ({"prompt_tokens": 7}, None),
        ({"prompt_tokens": "7", "completion_tokens": 2}, None),
        ({"prompt_tokens": 7, "completion_tokens": -1}, None),
        (None, None),
    ],
)
def test_usage_is_what_the_server_counts_or_nothing(
    usage: Any, counted: tuple[int, int] | None
) -> None:
    found = chat.completion(answer({"content": "a"}, usage=usage), top=False, who="it")

    expected = counted and Usage(asked_tokens=counted[0], written_tokens=counted[1])
    assert found == Completion("a", usage=expected or None)


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        {},
        {"choices": []},
        {"choices": [{}]},
        {"choices": [{"message": None}]},
        {"choices": [{"message": "a"}]},
        answer({"content": [{"type": "text", "text": "a"}]}),
        answer({"content": "a", "reasoning": {"text": "b"}}),
        answer({"content": "\ud83d"}),
        answer({"content": "a"}, usage=[1]),
        answer({"content": "a"}, logprobs={"content": [{}]}),
        answer({"content": "a"}, logprobs={"content": [{"top_logprobs": [{"token": "a"}]}]}),
    ],
    ids=ascii,
)
def test_another_form_is_told(odd: Any) -> None:
    with pytest.raises(InputError, match="it answers in another form than OpenAI's"):
        chat.completion(odd, top=True, who="it")

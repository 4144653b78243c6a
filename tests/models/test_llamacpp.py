"""Tests of revenuer.models.llamacpp, with a real model of 135 million weights."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from revenuer import models
from revenuer.errors import InputError
from revenuer.models import Capability, llamacpp
from revenuer.models.llamacpp import LlamaCppModel

QUESTION = "What is the capital of France?"


@pytest.fixture(scope="module")
def model(smollm2_gguf: Path) -> LlamaCppModel:
    """The model, on one thread: its threads wait for each other busily."""
    return LlamaCppModel(smollm2_gguf, context=256, threads=1)


class Stub:
    """Stands in for llama.cpp and keeps what it is asked."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.asked = answer, list[dict[str, Any]]()

    def handle_chat_completions(self, asked: dict[str, Any]) -> Any:
        """Answer."""
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def stub(model: LlamaCppModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """A stub in place of what the model asks."""
    stub = Stub({"choices": [{"message": {"content": ""}}]})
    monkeypatch.setattr(model, "_server", stub)
    return stub


def test_it_answers_and_tells_alternatives_and_usage(model: LlamaCppModel) -> None:
    (said,) = model.generate([QUESTION], limit=12, temperature=0)

    assert (model.name, model.capabilities) == (
        "SmolLM2-135M-Instruct.Q4_1", Capability.TEXT | Capability.TOP,
    )  # fmt: skip
    assert said.text == "The capital of France is Paris."
    assert said.usage is not None
    # Eight pieces, the end among them; the template and the empty system message are read too.
    assert (said.usage.asked_tokens, said.usage.written_tokens) == (21, 8)
    assert said.top is not None
    assert [len(place) for place in said.top] == [5] * 8
    taken = [max(place, key=lambda one: place[one]) for place in said.top]
    assert "".join(taken) == said.text
    assert all(sum(np.exp(list(place.values()))) <= 1 for place in said.top)


def test_the_same_seed_gives_the_same_text_whatever_was_asked_before(model: LlamaCppModel) -> None:
    prompts = ["Tell me of rivers.", "Tell me of the sea.", "Name a colour."]
    first = model.generate(prompts, limit=6, seed=5)

    again = model.generate(prompts[::-1], limit=6, seed=5)[::-1]
    other = model.generate(prompts, limit=6, seed=6)

    assert first == again
    assert [one.text for one in first] != [one.text for one in other]


def test_several_threads_get_their_own_answers(model: LlamaCppModel) -> None:
    prompts = ["Tell me of rivers.", "Tell me of the sea.", "Name a colour."]
    alone = [model.generate([prompt], limit=4, seed=5)[0] for prompt in prompts]

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda one: model.generate([one], limit=4, seed=5)[0], prompts * 2))

    assert found == alone * 2


def test_the_system_message_is_heard(smollm2_gguf: Path) -> None:
    told = LlamaCppModel(
        smollm2_gguf, system="You are a cat.", top=0, context=256, threads=1
    ).generate([QUESTION], limit=1)[0]

    assert told.usage is not None
    assert told.usage.asked_tokens > 21
    assert told.top is None


def test_it_is_asked_for_plain_sampling_and_no_memory(model: LlamaCppModel, stub: Stub) -> None:
    model.generate([QUESTION], limit=3, temperature=0.7, seed=4)

    assert stub.asked == [
        {
            "messages": [{"role": "system", "content": ""}, {"role": "user", "content": QUESTION}],
            "max_tokens": 3, "temperature": 0.7, "seed": 4, "logprobs": True, "top_logprobs": 5,
            "top_k": 0, "top_p": 1.0, "min_p": 0.0, "cache_prompt": False,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seed", "sent"), [(0, 0), (-1, 2**32 - 2), (2**32 - 2, 2**32 - 2), (2**32 - 1, 0)]
)
def test_no_seed_is_left_to_chance(model: LlamaCppModel, stub: Stub, seed: int, sent: int) -> None:
    model.generate([QUESTION], limit=3, seed=seed)

    assert stub.asked[0]["seed"] == sent


def test_a_prompt_that_does_not_fit_is_told(model: LlamaCppModel) -> None:
    with pytest.raises(
        InputError,
        match=r"let SmolLM2-135M-Instruct\.Q4_1 answer: request \(3\d\d tokens\) exceeds",
    ):
        model.generate(["a " * 300], limit=1)


@pytest.mark.parametrize(
    "answer",
    [
        ValueError("odd\nprompt"),
        RuntimeError("odd prompt"),
        {"code": 500, "message": "odd prompt"},
        {"error": {"code": 400, "message": "odd prompt"}},
    ],
    ids=str,
)
def test_what_llama_cpp_says_is_a_sentence(model: LlamaCppModel, stub: Stub, answer: Any) -> None:
    stub.answer = answer

    with pytest.raises(InputError, match=r"^llama\.cpp does not let .* answer: odd prompt$"):
        model.generate([QUESTION], limit=1)


def test_text_that_is_no_text_is_a_sentence(model: LlamaCppModel) -> None:
    with pytest.raises(InputError, match="invalid string: surrogate"):
        model.generate(["\ud800"], limit=1)


@pytest.mark.parametrize("limit", [0, -1])
def test_without_a_limit_it_does_not_write(model: LlamaCppModel, limit: int) -> None:
    with pytest.raises(InputError, match=f"writes at least one token, not {limit}"):
        model.generate([QUESTION], limit=limit)


def test_ids_and_distributions_are_refused(model: LlamaCppModel) -> None:
    with pytest.raises(InputError, match="does not tell its token ids") as ids:
        model.encode("a")
    with pytest.raises(InputError, match="does not tell distributions") as distributions:
        model.score([1], [2])

    assert ids.value.hint == distributions.value.hint == "name the file without llamacpp:"


# Opened and dropped at once: what it waits for must have begun.
def test_a_place_names_it(smollm2_gguf: Path) -> None:
    assert isinstance(models.open_model(f"llamacpp:{smollm2_gguf}"), LlamaCppModel)


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    damaged = tmp_path / "model.gguf"
    damaged.write_bytes(b"GGUF" + bytes(20))

    with pytest.raises(InputError, match=r"llama\.cpp cannot read .*model\.gguf"):
        models.open_model(f"llamacpp:{damaged}")
    with pytest.raises(InputError, match="no model at nowhere"):
        models.open_model("llamacpp:nowhere")


def test_without_the_package_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, llamacpp.__name__)
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    importlib.invalidate_caches()

    with pytest.raises(InputError, match="needs the package xllamacpp") as caught:
        models.open_model("llamacpp:a.gguf")

    assert caught.value.hint == "pip install 'revenuer[lab-llamacpp]'"


@pytest.mark.slow
def test_it_predicts_what_transformers_predicts(model: LlamaCppModel, smollm2: Path) -> None:
    read: Any = models.open_model(str(smollm2))
    ids = read.encode(read.chat("", QUESTION))
    (said,) = model.generate([QUESTION], limit=1, temperature=0)

    (told,) = np.log(read.score(ids, [0]))

    assert said.usage is not None
    assert said.usage.asked_tokens == len(ids)
    assert said.top is not None
    for token, logprob in said.top[0].items():
        (one,) = read.encode(token)
        # llama.cpp rounds what flows between the layers to eight bits: 0.25 was seen.
        assert logprob == pytest.approx(told[one], abs=0.5)

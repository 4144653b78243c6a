"""Tests of revenuer.models.http, against a server of a few lines on this machine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.models.loopback import Asked, Clock, Say, Server, nobody, serving

from revenuer import models
from revenuer.errors import InputError
from revenuer.models import Capability, Usage
from revenuer.models.http import TOKEN, ServedModel
from revenuer.models.patience import Patience


def told(asked: Asked) -> Say:
    """Answer as OpenAI's servers do: repeat what was said."""
    if asked.path == "/v1/models":
        return Say(body={"data": [{"id": "suspect-1"}]})
    if asked.path != "/v1/chat/completions":
        return Say()
    said = asked.body["messages"][-1]["content"]
    if said == "break":
        return Say(500)
    choice: dict[str, Any] = {"message": {"content": f"you said {said}", "reasoning": "hm"}}
    if asked.body.get("logprobs"):
        top = [{"token": "you", "logprob": -0.1}, {"token": "we", "logprob": -2.5}]
        choice["logprobs"] = {"content": [{"top_logprobs": top}]}
    usage = {"prompt_tokens": 11, "completion_tokens": 3}
    return Say(body={"choices": [choice] if said != "odd" else [], "usage": usage})


def bodies(server: Server) -> list[dict[str, Any]]:
    """What was asked for in chats."""
    return [one.body for one in server.asked if one.path.endswith("/chat/completions")]


def test_a_server_is_opened_and_tells_text_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "of-the-environment")
    with serving(told) as server:
        model = models.open_model(f"{server.url}/v1/")

        found = model.generate(["one", "two"], limit=9, temperature=0.5, seed=3)

    assert (model.name, model.capabilities) == ("suspect-1", Capability.TEXT)
    assert [one.text for one in found] == ["you said one", "you said two"]
    assert [one.top for one in found] == [None, None]
    assert found[0].reasoning == "hm"
    assert found[0].usage == Usage(asked_tokens=11, written_tokens=3)
    assert bodies(server)[0] == {
        "model": "suspect-1", "messages": [{"role": "user", "content": "one"}],
        "max_tokens": 9, "temperature": 0.5, "seed": 3,
    }  # fmt: skip
    assert {one.token for one in server.asked} == {"Bearer of-the-environment"}


def test_alternatives_are_told_where_they_are_asked_for() -> None:
    with serving(told) as server:
        model = ServedModel(f"{server.url}/v1", name="other", token="a-token", top=True)  # noqa: S106

        (said,) = model.generate(["hello"], limit=1)

    assert Capability.TOP in model.capabilities
    assert said.top == ({"you": -0.1, "we": -2.5},)
    # Named, it need not be looked for.
    assert [(one.path, one.token) for one in server.asked] == [
        ("/v1/chat/completions", "Bearer a-token")
    ]
    assert bodies(server)[0] | {"messages": None} == {
        "model": "other", "messages": None, "max_tokens": 1, "temperature": 1.0, "seed": 0,
        "logprobs": True, "top_logprobs": 5,
    }  # fmt: skip


@pytest.mark.parametrize("system", [None, "", "Be brief."])
def test_a_system_message_is_sent_if_there_is_one(system: str | None) -> None:
    with serving(told) as server:
        ServedModel(f"{server.url}/v1", system=system).generate(["hello"], limit=1)

    expected = [] if system is None else [{"role": "system", "content": system}]
    assert bodies(server)[0]["messages"] == [*expected, {"role": "user", "content": "hello"}]


@pytest.mark.parametrize(("said", "sentence"), [("break", "answers 500"), ("odd", "another form")])
def test_a_server_that_fails_is_named(said: str, sentence: str) -> None:
    clock = Clock()
    with serving(told) as server, pytest.raises(InputError, match=sentence):
        ServedModel(f"{server.url}/v1", patience=Patience(tries=3), clock=clock).generate(
            [said], limit=1
        )

    assert len(clock.slept) == (2 if said == "break" else 0)


def test_unless_it_is_told_otherwise_it_is_asked_eight_times() -> None:
    clock = Clock()
    with serving(told) as server, pytest.raises(InputError, match="asked 8 times"):
        ServedModel(f"{server.url}/v1", clock=clock).generate(["break"], limit=1)

    assert len(clock.slept) == 7


def test_threads_get_their_own_answers_from_a_server_that_is_often_busy() -> None:
    busy = {f"prompt {number}" for number in range(0, 200, 7)}

    def often_busy(asked: Asked) -> Say:
        said = asked.body["messages"][0]["content"] if asked.body else None
        if said in busy:
            busy.remove(said)
            return Say(429) if int(said.split()[1]) % 2 else Say(-1)
        return told(asked)

    clock = Clock()
    with serving(often_busy) as server:
        model = ServedModel(f"{server.url}/v1", clock=clock)
        prompts = [f"prompt {number}" for number in range(200)]
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda one: model.generate([one], limit=4), prompts))

    assert [one.text for (one,) in found] == [f"you said {prompt}" for prompt in prompts]
    assert len(bodies(server)) == 200 + 29
    assert len(clock.slept) == 29


def test_nobody_there_is_an_error_and_no_traceback() -> None:
    with pytest.raises(InputError, match="does not answer"):
        ServedModel(f"{nobody()}/v1")


def test_a_server_without_models_is_told_how_an_address_ends() -> None:
    with serving(told) as server, pytest.raises(InputError, match="names no model") as caught:
        ServedModel(server.url)

    assert caught.value.hint == "end the URL with /v1"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(InputError, match="is no address of a server"):
        ServedModel(url)


def test_distributions_and_ids_are_refused() -> None:
    model = ServedModel("http://127.0.0.1:1", name="suspect")

    with pytest.raises(InputError, match="suspect does not tell distributions"):
        model.score([1], [2])
    with pytest.raises(InputError, match="suspect does not tell its token ids"):
        model.encode("a")


def test_a_real_server_of_llama_cpp(llama_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "of-the-test")
    asked: dict[str, Any] = {"limit": 12, "temperature": 0}

    named = models.open_model(f"{llama_server}/v1")
    model = ServedModel(f"{llama_server}/v1", token="of-the-test", top=True, system="")  # noqa: S106
    first, again = model.generate(["What is the capital of France?"] * 2, **asked)

    assert named.name == "smollm2"
    assert named.generate(["Say yes."], limit=1)[0].usage is not None
    assert first.text == again.text == "The capital of France is Paris."
    assert first.usage == Usage(asked_tokens=21, written_tokens=8)
    assert first.top is not None
    assert [max(place, key=lambda one: place[one]) for place in first.top[:3]] == [
        "The", " capital", " of",
    ]  # fmt: skip


def test_a_real_server_says_why_not(llama_server: str) -> None:
    with pytest.raises(InputError, match="answers 401 Unauthorized: Invalid API Key"):
        ServedModel(f"{llama_server}/v1", token="another", clock=Clock())  # noqa: S106
    with pytest.raises(InputError, match=r"answers 400 .*exceeds the available context size"):
        ServedModel(f"{llama_server}/v1", token="of-the-test").generate(["a " * 1500], limit=1)  # noqa: S106

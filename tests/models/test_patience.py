"""A busy server is asked again, at its pace; nothing here waits for real."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.loopback import Clock, Say, Script, in_order, nobody, serving

from revenuer.errors import InputError
from revenuer.models.patience import Asker, Patience, asked_pause_s

BUSY, FINE = Say(503), Say(body={"fine": True})


class Always(np.random.Generator):
    """Chance that always says the same."""

    def __init__(self, value: float) -> None:
        super().__init__(np.random.PCG64(1))
        self.value = value

    def random(self, *_: Any, **__: Any) -> Any:
        """Return the value."""
        return self.value


def pauses(script: Script, *, chance: float = 0.0, **how: Any) -> list[float]:
    """Return how long is waited between requests until an answer comes."""
    clock = Clock()
    with serving(script) as server:
        asker = Asker(Patience(**how), clock=clock, rng=Always(chance))
        assert asker.ask(server.url, {"a": 1}) == {"fine": True}
    assert {one.body["a"] for one in server.asked} == {1}
    assert len(server.asked) == len(clock.slept) + 1
    return clock.slept


def test_pauses_double_up_to_the_longest() -> None:
    script = in_order(*[BUSY] * 7, FINE)

    assert pauses(script, longest_s=20) == [1, 2, 4, 8, 16, 20, 20]
    assert sum(pauses(in_order(*[BUSY] * 7, FINE))) == 123


@pytest.mark.parametrize("chance", [0.0, 0.3, 0.999])
def test_chance_shortens_a_pause_by_half_at_most(chance: float) -> None:
    script = in_order(BUSY, BUSY, FINE)

    assert pauses(script, chance=chance) == pytest.approx([1 - chance / 2, 2 - chance])


def test_chance_is_not_the_same_for_everyone() -> None:
    firsts = set()
    with serving(in_order(BUSY)) as server:
        for _ in range(3):
            clock = Clock()
            with pytest.raises(InputError):
                Asker(Patience(tries=2), clock=clock).ask(server.url)
            firsts |= set(clock.slept)

    assert len(firsts) == 3


@pytest.mark.parametrize(
    "passing",
    [Say(408), Say(409), Say(425), Say(429), Say(500), Say(599), Say(0), Say(-1), Say(cut=3)],
)
def test_what_passes_is_waited_for(passing: Say) -> None:
    assert pauses(in_order(passing, FINE)) == [1]


def test_a_silence_is_waited_for() -> None:
    over = threading.Event()

    slept = pauses(in_order(Say(after=over), FINE), silence_s=0.05)
    over.set()

    assert slept == [1]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 307])
def test_what_does_not_pass_is_told_at_once(status: int) -> None:
    clock = Clock()
    with serving(in_order(FINE, Say(status, {"error": {"message": "no"}}))) as server:
        asker = Asker(Patience(), clock=clock)
        asker.ask(server.url)
        with pytest.raises(InputError, match=f"answers {status}"):
            asker.ask(server.url)

    assert (len(server.asked), clock.slept) == (2, [])


@pytest.mark.parametrize("tries", [1, 3])
def test_after_so_many_tries_one_sentence_tells_the_last_trouble(tries: int) -> None:
    clock = Clock()
    full = Say(429, {"error": {"message": "slower, secret"}})
    with (
        serving(in_order(full)) as server,
        pytest.raises(InputError) as caught,
    ):
        Asker(Patience(tries=tries), token="secret", clock=clock).ask(server.url)  # noqa: S106

    assert str(caught.value) == (
        f"{server.url} answers 429 Too Many Requests: slower, [token]; asked {tries} times"
    )
    assert caught.value.hint == "try again later, or ask less often"
    assert (len(server.asked), len(clock.slept)) == (tries, tries - 1)


@pytest.mark.parametrize(
    ("header", "slept"), [("7", 7), ("0", 0), ("1000", 60), ("9" * 400, 60), ("soon", 1)]
)
def test_what_the_server_asks_for_is_obeyed_up_to_the_longest(header: str, slept: float) -> None:
    busy = Say(429, headers={"Retry-After": header})

    assert pauses(in_order(busy, FINE)) == [slept]


def test_nobody_comes_back_earlier_than_asked() -> None:
    busy = Say(429, headers={"Retry-After": "10"})

    assert pauses(in_order(busy, FINE), chance=0.5) == [10.5]


def test_a_date_is_counted_from_when_the_server_says_that_it_is() -> None:
    until = "Wed, 21 Oct 2026 07:28:30 GMT"
    busy = Say(503, headers={"Retry-After": until, "Date": "Wed, 21 Oct 2026 07:28:00 GMT"})

    assert pauses(in_order(busy, FINE)) == [30]


@pytest.mark.parametrize(
    ("header", "date", "told"),
    [
        ("Thu, 01 Jan 1970 00:00:05 GMT", None, 4.0),
        ("Thu, 01 Jan 1970 00:00:05 GMT", "nonsense", 4.0),
        ("Thu, 01 Jan 1970 00:00:05 -0000", None, 4.0),
        ("Thu, 01 Jan 1970 00:00:05 GMT", "Thu, 01 Jan 1970 01:00:02 +0100", 3.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None, 0.0),
        ("Thu, 32 Jan 1970 00:00:00 GMT", None, None),
        (" 2.5 ", None, 2.5),
        ("-3", None, None),
        ("nan", None, None),
        ("", None, None),
        (None, "Thu, 01 Jan 1970 00:00:05 GMT", None),
    ],
)
def test_what_a_server_asks_for_is_read(
    header: str | None, date: str | None, told: float | None
) -> None:
    assert asked_pause_s(header, date, 1.0) == told


@settings(max_examples=50)
@given(st.text(max_size=40) | st.none(), st.text(max_size=40) | st.none())
def test_nonsense_is_never_an_error(header: str | None, date: str | None) -> None:
    told = asked_pause_s(header, date, 0.0)

    assert told is None or told >= 0


def test_nobody_there_is_told_at_once_and_a_server_that_was_there_may_come_back() -> None:
    clock = Clock()
    with pytest.raises(InputError, match="does not answer"):
        Asker(Patience(), clock=clock).ask(nobody())
    assert clock.slept == []

    with serving(in_order(FINE)) as server:
        asker = Asker(Patience(tries=3), clock=clock)
        asker.ask(server.url)
    with pytest.raises(InputError, match=r"does not answer: .*refused.*; asked 3 times") as caught:
        asker.ask(server.url)
    assert len(clock.slept) == 2
    assert caught.value.hint == "is it running?"


def test_requests_keep_their_distance_repetitions_too() -> None:
    clock = Clock()
    busy = Say(429, headers={"Retry-After": "0"})
    with serving(in_order(FINE, busy, FINE)) as server:
        asker = Asker(Patience(requests_per_second=4), clock=clock)
        asker.ask(server.url)
        asker.ask(server.url)
        assert clock.slept == [0.25, 0, 0.25]
        clock.now += 10
        asker.ask(server.url)
        # What was not asked meanwhile is not made up for.
        asker.ask(server.url)

    assert clock.slept[3:] == [0.25]


def test_threads_share_one_pace() -> None:
    clock = Clock(is_stuck=True)
    with serving(in_order(FINE)) as server:
        asker = Asker(Patience(requests_per_second=8), clock=clock)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: asker.ask(server.url), range(40)))

    assert found == [{"fine": True}] * 40
    # The first goes at once; each of the others has a turn of its own.
    assert sorted(clock.slept) == pytest.approx([turn / 8 for turn in range(1, 40)])


def test_a_log_tells_the_address_and_nothing_that_was_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "revenuer")
    busy = Say(503, {"error": {"message": "a prompt"}})

    pauses(in_order(busy, FINE))

    assert "is busy or gone; asked again in 1.0 s" in caplog.text
    assert "a prompt" not in caplog.text


@pytest.mark.parametrize(
    "how",
    [{"tries": 0}, {"first_s": 0}, {"longest_s": -1}, {"silence_s": float("inf")},
     {"requests_per_second": 0}, {"requests_per_second": float("inf")},
     {"requests_per_second": float("nan")}],
)  # fmt: skip
def test_patience_that_cannot_be_is_told(how: dict[str, float]) -> None:
    with pytest.raises(InputError, match=r"no server is asked like this|lie above 0"):
        Patience(**how)  # type: ignore[arg-type]  # tries is a float here


def test_less_than_a_request_a_second_is_a_pace() -> None:
    clock = Clock()
    with serving(in_order(FINE)) as server:
        asker = Asker(Patience(requests_per_second=0.5), clock=clock)
        asker.ask(server.url)
        asker.ask(server.url)

    assert clock.slept == [2]

"""What do people with a browser send?

Class `consumer_chat`: conversations of a few turns, daily rhythm of their country; the number of
conversations falls off with exponent 1.4, as on public chat services. `talk` is also what others
put into their requests.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from revenuer.lab.traffic import clock, people, wording
from revenuer.lab.traffic.exchanges import Draft, Scene, histories, make_answers
from revenuer.lab.traffic.people import HOME, OTHER, ROAD, SECOND, Roster
from revenuer.lab.traffic.wording import Texts
from revenuer.lab.traffic.world import DAY_S, LARGE, MID, NEXT, REASON, SMALL, World

Indices = NDArray[np.int64]

#: What people talk about: rule -> weight.
TALK = {
    "chat": 0.7,
    "code": 0.1,
    "maths": 0.04,
    "library": 0.02,
    "es": 0.04,
    "de": 0.025,
    "zh": 0.04,
    "ja": 0.035,
}
_CHAT_EXPONENT = 1.4
_CHAT_LARGEST = 160


def talk(rng: np.random.Generator, world: World, n: int) -> Texts:
    """Return n first turns of chat: all fields, some code and mathematics, five languages.

    A sixth carries pasted text, whose length is heavy-tailed; a fifth is in lower case.
    """
    said = wording.blend(rng, TALK, world.grammar, n)
    pasted = np.flatnonzero(rng.random(n) < 0.16)
    sizes = np.clip(rng.lognormal(2.1, 1.0, size=len(pasted)), 1, 90).astype(np.int64)
    text = wording.joined(
        said.take(pa.array(pasted)),
        "\n\n",
        wording.paragraphs(rng, world.grammar, "sentence", sizes),
    )
    rest = np.flatnonzero(~np.isin(np.arange(n), pasted))
    said = wording.scatter([text, said.take(pa.array(rest))], [pasted, rest], n)
    return pc.if_else(pa.array(rng.random(n) < 0.2), pc.utf8_lower(said), said)


def consumer_chat(rng: np.random.Generator, world: World, n: int) -> Scene:
    """Return n people who chat."""
    plan = rng.random(n)
    roster = people.enrol(rng, world, n, kind="consumer_chat")
    roster.plan[plan < 0.6] = "free"
    roster.payment[plan < 0.6] = None
    roster.plan[plan > 0.97] = "pro"
    counts = 1 + np.minimum(rng.pareto(_CHAT_EXPONENT, size=n) * 0.9, _CHAT_LARGEST).astype(
        np.int64
    )
    return Scene(roster, conversations(rng, world, roster, counts))


def conversations(
    rng: np.random.Generator,
    world: World,
    roster: Roster,
    counts: Indices,
    *,
    first: Texts | None = None,
) -> Draft:
    """Return what people write who hold `counts` conversations each, from browser and phone.

    `first` (sum of counts,) gives the first turns, if they are not ordinary chat.
    """
    n = len(roster)
    peak = (rng.normal(15.5, 3.2, size=n) - world.internet.offsets_h[roster.country]) % 24
    shape = clock.days_of(world, peak, rng.beta(8, 1.5, size=n))
    begins = clock.lifetimes(world, roster.created_s, np.full(n, world.seconds))
    owner, start = clock.arrivals(rng, world, counts, shape * begins, rng.lognormal(0.2, 0.3, n))
    turns = np.minimum(rng.geometric(0.55, len(owner)) + _long_talks(rng, len(owner)), 30)
    which, turn, at_s = clock.turns_after(rng, start, turns)
    opening = first if first is not None else talk(rng, world, len(owner))
    return _spoken(rng, world, roster, owner[which], which, turn, at_s, opening)


def page_prompts(world: World, at_s: NDArray[np.float64]) -> Texts:
    """Return the system prompt that the provider's own chat page sends along, with the day."""
    days = pa.array(np.maximum(at_s / DAY_S, 0).astype(np.int64)).cast(pa.string())
    return wording.joined(world.chat_prompt, days, ".")


def _long_talks(rng: np.random.Generator, n: int) -> Indices:
    return np.where(rng.random(n) < 0.04, rng.geometric(0.14, n), 0)


def _spoken(
    rng: np.random.Generator,
    world: World,
    roster: Roster,
    owner: Indices,
    which: Indices,
    turn: Indices,
    at_s: NDArray[np.float64],
    opening: Texts,
) -> Draft:
    firsts, later = np.flatnonzero(turn == 1), np.flatnonzero(turn > 1)
    prompt = wording.scatter(
        [opening, world.grammar.make(rng, "followup", len(later))], [firsts, later], len(turn)
    )
    completion = make_answers(rng, world, None, len(turn))
    place = rng.choice([HOME, SECOND, ROAD, OTHER], p=[0.55, 0.1, 0.25, 0.1], size=len(firsts))
    road = world.internet.carriers(rng, roster.country[owner[firsts]])
    address = np.where(place == ROAD, road, roster.book[owner[firsts], place])[which]
    device = (place == ROAD).astype(np.int64)[which]
    model = _chat_models(rng, world, len(firsts), at_s[firsts])[which]
    return Draft(
        owner=owner,
        at_s=at_s,
        prompt=prompt,
        completion=completion,
        system=page_prompts(world, at_s),
        history=histories(which, turn, prompt, completion),
        conversation=which,
        turn=turn,
        address=address,
        client=roster.client[owner, device],
        model=model,
        out_tokens=np.clip(rng.lognormal(5.2, 0.8, size=len(turn)), 5, 4000).astype(np.int64),
        is_stream=True,
    )


def _chat_models(
    rng: np.random.Generator, world: World, n: int, at_s: NDArray[np.float64]
) -> Indices:
    model = rng.choice([LARGE, MID, SMALL, REASON], p=[0.35, 0.35, 0.2, 0.1], size=n)
    return tried(rng, world, model, at_s)


def tried(
    rng: np.random.Generator, world: World, model: Indices, at_s: NDArray[np.float64]
) -> Indices:
    """Return the models asked once the new one is out.

    A quarter of the large model's requests move to it, on the first two days half as many again.
    """
    age = at_s - world.release_s
    chance = np.where(age < 0, 0.0, np.where(age < 2 * DAY_S, 0.38, 0.25))
    moves = (rng.random(len(model)) < chance) & (model == LARGE)
    return np.where(moves, NEXT, model)

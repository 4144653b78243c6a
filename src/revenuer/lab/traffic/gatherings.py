"""Which honest people share a place, a card or a task?

Four look-alikes of a campaign, all ordinary chat in the end:

* `class_assignment`: a course with one sheet of tasks; accounts of one university, most made in the
  same weeks, on campus addresses, busiest on the evening before the sheet is due, asking to have
  each step explained. It leaves footprint, templates, synchrony and lifecycle.
* `enterprise_nat`: the staff of a firm behind one address, one payer, one mail domain, rolled out
  in one batch, with house templates. Footprint, templates, lifecycle.
* `vpn_mobile`: strangers behind the same VPN exits, private relays and carriers. Footprint.
* `family_card`: three or four people on one card and at one address. Footprint.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer.lab.traffic import chat, clock, internet, people, wording
from revenuer.lab.traffic.exchanges import Draft, Scene, histories, make_answers
from revenuer.lab.traffic.people import HOME, OTHER, SECOND, Roster
from revenuer.lab.traffic.wording import Texts
from revenuer.lab.traffic.world import DAY_S, LARGE, MID, REASON, World

Indices = NDArray[np.int64]


def class_assignment(rng: np.random.Generator, world: World, exchanges: int) -> Scene:
    """Return one course of 20 to 60 students that sends about that many exchanges."""
    n = int(np.clip(exchanges // 8, 12, 60))
    country = int(rng.choice(len(world.internet.weights), p=world.internet.weights))
    roster = people.enrol(rng, world, n, kind="class_assignment", plan="edu", country=country)
    joined = rng.random(n) < 0.8
    term = -rng.uniform(0, 20) * DAY_S
    roster.created_s[joined] = term + rng.normal(0, 3 * DAY_S, size=int(joined.sum()))
    roster.created_s = np.minimum(roster.created_s, 0.2 * world.seconds)
    campus = world.internet.addresses(rng, internet.ACCESS, np.full(3, country)) & ~0xFF
    roster.book[:, OTHER] = rng.choice(campus, size=n) | rng.integers(1, 20, size=n)
    roster.signup = np.where(joined, roster.book[:, OTHER], roster.signup)
    roster.email_domain[:] = f"{world.grammar.one(rng, 'brand').lower()}.edu"
    roster.email_pattern[:] = "w.word99"
    due = int(rng.integers(1, max(world.days, 2)))
    counts = np.maximum(rng.negative_binomial(3, 3 / (3 + exchanges / n / 2.2), size=n), 1)
    shape = clock.days_of(
        world, np.full(n, (21 - world.internet.offsets_h[country]) % 24), np.full(n, 0.85)
    )
    lead = (due * DAY_S - np.arange(shape.shape[1]) * 600.0) / DAY_S
    shape = shape * np.where(lead > -0.1, np.exp(-np.maximum(lead, 0) / 0.9), 0.02)[None, :]
    owner, start = clock.arrivals(rng, world, counts, shape, np.full(n, 1.3))
    sheet = [world.grammar.one(rng, "assignment") for _ in range(3)]
    tasks = pa.array(sheet).take(pa.array(rng.integers(3, size=len(owner))))
    letter = pa.array(list("abcd")).take(pa.array(rng.integers(4, size=len(owner))))
    attempt = wording.blend(
        rng, {"sentence": 0.5, "steps": 0.3, "snippet": 0.2}, world.grammar, len(owner)
    )
    first = wording.joined(tasks, letter, ": ", attempt)
    is_own = rng.random(len(owner)) < 0.3
    first = _swap(first, chat.talk(rng, world, int(is_own.sum())), is_own)
    return Scene(roster, _conversations(rng, world, roster, owner, start, first, away=0.6))


def enterprise_nat(rng: np.random.Generator, world: World, exchanges: int) -> Scene:
    """Return the staff of one firm."""
    n = int(np.clip(exchanges // 7, 15, 400))
    country = int(rng.choice(len(world.internet.weights), p=world.internet.weights))
    roster = people.enrol(rng, world, n, kind="enterprise_nat", plan="team", country=country)
    egress = world.internet.addresses(rng, internet.ACCESS, np.full(2, country))
    roster.book[:, HOME] = rng.choice(egress, p=[0.85, 0.15], size=n)
    roster.signup[:] = egress[0]
    roster.payment[:] = people.tokens(rng, 1, "card-")[0]
    roster.email_domain[:] = f"{world.grammar.one(rng, 'brand').lower()}.com"
    roster.email_pattern[:] = "word.word"
    if rng.random() < 0.7:
        roster.org[:] = people.tokens(rng, 1, "org-")[0]
    roster.verified[:] = rng.random() < 0.5
    rollout = rng.uniform(-60, 0.1 * world.days) * DAY_S
    batch = rng.random(n) < 0.8
    roster.created_s[batch] = rollout + rng.uniform(0, 7200, size=int(batch.sum()))
    roster.client[:, 0] = world.clients.browser(rng, 1)[0]
    counts = 1 + np.minimum(rng.pareto(1.4, size=n) * exchanges / n / 4, 80).astype(np.int64)
    hours = clock.office(world, world.internet.offsets_h[country], begin_h=8, end_h=18)
    shape = (hours + 0.03)[None, :] * clock.lifetimes(
        world, roster.created_s, np.full(n, world.seconds)
    )
    owner, start = clock.arrivals(rng, world, counts, shape, np.full(n, 1.2))
    house = pa.array([world.grammar.one(rng, "handbook") for _ in range(2)])
    said = chat.talk(rng, world, len(owner))
    framed = rng.random(len(owner)) < 0.3
    count = int(framed.sum())
    with_frame = wording.joined(
        house.take(pa.array(rng.integers(2, size=count))),
        said.take(pa.array(np.flatnonzero(framed))),
    )
    said = _swap(said, with_frame, framed)
    return Scene(roster, _conversations(rng, world, roster, owner, start, said, away=0.1))


def vpn_mobile(rng: np.random.Generator, world: World, exchanges: int) -> Scene:
    """Return strangers who hide, or are hidden, behind few addresses."""
    n = max(exchanges // 4, 10)
    roster = people.enrol(rng, world, n, kind="vpn_mobile", plan="free")
    behind = rng.integers(3, size=n)
    gates = np.stack(
        [
            world.internet.exits(rng, n, kind=internet.VPN),
            world.internet.exits(rng, n, kind=internet.RELAY),
            world.internet.carriers(rng, roster.country),
        ]
    )
    roster.book[:, HOME] = roster.signup = gates[behind, np.arange(n)]
    roster.book[:, [SECOND, OTHER]] = gates[behind, np.arange(n)][:, None]
    counts = 1 + np.minimum(rng.pareto(1.4, size=n) * 1.1, 60).astype(np.int64)
    draft = chat.conversations(rng, world, roster, counts)
    away = rng.random(len(draft.owner)) < 0.3
    draft.address = np.where(away, world.internet.exits(rng, len(draft.owner)), draft.address)
    return Scene(roster, draft)


def family_card(rng: np.random.Generator, world: World, exchanges: int) -> Scene:
    """Return many families; each is a group of its own."""
    families = max(exchanges // 13, 2)
    sizes = rng.integers(2, 6, size=families)
    which = np.repeat(np.arange(families), sizes)
    n = len(which)
    roster = people.enrol(rng, world, n, kind="family_card", plan="plus")
    first = (np.cumsum(sizes) - sizes)[which]
    roster.country = roster.country[first]
    roster.book = roster.book[first]
    roster.signup = roster.signup[first]
    roster.payment = roster.payment[first]
    near = rng.random(n) < 0.5
    roster.created_s = np.where(
        near, roster.created_s[first] + rng.exponential(3600, n), roster.created_s
    )
    roster.created_s = np.minimum(roster.created_s, 0.5 * world.seconds)
    roster.group = np.array([f"family_card-{i}" for i in which], dtype=object)
    counts = 1 + np.minimum(rng.pareto(1.4, size=n) * 1.1, 60).astype(np.int64)
    return Scene(roster, chat.conversations(rng, world, roster, counts))


def _swap(texts: Texts, others: Texts, places: NDArray[np.bool_]) -> Texts:
    rows = [np.flatnonzero(places), np.flatnonzero(~places)]
    return wording.scatter([others, texts.take(pa.array(rows[1]))], rows, len(places))


def _conversations(
    rng: np.random.Generator,
    world: World,
    roster: Roster,
    owner: Indices,
    start: NDArray[np.float64],
    first: Texts,
    *,
    away: float,
) -> Draft:
    """Return conversations that open with `first`, a share of them from the other place."""
    turns = np.minimum(rng.geometric(0.5, len(owner)), 12)
    which, turn, at_s = clock.turns_after(rng, start, turns)
    later = np.flatnonzero(turn > 1)
    prompt = wording.scatter(
        [first, world.grammar.make(rng, "followup", len(later))],
        [np.flatnonzero(turn == 1), later],
        len(turn),
    )
    completion = make_answers(rng, world, None, len(turn))
    place = np.where(rng.random(len(owner)) < away, OTHER, HOME)
    model = rng.choice([LARGE, MID, REASON], p=[0.5, 0.35, 0.15], size=len(owner))
    return Draft(
        owner=owner[which],
        at_s=at_s,
        prompt=prompt,
        completion=completion,
        system=chat.page_prompts(world, at_s),
        history=histories(which, turn, prompt, completion),
        conversation=which,
        turn=turn,
        address=roster.book[owner, place][which],
        client=roster.client[owner, 0][which],
        model=chat.tried(rng, world, model, start)[which],
        out_tokens=np.clip(rng.lognormal(5.4, 0.8, size=len(turn)), 5, 4000).astype(np.int64),
        is_stream=True,
    )

"""How is one campaign made, from its dials to its exchanges?

The accounts get what the dials let them share; `dispatch` says who sends when, `frames` what is
asked. Relays are made in `relays`, since their accounts belong to customers.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer.lab.traffic import chat, dispatch, frames, people, wording
from revenuer.lab.traffic.exchanges import AGGREGATOR, CLOUD, ENDPOINTS, FIRST_PARTY, Draft, Scene
from revenuer.lab.traffic.people import Roster, tokens
from revenuer.lab.traffic.stealth import Dials
from revenuer.lab.traffic.wording import Texts, read_words
from revenuer.lab.traffic.world import LARGE, NEXT, REASON, World

Indices = NDArray[np.int64]

_REFUSED_SEARCHING = 0.85
_REFUSED_WRAPPED = 0.15


def harvest(rng: np.random.Generator, world: World, dials: Dials, campaign_id: str) -> Scene:
    """Return the accounts and exchanges of one campaign (relays are made in `relays`)."""
    seats = dispatch.seat(rng, world, dials)
    owner, at_s = dispatch.jobs(rng, world, dials, seats)
    roster = _accounts(rng, world, dials, seats)
    roster.campaign[:] = campaign_id
    roster.role[:] = "member"
    roster.role[seats.second[seats.second >= 0]] = "replacement"
    roster.group[:] = campaign_id
    roster.families = [list(dials.families) for _ in range(len(roster))]
    return Scene(roster, _requests(rng, world, dials, roster, owner, at_s))


def _accounts(
    rng: np.random.Generator, world: World, dials: Dials, seats: dispatch.Seats
) -> Roster:
    n = seats.accounts
    is_small_plan = dials.kind == "subscription_abuse" or rng.random() < 0.3
    roster = people.enrol(
        rng, world, n, kind=dials.kind, plan="plus" if is_small_plan else "payg",
        is_programme=not is_small_plan,
    )  # fmt: skip
    if dials.kind == "subscription_abuse":
        roster.plan[rng.random(n) < 0.3] = "pro"
    roster.created_s = dispatch.fresh_pool(rng, seats, dials)
    roster.verified[:] = rng.random(n) < 0.03
    _pay(rng, dials, roster)
    if dials.mail == "throwaway":
        mail = read_words("net")["mail"]
        domains = np.array(mail["throwaway"].split("|"), dtype=object)
        roster.email_domain = rng.choice(rng.permutation(domains)[:2], size=n)
        roster.email_pattern[:] = rng.choice(np.array(mail["patterns"].split("|"), dtype=object))
    if dials.client == "one":
        roster.client[:] = world.clients.sdk(rng, 1)[0]
    elif dials.client == "few":
        roster.client = rng.choice(world.clients.sdk(rng, 3), size=(n, 2))
    return roster


def _pay(rng: np.random.Generator, dials: Dials, roster: Roster) -> None:
    n = len(roster)
    if dials.cards == "own":
        return
    per_card = int(rng.integers(3, 8)) if dials.cards == "shared" else 3
    shares = np.ones(n, dtype=bool) if dials.cards == "shared" else rng.random(n) < 0.45
    cards = tokens(rng, n // per_card + 1, "card-")
    roster.payment[shares] = cards[rng.permutation(n)[: int(shares.sum())] // per_card]


def _pool(
    rng: np.random.Generator, world: World, dials: Dials, roster: Roster, owner: Indices
) -> Indices:
    """Return the address of each exchange; sign-ups come from the pool too."""
    n, rows = len(roster), len(owner)
    if dials.pool == "datacentre":
        blocks = world.internet.servers(rng, int(rng.integers(2, 5))) & ~0xFF
        roster.signup = rng.choice(blocks, size=n) | rng.integers(1, 255, size=n)
        return rng.choice(blocks, size=rows) | rng.integers(1, 255, size=rows)
    if dials.pool == "residential":
        size = max(12, int(n * rng.uniform(1.0, 2.5)))
        weights = world.internet.weights
        places = rng.choice(len(weights), size=size, p=weights)
        pool = world.internet.addresses(rng, 0, places)
        roster.signup = rng.choice(pool, size=n)
        return rng.choice(pool, size=rows)
    return roster.book[owner, (rng.random(rows) < 0.2).astype(np.int64)]


def _requests(
    rng: np.random.Generator,
    world: World,
    dials: Dials,
    roster: Roster,
    owner: Indices,
    at_s: NDArray[np.float64],
) -> Draft:
    rows = len(owner)
    frame = frames.compose(
        rng, world, mode=dials.text, style=dials.style, has_wrapper=dials.has_wrapper
    )
    texts = frames.ask(
        rng, world, frame, rows, grid=frames.sweep(rng, frame, rows) if dials.is_swept else None
    )
    draft = Draft(
        owner=owner,
        at_s=at_s,
        prompt=texts.prompt,
        system=texts.system,
        address=_pool(rng, world, dials, roster, owner),
        client=_programmes(rng, world, dials, roster, owner),
        model=target_models(rng, world, dials, at_s),
        out_tokens=harvest_lengths(rng, dials, rows),
        answers=ANSWERS[dials.style],
        pathway=_pathways(rng, dials, roster)[owner],
        refused_share=np.full(rows, _REFUSED_WRAPPED if dials.has_wrapper else 0.012),
        temperature=np.full(rows, float(rng.choice([0.0, 0.6, 0.7, 1.0]))),
        max_tokens=np.full(rows, int(rng.choice([2048, 4096, 8192, 16384]))),
        endpoint=str(rng.choice(ENDPOINTS[:3])),
        is_harvest=np.ones(rows, dtype=bool),
    )
    if texts.system is None and roster.plan[0] in ("plus", "pro"):  # through the chat page
        draft.system = chat.page_prompts(world, at_s)
    if dials.style == "tools":
        draft.tool_names = _tools(rng, rows)
    if dials.has_search:
        _search(rng, world, frame, draft)
    if dials.style == "replay":
        _replay(rng, world, draft, frame)
    _cover(rng, world, dials, draft)
    return draft


#: style -> what the model answers
ANSWERS: dict[str, dict[str, float]] = {
    "reasoning": {"steps": 0.7, "mathsanswer": 0.2, "sentence": 0.1},
    "instruct": {"sentence": 0.5, "steps": 0.3, "codeanswer": 0.2},
    "tools": {"codeanswer": 0.6, "steps": 0.4},
    "rubric": {"grade": 1.0},
    "clean": {"steps": 1.0},
    "replay": {"steps": 1.0},
}


def harvest_lengths(rng: np.random.Generator, dials: Dials, rows: int) -> Indices:
    """Return visible tokens: grades are short, the rest long."""
    typical = 45.0 if dials.style == "rubric" else float(rng.uniform(350, 1100))
    return np.clip(typical * rng.lognormal(0, 0.55, size=rows), 2, 16_000).astype(np.int64)


def target_models(
    rng: np.random.Generator, world: World, dials: Dials, at_s: NDArray[np.float64]
) -> Indices:
    """Return the model of each exchange; a pivot takes hold within a day of the release."""
    main = REASON if dials.style == "replay" or rng.random() < 0.3 else LARGE
    if dials.pivot_share:
        ready = world.release_s + rng.uniform(1, 18) * 3600
        moves = (at_s > ready) & (rng.random(len(at_s)) < dials.pivot_share)
        return np.where(moves, NEXT, main)
    usual = np.full(len(at_s), main, dtype=np.int64)
    return chat.tried(rng, world, usual, at_s) if rng.random() < 0.5 else usual


def _programmes(
    rng: np.random.Generator, world: World, dials: Dials, roster: Roster, owner: Indices
) -> Indices:
    if dials.kind == "subscription_abuse":  # many clients per account
        return rng.permutation(world.clients.browser(rng, len(owner)))
    return roster.client[owner, (rng.random(len(owner)) < 0.15).astype(np.int64)]


def _pathways(rng: np.random.Generator, dials: Dials, roster: Roster) -> Indices:
    weights = [0.45, 0.3, 0.25] if dials.kind == "hydra" else [0.85, 0.1, 0.05]
    return rng.choice([FIRST_PARTY, CLOUD, AGGREGATOR], p=weights, size=len(roster))


def _tools(rng: np.random.Generator, rows: int) -> Texts:
    names = np.array(read_words("public")["tools"]["names"].split("|"), dtype=object)
    chosen = sorted(rng.permutation(names)[: int(rng.integers(4, 9))])
    return pa.array([chosen] * rows, pa.list_(pa.string()))


def _search(rng: np.random.Generator, world: World, frame: frames.Frame, draft: Draft) -> None:
    """Turn the first jobs into a search: each its own technique, most of them refused."""
    rows = len(draft.owner)
    order = np.argsort(draft.at_s, kind="stable")
    early = order[: max(30, int(rows * rng.uniform(0.1, 0.25)))]
    scouts = rng.permutation(int(draft.owner.max()) + 1)[: int(rng.integers(2, 5))]
    draft.owner[early] = rng.choice(scouts, size=len(early))
    question = wording.blend(rng, frame.target, world.grammar, len(early))
    tried = wording.joined(world.grammar.make(rng, "wrapper", len(early)), "\n\n", question)
    rest = np.setdiff1d(np.arange(rows), early)
    draft.prompt = wording.scatter([tried, draft.prompt.take(pa.array(rest))], [early, rest], rows)
    refused = draft.refused_share if draft.refused_share is not None else np.zeros(rows)
    refused[early] = _REFUSED_SEARCHING
    draft.refused_share = refused


def _replay(rng: np.random.Generator, world: World, draft: Draft, frame: frames.Frame) -> None:
    """Make every other block of jobs the source of the traces that the next block replays."""
    rows = len(draft.owner)
    order = np.argsort(draft.at_s, kind="stable")
    half = int(rng.integers(5, 20))
    is_source = np.empty(rows, dtype=bool)
    is_source[order] = (np.arange(rows) // half) % 2 == 0
    sources, replays = order[is_source[order]], order[~is_source[order]]
    traces = frames.blobs(rng, len(sources))
    plain = wording.blend(rng, frame.target, world.grammar, len(sources))
    framed = wording.joined(
        draft.prompt.take(pa.array(replays)), "\n", traces.slice(0, len(replays))
    )
    draft.prompt = wording.scatter([plain, framed], [sources, replays], rows)
    told = wording.blend(rng, {"mathsanswer": 0.5, "sentence": 0.5}, world.grammar, len(sources))
    signed = wording.joined(told, "\n[", traces, "]")
    retold = wording.blend(rng, ANSWERS["replay"], world.grammar, len(replays))
    draft.completion = wording.scatter([signed, retold], [sources, replays], rows)


def _cover(rng: np.random.Generator, world: World, dials: Dials, draft: Draft) -> None:
    """Turn a few exchanges into ordinary chat that no harvest wants."""
    rows = len(draft.owner)
    is_cover = rng.random(rows) < dials.cover_share
    if draft.is_harvest is None or not is_cover.any():
        return
    draft.is_harvest &= ~is_cover
    said = chat.talk(rng, world, int(is_cover.sum()))
    places = [np.flatnonzero(is_cover), np.flatnonzero(~is_cover)]
    draft.prompt = wording.scatter([said, draft.prompt.take(pa.array(places[1]))], places, rows)
    if draft.system is not None:
        draft.system = wording.scatter(
            [pa.nulls(len(places[0]), pa.string()), draft.system.take(pa.array(places[1]))],
            places,
            rows,
        )

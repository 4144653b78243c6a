"""Which honest firms act through several accounts, or look like a harvest by themselves?

Five look-alikes of a campaign:

* `split_job_firm`: one job over three to eight accounts: one frame of its own, items of its
  catalogue each sent once, round-robin, even volumes, often one card, made in a batch; only half
  give an organisation and fewer are verified. All five families, and no harvest.
* `retrieval_backfill`: a new account at full use round the clock for some days, with the default
  prompt of a public pipeline. Templates, lifecycle.
* `reseller`: accounts of one firm that pass on what many customers write, load-balanced.
  Footprint, synchrony.
* `authorised_synthetic`: a verified organisation that makes training data by agreement, on several
  accounts, from a grid. All families, and the texts of a harvest.
* `audit_reasoning`: firms that keep the grounds of each decision because they must. Templates,
  footprint, and reasoning in every answer.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer.lab.traffic import chat, clock, frames, people, wording
from revenuer.lab.traffic.exchanges import Draft, Scene
from revenuer.lab.traffic.people import Roster
from revenuer.lab.traffic.programmes import calls
from revenuer.lab.traffic.world import BINS_A_DAY, DAY_S, LARGE, MID, REASON, SMALL, World

Indices = NDArray[np.int64]


def split_job_firm(rng: np.random.Generator, world: World, exchanges: int) -> Scene:
    """Return one firm that splits a job over its accounts."""
    n = int(np.clip(round(exchanges / rng.uniform(60, 160)), 3, 8))
    roster = _firm(rng, world, n, "split_job_firm", has_org=rng.random() < 0.5)
    roster.verified[:] = rng.random() < 0.4
    total = max(exchanges, 30 * n)
    owner, at_s = _round_robin(rng, world, n, total)
    frame = world.grammar.one(rng, "apps")
    item = wording.joined("No. ", pa.array(rng.permutation(9 * total)[:total]).cast(pa.string()))
    prompt = wording.joined(frame, item, "\n", world.grammar.make(rng, "case", total))
    draft = calls(
        rng, world, roster, owner, at_s, prompt, typical_tokens=float(rng.choice([3, 60, 180]))
    )
    draft.model = np.full(total, int(rng.choice([LARGE, MID, SMALL])), dtype=np.int64)
    draft.system = pa.repeat(pa.scalar(world.grammar.one(rng, "system")), total)
    return Scene(roster, draft)


def retrieval_backfill(rng: np.random.Generator, world: World, exchanges: int) -> Scene:
    """Return unrelated new customers that index their documents."""
    n = max(exchanges // 150, 3)
    roster = people.enrol(rng, world, n, kind="retrieval_backfill", plan="payg", is_programme=True)
    people.company_mail(rng, world, roster)
    roster.created_s = rng.uniform(-0.3, 0.5 * world.days, size=n) * DAY_S
    begin = np.maximum(roster.created_s, 0) + rng.uniform(300, 7200, size=n)
    end = begin + rng.uniform(0.12, 0.5, size=n) * world.seconds
    counts = np.maximum(rng.lognormal(np.log(exchanges / n) - 0.1, 0.5, size=n), 10).astype(
        np.int64
    )
    owner, at_s = clock.arrivals(
        rng, world, counts, clock.lifetimes(world, begin, end), rng.uniform(0.2, 1.0, size=n)
    )
    default = world.grammar.make(world.stream(3, 10), "backfill", 2)
    pieces = rng.random(n) < 0.6
    own = world.grammar.make(rng, "apps", n)
    picks = pa.array(np.where(pieces, rng.integers(2, size=n), 2 + np.arange(n)))
    chosen = pa.concat_arrays([default, own]).take(picks)
    chunk = wording.paragraphs(rng, world.grammar, "sentence", rng.integers(3, 7, size=len(owner)))
    prompt = wording.joined(chosen.take(pa.array(owner)), chunk)
    draft = calls(rng, world, roster, owner, at_s, prompt, typical_tokens=50)
    draft.model = np.where(draft.model == REASON, SMALL, draft.model)
    draft.extra_tokens = np.full(len(owner), 380, dtype=np.int64)
    return Scene(roster, draft)


def reseller(rng: np.random.Generator, world: World, exchanges: int) -> Scene:
    """Return the accounts of one reseller, through which no harvest flows."""
    n = int(rng.integers(1, 5))
    roster = _firm(rng, world, n, "reseller", has_org=rng.random() < 0.7)
    return Scene(roster, resold(rng, world, roster, np.full(n, max(exchanges // n, 30))))


def resold(rng: np.random.Generator, world: World, roster: Roster, counts: Indices) -> Draft:
    """Return what many customers write, through accounts that pass it on."""
    n = len(roster)
    shape = clock.days_of(world, rng.uniform(10, 20, size=n), rng.uniform(0.2, 0.6, size=n))
    owner, at_s = clock.arrivals(rng, world, counts, shape, np.full(n, 1.1))
    rows = len(owner)
    mixed = chat.talk(rng, world, rows)
    is_task = rng.random(rows) < 0.35
    customer = (rng.random(rows) ** 2 * max(8, rows // 6)).astype(np.int64)
    tasks = world.grammar.make(rng, "apps", int(customer.max()) + 1).take(pa.array(customer))
    framed = wording.joined(tasks, world.grammar.make(rng, "case", rows))
    picks = np.where(is_task, rows, 0) + np.arange(rows)
    prompt = pa.concat_arrays([mixed, framed]).take(pa.array(picks))
    draft = calls(rng, world, roster, owner, at_s, prompt, typical_tokens=150)
    draft.model = chat.tried(
        rng,
        world,
        rng.choice([LARGE, MID, SMALL, REASON], p=[0.5, 0.25, 0.15, 0.1], size=rows),
        at_s,
    )
    named = rng.random(n) < 0.6
    users = wording.joined("cust-", pa.array(customer).cast(pa.string()))
    draft.end_user = users.take(pa.array(np.arange(rows), mask=~named[owner]))
    return draft


def authorised_synthetic(rng: np.random.Generator, world: World, exchanges: int) -> Scene:
    """Return a verified organisation that makes training data by agreement."""
    n = int(rng.integers(2, 7))
    roster = _firm(rng, world, n, "authorised_synthetic", has_org=True)
    roster.verified[:] = True
    roster.plan[:] = "enterprise"
    roster.created_s = np.minimum(roster.created_s, -rng.uniform(30, 300) * DAY_S)
    total = max(exchanges, 30 * n)
    owner, at_s = _round_robin(rng, world, n, total)
    if rng.random() < 0.5:
        frame = frames.compose(rng, world, mode="slots", style="instruct", has_wrapper=False)
        prompt = frames.ask(rng, world, frame, total, grid=frames.sweep(rng, frame, total)).prompt
    else:
        about = world.grammar.make(rng, "ask", total)
        prompt = wording.joined(world.grammar.one(rng, "synthetic"), "\n", about)
    draft = calls(rng, world, roster, owner, at_s, prompt, typical_tokens=420)
    draft.model = np.full(total, LARGE, dtype=np.int64)
    draft.answers = {"sentence": 0.6, "steps": 0.3, "codeanswer": 0.1}
    return Scene(roster, draft)


def audit_reasoning(rng: np.random.Generator, world: World, exchanges: int) -> Scene:
    """Return one firm that logs the reasoning behind its decisions."""
    n = int(rng.integers(1, 5))
    roster = _firm(rng, world, n, "audit_reasoning", has_org=rng.random() < 0.7)
    counts = np.full(n, max(exchanges // n, 30))
    place = world.internet.offsets_h[int(roster.country[0])]
    hours = clock.office(world, place, begin_h=7, end_h=19) + 0.02
    shape = np.tile(hours, (n, 1))
    owner, at_s = clock.arrivals(rng, world, counts, shape, np.full(n, 1.2))
    rows = len(owner)
    draft = calls(
        rng,
        world,
        roster,
        owner,
        at_s,
        world.grammar.make(rng, "auditcase", rows),
        typical_tokens=380,
    )
    draft.system = pa.repeat(pa.scalar(world.grammar.one(rng, "audit")), rows)
    draft.model = np.full(rows, int(rng.choice([LARGE, REASON])), dtype=np.int64)
    draft.answers = {"steps": 0.8, "sentence": 0.2}
    return Scene(roster, draft)


def _firm(rng: np.random.Generator, world: World, n: int, kind: str, *, has_org: bool) -> Roster:
    """Return accounts of one firm: often one card, one mail domain, one machine park, one batch."""
    roster = people.enrol(rng, world, n, kind=kind, plan="team", is_programme=True)
    if rng.random() < 0.6:
        roster.payment[:] = roster.payment[0]
    people.company_mail(rng, world, roster)
    if rng.random() < 0.7:
        roster.email_domain[:] = roster.email_domain[0]
    roster.email_pattern[:] = roster.email_pattern[0]
    if has_org:
        roster.org[:] = people.tokens(rng, 1, "org-")[0]
    block = world.internet.servers(rng, 1)[0] & ~0xFF
    roster.book[:, :2] = block | rng.integers(1, 255, size=(n, 2))
    roster.signup[:] = roster.signup[0]
    roster.client[:] = roster.client[0]
    if rng.random() < 0.6:
        roster.created_s = roster.created_s[0] + rng.uniform(0, 5400, size=n)
    roster.created_s = np.minimum(roster.created_s, 0.1 * world.seconds)
    return roster


def _round_robin(
    rng: np.random.Generator, world: World, n: int, total: int
) -> tuple[Indices, NDArray[np.float64]]:
    share = np.full(1, rng.uniform(0.15, 0.9))
    queue = clock.spells(rng, world, share, float(rng.uniform(6, 30))) + 0.01
    queue[:, : BINS_A_DAY // 8] *= 0.2
    _, at_s = clock.arrivals(rng, world, np.array([total]), queue, np.array([0.9]))
    owner = np.arange(total) % n
    stray = rng.random(total) < 0.05
    owner[stray] = rng.integers(n, size=int(stray.sum()))
    return owner.astype(np.int64), at_s

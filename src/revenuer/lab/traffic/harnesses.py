"""Which honest programmes send the same text from many accounts that never met?

Five look-alikes of a campaign:

* `evaluator_harness`: a public benchmark run by unrelated accounts, every night at the hour the
  harness proposes, each sending the same items in equal numbers; tasks ask for step-by-step
  reasoning or for grades by a rubric. Templates, synchrony, even volumes.
* `day_one_benchmark`: the same on the new model, within hours of its release.
* `agent_product`: users of one agent, with its system prompt, tools and client. Templates,
  footprint.
* `note_app`: users of one note programme. Templates, footprint.
* `ci_suite`: the same fixed prompts at every commit, one key on many rented machines, also by forks
  of the project. Templates, synchrony.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer.lab.traffic import chat, clock, people, wording
from revenuer.lab.traffic.exchanges import Draft, Scene
from revenuer.lab.traffic.programmes import calls
from revenuer.lab.traffic.wording import Texts, read_words
from revenuer.lab.traffic.world import DAY_S, LARGE, MID, NEXT, REASON, SMALL, World

Indices = NDArray[np.int64]

#: line of the harness rule -> rule of its items and of the answers
_ITEMS = ("maths", "mcq", "code", "judged")
_PUBLIC_ITEMS = 180
_REPLIES = ("steps", "sentence", "codeanswer", "grade")


def evaluator_harness(rng: np.random.Generator, world: World, exchanges: int) -> Scene:
    """Return unrelated accounts that run one public benchmark at night."""
    items, reply = _benchmark(rng, world)
    each = int(rng.integers(30, 90))
    n = max(exchanges // each, 4)
    roster = _evaluators(rng, world, n, "evaluator_harness")
    nights = world.days
    per_night = max(each // nights, 3)
    # All run the first items of the set; some shuffle it first.
    owner = np.repeat(np.arange(n), nights * per_night)
    night = np.tile(np.repeat(np.arange(nights), per_night), n)
    position = np.tile(np.arange(nights * per_night), n)
    shuffles = rng.random(n) < 0.3
    item = np.where(
        shuffles[owner], rng.integers(len(items), size=len(owner)), position % len(items)
    )
    hour = float(rng.integers(0, 5))
    begin = night * DAY_S + hour * 3600 + np.abs(rng.normal(0, 40, size=(n, nights)))[owner, night]
    speed = rng.lognormal(1.5, 0.5, size=n)[owner]
    at_s = begin + (position % per_night) * speed + rng.uniform(0, 1, size=len(owner))
    return Scene(roster, _runs(rng, world, roster, owner, at_s, items.take(pa.array(item)), reply))


def day_one_benchmark(rng: np.random.Generator, world: World, exchanges: int) -> Scene:
    """Return unrelated accounts that measure the new model as soon as it is out."""
    items, reply = _benchmark(rng, world)
    n = max(exchanges // 28, 4)
    roster = _evaluators(rng, world, n, "day_one_benchmark")
    fresh = rng.random(n) < 0.35
    roster.created_s[fresh] = world.release_s - rng.uniform(0, 3600, size=int(fresh.sum()))
    counts = rng.integers(22, 36, size=n)
    owner = np.repeat(np.arange(n), counts)
    begin = world.release_s + rng.exponential(5 * 3600, size=n)[owner]
    step = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    at_s = begin + step * rng.lognormal(2, 0.7, size=n)[owner]
    item = step % len(items)
    draft = _runs(rng, world, roster, owner, at_s, items.take(pa.array(item)), reply)
    draft.model = np.full(len(owner), NEXT, dtype=np.int64)
    return Scene(roster, draft)


def agent_product(rng: np.random.Generator, world: World, exchanges: int) -> Scene:
    """Return users of one agent product."""
    n = max(exchanges // 10, 8)
    roster = people.enrol(rng, world, n, kind="agent_product", plan="payg")
    roster.client[:] = world.clients.sdk(rng, 1)[0]
    counts = 1 + np.minimum(rng.pareto(1.3, size=n) * 0.8, 40).astype(np.int64)
    asked = wording.blend(rng, {"code": 0.75, "ask": 0.25}, world.grammar, int(counts.sum()))
    draft = chat.conversations(rng, world, roster, counts, first=asked)
    rows = len(draft.owner)
    system = world.grammar.one(rng, "agentproduct")
    names = read_words("public")["tools"]["names"].split("|")
    offered = sorted(rng.permutation(names)[: int(rng.integers(5, 10))].tolist())
    draft.system = pa.repeat(pa.scalar(system), rows)
    draft.tool_names = pa.array([offered] * rows, pa.list_(pa.string()))
    draft.client = roster.client[draft.owner, 0]
    draft.extra_tokens = rng.lognormal(7.5, 0.9, size=rows).astype(np.int64)
    return Scene(roster, draft)


def note_app(rng: np.random.Generator, world: World, exchanges: int) -> Scene:
    """Return users of one note programme."""
    n = max(exchanges // 4, 8)
    roster = people.enrol(rng, world, n, kind="note_app", plan="payg")
    counts = 1 + np.minimum(rng.pareto(1.4, size=n) * 0.8, 40).astype(np.int64)
    total = int(counts.sum())
    frames = pa.array([world.grammar.one(rng, "noteapp") for _ in range(2)])
    notes = wording.paragraphs(rng, world.grammar, "sentence", 2 + rng.poisson(2, size=total))
    first = wording.joined(frames.take(pa.array(rng.integers(2, size=total))), notes)
    draft = chat.conversations(rng, world, roster, counts, first=first)
    draft.client = np.full(len(draft.owner), world.clients.sdk(rng, 1)[0])
    draft.system = None
    return Scene(roster, draft)


def ci_suite(rng: np.random.Generator, world: World, exchanges: int) -> Scene:
    """Return a project and its forks that test against the model at every commit."""
    n = int(np.clip(exchanges // 90, 3, 40))
    roster = people.enrol(rng, world, n, kind="ci_suite", plan="payg", is_programme=True)
    tests = world.grammar.make(rng, "suite", int(rng.integers(8, 30)))
    runs = np.maximum(rng.poisson(exchanges / n / len(tests), size=n), 1)
    shape = clock.days_of(world, rng.uniform(10, 22, size=n), np.full(n, 0.8))
    runner, start = clock.arrivals(rng, world, runs, shape, np.full(n, 1.5))
    owner = np.repeat(runner, len(tests))
    step = np.tile(np.arange(len(tests)), len(runner))
    at_s = np.repeat(start, len(tests)) + step * 1.7 + rng.exponential(0.3, size=len(owner))
    draft = calls(rng, world, roster, owner, at_s, tests.take(pa.array(step)), typical_tokens=14)
    machines = world.internet.servers(rng, len(runner))
    draft.address = np.repeat(machines, len(tests))
    draft.client = np.repeat(world.clients.sdk(rng, len(runner)), len(tests))
    draft.model = np.full(len(owner), int(rng.choice([SMALL, MID])), dtype=np.int64)
    draft.temperature = np.zeros(len(owner))
    return Scene(roster, draft)


def _benchmark(rng: np.random.Generator, world: World) -> tuple[Texts, str]:
    # Benchmarks are public: whoever runs one in this world has the same items.
    which = int(rng.integers(len(_ITEMS)))
    items = world.grammar.make(world.stream(3, which), _ITEMS[which], _PUBLIC_ITEMS)
    text = world.grammar.words("harness")[which]
    return wording.joined(text, items), _REPLIES[which]


def _evaluators(rng: np.random.Generator, world: World, n: int, kind: str) -> people.Roster:
    roster = people.enrol(rng, world, n, kind=kind, plan="payg", is_programme=True)
    people.company_mail(rng, world, roster)
    return roster


def _runs(
    rng: np.random.Generator,
    world: World,
    roster: people.Roster,
    owner: Indices,
    at_s: NDArray[np.float64],
    prompt: Texts,
    reply: str,
) -> Draft:
    draft = calls(rng, world, roster, owner, at_s, prompt, typical_tokens=260)
    models = rng.choice([LARGE, MID, REASON], size=len(roster))
    draft.model = models[owner].astype(np.int64)
    draft.answers = {reply: 1.0}
    draft.temperature = np.zeros(len(owner))
    return draft

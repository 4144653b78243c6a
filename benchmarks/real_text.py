"""Simulated weeks in which people, evaluators and harvesters write real prompts.

Only the words change: accounts, times, campaigns and their frames are the simulator's. What is
asked is taken from the folder of real data as follows; a harvest asks each real question at most
once, and where a stock of real texts runs out the simulator's own text stands.

| who | what | real text |
|---|---|---|
| everybody who chats, resellers' customers | first turns | chat_prompts, with repeats |
| users of an agent product, of code | tasks | agent_tasks and chat_prompts, with repeats |
| evaluators, also of a new model | benchmark items | one family of evaluator_prompts a benchmark |
| authorised makers of data | questions | instruction_harvest |
| a harvest of mathematics | content inside the frame | math_problems |
| a harvest of instructions | content inside the frame | instruction_harvest |
| a harvest of code | content inside the frame | HumanEval |
| use as a reward model | the frame's rubric | rubric_templates |
| a search for techniques, a wrapper | the wrapper | jailbreaks, without plain requests |

Follow-up turns, customers' programmes, grids of a sweep, answers and the other parts of frames
stay as the simulator makes them. Everything is drawn from the simulator's own streams, so a seed
gives the same week again.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.lab.traffic import harnesses
from revenuer.lab.traffic import world as stages
from revenuer.lab.traffic.wording import Grammar
from revenuer.lab.traffic.world import World

#: Longest real text used, in characters: a few run to many thousands.
LONGEST = 6_000
#: Share of honest texts that are real; the rest stay made, so that no prompt repeats too often.
REAL_SHARE = 0.6
FEWEST_ITEMS = 30
Stock = Any


class Shelf:
    """Real texts by the simulator's rule, for honest people and for harvesters."""

    def __init__(self, folder: Path) -> None:
        read = _Reader(folder)
        chat = read("chat_prompts")
        tasks = read("agent_tasks")
        instructions = read("instruction_harvest")
        code = pa.array(_human_eval(folder / "humaneval" / "HumanEval.jsonl.gz"))
        wrappers = read("jailbreaks", kinds=("jailbreak", "jailbreak_template"))
        self.honest: Mapping[str, Stock] = {
            "chat": chat,
            "library": chat,
            "code": pa.concat_arrays([tasks, chat]),
        }
        self.once: Mapping[str, Stock] = {"ask": instructions, "wrapper": wrappers}
        self.harvest: Mapping[str, Stock] = {
            "maths": read("math_problems"),
            "ask": instructions,
            "code": code,
            "rubric": read("rubric_templates"),
            "wrapper": wrappers,
        }
        self.families = _families(folder)


class RealGrammar(Grammar):
    """The simulator's grammar, with some rules answered from a shelf.

    A narrowed grammar belongs to one campaign: it asks each real text at most once.
    """

    def __init__(self, made: Grammar, shelf: Shelf, *, is_campaign: bool) -> None:
        super().__init__(made._rules, fields=made.fields)
        self._shelf = shelf
        self._used: dict[str, int] = {}
        self._order: dict[str, Any] = {}
        self._is_campaign = is_campaign

    def make(self, rng: np.random.Generator, rule: str, n: int, *, fields: Any = None) -> Any:
        """Return n texts of a rule, real ones where the shelf has them."""
        made = super().make(rng, rule, n, fields=fields)
        if self._is_campaign:
            stock = self._shelf.harvest.get(rule)
            return made if stock is None else self._each_once(rng, rule, stock, made)
        if rule in self._shelf.once:
            stock = self._shelf.once[rule]
            return _mixed(made, stock, rng.permutation(max(len(stock), n))[:n])
        stock = self._shelf.honest.get(rule)
        if stock is None:
            return made
        picks = rng.integers(len(stock), size=n)
        return _mixed(made, stock, np.where(rng.random(n) < REAL_SHARE, picks, len(stock)))

    def narrow(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> Grammar:
        """Return the grammar of one campaign."""
        made = super().narrow(rng, sizes)
        return RealGrammar(made, self._shelf, is_campaign=True)

    def _each_once(self, rng: np.random.Generator, rule: str, stock: Stock, made: Any) -> Any:
        if rule not in self._order:
            self._order[rule] = rng.permutation(len(stock))
        begin = self._used.get(rule, 0)
        self._used[rule] = begin + len(made)
        picks = np.full(len(made), len(stock))
        left = self._order[rule][begin : begin + len(made)]
        picks[: len(left)] = left
        return _mixed(made, stock, picks)


@contextmanager
def spoken(shelf: Shelf) -> Iterator[None]:
    """Within this context the simulator writes real text."""
    build, benchmark = stages.build, harnesses._benchmark

    def real_build(seed: int, days: int) -> World:
        stage = build(seed, days)
        grammar = RealGrammar(stage.grammar, shelf, is_campaign=False)
        return dataclasses.replace(stage, grammar=grammar)

    def real_benchmark(rng: np.random.Generator, world: World) -> tuple[Any, str]:
        _, reply = benchmark(rng, world)
        return shelf.families[int(rng.integers(len(shelf.families)))], reply

    stages.build, harnesses._benchmark = real_build, real_benchmark
    try:
        yield
    finally:
        stages.build, harnesses._benchmark = build, benchmark


def _mixed(made: Any, stock: Stock, picks: Any) -> Any:
    """Return stock[pick] a row, and the made text where a pick lies beyond the stock."""
    n = len(stock)
    both = pa.concat_arrays([stock.cast(pa.string()), made.cast(pa.string())])
    return both.take(pa.array(np.where(picks < n, picks, n + np.arange(len(made)))))


class _Reader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str, *, kinds: tuple[str, ...] = ()) -> Stock:
        rows = pq.read_table(self._folder / f"{name}.parquet").to_pylist()
        texts = [row["text"][:LONGEST] for row in rows if not kinds or row["kind"] in kinds]
        return pa.array(list(dict.fromkeys(text for text in texts if text.strip())))


def _human_eval(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["prompt"] for line in lines]


def _families(folder: Path) -> list[Stock]:
    """Return the families of evaluators with enough items: system and user text as one prompt."""
    items: dict[str, dict[str, None]] = {}
    for row in pq.read_table(folder / "evaluator_prompts.parquet").to_pylist():
        text = f"{row['system'] or ''}\n{row['user'] or ''}".strip()[:LONGEST]
        items.setdefault(row["family"], {})[text] = None
    return [pa.array(list(own)) for _, own in sorted(items.items()) if len(own) >= FEWEST_ITEMS]

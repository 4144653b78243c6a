"""Do tests that read marks call chance evidence no more often than they say?

The null is made true by drawing keys: texts stay as they are, and each of 100,000 random keys is
tried on them. The texts are chosen to be awkward (`null_texts.py`): plain, with repeated passages
and loops, templates filled in again and again, and, with --students DIR, what unmarked students
wrote. Every token-keyed test takes its own way from token ids to p-value: Gumbel scores with
windows of 2 and 4, green lists, vLLM's two keys, Transformers' green lists, localisation, the
e-process at its highest point, and planted answers, drawn anew, against suspects with habits.

The share of p-values at most 1e-2, 1e-3 and 1e-4 is printed with how many binomial standard errors
it lies above its level. Below it, power is given away: bounds and whole numbers do that.

Tests by rank or bound (decoys, agreement, order, weights) draw what their null says is random, and
are looked at above the smallest p-value that they can give.

`worst_excess_sigma` is the largest excess of all. Some 150 shares are looked at, so 3 is luck and 4
is not. Last, in no figure's bar: what the same scores would say if repeats counted again, and what
the order test says of an order that was shuffled in shards, as its null forbids.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import measure
import null_texts
import numpy as np
from measure import Figures
from numpy.typing import NDArray

from revenuer.prove.audit import (
    agreement,
    canary_test,
    decoys,
    hf_kgw,
    localise,
    order,
    readers,
    tails,
    weight_lineage,
)
from revenuer.prove.audit.detect import Mark, Units, first_units, judge
from revenuer.prove.audit.windows import read, windows
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.keys import WatermarkKey

LEVELS = (1e-2, 1e-3, 1e-4)
COARSE = (0.5, 0.2, 0.1, 0.05)
SEED = 20_261_124
ALPHA = 0.1
Logs = NDArray[np.float64]
Corpora = Sequence[Sequence[NDArray[np.int64]]]


class Share(NamedTuple):
    """How often a test said at most a level, on one kind of text."""

    test: str
    kind: str
    level: float
    trials: int
    at_most: int

    @property
    def excess(self) -> float:
        """Binomial standard errors above the level."""
        error = np.sqrt(self.trials * self.level * (1 - self.level))
        return float((self.at_most - self.trials * self.level) / error)


def main() -> None:
    parser = measure.arguments(__doc__ or "")
    parser.add_argument(
        "--students", type=Path, metavar="DIR", help="token ids of unmarked students"
    )
    parser.add_argument("--keys", type=int, help="keys for each test and kind of text")
    chosen = parser.parse_args()
    keys = chosen.keys or (5_000 if chosen.quick else 100_000)
    kinds = dict(null_texts.made(np.random.default_rng(SEED)))
    if chosen.students:
        kinds["students"], names = null_texts.of_students(chosen.students)
    else:
        names = []
        measure.say("no --students: what unmarked students wrote is left out")
    measure.heading(
        "False evidence under the null",
        keys=f"{keys:,} for each test and kind of text, seed {SEED}",
        texts=", ".join(f"{kind} {len(corpora)} sets" for kind, corpora in kinds.items()),
        students=f"{len(names)}" + (f": {', '.join(names)}" if names else ""),
    )
    shares: list[Share] = []
    for kind, corpora in kinds.items():
        shares += _token_keyed(kind, corpora, keys)
    shares += _planted(keys)
    shares += _ranks(max(keys // 50, 400))
    measure.table(
        "Shares",
        ("test", "texts", "level", "trials", "share", "excess, standard errors"),
        [(s.test, s.kind, s.level, s.trials, s.at_most / s.trials, s.excess) for s in shares],
    )
    figures = _figures(shares, len(names)) | _repeats(kinds["repeated"], keys)
    measure.finish(figures | _shards(max(keys // 50, 400)), chosen.json)


def _token_keyed(kind: str, corpora: Corpora, count: int) -> list[Share]:
    """Try every key on one set of texts; sets take turns."""
    shares = []
    for number, (name, logs_of) in enumerate(_tests(corpora)):
        keys = np.random.default_rng([SEED, number, len(kind)]).integers(
            0, 1 << 64, count, dtype=np.uint64
        )
        began = time.process_time()
        tried = [logs_of(i % len(corpora), int(key)) for i, key in enumerate(keys)]
        for part, logs in zip(name.split("|"), np.array(tried).reshape(count, -1).T, strict=True):
            shares += _shares(part, kind, logs, LEVELS)
        measure.say(f"{kind:<10} {name:<40} {time.process_time() - began:6.0f} CPU s")
    return shares


def _tests(corpora: Corpora) -> Iterator[tuple[str, Callable[[int, int], tuple[float, ...]]]]:
    """Yield names and what gives log10 p of a set and a key; `|` divides two answers."""
    schemes: dict[str, Mark] = {
        "gumbel h2": GumbelMark(), "gumbel h4": GumbelMark(window=4), "green h2": GreenMark(),
    }  # fmt: skip
    for name, scheme in schemes.items():
        units = [first_units(texts, scheme.window) for texts in corpora]
        yield f"{name}|{name} e-process", _judging(units, scheme)
    yield "vllm dual", _dual(corpora)
    yield "hf kgw", _kgw(corpora)
    for name in ("gumbel h2", "green h2"):
        yield f"localise {name}", _localising(corpora, schemes[name])


def _judging(units: Sequence[Units], scheme: Mark) -> Callable[[int, int], tuple[float, ...]]:
    def logs(which: int, key: int) -> tuple[float, ...]:
        judged = judge(units[which], key, scheme)
        # Ville's inequality makes 1 / the highest value a p-value.
        return judged.log10_p, -judged.highest_log10_e

    return logs


def _dual(corpora: Corpora) -> Callable[[int, int], tuple[float, ...]]:
    def logs(which: int, key: int) -> tuple[float, ...]:
        return (readers.read_vllm(corpora[which], key, alpha=ALPHA).log10_p,)

    return logs


def _kgw(corpora: Corpora) -> Callable[[int, int], tuple[float, ...]]:
    vocabulary = 1 + max(int(text.max()) for texts in corpora for text in texts)
    # A shuffle costs as much as the list is long, so a large vocabulary is folded.
    folded = [[text % 1_000 for text in texts] for texts in corpora]

    def logs(which: int, key: int) -> tuple[float, ...]:
        config = hf_kgw.KgwConfig(min(vocabulary, 1_000), key >> 1)
        return (hf_kgw.read_kgw(folded[which], config).log10_p,)

    return logs


def _localising(corpora: Corpora, scheme: Mark) -> Callable[[int, int], tuple[float, ...]]:
    # The texts of a set end to end are one longer text.
    units = [first_units([np.concatenate(texts)], scheme.window) for texts in corpora]
    families = [localise.spans_of(len(one.tokens)) for one in units]

    def logs(which: int, key: int) -> tuple[float, ...]:
        one = units[which]
        scores = scheme.scores(key, one.windows, one.tokens)
        return (float(localise.corrected(scores, families[which], scheme)[0].min()),)

    return logs


def _planted(count: int) -> list[Share]:
    """Draw the planted answers of ten campaigns anew for suspects with habits of their own."""
    rng = np.random.default_rng([SEED, 1])
    habits = {
        "always the first": np.zeros(40, np.int64),
        "prefers some": rng.choice(8, 40, p=np.array([8, 7, 6, 5, 4, 3, 2, 1]) / 36),
    }
    shares = []
    for habit, given in habits.items():
        logs = np.empty(count)
        for i in range(count):
            drawn = rng.integers(0, 8, (10, 40))
            planted = {str(number): row for number, row in enumerate(drawn)}
            told = dict.fromkeys(planted, given)
            logs[i] = canary_test.canary_test(told, planted, choices=8).log10_p
        shares += _shares("canary, 10 campaigns", habit, logs, LEVELS)
    return shares


def _ranks(count: int) -> list[Share]:
    """Draw what the nulls of ranks and bounds say is random."""
    rng = np.random.default_rng([SEED, 2])
    units = first_units([rng.integers(0, 500, 200)], 2)

    def total(seed: int) -> float:
        return judge(units, seed, GumbelMark()).total

    text = rng.standard_t(2, 400)
    cases: dict[str, tuple[Callable[[], float], tuple[float, ...]]] = {
        "decoys, 19": (
            lambda: decoys.rank(total, WatermarkKey(rng.bytes(32)), count=19).log10_p,
            COARSE,
        ),
        "agreement, 39 controls": (lambda: _agreeing(rng), (*COARSE, 0.025)),
        "order, 400 texts": (
            lambda: order.order_test(rng.permutation(400), text).log10_p, (0.1, 0.01, 0.001),
        ),
        "same units, 3 layers": (
            lambda: weight_lineage.same_units(*_models(rng), rng=rng).log10_p, (0.1, 0.01, 0.001),
        ),
        "renumbered units, 19": (lambda: _renumbered(rng), COARSE),
    }  # fmt: skip
    shares = []
    for name, (drawn, levels) in cases.items():
        shares += _shares(name, "drawn", np.array([drawn() for _ in range(count)]), levels)
    return shares


def _agreeing(rng: np.random.Generator) -> float:
    skill = rng.beta(4, 4, size=40)
    models = rng.random((40, 50)) < skill[:, None]
    return agreement.agreement_test(models[0], models[1:]).log10_p


def _models(rng: np.random.Generator) -> tuple[list[Logs], list[Logs]]:
    ours, theirs = (list(rng.normal(size=(3, 48, 24))) for _ in range(2))
    return ours, theirs


def _renumbered(rng: np.random.Generator) -> float:
    ours, theirs = rng.normal(size=(2, 2, 32, 16)) * np.exp(rng.normal(size=(2, 1, 32, 1)))
    tested = weight_lineage.renumbered_units(
        (ours[0], ours[1]), (theirs[0], theirs[1]), rng=rng, draws=19
    )
    return tested.log10_p


def _repeats(corpora: Corpora, keys: int) -> Figures:
    """Return what scoring every token, repeats too, would say on texts that repeat themselves."""
    count = max(keys // 10, 1_000)
    drawn = np.random.default_rng([SEED, 3]).integers(0, 1 << 64, count, dtype=np.uint64)
    held = []
    for texts in corpora:
        tokens = [read(text) for text in texts]
        held.append((np.concatenate([windows(t, 2) for t in tokens]), np.concatenate(tokens)))
    logs = np.empty(count)
    for i, key in enumerate(drawn):
        before, tokens_of = held[i % len(held)]
        total = GumbelMark().scores(int(key), before, tokens_of).sum()
        logs[i] = float(tails.gamma_log10_sf(total, len(tokens_of)))
    return {
        f"without_deduplication_at_{level:g}": float(np.mean(logs <= np.log10(level)))
        for level in LEVELS
    }


def _shards(count: int) -> Figures:
    """Return what the order test says of suspects that know nothing of an order kept in shards."""
    rng = np.random.default_rng([SEED, 4])
    shards = np.arange(300).reshape(6, 50)
    # Texts of one shard are of one kind, and kinds are not alike to any model.
    likely = np.repeat([0.0, 3.0, 1.0, 5.0, 2.0, 4.0], 50) + rng.normal(size=300) / 2
    logs = np.array([
        order.order_test(np.concatenate(rng.permutation(shards)), likely).log10_p
        for _ in range(count)
    ])  # fmt: skip
    return {
        "order_in_shards_at_0.001": float(np.mean(logs <= -3)),
        "order_in_shards_lowest_log10_p": float(logs.min()),
    }


def _shares(test: str, kind: str, logs: Logs, levels: Sequence[float]) -> list[Share]:
    # A p-value that is a level exactly, up to rounding of its logarithm, is at most the level.
    return [
        Share(test, kind, level, len(logs), int((logs <= np.log10(level) + 1e-12).sum()))
        for level in levels
    ]


def _figures(shares: Sequence[Share], students: int) -> Figures:
    worst = max(shares, key=lambda share: share.excess)
    measure.say(
        f"\nworst: {worst.test} on {worst.kind} at {worst.level:g}: {worst.at_most} of "
        f"{worst.trials:,}, {worst.excess:.2f} standard errors above"
    )
    keyed = [share for share in shares if share.level in LEVELS and share.kind != "drawn"]
    return {
        "worst_excess_sigma": worst.excess,
        "worst_excess_sigma_token_keyed": max(share.excess for share in keyed),
        "worst_excess_sigma_ranks": max(s.excess for s in shares if s.kind == "drawn"),
        "shares_looked_at": float(len(shares)),
        "keys": float(max(share.trials for share in keyed)),
        "students": float(students),
    }


if __name__ == "__main__":
    main()

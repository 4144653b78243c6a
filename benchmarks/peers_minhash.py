"""How fast are alike prompts found, and are as many found as banding promises?

Texts are the distinct prompts of a simulated week, with real text in it where there is real data.
Everybody gets the same texts, four-word shingles, 64 permutations and 16 bands of 4 rows.

What is timed, in CPU-seconds of one thread:

* signatures, from what each method takes: words (ours, which makes and hashes its shingles on the
  way), shingles as strings (objects of rensa and datasketch), hashed shingles (rensa's batch API);
* groups: ours bands, checks each candidate at half of its values and joins by union-find. The peers
  have no union-find: the deduplicator or index that comes with each only says which texts are
  duplicates, and datasketch and rensa's batch index do so without a check;
* from text to groups: cutting words and shingles included; for the peers in Python, as their
  users do.

Recall: pairs of prompts of one campaign, of exact Jaccard index s at least one half. Each should
share a band with chance 1 - (1 - s^4)^16 [1]; the gap is the share found less the share promised.
More is as wrong as less: it means degenerate signatures. Pairs of one campaign share a frame, so
one draw of permutations says little (its gap scatters by seven points): permutations are drawn
anew many times, and the mean and its standard error are given.

Whole prompts are compared here, as the peers do it. A scan compares only what recurs, in three
layers (`features.frames`); that is timed last.

[1] J. Leskovec, A. Rajaraman, J. Ullman. Mining of Massive Datasets, 3.4. Cambridge, 2014.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import peers_sketch as sketch
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from revenuer.find.features import frames, lexicon, shingles, words
from revenuer.find.features.hits import Matcher
from revenuer.find.features.texts import LONGEST_FRAME_TEXT, TextStore, _frame_words

SEED = 64_164
SHUFFLES, MOST_PAIRS = 4, 2_000
ROWS = shingles.PERMUTATIONS // frames.BANDS
ALIKE = frames.AGREE / shingles.PERMUTATIONS
#: Method -> environment.
PEERS = {"rensa": "rensa", "rensa_batch": "rensa", "datasketch": "datasketch"}
Numbers = NDArray[np.int64]


class Corpus(NamedTuple):
    """Distinct prompts, (pairs, 2) numbers of alike ones of one campaign, seeds to draw with."""

    texts: Any
    pairs: Numbers
    seeds: int


class Speed(NamedTuple):
    """Prompts a CPU-second: signatures, with groups, from text to groups."""

    signatures: float
    groups: float
    from_text: float


class Measured(NamedTuple):
    """A method's speed, and its recall less theory with the standard error."""

    name: str
    speed: Speed
    gap: float
    error: float


def corpus(week: Path, seeds: int) -> Corpus:
    """Return the distinct prompts of a simulated week, and alike pairs of one campaign."""
    sent = pq.read_table(week / "exchanges.parquet", columns=["exchange_id", "prompt"])
    coded = sent["prompt"].combine_chunks().dictionary_encode()
    taken = pq.read_table(week / "truth_exchanges.parquet").combine_chunks()
    rows = pc.index_in(taken["exchange_id"], value_set=sent["exchange_id"].combine_chunks())
    numbers = coded.indices.take(rows.combine_chunks())
    has = numbers.is_valid().to_numpy(zero_copy_only=False)
    text = numbers.drop_null().to_numpy().astype(np.int64)
    campaign = taken["campaign_id"].combine_chunks().dictionary_encode().indices.to_numpy()[has]
    rng = np.random.default_rng(SEED)
    drawn = [_couples(rng, text, campaign) for _ in range(SHUFFLES)]
    pairs = rng.permutation(np.unique(np.concatenate(drawn), axis=0))
    texts = coded.dictionary.cast(pa.large_string())
    sets = _sets(*_cut(texts))
    alike = [(a, b) for a, b in pairs.tolist() if _jaccard(sets(a), sets(b)) >= ALIKE]
    return Corpus(texts, np.array(alike[:MOST_PAIRS], np.int64), seeds)


def ours(corpus: Corpus) -> Measured:
    """Return what our kernels do with the corpus."""
    n = len(corpus.texts)
    (held, offsets), cutting = sketch.best(lambda: _cut(corpus.texts))
    (signatures, total), signing = sketch.best(lambda: _sign(held, offsets))
    framed = signatures[total > 0]
    _, joining = sketch.best(lambda: shingles.cluster(framed, frames.BANDS, frames.AGREE))
    used, local = np.unique(corpus.pairs, return_inverse=True)
    held, offsets = _cut(corpus.texts.take(pa.array(used)))
    sets = _sets(held, offsets)
    local = local.reshape(corpus.pairs.shape)
    couples = [(int(a), int(b)) for a, b in local]
    theory = sketch.promised([sets(i) for i in range(len(used))], couples)
    gaps = []
    for seed in range(1, corpus.seeds + 1):
        bands = _sign(held, offsets, seed)[0].reshape(len(used), frames.BANDS, ROWS)
        found = (bands[local[:, 0]] == bands[local[:, 1]]).all(axis=2).any(axis=1)
        gaps.append(float(found.mean()) - theory)
    speed = Speed(n / signing, n / (signing + joining), n / (cutting + signing + joining))
    return Measured("revenuer", speed, *_mean(gaps))


def scan_frames(corpus: Corpus, scratch: Path) -> float:
    """Return prompts a CPU-second of the scan's own search for templates, from words."""
    store = TextStore(scratch / "words", Matcher(lexicon.load()))
    store.intern(corpus.texts)
    _, seconds = sketch.best(lambda: frames.find(store, np.ones(store.texts, np.int64)))
    store.close()
    return store.texts / seconds


def peers(corpus: Corpus, folder: Path, scratch: Path) -> Iterator[Measured]:
    """Yield what each peer that has an environment does with the corpus."""
    job, out = scratch / "job.json", scratch / "told.json"
    wanted = {"texts": corpus.texts.to_pylist(), "pairs": corpus.pairs.tolist()}
    job.write_text(json.dumps({**wanted, "seeds": corpus.seeds}), encoding="utf-8")
    n = len(corpus.texts)
    for method, environment in PEERS.items():
        python = folder / environment / "bin" / "python"
        if not python.is_file():
            continue
        subprocess.run(  # noqa: S603  # our own file in the peer's environment
            [str(python), sketch.__file__, method, str(job), str(out)],
            env={**os.environ, "RAYON_NUM_THREADS": "1"},
            check=True,
        )
        told = json.loads(out.read_text(encoding="utf-8"))
        steps: sketch.Steps = told["steps"]
        grouping = steps["signatures"] + steps["duplicates"]
        speed = Speed(n / steps["signatures"], n / grouping, n / sum(steps.values()))
        yield Measured(f"{method} {told['version']}", speed, *_mean(told["gaps"]))


def _cut(texts: Any) -> tuple[Any, Numbers]:
    split = words.split(texts)
    return _frame_words(split.hashes, split.offsets, LONGEST_FRAME_TEXT)


def _sign(held: Any, offsets: Numbers, seed: int = 1) -> tuple[Any, Any]:
    """Sign whole texts: every shingle counts as recurring."""
    steps = np.zeros(len(held), np.int8)
    multipliers, shifts = shingles.permutations(seed)
    made = shingles.sign(held, offsets, steps, shingles.WHOLE, multipliers, shifts)
    return made[0], made[2]


def _couples(rng: np.random.Generator, text: Numbers, campaign: Numbers) -> Numbers:
    """Return disjoint pairs of different texts, each of one campaign."""
    order = rng.permutation(len(text))
    order = order[np.argsort(campaign[order], kind="stable")]
    left, right = order[:-1:2], order[1::2]
    kept = (campaign[left] == campaign[right]) & (text[left] != text[right])
    return np.sort(np.column_stack([text[left][kept], text[right][kept]]), axis=1)


def _sets(held: Any, offsets: Numbers) -> Any:
    return lambda text: set(sketch.shingles(held[offsets[text] : offsets[text + 1]].tolist()))


def _jaccard(left: set[Any], right: set[Any]) -> float:
    return len(left & right) / max(len(left | right), 1)


def _mean(values: list[float]) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))

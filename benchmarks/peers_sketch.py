"""MinHash in other people's packages: run inside a peer's environment, so only it is imported.

    python peers_sketch.py METHOD JOB OUT

JOB is JSON: texts, pairs of text numbers, and how many seeds to draw permutations with. Shingles
are four words of a lower-cased text split at white space, with a border before the first word, as
the scan's own. Each step is timed as the best of three runs, or of one when that takes ten seconds.
OUT receives JSON: the version, CPU seconds by step, and for each seed the share of pairs that share
a band less the share that banding promises.
"""

from __future__ import annotations

import json
import sys
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module, metadata
from itertools import chain
from pathlib import Path
from typing import Any

LONGEST, SHINGLE = 1_000, 4
PERMUTATIONS, BANDS, ROWS, THRESHOLD, SEED = 64, 16, 4, 0.5, 42
REPEATS, ENOUGH_S = 3, 10.0
#: What stands where a text has no word: before it, and behind a text of less than three words.
BEFORE, BEHIND = "^", "$"

Shingles = list[Any]
Steps = dict[str, float]
Pairs = Sequence[Sequence[int]]


def shingles(words: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the shingles of one text; a text without words has none."""
    if not words:
        return []
    framed = [BEFORE, *words, *([BEHIND] * (SHINGLE - 1 - len(words)))]
    return [tuple(framed[i : i + SHINGLE]) for i in range(len(framed) - SHINGLE + 1)]


def of_text(text: str) -> list[str]:
    """Return the shingles of a text as strings."""
    return [" ".join(shingle) for shingle in shingles(text.lower().split()[:LONGEST])]


def best(step: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a step gives and the CPU seconds of its best run."""
    seconds: list[float] = []
    made = None
    while len(seconds) < REPEATS and sum(seconds) < ENOUGH_S:
        begin = time.process_time()
        made = step()
        seconds.append(time.process_time() - begin)
    return made, min(seconds)


def promised(sets: Sequence[Iterable[Any]], pairs: Pairs) -> float:
    """Return the share of pairs that should share a band, from their exact Jaccard indices."""
    chances = []
    for a, b in pairs:
        left, right = set(sets[a]), set(sets[b])
        chances.append(1 - (1 - (len(left & right) / len(left | right)) ** ROWS) ** BANDS)
    return sum(chances) / len(chances)


class RensaObjects:
    """One object a text, and the package's deduplicator, which also checks each candidate."""

    def steps(self, sets: list[Shingles]) -> Steps:
        """Return CPU seconds by step, from ready shingles."""
        made, signing = best(lambda: self._objects(sets, SEED))
        _, indexing = best(lambda: self._index(made))
        return {"signatures": signing, "duplicates": indexing}

    def sign(self, sets: list[Shingles], seed: int) -> list[Any]:
        """Return one row of numbers a text."""
        return [sketch.digest() for sketch in self._objects(sets, seed)]

    def _objects(self, sets: list[Shingles], seed: int) -> list[Any]:
        rensa: Any = import_module("rensa")
        made = []
        for tokens in sets:
            sketch = rensa.RMinHash(PERMUTATIONS, seed)
            sketch.update(tokens)
            made.append(sketch)
        return made

    def _index(self, made: list[Any]) -> Any:
        rensa: Any = import_module("rensa")
        found = rensa.RMinHashDeduplicator(THRESHOLD, PERMUTATIONS, True, BANDS, SEED)
        return found.add_pairs((str(i), sketch) for i, sketch in enumerate(made))


class RensaBatch:
    """All texts in one call from hashed shingles, and the batch index, which only flags."""

    def steps(self, sets: list[Shingles]) -> Steps:
        """Return CPU seconds by step, from ready shingles."""
        (flat, ends), hashing = best(lambda: self._hashes(sets))
        matrix, signing = best(lambda: self._matrix(flat, ends, SEED))
        _, indexing = best(lambda: self._index(matrix))
        return {"hashes": hashing, "signatures": signing, "duplicates": indexing}

    def sign(self, sets: list[Shingles], seed: int) -> list[Any]:
        """Return one row of numbers a text."""
        return list(self._matrix(*self._hashes(sets), seed).to_rows())

    def _hashes(self, sets: list[Shingles]) -> tuple[Any, Any]:
        rensa: Any = import_module("rensa")
        hashed = rensa.RMinHash.hash_token_sets(sets)
        ends = array("Q", [0])
        for row in hashed:
            ends.append(ends[-1] + len(row))
        return array("Q", chain.from_iterable(hashed)), ends

    def _matrix(self, flat: Any, ends: Any, seed: int) -> Any:
        sketch: Any = import_module("rensa").RMinHash
        return sketch.digest_matrix_from_flat_token_hashes(flat, ends, PERMUTATIONS, seed)

    def _index(self, matrix: Any) -> Any:
        index: Any = import_module("rensa").RMinHashLSH(THRESHOLD, PERMUTATIONS, BANDS)
        return index.insert_matrix_and_query_duplicate_flags(matrix)


class Datasketch:
    """One object a text; a text that finds a candidate is a duplicate, another enters the index."""

    def steps(self, sets: list[Shingles]) -> Steps:
        """Return CPU seconds by step, from ready shingles."""
        encoded, encoding = best(lambda: self._encoded(sets))
        made, signing = best(lambda: self._objects(encoded, SEED))
        _, indexing = best(lambda: self._index(made))
        return {"bytes": encoding, "signatures": signing, "duplicates": indexing}

    def sign(self, sets: list[Shingles], seed: int) -> list[Any]:
        """Return one row of numbers a text."""
        made = self._objects(self._encoded(sets), seed)
        return [sketch.hashvalues.tolist() for sketch in made]

    def _encoded(self, sets: list[Shingles]) -> list[list[bytes]]:
        return [[token.encode() for token in tokens] for tokens in sets]

    def _objects(self, encoded: list[list[bytes]], seed: int) -> list[Any]:
        sketch: Any = import_module("datasketch").MinHash
        return list(sketch.bulk(encoded, num_perm=PERMUTATIONS, seed=seed))

    def _index(self, made: list[Any]) -> int:
        index: Any = import_module("datasketch").MinHashLSH
        lsh, duplicates = index(num_perm=PERMUTATIONS, params=(BANDS, ROWS)), 0
        for number, sketch in enumerate(made):
            if lsh.query(sketch):
                duplicates += 1
            else:
                lsh.insert(number, sketch)
        return duplicates


METHODS: dict[str, Any] = {
    "rensa": RensaObjects(),
    "rensa_batch": RensaBatch(),
    "datasketch": Datasketch(),
}


def gaps(method: Any, sets: list[Shingles], pairs: Pairs, seeds: int) -> list[float]:
    """Return the share of pairs found less the share promised, for each seed."""
    used = sorted({one for pair in pairs for one in pair})
    place = {text: number for number, text in enumerate(used)}
    few = [sets[text] for text in used]
    local = [(place[a], place[b]) for a, b in pairs]
    theory = promised(few, local)
    return [_found(method.sign(few, seed), local) - theory for seed in range(1, seeds + 1)]


def _found(rows: list[Any], pairs: Pairs) -> float:
    cut = [[tuple(row[i : i + ROWS]) for i in range(0, PERMUTATIONS, ROWS)] for row in rows]
    shared = [any(x == y for x, y in zip(cut[a], cut[b], strict=True)) for a, b in pairs]
    return sum(shared) / len(shared)


def main() -> None:
    name, source, target = sys.argv[1:]
    job: dict[str, Any] = json.loads(Path(source).read_text(encoding="utf-8"))
    sets, cutting = best(lambda: [of_text(text) for text in job["texts"]])
    method = METHODS[name]
    told = {
        "version": metadata.version(name.partition("_")[0]),
        "steps": {"shingles": cutting, **method.steps(sets)},
        "gaps": gaps(method, sets, job["pairs"], job["seeds"]),
    }
    Path(target).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()

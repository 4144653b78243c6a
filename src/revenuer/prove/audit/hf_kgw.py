"""Transformers' green-list mark (KGW [1]), read bit for bit without torch.

A window gives a seed, the seed a permutation of the vocabulary, and its first part is green. Only
one question is asked of the permutation, whether one token is in that part, so the shuffle is
followed for that token alone: no permutation is built.

Null model: the texts were made without the hashing key. The seed has at most 32 bits of effect (it
starts a Mersenne twister), so each seed is scored once in the whole audit, with the token that
stands there first: the token is green with the chance greens / vocabulary, exactly, and Binomial is
the tail. Transformers' own detector counts repeated n-grams again and reports a normal z.

It misleads when the key is the public default, which anybody can mark with; and a mark on the
previous token alone has no more seeds than the vocabulary has tokens, so no audit has more units.

[1] J. Kirchenbauer et al. A watermark for large language models. ICML 2023.
    https://arxiv.org/abs/2301.10226
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from revenuer.errors import InputError
from revenuer.prove.audit import eprocess, tails
from revenuer.prove.audit.evidence import Evidence
from revenuer.prove.audit.windows import Seen, Tokens, read

NULL = "the texts were made without this hashing key"
_TABLE = 1_000_003
_WORDS, _SHIFT = 624, 397


@dataclass(frozen=True)
class KgwConfig:
    """Transformers' `WatermarkingConfig`, as the text was marked with it.

    Attributes:
        vocabulary: Size of the model's vocabulary.
        hashing_key: In 0 .. 2^63 - 1. There is no default here: Transformers' is public.
        greenlist_ratio: In (0, 1).
        seeding_scheme: `lefthash` seeds by the last token of the window, `selfhash` by the window
            with the token itself.
        context_width: Tokens in the window.

    Raises:
        InputError: A value out of range.
    """

    vocabulary: int
    hashing_key: int
    greenlist_ratio: float = 0.25
    seeding_scheme: Literal["lefthash", "selfhash"] = "lefthash"
    context_width: int = 1

    def __post_init__(self) -> None:
        if self.seeding_scheme not in ("lefthash", "selfhash"):
            raise InputError(
                f"no seeding scheme is called {self.seeding_scheme!r}",
                hint="use lefthash or selfhash",
            )
        if self.vocabulary < 2 or self.context_width < 1 or not 0 <= self.hashing_key < 1 << 63:
            raise InputError("a vocabulary, a context width or a hashing key is out of range")
        if not 0 < self.greenlist_ratio < 1 or not self.greens:
            raise InputError(f"a share of {self.greenlist_ratio} makes no green list")

    @property
    def greens(self) -> int:
        """Tokens on a green list."""
        return int(self.vocabulary * self.greenlist_ratio)


class Counts(NamedTuple):
    """What Transformers' detector counts in one text."""

    scored: int
    green: int


def read_kgw(
    texts: Sequence[ArrayLike],
    config: KgwConfig,
    seen: Seen | None = None,
    *,
    contexts: Sequence[ArrayLike] | None = None,
) -> Evidence:
    """Test texts for the mark: each seed once in the whole audit, exact binomial tail.

    Args:
        texts: Token ids of each text, without the prompt; ragged.
        config: How it was marked.
        seen: Seeds that this audit met before; an object of its own for this reader.
        contexts: What the suspect was given for each text; its seeds are never scored.
    """
    seen = Seen() if seen is None else seen
    for context in contexts or ():
        seen.note_windows(_seeds(read(context, name="a context"), config).seeds[:, None])
    found = [_seeds(read(text, name=f"text {i}"), config) for i, text in enumerate(texts)]
    seeds = np.concatenate([np.empty(0, np.int64), *(one.seeds for one in found)])
    targets = np.concatenate([np.empty(0, np.int64), *(one.targets for one in found)])
    kept, dropped = seen.take(seeds[:, None], targets)
    hits = is_green(seeds[kept], targets[kept], config)
    share = config.greens / config.vocabulary
    n, green = len(hits), int(hits.sum())
    z = (green - share * n) / np.sqrt(max(n, 1) * share * (1 - share))
    return Evidence(
        "hf kgw", NULL, len(seeds), n, float(green),
        float(tails.binomial_log10_sf(green, n, share)),
        log10_e=float(eprocess.hits_log10_e(green, n, share)),
        dropped=dropped,
        details={
            "scheme": config.seeding_scheme, "vocabulary": config.vocabulary,
            "gamma": share, "z_approximate": float(z), "texts": len(texts),
        },
    )  # fmt: skip


def kgw_counts(text: ArrayLike, config: KgwConfig, *, ignore_repeated_ngrams: bool) -> Counts:
    """Return what Transformers' `WatermarkDetector` counts in one text."""
    ids = read(text)
    ngram = config.context_width + (config.seeding_scheme == "lefthash")
    if len(ids) < ngram:
        return Counts(0, 0)
    rows = np.lib.stride_tricks.sliding_window_view(ids, ngram)
    if ignore_repeated_ngrams:
        rows = np.unique(rows, axis=0)
    hits = is_green(_row_seeds(rows, config), rows[:, -1], config)
    return Counts(len(rows), int(hits.sum()))


def is_green(
    seeds: NDArray[np.integer], tokens: NDArray[np.integer], config: KgwConfig
) -> NDArray[np.bool_]:
    """Return whether each token is on the green list of its seed: (n,)."""
    return _is_green(
        seeds.astype(np.uint32), tokens.astype(np.int64), config.vocabulary, config.greens
    )


class _Seeded(NamedTuple):
    seeds: NDArray[np.int64]
    targets: Tokens


def _seeds(ids: Tokens, config: KgwConfig) -> _Seeded:
    ngram = config.context_width + (config.seeding_scheme == "lefthash")
    if len(ids) < ngram:
        none = np.empty(0, np.int64)
        return _Seeded(none, none)
    rows = np.lib.stride_tricks.sliding_window_view(ids, ngram)
    return _Seeded(_row_seeds(rows, config), rows[:, -1])


def _row_seeds(rows: NDArray[np.int64], config: KgwConfig) -> NDArray[np.int64]:
    """Return the 32 bits that a seed has an effect with: (n,)."""
    if config.seeding_scheme == "lefthash":
        wide = [config.hashing_key * int(token) for token in rows[:, -2]]
    else:
        table = _table(config.hashing_key)
        a = table[rows % _TABLE] + 1
        # The product wraps around in 64 bits with a sign, as it does in the original.
        with np.errstate(over="ignore"):
            wide = (np.int64(config.hashing_key) * a * a[:, -1:]).min(axis=1).tolist()
    return np.array([seed % (2**64 - 1) & 0xFFFFFFFF for seed in wide], np.int64)


@lru_cache(maxsize=4)
def _table(hashing_key: int) -> NDArray[np.int64]:
    """Return what `selfhash` looks tokens up in: 8 MB."""
    return _permuted(hashing_key & 0xFFFFFFFF, _TABLE)


@numba.njit(cache=True, nogil=True)
def _start(seed: np.uint32, state: NDArray[np.uint32]) -> None:
    state[0] = seed
    for i in range(1, _WORDS):
        before = np.uint64(state[i - 1])
        mixed = np.uint64(1812433253) * (before ^ (before >> np.uint64(30))) + np.uint64(i)
        state[i] = np.uint32(mixed & np.uint64(0xFFFFFFFF))


@numba.njit(cache=True, nogil=True, inline="always")
def _next(state, place):  # type: ignore[no-untyped-def]
    """One word of MT19937; the state is renewed word by word as it is read."""
    after, far = (place + 1) % _WORDS, (place + _SHIFT) % _WORDS
    joined = (state[place] & np.uint32(0x80000000)) | (state[after] & np.uint32(0x7FFFFFFF))
    word = state[far] ^ (joined >> np.uint32(1))
    if joined & np.uint32(1):
        word ^= np.uint32(0x9908B0DF)
    state[place] = word
    word ^= word >> np.uint32(11)
    word ^= (word << np.uint32(7)) & np.uint32(0x9D2C5680)
    word ^= (word << np.uint32(15)) & np.uint32(0xEFC60000)
    return word ^ (word >> np.uint32(18))


@numba.njit(cache=True, nogil=True)
def _is_green(
    seeds: NDArray[np.uint32], tokens: NDArray[np.int64], vocabulary: int, greens: int
) -> NDArray[np.bool_]:
    """Follow one token through a Fisher-Yates shuffle: it is green if it is drawn in time."""
    out = np.zeros(len(seeds), np.bool_)
    state = np.empty(_WORDS, np.uint32)
    for row in range(len(seeds)):
        _start(seeds[row], state)
        at = tokens[row]
        for i in range(min(greens, vocabulary - 1)):
            drawn = i + np.int64(_next(state, i % _WORDS)) % (vocabulary - i)
            if drawn == at:
                out[row] = True
                break
            if at == i:
                at = drawn
    return out


@numba.njit(cache=True, nogil=True)
def _permuted(seed: np.uint32, count: int) -> NDArray[np.int64]:
    state = np.empty(_WORDS, np.uint32)
    _start(np.uint32(seed), state)
    held = np.arange(count)
    for i in range(count - 1):
        drawn = i + np.int64(_next(state, i % _WORDS)) % (count - i)
        held[i], held[drawn] = held[drawn], held[i]
    return held

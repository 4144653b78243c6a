"""What a mark costs, and what it takes to see it.

Four parts: CPU a step beside plain top-k sampling and beside transformers' own watermarks; the
share of short texts that are detected, on made distributions of 1.25 nats a token; what a real
small model loses by its marks; and tokens a detector reads a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import marks_quality
import measure
import numpy as np
import torch
import transformers
from measure import Figures
from scipy.optimize import brentq
from transformers import (
    SynthIDTextWatermarkLogitsProcessor,
    TopKLogitsWarper,
    WatermarkLogitsProcessor,
)

from revenuer.prove.audit.detect import detect
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.huggingface import MarkProcessor
from revenuer.prove.marks.keys import WatermarkKey
from revenuer.prove.marks.sampling import Completion

KEY = WatermarkKey(bytes(range(32)))
VOCABULARIES, BATCHES = {"32k": 32_000, "128k": 128_000}, (1, 32)
GENERATED = 200
#: SynthID's intermediates at 128k and 32 rows take a gigabyte each.
SYNTHID_LARGEST = 32_000 * 32
#: Mean nats a token; spread of the exponents, by which the median is 0.93; tokens with a share.
NATS, SPREAD, SUPPORT = 1.25, 0.61, 64
LENGTHS = (50, 100, 200, 400)
FLAG = -4.0


class Sizes(NamedTuple):
    """Steps timed, texts for power, tokens for the detector, texts and tokens of the real model."""

    steps: int
    texts: int
    detected: int
    real_texts: int
    real_tokens: int


FULL, QUICK = Sizes(31, 2_000, 1_000_000, 64, 120), Sizes(9, 200, 200_000, 8, 100)


def main() -> None:
    sizes, path = _arguments()
    torch.set_num_threads(1)
    measure.heading(
        "What marks cost",
        steps=f"median of {sizes.steps}, CPU of one thread, after {GENERATED} generated tokens",
        power=f"{sizes.texts:,} texts, Zipf over {SUPPORT} of 50,000 tokens",
        quality=f"{sizes.real_texts} texts of {sizes.real_tokens} tokens, SmolLM2-135M-Instruct",
        torch=f"{torch.__version__}, transformers {transformers.__version__}",
    )
    figures: Figures = {}
    figures |= steps(sizes.steps)
    figures |= power(sizes.texts)
    figures |= reading(sizes.detected)
    figures |= marks_quality.compare(KEY, sizes.real_texts, sizes.real_tokens)
    measure.finish(figures, path)


def _arguments() -> tuple[Sizes, Any]:
    chosen = measure.arguments(__doc__ or "").parse_args()
    return (QUICK if chosen.quick else FULL), chosen.json


def steps(count: int) -> Figures:
    """Time one decoding step in each way, all ways in turn so that a busy machine hits all."""
    figures: Figures = {}
    rows = []
    for name, vocabulary in VOCABULARIES.items():
        for batch in BATCHES:
            ways = _ways(vocabulary, batch)
            spent = {way: np.empty(count) for way in ways}
            for turn in range(-1, count):
                for way, run in ways.items():
                    before = time.process_time()
                    run()
                    if turn >= 0:
                        spent[way][turn] = time.process_time() - before
            took = {way: float(np.median(times)) for way, times in spent.items()}
            place = f"{name}_b{batch}"
            figures[f"overhead_{place}"] = took["top-k, marked"] / took["top-k, plain"]
            figures[f"hf_kgw_ratio_{place}"] = took["hf: KGW"] / took["hf: ours"]
            if "hf: SynthID" in took:
                figures[f"hf_synthid_ratio_{place}"] = took["hf: SynthID"] / took["hf: ours"]
            figures |= {f"ms_{_slug(way)}_{place}": 1e3 * value for way, value in took.items()}
            rows += [(name, batch, way, 1e3 * value) for way, value in took.items()]
    measure.table("CPU ms a step", ("vocabulary", "rows", "way", "ms"), rows)
    return figures


def _slug(way: str) -> str:
    return way.replace(": ", "_").replace(", ", "_").replace("-", "").replace(" ", "_").lower()


def _ways(vocabulary: int, batch: int) -> dict[str, Callable[[], object]]:
    rng = np.random.default_rng(vocabulary + batch)
    logits = torch.from_numpy(rng.normal(size=(batch, vocabulary)).astype(np.float32) * 3)
    ids = torch.from_numpy(rng.integers(0, vocabulary, (batch, GENERATED)))
    # As after generate's own top-k: what it removed is -inf.
    left = TopKLogitsWarper(50)(ids, logits)
    mark = GumbelMark()
    kgw = WatermarkLogitsProcessor(vocabulary, "cpu")
    ways: dict[str, Callable[[], object]] = {
        "top-k, plain": partial(_plain, logits, mark.candidates),
        "top-k, marked": partial(_marked, logits, ids.numpy(), mark, rng),
        "hf: plain": partial(_sampled, left),
        "hf: ours": partial(MarkProcessor(mark, KEY, prompt_tokens=0), ids, left),
        "hf: KGW": lambda: kgw(ids, left.clone()),
    }
    if vocabulary * batch <= SYNTHID_LARGEST:
        synthid = SynthIDTextWatermarkLogitsProcessor(
            ngram_len=5, keys=list(range(1, 31)), sampling_table_size=2**16,
            sampling_table_seed=0, context_history_size=1024, device="cpu",
        )  # fmt: skip
        ways["hf: SynthID"] = lambda: synthid(ids, left)
    return ways


def _plain(logits: torch.Tensor, candidates: int) -> torch.Tensor:
    values, tokens = logits.topk(candidates, dim=1)
    return tokens.gather(1, torch.multinomial(values.softmax(dim=1), 1))


def _marked(
    logits: torch.Tensor, generated: np.ndarray[Any, Any], mark: GumbelMark,
    rng: np.random.Generator,
) -> np.ndarray[Any, Any]:  # fmt: skip
    values, tokens = logits.topk(mark.candidates, dim=1)
    windows = generated[:, -mark.window :]
    # Windows of the past, compared as an engine that keeps only token ids would.
    same = np.ones((len(generated), GENERATED - mark.window), bool)
    for place in range(mark.window):
        same &= generated[:, place : GENERATED - mark.window + place] == windows[:, place, None]
    return mark.draw(
        KEY.seed,
        windows,
        tokens.numpy(),
        values.numpy(),
        rng,
        repeated=np.asarray(same.any(axis=1)),
    )


def _sampled(scores: torch.Tensor) -> torch.Tensor:
    return torch.multinomial(scores.softmax(dim=1), 1)


def power(texts: int) -> Figures:
    """Return the share of texts with p at most 1e-4, for the default private share and for none."""
    figures: Figures = {}
    rows = []
    for private, ending in ((GumbelMark().private, ""), (0.0, "_no_private")):
        mark = GumbelMark(private=private)
        found = np.empty((texts, len(LENGTHS)))
        entropies: list[float] = []
        for first in range(0, texts, 50):
            key = KEY.derive("power", str(first))
            made, entropy = _texts(mark, key, min(50, texts - first), seed=first)
            entropies += entropy
            for row, text in enumerate(made):
                for column, length in enumerate(LENGTHS):
                    found[first + row, column] = detect([text[:length]], key, mark).log10_p
        hits = (found <= FLAG).sum(axis=0)
        for length, hit, logs in zip(LENGTHS, hits, found.T, strict=True):
            share = measure.clopper_pearson(int(hit), texts)
            figures[f"tpr_1e4_{length}{ending}"] = share.share
            rows.append((private, length, str(share), float(np.median(logs))))
        measure.say(
            f"\nprivate {private:g}: {np.mean(entropies):.3f} nats a token, "
            f"median {np.median(entropies):.3f}"
        )
    header = ("private", "tokens", "share with p <= 1e-4", "median log10 p")
    measure.table("Detection", header, rows)
    return figures


def _texts(
    mark: GumbelMark, key: WatermarkKey, rows: int, *, seed: int
) -> tuple[np.ndarray[Any, Any], list[float]]:
    """Draw texts; each step has candidates and a distribution of its own."""
    rng = np.random.default_rng(seed)
    states = [Completion(mark.window) for _ in range(rows)]
    made = np.empty((rows, LENGTHS[-1]), np.int64)
    entropies = []
    for step in range(LENGTHS[-1]):
        shares = _zipf(np.exp(rng.normal(_centre(), SPREAD, rows)))
        entropies += (-(shares * np.log(np.maximum(shares, 1e-300))).sum(axis=1)).tolist()
        # Distinct within a row: a random start and an odd stride around 50,000.
        starts, strides = rng.integers(0, 50_000, (2, rows, 1))
        tokens = (starts + np.arange(SUPPORT) * (10 * (strides // 10) + 3)) % 50_000
        windows = np.array([state.window for state in states])
        repeated = np.array([state.is_repeated for state in states])
        logits = np.log(np.maximum(shares, 1e-30)).astype(np.float32)
        made[:, step] = mark.draw(key.seed, windows, tokens, logits, rng, repeated=repeated)
        for state, token in zip(states, made[:, step], strict=True):
            state.append(int(token))
    return made, entropies


def _zipf(exponents: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    weights = np.arange(1, SUPPORT + 1.0) ** -exponents[:, None]
    return weights / weights.sum(axis=1, keepdims=True)


def _centre(cache: dict[str, float] = {}) -> float:  # noqa: B006  # computed once
    """Return the centre of the exponents' logarithms at which the mean entropy is `NATS`."""
    if "centre" not in cache:
        normal = np.random.default_rng(0).normal(0, SPREAD, 20_000)

        def excess(centre: float) -> float:
            shares = np.maximum(_zipf(np.exp(centre + normal)), 1e-300)
            return float(-(shares * np.log(shares)).sum(axis=1).mean() - NATS)

        cache["centre"] = float(brentq(excess, -2, 3, xtol=1e-4))
    return cache["centre"]


def reading(tokens: int) -> Figures:
    """Return tokens a CPU-second of the detector: windows once, scores, exact p and e-value."""
    rng = np.random.default_rng(1)
    shares = 1 / np.arange(1, 32_001.0)
    text = rng.choice(32_000, tokens, p=shares / shares.sum())
    texts = list(text.reshape(-1, 500))
    detect(texts[:10], KEY, GumbelMark())
    found, spent = detect(texts, KEY, GumbelMark()), []
    for _ in range(5):
        before = time.process_time()
        detect(texts, KEY, GumbelMark())
        spent.append(time.process_time() - before)
    rate = tokens / float(np.median(spent))
    rows = [(tokens, found.scored, found.log10_p, f"{rate:,.0f}")]
    measure.table("Reading", ("tokens", "scored", "log10 p", "tokens/CPU-s"), rows)
    return {"detect_tokens_per_cpu_s": rate}


if __name__ == "__main__":
    main()

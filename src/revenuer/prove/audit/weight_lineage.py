"""Do a suspect's weights descend from ours?

Two tests, each on a symmetry that training cannot break: renumbering hidden units changes nothing
of what a network computes, and random starting weights have no numbering. So a model that was made
apart from ours has its hidden units in an order that has nothing to do with ours.

`same_units` asks whether unit i of the suspect looks like unit i of ours. Each unit is matched
with the one it looks most like, where both choose each other. Null model: the suspect's units are
exchangeable given our weights. Then m matches of n units keep their numbers as under a random
permutation, and P(at least k) <= C(m, k) (n - k)! / n! for one layer. Layers are matched on what
enters a unit only, so that each is random given those below; the bounds multiply, and all layers
together keep k numbers with a chance of at most L^k / k! (L layers). It finds fine-tuned, pruned,
rescaled and noisy copies. Not copies whose units were renumbered on purpose, and not students
trained on our outputs.

`renumbered_units` asks whether the matches by what enters a unit (say the gate) are those by a
second row of it (say the up-projection); renumbering hidden units changes both alike. Null model:
the suspect's shared dimension (the residual stream) is exchangeable given our weights, as it is
where embeddings and all that reads them start from random weights. Agreeing matches are compared
with those under random renumberings of that dimension: a rank test, so its smallest p-value is
1 / (draws + 1), and alone it never flags. It misleads where the dimension has a meaning of its own,
as pixels or one-hot inputs have.

Neither needs weights to be normal or independent, and neither calls two independent models of one
architecture related more often than its p-value says. Two models that started from the same random
weights are kin to both tests, whatever they learnt.

[1] S. Zhu et al. Independence tests for language models. ICML 2025.
    https://arxiv.org/abs/2502.12292
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from revenuer.errors import InputError
from revenuer.prove.audit.agreement import FLOOR
from revenuer.prove.audit.evidence import FEW, Evidence
from revenuer.prove.audit.tails import LN10

SAME_NULL = "the suspect's hidden units are numbered independently of ours"
RENUMBERED_NULL = "the suspect's residual dimension is numbered independently of ours"
DRAWS = 199
#: Units compared at a time, which bounds memory: 8 MB a thousand units of the other side.
_CHUNK = 1_024

Weights = NDArray[np.float32]


class Matches(NamedTuple):
    """Units of ours and of the suspect that choose each other: (matches,) each."""

    ours: NDArray[np.int64]
    theirs: NDArray[np.int64]


def same_units(
    ours: Sequence[ArrayLike], theirs: Sequence[ArrayLike], *, rng: np.random.Generator
) -> Evidence:
    """Test whether units kept their numbers.

    Args:
        ours: For each layer (units, inputs) weights that enter its hidden units.
        theirs: The same layers of the suspect, of the same shapes.
        rng: Breaks ties at random, so that equal units favour no number.

    Returns:
        Evidence; `statistic` counts units that kept their number, over all layers.

    Raises:
        InputError: No layer, other shapes, or weights that are not finite.
    """
    layers = _layers(ours, theirs)
    kept, matched = 0, 0
    for mine, other in layers:
        matches = _matched(mine, other, rng)
        kept += int((matches.ours == matches.theirs).sum())
        matched += len(matches.ours)
    units = sum(len(mine) for mine, _ in layers)
    if len(layers) == 1:
        log10_p = _one_layer(kept, matched, units)
        smallest = _one_layer(units, units, units)
    else:
        log10_p, smallest = (_many_layers(k, len(layers)) for k in (kept, units))
    return Evidence(
        "same units", SAME_NULL, units, units, float(kept), log10_p,
        details={"layers": len(layers), "matched": matched, "kept_their_number": kept},
        smallest_log10_p=smallest, fewest=FEW["same units"],
    )  # fmt: skip


def renumbered_units(
    ours: tuple[ArrayLike, ArrayLike],
    theirs: tuple[ArrayLike, ArrayLike],
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Evidence:
    """Test whether two rows of each unit match the same unit, whatever its number.

    Args:
        ours: Two matrices of (units, dimension) of one layer, such as gate and up-projection.
        theirs: The same of the suspect.
        rng: Draws the renumberings of the dimension.
        draws: How many, 1 or more; each costs two products of (units, dimension, units).

    Returns:
        Evidence whose units are draws; `statistic` counts units that both rows match alike.

    Raises:
        InputError: Other shapes, weights that are not finite, or no draw.
    """
    if draws < 1:
        raise InputError("a rank needs at least one draw")
    (first, other_first), (second, other_second) = _layers(ours, theirs)
    if first.shape != second.shape:
        raise InputError(f"two rows of one unit have shapes {first.shape} and {second.shape}")

    def agreeing(numbering: NDArray[np.int64]) -> int:
        one = _matched(first, other_first[:, numbering], rng)
        two = _matched(second, other_second[:, numbering], rng)
        chosen = np.full(len(first), -1)
        chosen[one.ours] = one.theirs
        return int((chosen[two.ours] == two.theirs).sum())

    dimension = first.shape[1]
    found = agreeing(np.arange(dimension))
    drawn = [agreeing(rng.permutation(dimension)) for _ in range(draws)]
    at_least = sum(one >= found for one in drawn)
    return Evidence(
        "renumbered units", RENUMBERED_NULL, len(first), draws + 1, float(found),
        max(math.log10((1 + at_least) / (draws + 1)), FLOOR),
        details={
            "units": len(first), "matched_alike": found, "draws": draws,
            "draws_highest": max(drawn), "draws_at_least": at_least,
        },
        smallest_log10_p=max(-math.log10(draws + 1), FLOOR), fewest=FEW["renumbered units"],
    )  # fmt: skip


def _one_layer(kept: int, matched: int, units: int) -> float:
    """log10 of C(matched, kept) (units - kept)! / units!, at most 0."""
    log = (
        gammaln(matched + 1) - gammaln(kept + 1) - gammaln(matched - kept + 1)
        + gammaln(units - kept + 1) - gammaln(units + 1)
    )  # fmt: skip
    return min(float(log) / LN10, 0.0)


def _many_layers(kept: int, layers: int) -> float:
    """log10 of layers^kept / kept!, at most 0: the k-th factorial moment over k!."""
    return min((kept * math.log(layers) - float(gammaln(kept + 1))) / LN10, 0.0)


def _matched(ours: Weights, theirs: Weights, rng: np.random.Generator) -> Matches:
    # Ties go to the lowest number: shuffled first, no number is favoured.
    shuffle = rng.permutation(len(theirs))
    mine, other = _directions(ours), _directions(theirs[shuffle])
    forward = np.empty(len(mine), np.int64)
    best = np.full(len(other), -np.inf, np.float32)
    back = np.zeros(len(other), np.int64)
    for start in range(0, len(mine), _CHUNK):
        alike = mine[start : start + _CHUNK] @ other.T
        forward[start : start + _CHUNK] = alike.argmax(axis=1)
        at = alike.argmax(axis=0)
        value = alike[at, np.arange(len(other))]
        better = value > best
        best[better], back[better] = value[better], at[better] + start
    mutual = np.flatnonzero(back[forward] == np.arange(len(mine)))
    return Matches(mutual, shuffle[forward[mutual]])


def _directions(weights: Weights) -> Weights:
    """Return rows without their common part and of length 1, or 0 where nothing is left."""
    centred = weights - weights.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.divide(centred, lengths, out=np.zeros_like(centred), where=lengths > 0)


def _layers(
    ours: Sequence[ArrayLike], theirs: Sequence[ArrayLike]
) -> list[tuple[Weights, Weights]]:
    if len(ours) != len(theirs) or not len(ours):
        raise InputError(f"{len(ours)} layers of ours to compare with {len(theirs)}")
    found = []
    for number, (one, two) in enumerate(zip(ours, theirs, strict=True)):
        mine, other = np.asarray(one, np.float32), np.asarray(two, np.float32)
        if mine.ndim != 2 or mine.shape != other.shape or not mine.size:
            raise InputError(
                f"layer {number}: weights of shape {mine.shape} and {other.shape}",
                hint="compare (units, inputs) matrices of the same layer",
            )
        if not (np.isfinite(mine).all() and np.isfinite(other).all()):
            raise InputError(f"layer {number} holds a weight that is not finite")
        found.append((mine, other))
    return found

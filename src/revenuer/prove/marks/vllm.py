"""Marks in vLLM by configuration: its own sampler marks, this writes what it must be told.

A `GumbelMark` with a private share becomes vLLM's dual-key mark: key A draws, and with probability
alpha key B draws in its place. For whoever reads key A alone, B's draws are private: scores of
unmarked text stay Exp(1), and their sum has the exact Gamma tail. (The engine's own detector weighs
both keys and gives an approximate tail that is too small.)

Fields and defaults as published in vllm/config/watermarking.py (Apache-2.0, read at 01c268bc). The
engine itself is not run by this project's tests. Where it differs from our other engines: it
numbers all tokens that its filters leave, `candidates` plays no part; and in speculative decoding
it ignores alpha: drafts are drawn with key A, what replaces them with key B, and neither is checked
for repeated windows.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from revenuer.errors import InputError
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.keys import WatermarkKey


def vllm_config(
    mark: GumbelMark | GreenMark, key: WatermarkKey
) -> dict[str, str | int | float | bool | None]:
    """Return the object that `--watermark-config` takes as JSON; it holds the secret.

    Args:
        mark: A Gumbel mark; vLLM has no green list that windows make independent.
        key: The secret.

    Raises:
        InputError: Another kind of mark.
    """
    if isinstance(mark, GreenMark):
        raise InputError(
            "vLLM has no such green list: its own favours tokens that other windows share, "
            "so its hits are not independent",
            hint="use GumbelMark",
        )
    config: dict[str, str | int | float | bool | None] = {
        "key": key.seed,
        "algorithm": "dual_key_gumbel" if mark.private else "gumbel",
        "context_width": mark.window,
        "prf": "philox",
        "deduplicate_contexts": "single_turn",
        # The whole completion: windows that the engine forgot would be marked twice.
        "deduplicate_contexts_max_history": None,
    }
    if mark.private:
        config["alpha"] = mark.private
    return config


def scored_seed(mark: GumbelMark, key: WatermarkKey) -> int:
    """Return what a detector must be given for text made under `vllm_config(mark, key)`."""
    return dual_keys(key.seed).a if mark.private else key.seed


class DualKeys(NamedTuple):
    """The two keys that a dual-key mark derives from its master key."""

    a: int
    b: int


def dual_keys(master: int) -> DualKeys:
    """Return the keys that vLLM derives from a master key in 0 .. 2^64 - 1."""
    told = master.to_bytes(8)
    return DualKeys(
        *(int.from_bytes(hashlib.sha256(name + told).digest()[:8]) for name in (b"key_a", b"key_b"))
    )

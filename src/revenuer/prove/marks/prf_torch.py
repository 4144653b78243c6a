"""The numbers of `prf`, bit for bit, where the logits are: on whatever device torch runs.

Words of 32 bits stand in int64. A product of two of them needs 64 bits and may come out negative;
its upper half is right all the same once the bits that the shift drags in are cut off. No float64
is used, since some devices have none.
"""

from __future__ import annotations

import torch

from revenuer.prove.marks import prf

_LOW = 0xFFFFFFFF
_M0, _M1, _W0, _W1 = 0xD2511F53, 0xCD9E8D57, 0x9E3779B9, 0xBB67AE85
_WINDOW, _TOKEN = 0x574D4358, 0x574D544B

Block = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def states(key: int, windows: torch.Tensor) -> Block:
    """Return the state of each window: four (rows,) words.

    Args:
        key: In 0 .. 2^64 - 1.
        windows: (rows, width) token ids, oldest first, `prf.ABSENT` before the first token.
    """
    low, high = key & _LOW, key >> 32
    ids = windows.to(torch.int64) & _LOW
    rows, width = ids.shape
    start = ids.new_zeros(rows)
    state: Block = (start + _WINDOW, start + width, start, start)
    for offset in range(0, width, 4):
        held = [ids[:, offset + i] if offset + i < width else start + (_LOW - i) for i in range(4)]
        mixed = tuple(one ^ block for one, block in zip(state, held, strict=True))
        state = _philox(mixed, start + (low ^ offset), start + high)
    return state


def words(key: int, state: Block, tokens: torch.Tensor) -> torch.Tensor:
    """Return one word for each token in its window: (rows, candidates).

    Args:
        key: As in `states`.
        state: From `states`.
        tokens: (rows, candidates) token ids.
    """
    ids = tokens.to(torch.int64) & _LOW
    s0, s1, s2, s3 = (part[:, None] for part in state)
    counter = (ids >> 2, s0.expand_as(ids), s1.expand_as(ids), s2.expand_as(ids))
    block = torch.stack(_philox(counter, (key & _LOW) ^ s3, s3 * 0 + ((key >> 32) ^ _TOKEN)))
    return block.gather(0, (ids & 3)[None])[0]


def uniforms(words: torch.Tensor) -> torch.Tensor:
    """Return words as float32 in (0, 1), the numbers of `prf.uniforms`."""
    # (m + 1) / 2^24 is exact in float32; one step down is what the division by 2^24 + 1 rounds to.
    exact = ((words >> 8) + 1).to(torch.float32) * 2.0**-24
    return (exact.view(torch.int32) - 1).view(torch.float32)


def windows(generated: torch.Tensor, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the window before the next token, and whether it stood in that row before.

    Args:
        generated: (rows, n) the tokens generated so far.
        width: Tokens in a window.

    Returns:
        (rows, width) windows, and (rows,) booleans.
    """
    rows, length = generated.shape
    padded = torch.cat([generated.new_full((rows, width), prf.ABSENT), generated], dim=1)
    now = padded[:, length:]
    is_same = generated.new_ones((rows, length), dtype=torch.bool)
    for place in range(width):
        is_same &= padded[:, place : place + length] == now[:, place : place + 1]
    return now, is_same.any(dim=1)


def _philox(counter: Block | tuple[torch.Tensor, ...], k0: torch.Tensor, k1: torch.Tensor) -> Block:
    c0, c1, c2, c3 = counter
    for turn in range(10):
        if turn > 0:
            k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
        first, second = c0 * _M0, c2 * _M1
        c0, c1, c2, c3 = (
            ((second >> 32) & _LOW) ^ c1 ^ k0, second & _LOW,
            ((first >> 32) & _LOW) ^ c3 ^ k1, first & _LOW,
        )  # fmt: skip
    return c0, c1, c2, c3

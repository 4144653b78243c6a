"""How much of a group's prompts is one wording?

An honest job that is split over accounts has one instruction, before or around its data, in the
prompt or in the system prompt. The share of exchanges that carry the most common run of four
words tells such a job from prompts in many wordings or on many subjects.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer.find.campaigns.exemplars import Rows
from revenuer.find.features import words

Numbers = NDArray[np.int64]
#: Exchanges whose text is read again for one group, spread evenly over its rows.
SAMPLE = 300
RUN = 4


def one_wording(source: Rows, rows: Numbers) -> float:
    """Return the share of exchanges with the most common run of four words, in [0, 1].

    Args:
        source: Gives the texts.
        rows: Exchanges of the group.
    """
    table = source.take(source.among(rows, SAMPLE), ["system_prompt", "prompt"])
    texts = [
        f"{system or ''}\n{prompt or ''}"
        for system, prompt in zip(*(column.to_pylist() for column in table.columns), strict=True)
    ]
    return common_run(texts)


def common_run(texts: list[str]) -> float:
    """Return the share of texts with the most common run of four words.

    Example:
        >>> common_run(["sort this list of names: a", "sort this list of names: b", "hello"])
        0.6666666666666666
    """
    split = words.split(pa.array(texts, pa.large_string()))
    runs = [np.empty(0, np.uint64)]
    for start, end in zip(split.offsets, split.offsets[1:], strict=False):
        own = split.hashes[start:end]
        own = own[own != words.BREAK]
        run = np.zeros(max(len(own) - RUN + 1, 0), np.uint64)
        for k in range(RUN):
            run = run * np.uint64(0x9E3779B97F4A7C15) + own[k : k + len(run)]
        runs.append(np.unique(run))
    _, counts = np.unique(np.concatenate(runs), return_counts=True)
    return float(counts.max(initial=0)) / max(len(texts), 1)

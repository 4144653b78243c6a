"""Tests of revenuer.lab.traffic.failures."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from revenuer.lab.traffic.exchanges import Draft
from revenuer.lab.traffic.failures import befall
from revenuer.lab.traffic.world import BIN_S, World


def _draft(stage: World, n: int) -> Draft:
    zeros = np.zeros(n, dtype=np.int64)
    return Draft(
        owner=zeros,
        at_s=np.linspace(0, stage.seconds - 1, n),
        prompt=pa.array([str(i) for i in range(n)]),
        address=zeros,
        client=zeros,
        model=zeros,
        out_tokens=zeros,
    )


def test_failures_are_as_frequent_as_promised_and_outages_worse(stage: World) -> None:
    draft = befall(np.random.default_rng(1), stage, _draft(stage, 20_000))

    assert draft.status is not None
    bins = np.clip((draft.at_s / BIN_S).astype(int), 0, len(stage.is_outage) - 1)
    calm = ~stage.is_outage[bins]
    assert 0.03 < (draft.status[calm] != 200).mean() < 0.07
    assert (draft.status[~calm] != 200).mean() > 0.6


def test_second_attempts_repeat_a_failed_prompt_soon_after(stage: World) -> None:
    draft = befall(np.random.default_rng(2), stage, _draft(stage, 5_000))

    assert draft.status is not None
    prompts = draft.prompt.to_pylist()
    assert len(prompts) > 5_000
    for row in range(5_000, len(prompts)):
        first = int(prompts[row])
        assert draft.status[first] not in (200, 400)
        assert 0.5 <= draft.at_s[row] - draft.at_s[first] < 120

"""Tests of revenuer.lab.traffic.campaigns."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.errors import InputError
from revenuer.lab.traffic import campaigns

#: What the module's table says each kind always leaves.
ALWAYS = {
    "hydra": {"footprint", "lifecycle"},
    "failover": {"synchrony", "lifecycle"},
    "load_balance": {"footprint", "synchrony", "lifecycle"},
    "template_slots": {"templates", "partition"},
    "paraphrased_frames": {"partition", "synchrony"},
    "injected_prompt": {"templates", "footprint"},
    "reasoning_elicitation": {"templates", "synchrony"},
    "technique_search": {"templates", "synchrony"},
    "trace_replay": {"templates", "footprint"},
    "reward_model": {"templates", "lifecycle"},
    "model_pivot": {"synchrony", "footprint"},
    "relay": {"templates", "partition"},
    "subscription_abuse": {"footprint", "lifecycle"},
    "instruction_harvest": {"templates", "partition"},
    "no_frame": set(),
}


def test_the_kinds_cover_the_eleven_behaviours() -> None:
    assert {n for numbers, _ in campaigns.KINDS.values() for n in numbers} == set(range(1, 12))
    assert set(campaigns.KINDS) == set(ALWAYS)


def test_each_kind_leaves_what_the_table_promises() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        for dials in campaigns.plan(rng, list(ALWAYS), exchanges=1e5, scale=1.0):
            assert ALWAYS[dials.kind] <= set(dials.families)
            if dials.kind == "no_frame":
                assert dials.families == ()


def test_the_table_in_the_docstring_is_the_one_tested() -> None:
    rows = [line for line in (campaigns.__doc__ or "").splitlines() if line.startswith("| ")]
    told = {cells[1].strip(): cells[2].strip() for cells in (row.split("|") for row in rows[1:])}

    for kind, families in ALWAYS.items():
        assert set(told[kind].split(", ")) == (families or {"nothing"})


def test_sizes_and_numbers_are_as_promised() -> None:
    for seed in range(20):
        made = campaigns.plan(np.random.default_rng(seed), list(ALWAYS), exchanges=1e5, scale=1.0)
        assert len(ALWAYS) <= len(made) <= 2 * len(ALWAYS)
        assert all(8 <= d.seats <= 80 and 40 <= d.each <= 400 for d in made)
        assert sum(d.seats * d.each for d in made) <= 0.25e5


def test_names_are_checked() -> None:
    assert campaigns.checked(None) == tuple(ALWAYS)
    assert campaigns.checked(["none"]) == ()
    assert campaigns.checked(["relay", "hydra", "relay"]) == ("relay", "hydra")
    with pytest.raises(InputError, match=r"'hydrae'; the kinds are hydra, .*no_frame"):
        campaigns.checked(["hydrae"])

"""Tests of revenuer.lab.traffic.frames."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from revenuer.lab.traffic import frames
from revenuer.lab.traffic.frames import Frame, Style, TextMode
from revenuer.lab.traffic.world import World


def _frame(stage: World, mode: TextMode, style: Style = "reasoning", seed: int = 1) -> Frame:
    return frames.compose(
        np.random.default_rng(seed), stage, mode=mode, style=style, has_wrapper=False
    )


def test_a_verbatim_frame_is_one_system_prompt(stage: World) -> None:
    frame = _frame(stage, "verbatim")
    asked = frames.ask(np.random.default_rng(2), stage, frame, 50, grid=None)

    assert set(asked.system.to_pylist()) == {frame.fixed}
    assert len(set(asked.prompt.to_pylist())) > 40


def test_a_frame_with_slots_stands_in_every_prompt(stage: World) -> None:
    frame = _frame(stage, "slots")
    asked = frames.ask(np.random.default_rng(3), stage, frame, 50, grid=None)

    assert asked.system is None
    assert all(frame.fixed in text for text in asked.prompt.to_pylist())


def test_paraphrases_differ_between_requests(stage: World) -> None:
    frame = _frame(stage, "paraphrased")
    same = pa.repeat(pa.scalar("Q"), 200)
    asked = frames.ask(np.random.default_rng(4), stage, frame, 200, grid=same)

    heads = {text[:60] for text in asked.prompt.to_pylist()}
    assert len(heads) > 60


def test_no_frame_is_chat(stage: World) -> None:
    asked = frames.ask(np.random.default_rng(5), stage, _frame(stage, "none"), 200, grid=None)

    assert len(set(asked.prompt.to_pylist())) > 190


def test_frames_differ_between_campaigns(stage: World) -> None:
    fixed = {_frame(stage, "slots", seed=seed).fixed for seed in range(40)}

    assert len(fixed) == 40


@pytest.mark.parametrize("n", [30, 700, 6000])
def test_a_sweep_asks_no_cell_twice_in_a_pool_little_larger(stage: World, n: int) -> None:
    cells = frames.sweep(np.random.default_rng(6), _frame(stage, "slots"), n).to_pylist()

    assert len(set(cells)) == len(cells) == n


def test_rubrics_come_with_candidates_and_traces_with_traces(stage: World) -> None:
    rng = np.random.default_rng(7)
    graded = frames.ask(rng, stage, _frame(stage, "slots", "rubric"), 20, grid=None).prompt
    cleaned = frames.ask(rng, stage, _frame(stage, "slots", "clean"), 20, grid=None).prompt

    assert all("\n\nA: " in t and "\n\nB: " in t for t in graded.to_pylist())
    assert all("TRACE: " in t for t in cleaned.to_pylist())


def test_references_are_unlike_each_other() -> None:
    made = frames.blobs(np.random.default_rng(8), 50).to_pylist()

    assert len(set(made)) == 50
    assert all(text.startswith("sig_") and len(text) == 100 for text in made)

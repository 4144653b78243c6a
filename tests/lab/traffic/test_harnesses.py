"""Tests of revenuer.lab.traffic.harnesses."""

from __future__ import annotations

import numpy as np

from revenuer.lab.traffic import harnesses
from revenuer.lab.traffic.world import DAY_S, NEXT, World


def test_evaluators_send_the_same_items_at_night_and_share_no_trait(stage: World) -> None:
    scene = harnesses.evaluator_harness(np.random.default_rng(1), stage, 2000)
    roster, draft = scene.roster, scene.draft

    assert len(set(roster.payment)) == len(roster)
    assert len(set(draft.prompt.to_pylist())) <= 180
    volume = np.bincount(draft.owner)
    assert volume.std() == 0
    hours = (draft.at_s % DAY_S) / 3600
    assert np.ptp(hours) < 3


def test_runners_of_one_benchmark_have_the_same_items(stage: World) -> None:
    scenes = [harnesses.evaluator_harness(np.random.default_rng(s), stage, 500) for s in range(12)]
    made = [set(scene.draft.prompt.to_pylist()) for scene in scenes]

    assert any(a & b for i, a in enumerate(made) for b in made[:i])


def test_day_one_benchmarks_start_with_the_release(stage: World) -> None:
    scene = harnesses.day_one_benchmark(np.random.default_rng(2), stage, 600)

    assert set(scene.draft.model.tolist()) == {NEXT}
    assert scene.draft.at_s.min() >= stage.release_s
    assert np.median(scene.draft.at_s) < stage.release_s + DAY_S


def test_an_agent_product_has_one_prompt_client_and_tool_set(stage: World) -> None:
    scene = harnesses.agent_product(np.random.default_rng(3), stage, 900)

    assert len(set(scene.draft.system.to_pylist())) == 1
    assert len(np.unique(scene.draft.client)) == 1
    assert len({tuple(names) for names in scene.draft.tool_names.to_pylist()}) == 1
    assert len(scene.roster) >= 80


def test_notes_open_with_the_programmes_words(stage: World) -> None:
    scene = harnesses.note_app(np.random.default_rng(4), stage, 400)
    first = np.flatnonzero(scene.draft.turn == 1)
    heads = {scene.draft.prompt[int(i)].as_py().split(":")[0] for i in first}

    assert len(heads) <= 2


def test_a_suite_repeats_its_prompts_from_many_machines(stage: World) -> None:
    scene = harnesses.ci_suite(np.random.default_rng(5), stage, 1000)
    draft = scene.draft

    assert len(set(draft.prompt.to_pylist())) < 31
    busiest = np.argmax(np.bincount(draft.owner))
    assert len(np.unique(draft.address[draft.owner == busiest])) >= 3
    assert len(np.unique(draft.client[draft.owner == busiest])) >= 2

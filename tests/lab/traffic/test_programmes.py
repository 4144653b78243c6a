"""Tests of revenuer.lab.traffic.programmes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from revenuer.lab.traffic import programmes
from revenuer.lab.traffic.exchanges import Scene, finish
from revenuer.lab.traffic.world import REASON, World


@pytest.fixture(scope="module")
def scene(stage: World) -> Scene:
    return programmes.api_client(np.random.default_rng(1), stage, 400, 60_000)


def test_volumes_are_lognormal_with_the_spread_of_each_model() -> None:
    habits = programmes.draw_habits(np.random.default_rng(2), 6000, 10**9)

    for model, (_, sigma) in programmes.MODELS.items():
        spread = np.log(habits.volume[habits.model == model]).std()
        assert spread == pytest.approx(sigma, rel=0.12)


def test_volumes_stay_heavy_tailed_at_the_size_of_a_week(scene: Scene) -> None:
    volume = np.bincount(scene.draft.owner, minlength=400)

    assert 1.5 < np.log(volume).std() < 2.8
    assert 0.05 < volume.max() / volume.sum() < 0.52


def test_shares_of_habits_are_those_measured() -> None:
    habits = programmes.draw_habits(np.random.default_rng(3), 20_000, 10**6)
    plain = habits.model != REASON

    assert 0.10 <= habits.is_flat.mean() <= 0.21
    assert 0.26 <= habits.is_constant[plain].mean() <= 0.42
    assert 0.10 <= habits.is_classifier[plain].mean() <= 0.13


def _hour_entropy(at_s: NDArray[np.float64]) -> float:
    share = np.bincount((at_s // 3600).astype(int) % 24, minlength=24) / len(at_s)
    share = share[share > 0]
    return float(-(share * np.log(share)).sum() / np.log(24))


def test_some_of_the_busy_run_flat_round_the_clock(scene: Scene) -> None:
    volume = np.bincount(scene.draft.owner, minlength=400)
    busy = np.flatnonzero(volume > 300)
    flat = [_hour_entropy(scene.draft.at_s[scene.draft.owner == i]) > 0.97 for i in busy]

    assert 0.04 < np.mean(flat) < 0.45


def test_inputs_of_constant_clients_hardly_vary(stage: World, scene: Scene) -> None:
    table = finish(np.random.default_rng(4), stage, scene)
    tokens = np.asarray(table["input_tokens"])
    owner = scene.draft.owner
    near = []
    for i in np.flatnonzero(np.bincount(owner, minlength=400) >= 20):
        low, middle, high = np.percentile(tokens[owner == i], [25, 50, 75])
        near.append((high - low) / middle < 0.1)

    assert 0.18 < np.mean(near) < 0.45


def test_reasoning_is_output_heavy_and_the_rest_is_not(stage: World, scene: Scene) -> None:
    table = finish(np.random.default_rng(5), stage, scene)
    ratio = {}
    for model in ("corvid-reason", "corvid-mid"):
        rows = np.asarray(table["model"].to_numpy(zero_copy_only=False) == model)
        read, written = (np.asarray(table[c])[rows] for c in ("input_tokens", "output_tokens"))
        clients = np.unique(scene.draft.owner[rows])
        owner = scene.draft.owner[rows]
        ratio[model] = np.mean(
            [written[owner == c].sum() > read[owner == c].sum() for c in clients]
        )

    assert ratio["corvid-reason"] > 0.3
    assert ratio["corvid-mid"] < 0.12


def test_each_client_has_a_frame_of_its_own(scene: Scene) -> None:
    prompts = np.array(scene.draft.prompt.to_pylist(), dtype=object)
    busiest = np.argsort(-np.bincount(scene.draft.owner))[:20]
    heads = [{text[:20] for text in prompts[scene.draft.owner == i]} for i in busiest]

    assert all(len(head) == 1 for head in heads)

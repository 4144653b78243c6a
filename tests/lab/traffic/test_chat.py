"""Tests of revenuer.lab.traffic.chat."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pytest

from revenuer.lab.traffic import chat
from revenuer.lab.traffic.world import DAY_S, LARGE, NEXT, World


def test_conversations_fall_off_as_on_public_services(stage: World) -> None:
    scene = chat.consumer_chat(np.random.default_rng(1), stage, 6000)

    assert scene.draft.turn is not None
    first = scene.draft.turn == 1
    talks = np.bincount(scene.draft.owner[first], minlength=6000)
    assert 0.02 < (talks >= 10).mean() < 0.045
    assert 0.006 < (talks >= 20).mean() < 0.02
    assert 1.8 < len(first) / first.sum() < 2.8


def test_talk_has_the_lengths_of_chat(stage: World) -> None:
    lengths = np.asarray(pc.utf8_length(chat.talk(np.random.default_rng(2), stage, 6000)))

    assert 80 < np.median(lengths) < 180
    assert np.percentile(lengths, 90) > 350
    assert lengths.std() / lengths.mean() > 1.4


def test_people_come_from_home_and_from_carriers(stage: World) -> None:
    scene = chat.consumer_chat(np.random.default_rng(3), stage, 1500)

    home = scene.draft.address == scene.roster.book[scene.draft.owner, 0]
    assert 0.4 < home.mean() < 0.8
    together = np.unique(scene.draft.address, return_counts=True)[1]
    assert together.max() > 5


def test_the_new_model_is_tried_only_once_it_is_out(stage: World) -> None:
    at_s = np.linspace(0, stage.seconds, 10_000)
    model = chat.tried(
        np.random.default_rng(4), stage, np.full(10_000, LARGE, dtype=np.int64), at_s
    )

    age = at_s - stage.release_s
    assert not (model[age < 0] == NEXT).any()
    assert (model[(age > 0) & (age < DAY_S)] == NEXT).mean() == pytest.approx(0.38, abs=0.05)


def test_accounts_do_not_speak_before_they_exist(stage: World) -> None:
    scene = chat.consumer_chat(np.random.default_rng(5), stage, 1500)

    made = scene.roster.created_s[scene.draft.owner]
    assert (scene.draft.at_s >= made - 600).mean() > 0.999

"""Tests of revenuer.lab.traffic.exchanges."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from revenuer import tables
from revenuer.lab.traffic import people
from revenuer.lab.traffic.exchanges import Draft, Scene, finish, histories
from revenuer.lab.traffic.world import LARGE, REASON, World


def _scene(stage: World, n: int, model: int = LARGE) -> Scene:
    roster = people.enrol(np.random.default_rng(1), stage, 10, kind="x")
    owner = np.arange(n) % 10
    draft = Draft(
        owner=owner,
        at_s=np.linspace(0, stage.seconds - 1, n),
        prompt=pa.array(["hello there"] * n),
        address=roster.book[owner, 0],
        client=roster.client[owner, 0],
        model=np.full(n, model, dtype=np.int64),
        out_tokens=np.full(n, 100, dtype=np.int64),
    )
    return Scene(roster, draft)


def test_rows_have_the_schema_and_refusals_their_base_rate(stage: World) -> None:
    table = finish(np.random.default_rng(2), stage, _scene(stage, 6000))

    assert table.schema.equals(tables.EXCHANGES.schema)
    assert 0.005 < np.asarray(table["refused"]).mean() < 0.02


def test_rows_are_taken_in_the_order_asked(stage: World) -> None:
    draft = _scene(stage, 20).draft.take(np.array([7, 7, 3]))

    assert draft.owner.tolist() == [7, 7, 3]
    assert len(draft.prompt) == 3
    assert draft.history is None


def test_failed_requests_return_nothing(stage: World) -> None:
    scene = _scene(stage, 2000)
    scene.draft.status = np.where(np.arange(2000) % 9 == 0, 429, 200)
    table = finish(np.random.default_rng(3), stage, scene).to_pylist()

    for row in table:
        failed = row["status"] != 200
        assert (row["completion"] is None) == failed
        assert (row["output_tokens"] == 0) == failed
        assert not (failed and row["refused"])


def test_only_the_reasoning_model_returns_reasoning(stage: World) -> None:
    rng = np.random.default_rng(4)

    plain = finish(rng, stage, _scene(stage, 200)).to_pylist()
    thinking = finish(rng, stage, _scene(stage, 200, REASON)).to_pylist()

    assert all(row["reasoning"] is None and row["reasoning_tokens"] == 0 for row in plain)
    for row in thinking:
        shown = row["status"] == 200 and not row["refused"]
        assert (row["reasoning"] is not None) == shown
        assert row["reasoning_tokens"] <= row["output_tokens"]
        if shown:
            assert row["reasoning_tokens"] > 0


def test_history_holds_the_last_three_turns_as_json() -> None:
    turn = np.array([1, 1, 2, 3, 4, 5])
    talk = np.array([0, 1, 1, 1, 1, 1])
    asked = pa.array([f'q"{i}' for i in range(6)])
    told = pa.array([f"a{i}" for i in range(6)])

    column = histories(talk, turn, asked, told).to_pylist()

    assert column[:2] == [None, None]
    last = json.loads(column[5])
    assert [m["content"] for m in last] == ['q"2', "a2", 'q"3', "a3", 'q"4', "a4"]
    assert [m["role"] for m in json.loads(column[2])] == ["user", "assistant"]

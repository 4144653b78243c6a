"""`revenuer prove canary` and `agreement`: answers point to where they come from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.cli.proving import KEY, lines, run

from revenuer.prove.marks.canaries import canaries


def test_canaries_point_to_their_campaign(tmp_path: Path) -> None:
    sets = [canaries(KEY, name, 60, choices=4) for name in ("one", "two")]
    places = [tmp_path / one.campaign for one in sets]
    for place, one in zip(places, sets, strict=True):
        place.write_text(json.dumps(one.to_json()))
    said = [{"question": c.question, "answer": c.choices[c.answer]} for c in sets[1].canaries]
    answers = lines(tmp_path / "a", said)
    digests = [word for one in sets for word in ("--commitment", one.digest)]

    found = run("canary", *places, "--answers", answers, *digests, "--json")
    swapped = run("canary", *reversed(places), "--answers", answers, *digests)

    told = json.loads(found.output)
    assert (told["details"]["campaign"], told["verdict"]) == ("two", "strong evidence")
    assert "not the one that was committed to" in swapped.stderr
    assert run("canary", *places).exit_code == 2
    assert run("canary", *places, "--answers", answers, *digests[:2]).exit_code == 2
    assert "no set of canaries" in run("canary", answers, "--answers", answers).stderr


@pytest.mark.parametrize("content", ["", "{}", "[" * 100_000])
def test_the_file_that_is_no_set_is_named(tmp_path: Path, content: str) -> None:
    good, bad = lines(tmp_path / "good", [canaries(KEY, "one", 3).to_json()]), tmp_path / "bad"
    bad.write_text(content)

    refused = run("canary", good, bad, "--answers", good)

    assert refused.exit_code == 1
    assert f"{bad} is no set of canaries" in refused.stderr


def test_agreement_is_a_rank_among_models(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    ours = rng.integers(0, 50, (20, 10))
    files = [lines(tmp_path / "ours", ours.tolist()), lines(tmp_path / "suspect", ours.tolist())]
    files += [lines(tmp_path / f"c{n}", rng.integers(0, 50, (20, 10)).tolist()) for n in range(24)]

    found = run("agreement", *files, "--json")
    short = run("agreement", files[0], lines(tmp_path / "s", [[1]]), files[2])

    none = run("agreement", *files[:2], lines(tmp_path / "n", [{"prompt_tokens": [1]}] * 20))

    assert "holds prompts without outputs" in none.stderr
    told = json.loads(found.output)
    assert (told["statistic"], told["details"]["controls"]) == (1.0, 24)
    assert told["log10_p"] == pytest.approx(-np.log10(25))
    assert "has 1 outputs" in short.stderr


def test_a_planted_question_is_put_to_a_model(tmp_path: Path, suspect: Path) -> None:
    made = canaries(KEY, "one", 3)
    place = lines(tmp_path / "set", [made.to_json()])

    found = run("canary", place, "--suspect", suspect)

    # The model of 64 tokens cannot read a question and answer it: a sentence, not a traceback.
    assert found.exit_code == 1
    assert "do not fit a context of 64" in found.stderr

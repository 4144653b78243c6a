"""What vLLM is told: fields that it knows, and what a detector must then read."""

from __future__ import annotations

import json

import pytest

from revenuer.errors import InputError
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.keys import WatermarkKey
from revenuer.prove.marks.vllm import scored_seed, vllm_config

KEY = WatermarkKey(bytes(range(32)))
#: Fields of WatermarkConfig with their defaults, read at 01c268bc; `key` has none.
PUBLISHED = {
    "algorithm": "gumbel",
    "alpha": 0.1,
    "context_width": None,
    "deduplicate_contexts": "single_turn",
    "deduplicate_contexts_max_history": 8192,
    "prf": "philox",
    "allow_target_only_watermarking": False,
    "sbw_scheme": "selfhash",
    "sbw_gamma": 0.5,
    "sbw_delta": 2.0,
}
CHOICES = {
    "algorithm": {"gumbel", "dual_key_gumbel", "sbw"},
    "deduplicate_contexts": {"none", "single_turn", "all"},
    "prf": {"philox"},
}


@pytest.mark.parametrize("mark", [GumbelMark(), GumbelMark(window=4, private=0)])
def test_every_field_is_published_and_its_value_allowed(mark: GumbelMark) -> None:
    config = json.loads(json.dumps(vllm_config(mark, KEY)))
    engine = {**PUBLISHED, **config}

    assert set(config) <= {"key", *PUBLISHED}
    assert all(config[name] in allowed for name, allowed in CHOICES.items())
    assert type(engine["key"]) is int
    assert 0 <= engine["key"] < 2**64
    assert 0 <= engine["alpha"] <= 1
    assert engine["context_width"] == mark.window
    # Windows that stood before are drawn ordinarily, as far back as the completion goes.
    assert engine["deduplicate_contexts"] == "single_turn"
    assert engine["deduplicate_contexts_max_history"] is None


def test_the_private_share_becomes_the_chance_of_the_second_key() -> None:
    config = vllm_config(GumbelMark(private=0.2), KEY)

    assert (config["algorithm"], config["alpha"]) == ("dual_key_gumbel", 0.2)


def test_without_a_private_share_one_key_marks_and_is_scored() -> None:
    mark = GumbelMark(private=0)
    config = vllm_config(mark, KEY)

    assert (config["algorithm"], "alpha" in config) == ("gumbel", False)
    assert scored_seed(mark, KEY) == config["key"] == KEY.seed


@pytest.mark.parametrize(
    ("master", "first"),
    [
        (0, 15691511769010696906),
        (42, 37150756557148556),
        (4294967296, 9864452095710749384),
        (2**64 - 1, 11075965703501209888),
    ],
)
def test_the_scored_key_is_the_first_that_the_engine_derives(
    monkeypatch: pytest.MonkeyPatch, master: int, first: int
) -> None:
    monkeypatch.setattr(WatermarkKey, "seed", master)

    assert scored_seed(GumbelMark(), KEY) == first


def test_a_green_list_is_refused() -> None:
    with pytest.raises(InputError, match="vLLM has no such green list"):
        vllm_config(GreenMark(), KEY)

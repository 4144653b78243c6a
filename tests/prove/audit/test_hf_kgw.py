"""Transformers' green lists without torch, against Transformers and torch themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import PretrainedConfig, WatermarkDetector, WatermarkingConfig

from revenuer.errors import InputError
from revenuer.prove.audit.hf_kgw import Counts, KgwConfig, is_green, kgw_counts, read_kgw

SCHEMES = [("lefthash", 1), ("lefthash", 3), ("selfhash", 1), ("selfhash", 4)]
KEY = 15485863


def config(scheme: str, width: int, *, vocabulary: int = 500, key: int = KEY) -> KgwConfig:
    return KgwConfig(vocabulary, key, seeding_scheme=scheme, context_width=width)  # type: ignore[arg-type]


@pytest.mark.parametrize(("scheme", "width"), SCHEMES)
@pytest.mark.parametrize("ignore", [False, True])
def test_counts_are_those_of_the_detector_in_transformers(
    scheme: str, width: int, ignore: bool
) -> None:
    rng = np.random.default_rng(width)
    text = rng.integers(0, 60, 120)
    theirs = WatermarkDetector(
        PretrainedConfig(vocab_size=500, bos_token_id=499),
        "cpu",
        WatermarkingConfig(seeding_scheme=scheme, context_width=width, hashing_key=KEY),
        ignore_repeated_ngrams=ignore,
    )
    scored, green = theirs._score_ngrams_in_passage(torch.tensor(text)[None])

    ours = kgw_counts(text, config(scheme, width), ignore_repeated_ngrams=ignore)

    assert ours == Counts(int(scored[0]), int(green[0]))


@given(st.integers(0, 2**32 - 1), st.integers(2, 900))
def test_a_green_list_is_the_beginning_of_torch_s_permutation(seed: int, vocabulary: int) -> None:
    generator = torch.Generator()
    generator.manual_seed(seed)
    tokens = np.arange(vocabulary)
    greens = max(vocabulary // 4, 1)
    expected = torch.randperm(vocabulary, generator=generator)[:greens].numpy()
    settings = KgwConfig(vocabulary, 1, greenlist_ratio=(greens + 0.5) / vocabulary)
    assert settings.greens == greens

    found = is_green(np.full(vocabulary, seed), tokens, settings)

    assert set(tokens[found]) == set(expected)


@pytest.mark.parametrize(("scheme", "width"), SCHEMES)
def test_marked_text_is_found_and_repeats_add_nothing(scheme: str, width: int) -> None:
    rng = np.random.default_rng(5)
    settings = config(scheme, width, key=987_654_321)
    text = list(rng.integers(0, 500, width))
    while len(text) < 400:
        # Eight tries for a green token: a strong mark.
        for _ in range(8):
            tried = [*text[-width:], int(rng.integers(0, 500))]
            if kgw_counts(tried[-width - 1 :], settings, ignore_repeated_ngrams=False).green:
                break
        text.append(tried[-1])

    found = read_kgw([text], settings)

    assert found.log10_p < -6
    again = read_kgw([text, text], settings)
    assert (again.scored, again.log10_p) == (found.scored, found.log10_p)
    assert again.seen == found.scored + sum(again.dropped.values())
    assert read_kgw([text], config(scheme, width, key=7)).log10_p > -4
    assert read_kgw([text], settings, contexts=[text]).scored == 0


def test_many_keys_find_no_more_than_promised_in_text_with_repeats() -> None:
    rng = np.random.default_rng(6)
    passage = rng.zipf(1.3, 150) % 500
    texts = [passage, np.tile(passage[:40], 3)]
    for scheme, width in SCHEMES[:2]:
        logs = np.array(
            [
                read_kgw(texts, config(scheme, width, key=int(key))).log10_p
                for key in rng.integers(0, 1 << 62, 2_000)
            ]
        )
        for level in (0.1, 0.01):
            error = np.sqrt(level * (1 - level) / len(logs))
            assert np.mean(logs <= np.log10(level)) <= level + 4 * error


def test_texts_without_a_window_score_nothing() -> None:
    evidence = read_kgw([[], [3]], config("lefthash", 1))

    assert (evidence.seen, evidence.scored, evidence.log10_p) == (0, 0, 0.0)
    assert kgw_counts([3], config("lefthash", 1), ignore_repeated_ngrams=True) == (0, 0)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"seeding_scheme": "minhash"}, "no seeding scheme is called 'minhash'"),
        ({"greenlist_ratio": 1.0}, "makes no green list"),
        ({"greenlist_ratio": 0.001}, "makes no green list"),
        ({"context_width": 0}, "out of range"),
        ({"hashing_key": -1}, "out of range"),
    ],
)
def test_settings_that_make_no_mark_are_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        KgwConfig(**({"vocabulary": 100, "hashing_key": 5} | wrong))  # type: ignore[arg-type]

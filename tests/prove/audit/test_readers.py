"""vLLM's mark as its own published answers have it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest

from revenuer.errors import InputError
from revenuer.prove.audit.readers import (
    dual_keys,
    read_vllm,
    vllm_reports,
)
from revenuer.prove.audit.windows import windows
from revenuer.prove.marks import prf

LENGTH = 64


class Golden(NamedTuple):
    """One case of vLLM's compatibility goldens (tests/watermarking, Apache-2.0)."""

    key: int
    width: int
    alpha: tuple[float, float] | None
    deduplicate: bool
    detection_key: int
    score: float
    p_value: float
    scored: int


GOLDENS = [
    Golden(42, 4, None, True, 42, 296.27295787856264, 7.128196280874065e-61, 64),
    Golden(42, 4, None, True, 43, 63.25096716585621, 0.5208447936891313, 64),
    Golden(0, 1, None, True, 0, 236.2768211235414, 4.532248480235615e-47, 54),
    Golden(1 << 32, 5, None, False, 1 << 32, 263.04926919645095, 1.1027575381260964e-49, 64),
    Golden(42, 4, (0.1, 0.2), True, 42, 215.24386344560963, 1.6569954931292397e-49, 64),
    Golden(0, 4, (0.1, 0.1), True, 0, 241.81126265648692, 1.234132682420224e-51, 64),
    Golden(0, 1, (0.0, 0.0), True, 0, 229.87923167230588, 2.7410983620034455e-44, 55),
]


def generated(case: Golden) -> list[int]:
    """Make the text of a case from its fixture: logits from a formula, draws by the largest."""
    ids, text = np.arange(128), list[int]()
    met: set[tuple[int, ...]] = set()
    for position in range(LENGTH):
        logits = (((ids * 37 + position * 17) % 131 - 56) / 16).astype(np.float32)
        window = windows([*text, 0], case.width)[-1:]
        is_repeated = case.deduplicate and tuple(window[0]) in met
        met.add(tuple(window[0]))
        if not is_repeated:
            key = case.key
            if case.alpha is not None:
                # The fixture's routing: multiples of the golden ratio, to four digits.
                drawn = round((position + 1) * (5**0.5 - 1) / 2 % 1, 4)
                key = dual_keys(case.key)[int(drawn >= 1 - case.alpha[0])]
            u = prf.uniforms(prf.words(key, prf.states(key, window), ids[None, :]))[0]
            logits = logits - np.log(-np.log(u))
        text.append(int(np.argmax(logits)))
    return text


@pytest.mark.parametrize("case", GOLDENS)
def test_the_engine_s_own_numbers_come_out(case: Golden) -> None:
    text = generated(case)
    alpha = None if case.alpha is None else case.alpha[1]

    reported = vllm_reports(
        text, case.detection_key, width=case.width, alpha=alpha, deduplicate=case.deduplicate
    )

    assert reported.score == pytest.approx(case.score, rel=1e-9, abs=0)
    assert reported.p_value == pytest.approx(case.p_value, rel=1e-9, abs=0)
    assert reported.num_scored_tokens == case.scored
    assert reported.is_watermarked == (case.p_value <= 0.01)


def test_the_fixture_s_text_is_the_published_one() -> None:
    text = generated(GOLDENS[0])

    assert text[:12] == [46, 24, 45, 80, 14, 26, 22, 124, 21, 45, 16, 30]
    assert text[-6:] == [83, 114, 121, 109, 24, 77]
    assert generated(GOLDENS[5])[:8] == [70, 56, 91, 90, 72, 68, 17, 78]
    assert generated(GOLDENS[4])[:8] == [46, 56, 6, 122, 30, 100, 121, 67]


@pytest.mark.parametrize(
    ("master", "a", "b"),
    [
        (0, 15691511769010696906, 9736202488081271922),
        (42, 37150756557148556, 15826636237805488045),
        (4294967296, 9864452095710749384, 10834826187781349534),
        (2**64 - 1, 11075965703501209888, 7399018451426338514),
    ],
)
def test_two_keys_are_derived_as_the_engine_does(master: int, a: int, b: int) -> None:
    assert dual_keys(master) == (a, b)


def test_ours_is_the_exact_tail_with_the_engine_s_p_value_beside_it() -> None:
    one, two = GOLDENS[0], GOLDENS[4]

    single = read_vllm([generated(one)], 42)
    assert single.log10_p == pytest.approx(math.log10(one.p_value), abs=1e-8)
    assert single.details["vllm_smallest_p"] == pytest.approx(one.p_value, rel=1e-9, abs=0)
    dual = read_vllm([generated(two)], 42, alpha=0.2)
    # Matching two moments makes the same score more than a hundred times less likely than it is.
    assert dual.log10_p > math.log10(two.p_value) + 2
    assert dual.details["vllm_flagged"] == 1
    assert dual.log10_e is not None
    assert dual.log10_e > 20


def test_a_text_given_twice_is_scored_once_by_us_and_twice_by_the_engine() -> None:
    text = generated(GOLDENS[0])

    once, twice = read_vllm([text], 42), read_vllm([text, text], 42)

    assert (once.log10_p, once.scored) == (twice.log10_p, twice.scored)
    assert (once.details["vllm_flagged"], twice.details["vllm_flagged"]) == (1, 2)


def test_repeated_windows_are_scored_once_and_no_text_scores_nothing() -> None:
    assert vllm_reports([1, 1, 1, 1, 1], 42, width=1).num_scored_tokens == 2
    everything = vllm_reports([1, 1, 1, 1, 1], 42, width=1, deduplicate=False)
    assert everything.num_scored_tokens == 5
    assert vllm_reports([1, 2, 1, 3], 42, width=1).num_scored_tokens == 3
    assert vllm_reports([], 42) == (0.0, 1.0, 0, False)
    assert read_vllm([], 42, alpha=0.1).log10_p == 0


def test_two_keys_find_nothing_in_unmarked_text_more_often_than_promised() -> None:
    rng = np.random.default_rng(4)
    text = rng.integers(0, 500, 60)

    logs = np.array(
        [read_vllm([text], int(key), alpha=0.3).log10_p for key in rng.integers(0, 1 << 63, 1_500)]
    )

    for level in (0.1, 0.01):
        error = np.sqrt(level * (1 - level) / len(logs))
        assert np.mean(logs <= np.log10(level)) <= level + 4 * error


def test_a_weight_out_of_range_is_refused() -> None:
    with pytest.raises(InputError, match=r"between 0 and 1; 1\.5 does not"):
        read_vllm([[1, 2]], 42, alpha=1.5)

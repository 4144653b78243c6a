"""Detection: exact, once a window, and nothing where there is no mark."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.prove.audit.schemes import Green, Gumbel, marked

from revenuer.errors import InputError
from revenuer.prove.audit.detect import (
    Mark,
    detect,
    first_units,
    judge,
    log10_tail,
)
from revenuer.prove.audit.evidence import Verdict
from revenuer.prove.audit.tails import gamma_log10_sf
from revenuer.prove.audit.windows import Seen, windows
from revenuer.prove.marks import prf
from revenuer.prove.marks.keys import WatermarkKey

SCHEMES: list[Mark] = [Gumbel(), Green(), Gumbel(4), Green(window=1)]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_marked_text_is_found_by_its_key_and_by_no_other(scheme: Mark) -> None:
    rng = np.random.default_rng(1)
    texts = [marked(77, 150, scheme, rng) for _ in range(4)]

    found, other = detect(texts, 77, scheme), detect(texts, 78, scheme)

    assert found.verdict is Verdict.STRONG or found.scored < 200
    assert found.log10_p < -6
    assert other.log10_p > -4
    assert found.log10_e is not None
    assert found.log10_e > 4
    assert found.details["highest_log10_e"] >= found.log10_e


@pytest.mark.parametrize("scheme", SCHEMES)
def test_many_keys_call_plain_and_repeated_text_evidence_no_more_often_than_promised(
    scheme: Mark,
) -> None:
    rng = np.random.default_rng(2)
    passage = rng.zipf(1.4, 120) % 400
    texts = [passage, np.tile(passage, 3), rng.zipf(1.4, 150) % 400, np.tile([5, 9], 40)]
    units = first_units(texts, scheme.window)
    keys = [int(key) for key in rng.integers(0, 1 << 63, 3_000)]

    logs = np.array([judge(units, key, scheme).log10_p for key in keys])

    for level in (0.1, 0.01):
        error = np.sqrt(level * (1 - level) / len(keys))
        assert np.mean(logs <= np.log10(level)) <= level + 4 * error


@given(st.lists(st.lists(st.integers(0, 6), max_size=30), max_size=4), st.integers(0, 2**64 - 1))
def test_repeating_texts_changes_nothing(texts: list[list[int]], seed: int) -> None:
    for scheme in (Gumbel(), Green()):
        once = detect(texts, seed, scheme)
        twice = detect([*texts, *texts], seed, scheme)

        assert (once.log10_p, once.statistic, once.scored) == (
            twice.log10_p, twice.statistic, twice.scored,
        )  # fmt: skip
        assert once.log10_p <= 0
        assert twice.seen == 2 * once.seen == twice.scored + sum(twice.dropped.values())


@given(st.lists(st.lists(st.integers(0, 99), max_size=30), max_size=4))
def test_one_audit_in_two_calls_scores_what_one_call_scores(texts: list[list[int]]) -> None:
    seen = Seen()
    parts = [detect([text], 9, Gumbel(), seen) for text in texts]
    whole = detect(texts, 9, Gumbel())

    assert sum(part.scored for part in parts) == whole.scored
    assert sum(part.statistic for part in parts) == pytest.approx(whole.statistic)


def test_a_suspect_that_repeats_its_context_scores_nothing() -> None:
    rng = np.random.default_rng(3)
    text = marked(5, 100, Gumbel(), rng)

    evidence = detect([text[30:]], 5, Gumbel(), contexts=[text])

    assert (evidence.scored, evidence.log10_p) == (0, 0.0)
    assert evidence.dropped == {"window in a context": 70}


def test_no_text_and_empty_texts_are_too_little() -> None:
    for texts in ([], [[]], [[], []]):
        evidence = detect(texts, 5, Green())
        assert (evidence.seen, evidence.log10_p, evidence.log10_e) == (0, 0.0, 0.0)
        assert evidence.verdict is Verdict.TOO_LITTLE


def test_the_score_is_the_exact_tail_of_the_sum_of_its_units() -> None:
    text = [3, 1, 4, 1, 5, 9, 2, 6]
    before = windows(text, 2)
    u = prf.numbers(11, before, np.array(text)).astype(np.float64)

    evidence = detect([text], 11, Gumbel())

    assert evidence.statistic == pytest.approx(-np.log(1 - u).sum())
    assert evidence.log10_p == pytest.approx(float(gamma_log10_sf(evidence.statistic, 8)))
    assert log10_tail(Gumbel(), [evidence.statistic], 8)[0] == evidence.log10_p


def test_a_key_is_named_by_its_digest_and_its_seed_reads_the_same() -> None:
    key = WatermarkKey(bytes(range(32)))

    by_key, by_seed = (detect([[1, 2, 3]], one, Gumbel()) for one in (key, key.seed))

    assert by_key.statistic == by_seed.statistic
    assert by_key.details["key"] == key.digest
    assert "key" not in by_seed.details


def test_a_green_list_has_the_share_that_the_grid_gives() -> None:
    grid = ((np.arange(2.0**24) + 1) / (2.0**24 + 1)).astype(np.float32)
    for gamma in (0.25, 0.5, 0.1, 1 / 3):
        exact = np.count_nonzero(grid < np.float32(gamma)) / 2**24
        assert exact <= Green(gamma=gamma).share <= exact + 2**-23
    assert Green().share == 0.25


def test_what_cannot_be_tested_is_refused() -> None:
    with pytest.raises(InputError, match="text 1 holds -3"):
        detect([[1], [-3]], 5, Gumbel())
    with pytest.raises(InputError, match="2 texts, but 1 contexts"):
        detect([[1], [2]], 5, Gumbel(), contexts=[[1]])
    with pytest.raises(InputError, match="a seed lies in"):
        detect([[1]], -1, Gumbel())

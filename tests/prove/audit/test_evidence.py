"""The bar for a verdict."""

from __future__ import annotations

import pytest

from revenuer.prove.audit.evidence import RANKS, Evidence, Verdict


@pytest.mark.parametrize(
    ("scored", "log10_p", "verdict"),
    [
        (199, -300.0, Verdict.TOO_LITTLE),
        (200, -3.99, Verdict.NONE),
        (200, -4.0, Verdict.FLAGGED),
        (200, -5.99, Verdict.FLAGGED),
        (200, -6.0, Verdict.STRONG),
    ],
)
def test_a_verdict_needs_enough_units_and_a_small_enough_p(
    scored: int, log10_p: float, verdict: Verdict
) -> None:
    assert Evidence("t", "n", scored, scored, 0.0, log10_p).verdict is verdict


@pytest.mark.parametrize("test", sorted(RANKS))
def test_a_rank_never_flags(test: str) -> None:
    assert Evidence(test, "n", 900, 900, 0.0, -300.0).verdict is Verdict.NONE


def test_a_p_value_too_small_for_a_float_is_kept_as_its_logarithm() -> None:
    tiny = Evidence("t", "n", 500, 500, 0.0, -900.0)

    assert (tiny.p_value, tiny.log10_p) == (0.0, -900.0)

"""Words that follow from numbers, and never say that somebody is innocent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.prove.audit.conclusion import NONE, TOO_LITTLE, conclude, power
from revenuer.prove.audit.evidence import Evidence


def evidence(log10_p: float, scored: int = 500, test: str = "detect") -> Evidence:
    return Evidence(test, "null", scored, scored, 0.0, log10_p)


@pytest.mark.parametrize(
    ("log10_ps", "starts", "ends"),
    [
        ([-3.99], "No evidence was found", "tests can miss."),
        ([-4.0], "Evidence against", "at most 10^-4.0."),
        ([-6.08], "Strong evidence against", "at most 10^-6.0."),
        ([-900.0], "Strong evidence against", "at most 10^-900.0."),
        ([-4.2, -0.1], "No evidence was found", "tests can miss."),
        ([-6.2, -0.1], "Evidence against", "10^-5.8, corrected for 2 tests by Bonferroni."),
    ],
)
def test_the_words_follow_from_the_numbers(log10_ps: list[float], starts: str, ends: str) -> None:
    said = conclude([evidence(one) for one in log10_ps])

    assert said.startswith(starts)
    assert said.endswith(ends)


def test_a_test_with_too_little_counts_but_is_no_finding() -> None:
    assert conclude([evidence(-50.0, scored=199)]) == TOO_LITTLE
    assert conclude([evidence(-50.0, scored=199), evidence(-1.0)]) == NONE
    assert "of the test other" in conclude([evidence(-50.0, 199), evidence(-9.0, test="other")])


def test_a_rank_is_no_finding_and_the_sentence_says_why() -> None:
    order, weak, strong = evidence(-30.0, test="order"), evidence(-1.0), evidence(-9.0)

    for ranks, at_most in ([order], "10^-30.0. "), ([weak, order], "10^-29.6, corrected for 2"):
        said = conclude(ranks)
        assert said.startswith("No evidence by itself: the test order ranks against what its owner")
        assert at_most in said
    assert conclude([order, strong]).startswith("Strong evidence against the null hypothesis of ")
    assert "of the test detect" in conclude([order, strong])
    assert conclude([evidence(-3.0, test="order")]) == NONE
    assert conclude([evidence(-30.0, 199, "order")]) == TOO_LITTLE


@given(st.floats(-1e3, 0))
def test_a_power_never_says_less_than_the_number(log10_p: float) -> None:
    assert log10_p <= float(power(log10_p).removeprefix("10^")) <= log10_p + 0.1 + 1e-9


@given(st.lists(st.floats(-1e3, 0), min_size=1), st.sampled_from(["detect", "order"]))
def test_nobody_is_called_innocent(log10_ps: list[float], test: str) -> None:
    said = conclude([evidence(one, test=test) for one in log10_ps]).lower()

    assert "innocent" not in said
    assert "not show innocence" in said or "innocence" not in said

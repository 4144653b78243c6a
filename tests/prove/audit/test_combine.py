"""Corrections for many suspects and many tests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.errors import InputError
from revenuer.prove.audit.combine import (
    bonferroni,
    e_bh,
    e_mean,
    holm,
    of_one_suspect,
    of_suspects,
)
from revenuer.prove.audit.evidence import RANKS, Evidence, Verdict

logs = st.lists(st.floats(-400, 0), max_size=12)


def evidence(
    log10_p: float, *, scored: int = 500, log10_e: float | None = None, test: str = "t"
) -> Evidence:
    return Evidence(test, "n", scored, scored, 0.0, log10_p, log10_e=log10_e)


@given(logs, st.floats(-12, -0.1))
def test_holm_rejects_what_its_step_down_rejects(log10_ps: list[float], level: float) -> None:
    rejected = set()
    for place, i in enumerate(sorted(range(len(log10_ps)), key=lambda i: log10_ps[i])):
        if log10_ps[i] + math.log10(len(log10_ps) - place) > level:
            break
        rejected.add(i)

    adjusted = holm(log10_ps)

    assert {i for i, one in enumerate(adjusted) if one <= level} == rejected
    assert ((adjusted >= np.array(log10_ps)) & (adjusted <= 0)).all()
    assert bonferroni(log10_ps) == pytest.approx(adjusted.min() if log10_ps else 0.0)


@given(st.lists(st.floats(-5, 30), max_size=12), st.floats(-12, -0.1))
def test_e_bh_reports_what_its_definition_reports(log10_es: list[float], level: float) -> None:
    n = len(log10_es)
    ranked = sorted(log10_es, reverse=True)
    passing = [k for k in range(1, n + 1) if ranked[k - 1] >= math.log10(n) - math.log10(k) - level]
    bar = ranked[passing[-1] - 1] if passing else math.inf

    rates = e_bh(log10_es)

    clear = [i for i, e in enumerate(log10_es) if abs(rates[i] - level) > 1e-9]
    assert all((rates[i] <= level) == (log10_es[i] >= bar) for i in clear)


def test_the_mean_of_e_values_survives_numbers_that_a_float_does_not_hold() -> None:
    assert e_mean([500.0, 0.0]) == pytest.approx(500 - math.log10(2))
    assert e_mean([-3.0, 1.0]) == pytest.approx(math.log10((1e-3 + 10) / 2))
    assert e_mean([]) == bonferroni([]) == 0.0


def test_more_tests_on_one_suspect_cost_evidence_and_too_little_counts_as_none() -> None:
    strong, weak = evidence(-6.1, log10_e=5.0), evidence(-1.0, log10_e=-1.0)
    thin = evidence(-9.0, scored=50, log10_e=9.0)

    assert of_one_suspect([strong]).verdict is Verdict.STRONG
    both = of_one_suspect([strong, weak, thin])
    assert both.verdict is Verdict.FLAGGED
    assert both.log10_p == pytest.approx(-6.1 + math.log10(3))
    assert both.scored == 1_000
    averaged = of_one_suspect([strong, weak, thin], "e-mean")
    assert averaged.log10_p == pytest.approx(-math.log10((1e5 + 0.1 + 1) / 3))
    assert of_one_suspect([thin]).verdict is Verdict.TOO_LITTLE


def test_two_tests_that_are_the_same_do_not_count_twice() -> None:
    rng = np.random.default_rng(1)
    logs = np.log10(rng.random(4_000))

    doubled = np.array([of_one_suspect([evidence(p), evidence(p)]).log10_p for p in logs])

    assert np.mean(doubled <= -1) <= 0.1
    assert (doubled >= logs).all()


def test_of_many_suspects_each_pays_for_all() -> None:
    tested = {"a": evidence(-7.0, log10_e=6.0), "b": evidence(-0.5, log10_e=-2.0)}

    by_holm = of_suspects(tested)
    by_e = of_suspects(tested, "e-bh")

    assert by_holm["a"].log10_p == pytest.approx(-7 + math.log10(2))
    assert by_holm["b"].log10_p == pytest.approx(-0.5)
    assert by_e["a"].log10_p == pytest.approx(-6 + math.log10(2))
    assert by_e["b"].log10_p == 0
    assert by_holm["a"].details["suspects"] == 2


@pytest.mark.parametrize("test", sorted(RANKS))
def test_a_rank_flags_neither_through_other_tests_nor_among_suspects(test: str) -> None:
    rank = evidence(-30.0, log10_e=29.0, test=test)
    beside, flagged = evidence(-1.0, log10_e=0.5), evidence(-9.0, log10_e=8.0)

    assert of_one_suspect([rank]).verdict is Verdict.TOO_LITTLE
    for together in (
        of_one_suspect([rank, beside]),
        of_one_suspect([rank, beside], "e-mean"),
        of_suspects({"a": rank, "b": beside})["a"],
        of_suspects({"a": rank, "b": beside}, "e-bh")["a"],
    ):
        assert together.verdict is Verdict.NONE
        assert together.log10_p > -1
    assert of_one_suspect([rank, flagged]).log10_p == pytest.approx(-9 + math.log10(2))
    assert of_suspects({"a": rank, "b": flagged})["b"].log10_p == pytest.approx(-9 + math.log10(2))


def test_what_cannot_be_combined_is_refused() -> None:
    with pytest.raises(InputError, match="no test to combine"):
        of_one_suspect([])
    with pytest.raises(InputError, match="`t` has no e-value"):
        of_one_suspect([evidence(-1.0)], "e-mean")
    with pytest.raises(InputError, match="no method is called 'fisher'"):
        of_one_suspect([evidence(-1.0)], "fisher")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no method is called 'bh'"):
        of_suspects({"a": evidence(-1.0)}, "bh")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="one row of finite numbers"):
        holm([0.0, math.nan])

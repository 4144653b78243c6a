"""Was a model trained on marked text: found where it was, and never by what it was given."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.errors import InputError
from revenuer.prove.audit.evidence import Verdict
from revenuer.prove.audit.filters import frequent
from revenuer.prove.audit.radioactivity import RadioactivityAudit
from revenuer.prove.audit.windows import windows
from revenuer.prove.marks import prf
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.keys import WatermarkKey

KEY, OTHER = WatermarkKey(bytes(range(32))), WatermarkKey(bytes(32))
MARK, VOCABULARY = GumbelMark(window=2), 60


def ours(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.dirichlet(np.full(VOCABULARY, 0.1), n)


def chosen(text: np.ndarray, distributions: np.ndarray) -> np.ndarray:
    """What the key of our model chooses after each window of a text."""
    state = prf.states(KEY.seed, windows(text, 2))
    ids = np.tile(np.arange(VOCABULARY), (len(text), 1))
    numbers = prf.uniforms(prf.words(KEY.seed, state, ids)).astype(np.float64)
    return (np.log(distributions) - np.log(-np.log(numbers))).argmax(1)


def taught(text: np.ndarray, reference: np.ndarray, share: float) -> np.ndarray:
    """The distributions of a student that took over a share of the key's choices."""
    learnt = (1 - share) * reference
    learnt[np.arange(len(text)), chosen(text, reference)] += share
    return learnt


@pytest.mark.parametrize("statistic", ["tokens", "whole", "contrast"])
@pytest.mark.parametrize("is_supervised", [False, True])
def test_a_taught_model_is_found_by_its_key_and_by_no_other(
    statistic: str, is_supervised: bool
) -> None:
    rng = np.random.default_rng(1)
    text = rng.integers(0, VOCABULARY, 600)
    reference = ours(rng, 600)
    found = {}
    for key in (KEY, OTHER):
        audit = RadioactivityAudit(key, MARK, statistic=statistic, is_supervised=is_supervised)
        audit.add_read(text, taught(text, reference, 0.3), reference=reference)
        found[key] = audit.result()

    assert found[KEY].verdict is Verdict.STRONG
    assert found[OTHER].verdict is Verdict.NONE


@pytest.mark.parametrize("scheme", [MARK, GreenMark()])
def test_over_many_keys_the_innocent_are_accused_no_more_often_than_told(scheme: object) -> None:
    rng = np.random.default_rng(2)
    text = rng.integers(0, VOCABULARY, 250)
    audit = RadioactivityAudit(KEY, scheme, statistic="whole", is_supervised=True)
    audit.add_read(text, ours(rng, 250))

    logs = np.array([audit.judge(seed).log10_p for seed in range(1_500)])

    for level in (0.1, 0.01):
        assert (logs <= np.log10(level)).mean() <= level + 4 * np.sqrt(level / len(logs))


def test_what_a_suspect_was_given_is_never_scored() -> None:
    text = np.arange(50)
    audit = RadioactivityAudit(KEY, MARK)
    audit.add_written(text, context=text[:30])

    result = audit.result()

    # Windows up to the one that ends the context, and the one before the first token.
    assert result.dropped == {"window in a context": 31}
    assert result.scored == 19
    assert result.verdict is Verdict.TOO_LITTLE


def test_a_repeated_text_adds_nothing() -> None:
    rng = np.random.default_rng(3)
    text = rng.integers(0, VOCABULARY, 300)
    once, twice = RadioactivityAudit(KEY, MARK), RadioactivityAudit(KEY, MARK)
    once.add_written(text)
    for _ in range(2):
        twice.add_written(text)

    assert twice.result().log10_p == once.result().log10_p
    assert twice.result().seen == 2 * once.result().seen


def test_filter_and_registered_units_bound_what_is_scored() -> None:
    rng = np.random.default_rng(4)
    text = rng.integers(0, 8, 400)
    only = frequent([text[:100], text[50:150]], 2)
    audit = RadioactivityAudit(KEY, MARK, only=only, units=5)
    audit.add_written(text)

    result = audit.result()

    assert result.scored == 5
    assert set(result.dropped) == {
        "window met before", "not in the filter", "beyond the registered units",
    }  # fmt: skip
    assert result.scored + sum(result.dropped.values()) == result.seen


def test_decoys_tell_where_the_key_ranks() -> None:
    rng = np.random.default_rng(5)
    text, reference = rng.integers(0, VOCABULARY, 400), ours(rng, 400)
    audit = RadioactivityAudit(KEY, MARK, statistic="contrast")
    audit.add_read(text, taught(text, reference, 0.3), reference=reference)

    details = audit.result(decoys=19).details

    assert (details["decoy_p"], details["decoy_p_is"]) == (0.05, "exact")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"statistic": "mean"}, "no statistic"),
        ({"units": 0}, "at least 1"),
        ({"candidates": 0}, "at least 1"),
    ],
)
def test_what_cannot_be_audited_is_refused(change: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        RadioactivityAudit(KEY, MARK, **change)


def test_distributions_that_are_none_are_refused() -> None:
    audit = RadioactivityAudit(KEY, MARK, statistic="contrast")
    good = np.full((3, 4), 0.25)

    with pytest.raises(InputError, match="no probabilities"):
        audit.add_read([1, 2, 3], 2 * good, reference=good)
    with pytest.raises(InputError, match="needs our own model"):
        audit.add_read([1, 2, 3], good)
    with pytest.raises(InputError, match="vocabularies differ"):
        audit.add_read([1, 2, 3], good, reference=np.full((3, 2), 0.5))
    with pytest.raises(InputError, match="needs distributions"):
        audit.add_written([1, 2, 3])

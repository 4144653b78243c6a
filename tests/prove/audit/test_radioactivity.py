"""Tests of revenuer.prove.audit.radioactivity, with a table as teacher and as student."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from revenuer.errors import InputError
from revenuer.prove.audit.evidence import Verdict
from revenuer.prove.audit.filters import frequent
from revenuer.prove.audit.radioactivity import STATISTICS, RadioactivityAudit
from revenuer.prove.audit.readings import Statistic
from revenuer.prove.audit.windows import Seen
from revenuer.prove.marks import prf
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.keys import WatermarkKey

TOKENS = 16
Mark = GumbelMark | GreenMark
MARKS = (GumbelMark(candidates=TOKENS), GreenMark(candidates=TOKENS, delta=3.0))
KEY = WatermarkKey(bytes(range(32)))
TEACHER = np.random.default_rng(1).dirichlet(np.full(TOKENS, 0.5), TOKENS)


def written(mark: Mark, key: int, rng: np.random.Generator, texts: int) -> NDArray[np.int64]:
    """Return marked texts of 40 tokens: after each token the teacher has one distribution."""
    logits, every = np.log(TEACHER).astype(np.float32), np.tile(np.arange(TOKENS), (texts, 1))
    out = np.full((texts, 2 + 40), prf.ABSENT)
    for step in range(40):
        now = out[:, step : step + 2]
        repeated = np.array([
            any((row[i : i + 2] == row[step : step + 2]).all() for i in range(step)) for row in out
        ])  # fmt: skip
        last = np.maximum(now[:, 1], 0)
        out[:, step + 2] = mark.draw(key, now, every, logits[last], rng, repeated=repeated)
    return out[:, 2:]


def learnt(texts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what a student predicts after each two tokens: counts over the teacher's habits."""
    counts = np.tile(TEACHER, (TOKENS, 1, 1)) * 3
    for row in texts:
        np.add.at(counts, (row[:-2], row[1:-1], row[2:]), 1)
    return counts / counts.sum(2, keepdims=True)


def read(
    audit: RadioactivityAudit, texts: NDArray[np.int64], student: NDArray[np.float64]
) -> RadioactivityAudit:
    for text in texts:
        before = np.concatenate([[0, 0], text])
        told = student[before[:-2], before[1:-1]]
        audit.add_read(text, told, reference=TEACHER[before[1:-1]])
    return audit


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("mark", MARKS)
def test_a_student_of_marked_text_is_found(mark: Mark, statistic: Statistic) -> None:
    log = written(mark, KEY.seed, np.random.default_rng(2), 150)
    audit = RadioactivityAudit(KEY, mark, statistic=statistic, is_supervised=True)

    evidence = read(audit, log, learnt(log)).result()

    assert evidence.log10_p < -6
    assert evidence.scored >= 200
    assert evidence.details["key"] == KEY.digest


@pytest.mark.parametrize("statistic", STATISTICS)
def test_with_another_key_there_is_nothing_and_no_word_of_innocence(statistic: Statistic) -> None:
    log = written(MARKS[0], KEY.seed, np.random.default_rng(2), 150)
    audit = RadioactivityAudit(KEY.derive("other"), MARKS[0], statistic=statistic)

    evidence = read(audit, log, learnt(log)).result()

    assert evidence.verdict == Verdict.NONE
    assert evidence.verdict == "no evidence"


@pytest.mark.slow
@pytest.mark.parametrize("mark", MARKS)
def test_keys_that_marked_the_log_themselves_accuse_nobody(mark: Mark) -> None:
    rng = np.random.default_rng(3)
    suspect = np.random.default_rng(9).dirichlet(np.full(TOKENS, 0.5), (TOKENS, TOKENS))
    suspect = 0.5 * suspect + 0.5 * TEACHER
    found: dict[str, list[float]] = {statistic: [] for statistic in STATISTICS}
    for _ in range(400):
        key = int(rng.integers(1 << 63))
        log = written(mark, key, rng, 4)
        for statistic in STATISTICS:
            audit = RadioactivityAudit(key, mark, statistic=statistic, is_supervised=True)
            found[statistic].append(read(audit, log, suspect).judge(key).log10_p)

    for logs in found.values():
        for level in (0.1, 0.01):
            share = np.mean(np.array(logs) <= np.log10(level))
            assert share <= level + 4 * np.sqrt(level * (1 - level) / 400)


def test_a_window_is_scored_once_over_texts_and_audits() -> None:
    seen = Seen("window")
    audit = RadioactivityAudit(KEY, MARKS[0], seen=seen)

    audit.add_written([1, 2, 3])
    audit.add_written([1, 2, 3, 1, 2, 4])
    other = RadioactivityAudit(KEY, MARKS[0], seen=seen)
    other.add_written([1, 2, 3])

    assert audit.result().dropped == {"window met before": 4}
    # Windows: three of the first text, then (2, 3) and (3, 1).
    assert audit.scored == 5
    assert other.scored == 0


def test_what_stood_in_the_context_is_not_scored() -> None:
    audit = RadioactivityAudit(KEY, MARKS[0])

    audit.add_written([8, 9, 5, 6], context=[9, 5, 1])

    # (-1, -1) is a copy's first window, (8, 9) stood nowhere, (9, 5) did.
    assert audit.result().dropped == {"window in a context": 2}
    assert audit.scored == 2


def test_only_windows_of_the_filter_are_scored_and_others_are_remembered() -> None:
    audit = RadioactivityAudit(KEY, MARKS[0], only=frequent([[1, 2, 3, 4]], 2, least=1))

    audit.add_written([1, 2, 9, 9, 9])
    evidence = audit.result()

    # (-1, -1), (-1, 1), (1, 2) stand in the log; (2, 9), (9, 9) do not.
    assert (evidence.seen, evidence.scored) == (5, 3)
    assert evidence.dropped == {"not in the filter": 2}


def test_units_fixed_beforehand_end_the_audit() -> None:
    audit = RadioactivityAudit(KEY, MARKS[0], units=4)

    audit.add_written([1, 2, 3])
    audit.add_written([4, 5, 6])

    evidence = audit.result()
    assert (evidence.scored, evidence.dropped["beyond the registered units"]) == (4, 1)


def test_decoys_are_exact_on_fresh_text_and_a_diagnostic_on_our_own() -> None:
    for is_supervised, told in ((False, "exact"), (True, "a diagnostic")):
        audit = RadioactivityAudit(KEY, MARKS[0], is_supervised=is_supervised)
        audit.add_written(np.arange(300) % 97)

        details = audit.result(decoys=9).details

        assert details["decoy_p_is"] == told
        assert 0.1 <= float(details["decoy_p"]) <= 1.0


def test_an_empty_audit_says_too_little() -> None:
    evidence = RadioactivityAudit(KEY, MARKS[0]).result()

    assert (evidence.verdict, evidence.log10_p) == (Verdict.TOO_LITTLE, 0.0)


def test_wrong_use_is_told() -> None:
    whole = RadioactivityAudit(KEY, MARKS[0], statistic="whole")
    contrast = RadioactivityAudit(KEY, MARKS[0], statistic="contrast")
    even = np.full((2, 4), 0.25)

    with pytest.raises(InputError, match="no statistic is called"):
        RadioactivityAudit(KEY, MARKS[0], statistic="mean")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least 1"):
        RadioactivityAudit(KEY, MARKS[0], units=0)
    with pytest.raises(InputError, match="each window once"):
        RadioactivityAudit(KEY, MARKS[0], seen=Seen("window and token"))
    with pytest.raises(InputError, match="whole needs distributions"):
        whole.add_written([1, 2])
    with pytest.raises(InputError, match="shape"):
        whole.add_read([1, 2, 3], even)
    with pytest.raises(InputError, match="are no probabilities"):
        whole.add_read([1, 2], even - 1)
    with pytest.raises(InputError, match="our own model's"):
        contrast.add_read([1, 2], even)
    with pytest.raises(InputError, match="vocabularies differ"):
        contrast.add_read([1, 2], even, reference=np.full((2, 5), 0.2))
    with pytest.raises(InputError, match="not from its seed"):
        RadioactivityAudit(7, MARKS[0]).result(decoys=3)

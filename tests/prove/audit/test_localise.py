"""Spans: found where they are, and never more than chance promises where they are not."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.prove.audit.schemes import Green, Gumbel, marked

from revenuer.prove.audit.detect import first_units
from revenuer.prove.audit.evidence import Verdict
from revenuer.prove.audit.localise import SHORTEST, corrected, localise, spans_of


def test_a_marked_passage_is_found_where_it_is_and_only_there() -> None:
    rng = np.random.default_rng(8)
    for scheme, length in ((Gumbel(), 120), (Green(), 250)):
        passage = marked(5, length, scheme, rng)
        text = [*rng.integers(0, 5_000, 700), *passage, *rng.integers(0, 5_000, 500)]

        evidence, spans = localise(text, 5, scheme)

        assert evidence.verdict is Verdict.STRONG
        hit = [span for span in spans if span.start < 700 + length and span.stop > 700]
        assert hit == list(spans)
        covered = sum(min(span.stop, 700 + length) - max(span.start, 700) for span in spans)
        assert covered > 0.7 * length
        assert max(span.stop - span.start for span in spans) < 1.6 * length
        assert localise(text, 6, scheme).spans == ()


def test_two_passages_are_two_spans() -> None:
    rng = np.random.default_rng(9)
    first, second = (marked(5, 100, Gumbel(), rng) for _ in range(2))
    text = [*first, *rng.integers(0, 5_000, 600), *second]

    starts = [span.start for span in localise(text, 5, Gumbel()).spans]

    assert min(starts) < 30
    assert max(starts) > 650
    assert starts == sorted(starts)


@given(st.integers(0, 3_000))
def test_the_family_covers_the_text_and_depends_on_its_length_alone(units: int) -> None:
    starts, stops = spans_of(units)

    assert (stops <= units).all()
    assert (starts >= 0).all()
    assert (stops - starts >= min(SHORTEST, max(units, 1))).all()
    if units:
        assert (starts.min(), stops.max()) == (0, units)
        assert len(set(zip(starts.tolist(), stops.tolist(), strict=True))) == len(starts)


def test_any_span_is_reported_no_more_often_than_promised() -> None:
    rng = np.random.default_rng(10)
    for scheme in (Gumbel(), Green()):
        units = first_units([rng.zipf(1.3, 300) % 1_000], scheme.window)
        family = spans_of(len(units.tokens))
        best = []
        for seed in rng.integers(0, 1 << 63, 3_000):
            scores = scheme.scores(int(seed), units.windows, units.tokens)
            best.append(corrected(scores, family, scheme)[0].min())
        for level in (0.1, 0.01):
            error = np.sqrt(level * (1 - level) / len(best))
            assert np.mean(np.array(best) <= np.log10(level)) <= level + 4 * error


def test_too_short_a_text_has_no_span_however_much_it_is_marked() -> None:
    text = marked(5, 250, Gumbel(), np.random.default_rng(12))
    units = first_units([text], 2)
    short = text[: int(units.place[198]) + 1]

    evidence, spans = localise(short, 5, Gumbel())

    assert (evidence.scored, evidence.verdict, spans) == (199, Verdict.TOO_LITTLE, ())
    assert evidence.log10_p < -10
    assert localise(text, 5, Gumbel()).spans


def test_no_text_has_no_span() -> None:
    evidence, spans = localise([], 5, Gumbel())

    assert (spans, evidence.log10_p, evidence.scored) == ((), 0.0, 0)


def test_what_stood_in_the_context_is_no_span() -> None:
    text = marked(5, 200, Gumbel(), np.random.default_rng(11))

    assert localise(text, 5, Gumbel(), context=text).evidence.scored == 0

"""Asking a model: what it was given bars windows, and what it said can be computed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from revenuer.errors import InputError
from revenuer.models.interface import Capability, Completion, Distributions
from revenuer.prove.audit import detect, suspects, tokens
from revenuer.prove.audit.radioactivity import RadioactivityAudit
from revenuer.prove.audit.texts import Text
from revenuer.prove.audit.windows import Seen
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.keys import WatermarkKey

KEY, MARK, VOCABULARY = WatermarkKey(bytes(range(32))), GumbelMark(), 40


@dataclass
class Made:
    """Repeats what a seed says, and remembers what it was asked."""

    capabilities: Capability = Capability.TEXT | Capability.TOKENS | Capability.DISTRIBUTIONS
    name: str = "made"
    asked: list[object] = field(default_factory=list)

    def generate(
        self, prompts: Sequence[str], *, limit: int, temperature: float = 1.0, seed: int = 0
    ) -> list[Completion]:
        """Count up from the number of the prompt."""
        self.asked.append((tuple(prompts), limit, temperature, seed))
        tells = Capability.TOKENS in self.capabilities
        ids = [tuple(range(number, number + limit)) for number in range(len(prompts))]
        return [Completion(" ".join(map(str, one)), one if tells else None) for one in ids]

    def encode(self, text: str) -> list[int]:
        """Read numbers."""
        return [int(word) for word in text.split()]

    def score(self, context: Sequence[int], completion: Sequence[int]) -> Distributions:
        """Draw what depends on all that is read."""
        self.asked.append((tuple(context), tuple(completion)))
        rng = np.random.default_rng([*context, *completion])
        return rng.dirichlet(np.ones(VOCABULARY), len(completion)).astype(np.float32)


def text(tokens: Sequence[int] | None, context: Sequence[int], prompt: str | None = None) -> Text:
    ids = None if tokens is None else np.array(tokens, np.int64)
    return Text(ids, np.array(context, np.int64), prompt)


def test_an_open_model_reads_and_what_it_said_is_kept() -> None:
    rng, model = np.random.default_rng(1), Made()
    texts = [text(rng.integers(0, VOCABULARY, 30).tolist(), [1, 2]) for _ in range(4)]
    audit = RadioactivityAudit(KEY, MARK)

    lines = suspects.let_read(model, [*texts, text([], [1])], audit)
    found, units = audit.result(), detect.units_of(tokens.scored(lines), MARK.window, Seen())

    assert [kind for kind, _ in lines] == ["context", "read", "said"] * 4
    assert (units.seen, len(units.tokens), units.dropped) == (
        found.seen, found.scored, found.dropped,
    )  # fmt: skip
    assert detect.judge(units, KEY.seed, MARK).total == pytest.approx(found.statistic)
    assert len(model.asked) == 4


def test_our_own_model_is_read_beside_it_where_the_audit_compares() -> None:
    ours, audit = Made(), RadioactivityAudit(KEY, MARK, statistic="contrast")

    suspects.let_read(Made(), [text([3, 4, 5], [1])], audit, ours=ours)

    assert ours.asked == [((1,), (3, 4, 5))]
    # A copy of the context would begin with the empty window, so its first token is not scored.
    assert audit.scored == 2


@pytest.mark.parametrize("ours", [True, False])
def test_what_a_closed_model_writes_is_cut_into_our_tokens(ours: bool) -> None:
    model, audit = Made(), RadioactivityAudit(KEY, MARK)
    encode = None if ours else lambda words: [int(word) + 100 for word in words.split()]

    lines = suspects.let_write(model, ["1 2", "3"], audit, encode, limit=5, temperature=0.5, seed=7)

    start = 0 if ours else 100
    assert model.asked == [(("1 2", "3"), 5, 0.5, 7)]
    assert [(kind, ids.tolist()) for kind, ids in lines] == [
        ("context", [start + 1, start + 2]), ("text", list(range(start, start + 5))),
        ("context", [start + 3]), ("text", list(range(start + 1, start + 6))),
    ]  # fmt: skip
    assert audit.result().seen == 10


def test_what_cannot_be_asked_is_told() -> None:
    audit, model = RadioactivityAudit(KEY, MARK), Made()
    with pytest.raises(InputError, match="text 0 has no text or nothing before it"):
        suspects.let_read(model, [text([1], [])], audit)
    with pytest.raises(InputError, match="text 0 has no text or nothing before it"):
        suspects.let_read(model, [text(None, [1])], audit)
    with pytest.raises(InputError, match="holds token 40, but made knows 40"):
        suspects.let_read(model, [text([40], [1])], audit)
    with pytest.raises(InputError, match="nothing to ask"):
        suspects.let_write(model, [], audit, None, limit=5, temperature=1, seed=0)
    with pytest.raises(InputError, match="does not tell its token ids"):
        suspects.let_write(
            Made(Capability.TEXT), ["1"], audit, None, limit=5, temperature=1, seed=0
        )


def test_a_model_is_open_if_it_tells_distributions() -> None:
    assert suspects.is_open(Made())
    assert not suspects.is_open(Made(Capability.TEXT))


def test_answers_are_the_likeliest_ones() -> None:
    model = Made()

    assert list(suspects.asked(model, ["a", "b"], limit=2)) == ["0 1", "1 2"]
    assert model.asked == [(("a", "b"), 2, 0.0, 0)]

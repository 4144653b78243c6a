"""The still: made text, a teacher that learns it, its marked answers, and students of those.

Everything is cached under names that hash what it was made from, so that a run that was stopped
goes on, and one that was changed starts where the change is.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from revenuer.lab.traffic import wording
from revenuer.models import small
from revenuer.models.small import Chooser, Size, SmallModel
from revenuer.models.training import Course, train
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.keys import WatermarkKey

Ids = NDArray[np.int64]
#: Ends a text; stands before the first token of each.
END = 0
#: Tokens of a prompt, `END` among them, and of the completion after it.
PROMPT, COMPLETION = 5, 91
ROW = PROMPT + COMPLETION
#: Raised when the meaning of anything cached changes.
VERSION = 1


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What is made, and how much of it.

    Attributes:
        texts: Made texts of some 80 tokens, for the tokeniser, the teacher and prompts.
        vocabulary: Tokens of the byte-pair tokeniser.
        teacher: Width and layers.
        teacher_epochs: Passes of the teacher over seven tenths of the texts.
        student: Width and layers.
        student_epochs: Passes of a student.
        rows: Exchanges that a student is trained on, of 96 tokens each.
        mark: What the teacher's marked answers carry.
    """

    texts: int = 20_000
    vocabulary: int = 1024
    teacher: tuple[int, int] = (128, 3)
    teacher_epochs: float = 1.5
    student: tuple[int, int] = (128, 2)
    student_epochs: float = 4.0
    rows: int = 2083
    mark: GumbelMark = dataclasses.field(default_factory=GumbelMark)


class Answers(dict[str, Ids]):
    """Prompts (rows, PROMPT) and completions (rows, COMPLETION) of one teacher."""

    @property
    def rows(self) -> Ids:
        """Both, one after another."""
        return np.concatenate([self["prompts"], self["completions"]], axis=1)


class Still:
    """Makes things once.

    Args:
        folder: Where they are kept.
        recipe: What to make.
        say: Is told what is being made.
    """

    def __init__(self, folder: Path, recipe: Recipe, say: Callable[[str], None]) -> None:
        self.folder, self.recipe, self._say = folder, recipe, say
        self._texts()
        self.teacher = self.model("teacher", self._teach)

    def key(self, seed: int) -> WatermarkKey:
        """The key of one repetition: of this experiment only, and known to every reader."""
        return WatermarkKey(hashlib.sha256(f"experiment {seed}".encode()).digest())

    def answers(self, name: str, seed: int, count: int, choose: Callable[[], Chooser]) -> Answers:
        """Return the teacher's answers to `count` prompts."""

        def make() -> dict[str, Ids]:
            prompts = self.prompts(np.random.default_rng([seed, 1]), count)
            written = small.generate(self.teacher, prompts, COMPLETION, choose(), history=ROW)
            return {"prompts": prompts, "completions": written}

        return Answers(self.arrays(f"answers-{name}-{seed}-{count}", make))

    def marked(self, seed: int) -> Answers:
        """Return the marked answers of one repetition: our log."""
        key = self.key(seed).seed
        return self.answers(
            "marked", seed, self.recipe.rows,
            lambda: marker(self.recipe.mark, key, np.random.default_rng([seed, 2])),
        )  # fmt: skip

    def plain(self, seed: int) -> Answers:
        """Return as many answers without a mark."""
        return self.answers(
            "plain", seed + 10_000, self.recipe.rows,
            lambda: small.sampler(np.random.default_rng([seed, 3])),
        )  # fmt: skip

    def student(self, seed: int, share: float) -> SmallModel:
        """Return a student of `share` marked answers (the first of the log), the rest without."""

        def teach() -> tuple[SmallModel, float]:
            harvested = round(share * self.recipe.rows)
            both = (self.marked(seed).rows[:harvested], self.plain(seed).rows[harvested:])
            rows = np.random.default_rng([seed, 4]).permutation(np.concatenate(both))
            return self.taught(rows, seed)

        return self.model(f"student-{seed}-{share:g}", teach)

    def taught(self, rows: Ids, seed: int) -> tuple[SmallModel, float]:
        """Return a student of these rows and its loss."""
        width, layers = self.recipe.student
        size = Size(self.recipe.vocabulary, width, layers, context=ROW)
        course = Course(rate=4e-3, seed=seed)
        text = np.append(rows.ravel(), END)
        return train(size, text, course, epochs=self.recipe.student_epochs)

    def prompts(self, rng: np.random.Generator, count: int) -> Ids:
        """Return beginnings of texts that the teacher did not learn from: (count, PROMPT)."""
        own = self.held_out
        return np.stack([own[i][:PROMPT] for i in rng.integers(len(own), size=count)])

    def arrays(self, name: str, make: Callable[[], dict[str, Ids]]) -> dict[str, Ids]:
        """Return arrays from the cache, or make them."""
        place = self.folder / f"{self._named(name)}.npz"
        if not place.exists():
            self._say(f"making {name}")
            np.savez(place.with_suffix(".part.npz"), allow_pickle=False, **make())
            place.with_suffix(".part.npz").rename(place)
        with np.load(place) as held:
            return dict(held)

    def model(self, name: str, make: Callable[[], tuple[SmallModel, float]]) -> SmallModel:
        """Return a model from the cache, or make it: weights and loss."""
        place = self.folder / self._named(name)
        if not (place / "done").exists():
            self._say(f"making {name}")
            model, loss = make()
            small.save(model, place, loss=loss)
            (place / "done").touch()
        return small.load(place)

    def _named(self, name: str) -> str:
        told = json.dumps([VERSION, dataclasses.asdict(self.recipe), name], sort_keys=True)
        return f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"

    def _teach(self) -> tuple[SmallModel, float]:
        width, layers = self.recipe.teacher
        size = Size(self.recipe.vocabulary, width, layers, context=ROW)
        course = Course(rate=4e-3, seed=1)
        text = np.concatenate(self.learnt)
        return train(size, text, course, epochs=self.recipe.teacher_epochs)

    def _texts(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(20_261_124)
        sentences = 1 + rng.binomial(6, 0.5, size=self.recipe.texts)
        texts = wording.paragraphs(rng, wording.english(), "sentence", sentences).to_pylist()
        self.tokeniser = _tokeniser(texts[:5_000], self.recipe.vocabulary)
        ids = [np.array([END, *one.ids]) for one in self.tokeniser.encode_batch(texts)]
        cut = round(0.7 * len(ids))
        self.learnt, held = ids[:cut], ids[cut:]
        self.held_out = [one for one in held if len(one) >= PROMPT]


def marker(mark: GumbelMark, key: int, rng: np.random.Generator) -> Chooser:
    """Return a chooser that marks what it writes."""

    def choose(step: int, last: Ids, logits: NDArray[np.float32]) -> Ids:
        count = min(mark.candidates, logits.shape[1])
        likeliest = np.argpartition(-logits, count - 1, axis=1)[:, :count]
        width = mark.window
        now = last[:, -width:]
        is_repeated = np.zeros(len(now), np.bool_)
        for back in range(1, min(step, last.shape[1] - width) + 1):
            is_repeated |= (last[:, -width - back : -back] == now).all(1)
        chosen = np.take_along_axis(logits, likeliest, 1)
        return mark.draw(key, now, likeliest, chosen, rng, repeated=is_repeated)

    return choose


def _tokeniser(texts: list[str], vocabulary: int) -> Tokenizer:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    made.decoder = decoders.ByteLevel()
    learner = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts, learner)
    return made

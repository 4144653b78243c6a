"""Good or bad? Short sentences about everyday things, for a teacher that reads language.

The sentences come from a small grammar, which knows what each says, so that the teacher's own
accuracy is measured, too. The student reads the sentence alone and writes one word.

The teacher is shown four examples to go on from, or is asked a question. SmolLM2-135M-Instruct is
right about nearly all when it goes on from the examples (`runs/lab.py`). The question it takes for
one only in its chat template, best under its own system message ("You are a helpful AI assistant
named SmolLM, trained by Hugging Face"), and is right less often.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.tasks import wording
from revenuer.lab.tasks.interface import Problem, Split, drawn

Form = Literal["examples", "question"]
PROMPTS: dict[str, str] = {
    "examples": """Is it good or bad?

The journey was nice. Answer: good
The shoes were broken and dirty. Answer: bad
The game was fun and I laughed. Answer: good
The weather was nasty. Answer: bad
{sentence} Answer:""",
    # Asked "good or bad", SmolLM2 says good of nearly everything.
    "question": """Classify the text as bad or good.

Text: {sentence}
Label:""",
}
#: Of 172,800 sentences.
THINGS = (
    *("soup", "bread", "coffee", "cake", "salad", "tea", "lunch", "supper", "film", "book"),
    *("song", "concert", "play", "game", "picnic", "party", "lesson", "walk", "hotel", "room"),
    *("bed", "train", "taxi", "phone", "jacket", "kettle", "haircut", "market", "garden", "park"),
)
OCCASIONS = (
    *("", "yesterday ", "this morning ", "on Monday "),
    *("last week ", "in our street ", "near the station ", "my sister chose "),
)
DEGREES = ("", "really ", "very ", "quite ", "so ")
JUDGEMENTS = {
    "good": (
        *("wonderful", "excellent", "lovely", "delightful", "great", "fantastic"),
        *("perfect", "superb", "pleasant", "brilliant", "charming", "amazing"),
    ),
    "bad": (
        *("terrible", "awful", "horrible", "disappointing", "dreadful", "poor"),
        *("useless", "unpleasant", "miserable", "disgusting", "boring", "ugly"),
    ),
}
ENDS = {
    "good": (
        *("", " and I would choose it again", " and it made my day", " and everybody smiled"),
        *(" and I told all my friends", " and it was worth every penny"),
    ),
    "bad": (
        *("", " and I would never choose it again", " and it ruined my day"),
        *(" and everybody complained", " and I left early", " and it was a waste of money"),
    ),
}
_WORD = re.compile(r"\b(?:good|bad)\b", re.IGNORECASE)
_NOT = re.compile(r"\bnot\b|n['’]t\b|\bneither\b", re.IGNORECASE)


@dataclass(frozen=True)
class Sentiment:
    """Whether a sentence says good or bad of something.

    Attributes:
        form: `examples`, which any model can go on from, or `question`, for one that is chatted
            with and takes examples for the conversation.
        seed: Of the problems.
    """

    name: ClassVar[str] = "sentiment"
    chance: ClassVar[float] = 0.5
    limit: ClassVar[int] = len("good")

    form: Form = "examples"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.form not in get_args(Form):
            raise InputError(
                f"sentiment is asked in no form {self.form!r}", hint="examples or question"
            )

    @property
    def alphabet(self) -> str:
        """The characters of the grammar."""
        words = (*_PARTS["good"], *_PARTS["bad"])
        return "".join(sorted(set("".join("".join(part) for part in words) + "goodbad")))

    @property
    def prompt_limit(self) -> int:
        """The longest sentence."""
        return max(sum(max(map(len, part)) for part in parts) for parts in _PARTS.values())

    def problem(self, number: int, split: Split) -> Problem:
        """Return a problem; good and bad are as likely."""
        return drawn(self._made, self.seed, number, split)

    def write(self, response: Response) -> str:
        """Return `good`, `bad` or nothing; reasoning is not written."""
        return self.read(response.answer).answer

    def read(self, text: str) -> Response:
        """Return the word that the first line says, unless it says both, or says not."""
        parted = wording.parted(text)
        line = parted.answer.partition("\n")[0]
        said = {word.lower() for word in _WORD.findall(line)}
        is_clear = len(said) == 1 and not _NOT.search(line)
        return Response(parted.reasoning, said.pop() if is_clear else "")

    def is_right(self, problem: Problem, response: Response) -> bool:
        """Return whether the answer is what the grammar knows."""
        return response.answer == problem.right.answer

    def agree(self, first: Response, second: Response) -> bool:
        """Return whether both say one word."""
        return first.answer == second.answer != ""

    def _made(self, rng: np.random.Generator) -> Problem:
        answer = ("good", "bad")[rng.integers(2)]
        parts = (part[int(rng.integers(len(part)))] for part in _PARTS[answer])
        sentence = "".join(parts)
        prompt = PROMPTS[self.form].format(sentence=sentence)
        return Problem(prompt, Response("", answer), short=sentence)


_PARTS: dict[str, tuple[Sequence[str], ...]] = {
    answer: (
        ("The ",),
        THINGS,
        (" ",),
        OCCASIONS,
        ("was ",),
        DEGREES,
        JUDGEMENTS[answer],
        ENDS[answer],
        (".",),
    )
    for answer in ("good", "bad")
}

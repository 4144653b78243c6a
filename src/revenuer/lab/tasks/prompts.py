"""Prompts from a file: what a distillation of a model of one's own begins with.

A `.jsonl` file has an object a line: `prompt`, and where they are known `answer` and `reasoning`;
other names are passed over. A `.txt` file has a prompt a line. A prompt that stands there twice
counts once, with what the first says of it. Problems are numbered in the order of the file. A file
that was changed, if only by a line at its end, is another task: all of it is asked anew.

Where no answer is known, no response is known to be right: then a student can be compared with its
teacher, and that is all.
"""

from __future__ import annotations

import hashlib
import json
import string
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.tasks import wording
from revenuer.lab.tasks.interface import TEST_SHARE, Problem, Split, split_of

SUFFIXES = (".jsonl", ".txt")


@dataclass(frozen=True)
class Prompts:
    """The prompts of a file.

    Attributes:
        file: Path of a `.jsonl` or `.txt` file, read once.
        limit: Longest response in characters; what is longer is cut off at its end.
        digest: Of the problems that were read.
    """

    name: ClassVar[str] = "prompts"
    chance: ClassVar[float] = 0.0

    # Where a file lies changes nothing.
    file: str = field(compare=False)
    limit: int = 16_384
    digest: str = field(init=False)
    _problems: dict[Split, list[Problem]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise InputError(f"the limit of a response is at least 1, not {self.limit}")
        found = _read(Path(self.file))
        told = [(one.prompt, one.right.reasoning, one.right.answer) for one in found]
        digest = hashlib.blake2b(json.dumps(told).encode(), digest_size=16).hexdigest()
        object.__setattr__(self, "digest", digest)
        split: dict[Split, list[Problem]] = {"train": [], "test": []}
        for one in found:
            split[split_of(one.prompt)].append(one)
        object.__setattr__(self, "_problems", split)

    @property
    def alphabet(self) -> str:
        """Printable ASCII and whatever else stands in the file."""
        found = set(string.printable)
        for one in self._all():
            found.update(one.prompt, self.write(one.right))
        return "".join(sorted(found))

    @property
    def prompt_limit(self) -> int:
        """The longest prompt."""
        return max(len(one.prompt) for one in self._all())

    def problem(self, number: int, split: Split) -> Problem:
        """Return a problem of the file."""
        problems = self._problems[split]
        if number >= len(problems):
            raise InputError(
                f"{self.file} has {len(problems)} prompts to {split} with, not {number + 1}",
                hint=f"ask for fewer, or add prompts: one in {TEST_SHARE} is kept for testing",
            )
        return problems[number]

    def write(self, response: Response) -> str:
        """Return `<think>...</think>` and the answer."""
        return wording.joined(response)[: self.limit]

    def read(self, text: str) -> Response:
        """Return thought and answer."""
        return wording.parted(text)

    def is_right(self, problem: Problem, response: Response) -> bool:
        """Return whether the conclusion is the known one; False where none is known."""
        return self.agree(problem.right, response)

    def agree(self, first: Response, second: Response) -> bool:
        """Return whether both come to one conclusion."""
        return wording.agree(first, second)

    def _all(self) -> list[Problem]:
        return self._problems["train"] + self._problems["test"]


def _read(path: Path) -> list[Problem]:
    if path.suffix not in SUFFIXES:
        raise InputError(f"{path} is neither .jsonl nor .txt", hint="rename it to what it is")
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text: {error}") from error
    found: dict[str, Problem] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        one = _told(line, where) if path.suffix == ".jsonl" else _asked(line.strip())
        found.setdefault(one.prompt, one)
    if not found:
        raise InputError(f"{path} holds no prompt")
    return list(found.values())


def _asked(prompt: str) -> Problem:
    return Problem(prompt, Response("", ""))


def _told(line: str, where: str) -> Problem:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is no JSON: {error}") from error
    if not isinstance(record, dict):
        raise InputError(f"{where} is no JSON object", hint='{"prompt": "..."}')
    prompt = _text(record, "prompt", where)
    if not prompt:
        raise InputError(f"{where} has no prompt", hint='{"prompt": "..."}')
    return Problem(
        prompt, Response(_text(record, "reasoning", where), _text(record, "answer", where))
    )


def _text(record: dict[str, Any], name: str, where: str) -> str:
    value = record.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InputError(f"{where}: {name} is a text, not {value!r}")
    text = str(value).strip()
    if any("\ud800" <= one <= "\udfff" for one in text):
        raise InputError(f"{where}: {name} holds half a character, {text!a}")
    return text

"""What the teacher answered, kept as it came: a query that was paid for is not paid for twice.

`responses.jsonl` holds one line a query. It grows: a larger harvest of the same teacher with the
same seed goes on where the smaller ended, and a run that was killed goes on after its last whole
line. A model that runs here answers in chunks, each with a seed of its own, so that what was torn
is asked again to the same responses. A server is asked one query at a time by several workers; only
what was in flight when the power failed is asked again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple

from revenuer.errors import InputError
from revenuer.lab.distil.purse import Purse
from revenuer.lab.distil.settings import HarvestSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.store import Store, write
from revenuer.lab.tasks import told
from revenuer.lab.tasks.interface import Problem
from revenuer.models import Completion, Usage

FILE = "responses.jsonl"
#: Queries that a model on this machine answers together.
CHUNK = 64


@dataclass(frozen=True)
class Answered:
    """One response.

    Attributes:
        number: Of the problem, from 0.
        text: As the teacher wrote it.
        reasoning: What it told apart as reasoning.
        asked_tokens: Of the request.
        written_tokens: Of the response.
    """

    number: int
    text: str
    reasoning: str
    asked_tokens: int
    written_tokens: int

    @property
    def completion(self) -> Completion:
        """The response as the model gave it."""
        usage = Usage(asked_tokens=self.asked_tokens, written_tokens=self.written_tokens)
        return Completion(self.text, reasoning=self.reasoning, usage=usage)


@dataclass(frozen=True)
class Harvest:
    """Responses in order of their number, from 0 without gaps.

    Attributes:
        responses: One a query.
        folder: Where they lie.
    """

    responses: Sequence[Answered]
    folder: Path

    def digest(self, first: int, last: int) -> str:
        """Return what names a part of the responses in the inputs of later steps."""
        # The folder says what was asked: other problems may have the same answers.
        part = [self.folder.name, *(asdict(each) for each in self.responses[first:last])]
        said = json.dumps(part, sort_keys=True)
        return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def harvested(
    store: Store, teacher: Speaker, settings: HarvestSettings, purse: Purse, *, workers: int
) -> Harvest:
    """Return the responses to the first queries, asking for those that are missing.

    Args:
        store: Where they are kept.
        teacher: Who is asked.
        settings: How many, and how warm.
        purse: Pays a served teacher.
        workers: Requests at a time to a server.

    Raises:
        InputError: The cap is reached, the teacher fails, or the file is damaged. What was
            answered is kept.
    """
    step = store.step(
        "harvest",
        teacher=teacher.digest,
        task=told(teacher.task),
        temperature=settings.temperature,
        limit=teacher.limit,
        seed=settings.seed,
    )
    path = step.folder / FILE
    if teacher.is_served:
        problems = [teacher.task.problem(number, "train") for number in range(settings.queries)]
        way = Way(settings.temperature, settings.seed, workers)
        return Harvest(paid_for(path, teacher, problems, way, purse), step.folder)
    kept = _read(path)
    if any(number not in kept for number in range(settings.queries)):
        _drop_torn(path, kept)
    _keep(path, kept, _in_chunks(teacher, len(kept), settings))
    return Harvest([kept[number] for number in range(settings.queries)], step.folder)


class Way(NamedTuple):
    """How a server is asked.

    Attributes:
        temperature: 0 takes the likeliest token.
        seed: Of the first request; each has one of its own.
        workers: Requests at a time.
    """

    temperature: float
    seed: int
    workers: int


def paid_for(
    path: Path, teacher: Speaker, problems: Sequence[Problem], way: Way, purse: Purse
) -> list[Answered]:
    """Return what a server answers, asked for what is missing in a file and kept there at once.

    Raises:
        InputError: As for a harvest.
    """
    kept = _read(path)
    purse.book(list(kept.values()))
    missing = [number for number in range(len(problems)) if number not in kept]
    _keep(path, kept, _one_by_one(teacher, problems, missing, way, purse))
    return [kept[number] for number in range(len(problems))]


def _keep(path: Path, kept: dict[int, Answered], asking: Iterable[list[Answered]]) -> None:
    with path.open("a", encoding="utf-8") as file:
        for some in asking:
            file.write("".join(json.dumps(asdict(each)) + "\n" for each in some))
            file.flush()
            os.fsync(file.fileno())
            kept |= {each.number: each for each in some}


def _in_chunks(teacher: Speaker, done: int, settings: HarvestSettings) -> Iterator[list[Answered]]:
    for start in range(done, settings.queries, CHUNK):
        numbers = range(start, min(start + CHUNK, settings.queries))
        problems = [teacher.task.problem(number, "train") for number in numbers]
        yield _answered(teacher, problems, start, settings.temperature, settings.seed + start)


def _one_by_one(
    teacher: Speaker,
    problems: Sequence[Problem],
    missing: Sequence[int],
    way: Way,
    purse: Purse,
) -> Iterator[list[Answered]]:
    left = deque(missing)
    failed: BaseException | None = None
    waiting: dict[Future[list[Answered]], float] = {}
    with ThreadPoolExecutor(way.workers) as pool:
        while True:
            while failed is None and left and len(waiting) < way.workers:
                number = left[0]
                worst = purse.worst(problems[number].prompt + teacher.system, teacher.limit)
                refusal = purse.refuses(worst)
                if refusal is not None:
                    # What is in flight may turn out cheaper than was set aside for it.
                    failed = None if waiting else refusal
                    break
                one, seed = [problems[left.popleft()]], way.seed + number
                waiting[pool.submit(_answered, teacher, one, number, way.temperature, seed)] = worst
            if not waiting:
                break
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            # One that failed ends the asking; what is in flight is paid for and is kept.
            failed = failed or next(filter(None, (each.exception() for each in done)), None)
            worsts = [(each, waiting.pop(each)) for each in done]
            for found, worst in ((each.result(), w) for each, w in worsts if not each.exception()):
                purse.settle(worst, found[0])
                yield found
    if failed is not None:
        raise failed


def _answered(
    teacher: Speaker, problems: Sequence[Problem], first: int, temperature: float, seed: int
) -> list[Answered]:
    said = teacher.answer(problems, temperature=temperature, seed=seed)
    found = []
    for number, each in enumerate(said, first):
        if each.usage is None:
            raise InputError(
                f"{teacher.model.name} does not tell how many tokens it wrote",
                hint="without that nothing can be accounted for",
            )
        usage = each.usage
        found.append(
            Answered(number, each.text, each.reasoning, usage.asked_tokens, usage.written_tokens)
        )
    return found


def _read(path: Path) -> dict[int, Answered]:
    """Return what was kept; a last line that was torn is cut off.

    Raises:
        InputError: A whole line is damaged.
    """
    if not path.exists():
        return {}
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
    kept = {}
    for line, said in enumerate(content[:whole].splitlines(), 1):
        try:
            each = Answered(**json.loads(said))
        except (ValueError, TypeError) as error:
            raise InputError(
                f"{path} line {line} is damaged", hint="delete the line: it is asked again"
            ) from error
        kept[each.number] = each
    return kept


def _drop_torn(path: Path, kept: dict[int, Answered]) -> None:
    """Leave whole chunks from the first on; the others are answered again."""
    first_missing = next(number for number in count() if number not in kept)
    whole = first_missing // CHUNK * CHUNK
    if len(kept) > whole:
        for number in [number for number in kept if number >= whole]:
            del kept[number]
        write(path, "".join(json.dumps(asdict(each)) + "\n" for each in kept.values()))

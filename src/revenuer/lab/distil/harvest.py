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
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from revenuer.errors import InputError
from revenuer.lab.distil.config import HarvestSettings, PriceSettings
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.distil.store import Store, write
from revenuer.lab.tasks import told
from revenuer.models import Completion

FILE = "responses.jsonl"
#: Queries that a model on this machine answers together.
CHUNK = 64
#: Tokens that a template puts around a prompt, at most.
AROUND = 128


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
        return Completion(self.text, reasoning=self.reasoning)


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
    store: Store,
    teacher: Speaker,
    settings: HarvestSettings,
    prices: PriceSettings,
    *,
    workers: int,
) -> Harvest:
    """Return the responses to the first queries, asking for those that are missing.

    Args:
        store: Where they are kept.
        teacher: Who is asked.
        settings: How many, how warm, and what they may cost.
        prices: Of a served teacher.
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
    kept = _read(path)
    if teacher.is_served:
        missing = [number for number in range(settings.queries) if number not in kept]
        asking = _one_by_one(teacher, missing, settings, prices, list(kept.values()), workers)
    else:
        _drop_torn(path, kept)
        asking = _in_chunks(teacher, len(kept), settings)
    with path.open("a", encoding="utf-8") as file:
        for some in asking:
            file.write("".join(json.dumps(asdict(each)) + "\n" for each in some))
            file.flush()
            os.fsync(file.fileno())
            kept |= {each.number: each for each in some}
    return Harvest([kept[number] for number in range(settings.queries)], step.folder)


def _in_chunks(teacher: Speaker, done: int, settings: HarvestSettings) -> Iterator[list[Answered]]:
    for start in range(done, settings.queries, CHUNK):
        numbers = range(start, start + CHUNK)
        yield _answered(teacher, numbers, settings, settings.seed + start)


def _one_by_one(
    teacher: Speaker,
    missing: Sequence[int],
    settings: HarvestSettings,
    prices: PriceSettings,
    kept: Sequence[Answered],
    workers: int,
) -> Iterator[list[Answered]]:
    purse = _Purse(settings.max_usd, prices, kept)
    left = deque(missing)
    failed: BaseException | None = None
    waiting: set[Future[list[Answered]]] = set()
    with ThreadPoolExecutor(workers) as pool:
        while True:
            while failed is None and left and len(waiting) < workers:
                refusal = purse.refuses(teacher, left[0])
                if refusal is not None:
                    # What is in flight may turn out cheaper than was set aside for it.
                    failed = None if waiting else refusal
                    break
                number = left.popleft()
                seed = settings.seed + number
                waiting.add(pool.submit(_answered, teacher, [number], settings, seed))
            if not waiting:
                break
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            # One that failed ends the asking; what is in flight is paid for and is kept.
            failed = failed or next(filter(None, (each.exception() for each in done)), None)
            for found in (each.result() for each in done if not each.exception()):
                purse.settle(found[0])
                yield found
    if failed is not None:
        raise failed


class _Purse:
    """What was spent, and what requests in flight may cost at most."""

    def __init__(self, cap: float, prices: PriceSettings, kept: Sequence[Answered]) -> None:
        self._cap, self._prices, self._promised = cap, prices, 0.0
        self._worst: dict[int, float] = {}
        self._spent, self._answered = sum(price(each, prices) for each in kept), len(kept)

    def refuses(self, teacher: Speaker, number: int) -> InputError | None:
        """Set money aside for a query, or say why not."""
        asked = teacher.task.problem(number, "train").prompt + teacher.system
        # No tokeniser makes more tokens than there are bytes.
        worst = self._cost(len(asked.encode()) + AROUND, teacher.limit)
        if self._cap and self._spent + self._promised + worst > self._cap:
            return InputError(
                f"the harvest stops at {self._answered} responses: the next could pass "
                f"{self._cap:g} USD",
                hint="raise max_usd, or lower queries; what was answered is kept",
            )
        self._worst[number] = worst
        self._promised += worst
        return None

    def settle(self, answered: Answered) -> None:
        """Book what a query did cost."""
        self._promised -= self._worst.pop(answered.number)
        self._spent += price(answered, self._prices)
        self._answered += 1

    def _cost(self, asked: int, written: int) -> float:
        prices = self._prices
        return (
            asked * prices.usd_per_million_asked + written * prices.usd_per_million_written
        ) / 1e6


def price(answered: Answered, prices: PriceSettings) -> float:
    """Return what a response cost, in USD."""
    return (
        answered.asked_tokens * prices.usd_per_million_asked
        + answered.written_tokens * prices.usd_per_million_written
    ) / 1e6


def _answered(
    teacher: Speaker, numbers: Sequence[int], settings: HarvestSettings, seed: int
) -> list[Answered]:
    problems = [teacher.task.problem(number, "train") for number in numbers]
    said = teacher.answer(problems, temperature=settings.temperature, seed=seed)
    found = []
    for number, each in zip(numbers, said, strict=True):
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

"""Tests of revenuer.lab.distil.speaker."""

from __future__ import annotations

import pytest
from tests.lab.distil.speakers import TASK, Scripted, here

from revenuer.guard.transforms import Response
from revenuer.lab.distil.speaker import Speaker
from revenuer.lab.tasks.interface import Problem
from revenuer.models import Completion, characters
from revenuer.models.own import OwnModel
from revenuer.models.small import Size, SmallModel

PROBLEM = Problem("the long form", Response("", ""), short="short")


class Chatty(Scripted):
    """A model of transformers, as far as its template goes."""

    def chat(self, system: str, said: str) -> str:
        """Return both."""
        return f"<{system}|{said}>"


def test_each_kind_of_model_reads_its_own_form() -> None:
    cutter = characters.tokeniser(TASK.alphabet)
    own = OwnModel("own", SmallModel(Size(cutter.get_vocab_size(), 8, 1, 2, 20)), cutter)

    assert Speaker(own, TASK, "d", 5).asked(PROBLEM) == "short"
    assert Speaker(Scripted(), TASK, "d", 5).asked(PROBLEM) == "the long form"
    assert Speaker(Chatty(), TASK, "d", 5, "sys").asked(PROBLEM) == "<sys|the long form>"
    assert Speaker(Chatty(), TASK, "d", 5, "sys", chats=False).asked(PROBLEM) == "the long form"


def test_it_is_asked_with_its_limit_and_the_seed() -> None:
    model = Scripted()

    (said,) = here(model).answer([PROBLEM], temperature=1.0, seed=3)

    assert model.asked == [("the long form", 3)]
    assert said.text == "12#3"


@pytest.mark.parametrize(
    ("completion", "read"),
    [
        (Completion("12#3"), Response("1\n2", "3")),
        (Completion("12#3", reasoning="told apart"), Response("told apart", "3")),
        (Completion("nonsense"), Response("", "")),
    ],
)
def test_what_it_wrote_is_read_by_the_task(completion: Completion, read: Response) -> None:
    assert here(Scripted()).read(completion) == read

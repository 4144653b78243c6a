"""Tests of revenuer.lab.tasks.sentiment."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.tasks.sentiment import ENDS, JUDGEMENTS, PROMPTS, Sentiment
from revenuer.models import pretrained

TASK = Sentiment()


def test_a_sentence_holds_a_judgement_of_its_own_kind_and_none_of_the_other() -> None:
    other = {"good": "bad", "bad": "good"}
    for number in range(300):
        problem = TASK.problem(number, "train")
        answer = problem.right.answer
        words = problem.short.rstrip(".").split()
        assert len(set(words) & set(JUDGEMENTS[answer])) == 1
        assert not set(words) & set(JUDGEMENTS[other[answer]])
        assert any(problem.short.endswith(f"{end}.") for end in ENDS[answer])
        assert not any(problem.short.endswith(f"{end}.") for end in ENDS[other[answer]] if end)
        assert problem.short.startswith("The ")
        assert "  " not in problem.short


def test_the_teacher_is_asked_and_the_student_reads_the_sentence_alone() -> None:
    shown = TASK.problem(0, "train")
    asked = Sentiment("question").problem(0, "train")

    assert shown.prompt.endswith(f"nasty. Answer: bad\n{shown.short} Answer:")
    assert asked.prompt == f"Classify the text as bad or good.\n\nText: {asked.short}\nLabel:"
    assert "Answer" not in shown.short


def test_no_word_of_the_grammar_stands_in_an_example() -> None:
    judgements = {*JUDGEMENTS["good"], *JUDGEMENTS["bad"]}

    for line in PROMPTS["examples"].splitlines()[2:-1]:
        sentence, _, answer = line.partition(" Answer: ")
        assert answer in JUDGEMENTS
        assert not set(sentence.rstrip(".").split()) & judgements


def test_a_form_that_is_not_known_is_refused() -> None:
    with pytest.raises(InputError, match="asked in no form 'riddle'") as refused:
        Sentiment("riddle")  # type: ignore[arg-type]  # what a file may say
    assert refused.value.hint == "examples or question"


@pytest.mark.slow
def test_a_real_model_goes_on_from_the_examples(smollm2: Path) -> None:
    model = pretrained.open_at(str(smollm2))
    problems = [TASK.problem(number, "test") for number in range(20)]

    said = model.generate([each.prompt for each in problems], limit=TASK.limit, temperature=0)

    answers = [TASK.read(each.text) for each in said]
    assert sum(map(TASK.is_right, problems, answers)) >= 18


def test_good_and_bad_are_as_likely_and_sentences_seldom_repeat() -> None:
    problems = [TASK.problem(number, "train") for number in range(2_000)]

    good = Counter(problem.right.answer for problem in problems)["good"]
    assert abs(good - 1_000) < 4 * 500**0.5
    # Of 138,000 sentences to learn from 2,000 draws give some 14 twice.
    assert len({problem.short for problem in problems}) > 1_950


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("good", "good"),
        (" Bad.", "bad"),
        ("GOOD", "good"),
        ("The text is good, very good.", "good"),
        ("Label: **bad**", "bad"),
        (" good\n\nText: The walk was bad", "good"),
        ("<think>good or bad?</think>\nbad", "bad"),
        ("A mix of good and bad.", ""),
        ("bad or good", ""),
        ("not bad", ""),
        ("It isn't good", ""),
        ("It isn’t good", ""),
        ("Neither is good.", ""),
        ("notably good", "good"),
        ("goodness, badly", ""),
        ("positive", ""),
        ("", ""),
        ("<think>good", ""),
    ],
)
def test_one_word_in_the_first_line_is_the_answer(text: str, answer: str) -> None:
    assert TASK.read(text).answer == answer


def test_reasoning_is_read_and_not_written() -> None:
    response = TASK.read("<think>\nIt was lovely.\n</think>\n\nGood")

    assert response == Response("It was lovely.", "good")
    assert TASK.write(response) == "good"
    assert TASK.write(Response("", "neither")) == ""


def test_the_answer_alone_is_right_or_wrong() -> None:
    problem = TASK.problem(0, "test")
    right = problem.right.answer
    wrong = {"good": "bad", "bad": "good"}[right]

    assert TASK.is_right(problem, Response("x", right))
    assert not TASK.is_right(problem, Response("", wrong))
    assert not TASK.is_right(problem, Response("", ""))
    assert TASK.agree(Response("x", wrong), Response("y", wrong))
    assert not TASK.agree(Response("", wrong), Response("", right))
    assert not TASK.agree(Response("", ""), Response("", ""))


def test_the_longest_sentence_is_as_long_as_promised() -> None:
    longest = max(len(TASK.problem(number, "train").short) for number in range(3_000))

    assert TASK.prompt_limit - 5 <= longest <= TASK.prompt_limit
    assert TASK.limit == 4

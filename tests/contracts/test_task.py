"""Every task: what it promises the lab, whatever it asks."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.tasks import TASKS, Problem, Split, Task, open_task, told
from revenuer.lab.tasks.arithmetic import Arithmetic
from revenuer.lab.tasks.chain import Chain
from revenuer.lab.tasks.gym import Gym
from revenuer.lab.tasks.interface import split_of
from revenuer.lab.tasks.prompts import Prompts
from revenuer.lab.tasks.sentiment import Sentiment

#: Tasks in several sizes.
SETTINGS: dict[str, dict[str, object]] = {
    "chain": {"name": "chain"},
    "chain of one": {"name": "chain", "steps": 1, "seed": 3},
    "sum": {"name": "arithmetic"},
    "product": {"name": "arithmetic", "operation": "multiply", "digits": 2},
    "sentiment": {"name": "sentiment"},
    "question": {"name": "sentiment", "form": "question"},
    "prompts": {"name": "prompts"},
    "numbers of gym": {"name": "gym", "dataset": "chain_sum", "size": 100},
    "words of gym": {"name": "gym", "dataset": "spell_backward", "size": 100},
}
#: That each is a task is for the type checker to see.
KINDS: tuple[type[Task], ...] = (Chain, Arithmetic, Sentiment, Prompts, Gym)
LOOKED_AT = 12
SPLITS: tuple[Split, ...] = ("train", "test")
Opener = Callable[[], Task]


@pytest.fixture(scope="module", params=list(SETTINGS.values()), ids=list(SETTINGS))
def opener(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Opener:
    given: dict[str, object] = dict(request.param)
    if given["name"] == "prompts":
        path = tmp_path_factory.mktemp("prompts") / "asked.jsonl"
        lines = [
            {"prompt": f"Was kostet {n} €?", "answer": f"{n} Taler", "reasoning": "eins\nzwei"}
            for n in range(100)
        ]
        path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
        given["file"] = str(path)
    return lambda: open_task(given)


@pytest.fixture(scope="module")
def task(opener: Opener) -> Task:
    return opener()


def problems(task: Task) -> list[Problem]:
    return [task.problem(number, split) for split in SPLITS for number in range(LOOKED_AT)]


def test_every_task_is_under_test() -> None:
    assert {str(given["name"]) for given in SETTINGS.values()} == set(TASKS)
    assert [kind.__name__ for kind in KINDS] == [kind for _, kind in TASKS.values()]


def test_a_number_names_one_problem_whoever_asks_and_in_which_order(opener: Opener) -> None:
    one, other = opener(), opener()

    backwards = [
        other.problem(number, split)
        for split in reversed(SPLITS)
        for number in reversed(range(LOOKED_AT))
    ]

    assert problems(one) == backwards[::-1]
    assert one == other
    assert len({problem.prompt for problem in problems(one)}) > LOOKED_AT


def test_no_problem_to_test_with_is_one_to_learn_from(task: Task) -> None:
    for split in SPLITS:
        for number in range(LOOKED_AT):
            assert split_of(task.problem(number, split).prompt) == split


def test_the_right_response_is_right_and_reads_as_it_was_written(task: Task) -> None:
    for problem in problems(task):
        read = task.read(task.write(problem.right))

        assert read == problem.right
        assert task.is_right(problem, read)
        assert task.agree(read, problem.right)
        assert problem.right.answer != ""


def test_no_answer_and_a_foreign_one_are_not_right(task: Task) -> None:
    for problem in problems(task):
        for answer in ("", "#", "nonsense"):
            response = Response(problem.right.reasoning, answer)
            assert not task.is_right(problem, response)
            assert not task.agree(response, problem.right)
            assert not task.agree(problem.right, response)


def test_the_right_answer_of_one_problem_is_seldom_right_for_another(task: Task) -> None:
    asked = problems(task)
    pairs = [(one, other.right) for one in asked for other in asked if one != other]

    hits = sum(task.is_right(problem, response) for problem, response in pairs)

    spread = (task.chance * (1 - task.chance) / LOOKED_AT) ** 0.5
    assert hits / len(pairs) < task.chance + 4 * spread + 0.03


def test_the_alphabet_has_each_character_once_and_none_is_missing(task: Task) -> None:
    letters = task.alphabet

    assert len(set(letters)) == len(letters)
    for problem in problems(task):
        assert set(problem.short + task.write(problem.right)) <= set(letters)


def test_prompts_and_responses_are_no_longer_than_promised(task: Task) -> None:
    for problem in problems(task):
        assert 0 < len(problem.short) <= task.prompt_limit
        assert 0 < len(task.write(problem.right)) <= task.limit
    assert 0 <= task.chance < 1


@given(st.text(), st.text())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_is_too_odd_to_be_read(task: Task, text: str, more: str) -> None:
    problem = task.problem(0, "test")
    for said in (text, f"{text}#{more}", f"<think>{text}</think>{more}"):
        response = task.read(said)

        written = task.write(response)
        assert len(written) <= task.limit
        assert task.is_right(problem, response) in (True, False)
        assert task.agree(response, response) in (True, False)


@given(st.text(), st.text())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_response_can_be_written(task: Task, reasoning: str, answer: str) -> None:
    written = task.write(Response(reasoning, answer))

    assert len(written) <= task.limit
    assert task.write(task.read(written)) == written or task.name in ("prompts", "gym")


def test_fewer_steps_and_steps_in_another_order_are_written_as_such(task: Task) -> None:
    for problem in problems(task):
        steps = problem.right.reasoning.splitlines()
        for kept in (steps[1:], steps[::-1], steps[::2], []):
            changed = Response("\n".join(kept), problem.right.answer)
            assert task.read(task.write(changed)) == changed


def test_what_a_task_depends_on_is_told_defaults_included(opener: Opener, task: Task) -> None:
    found = told(task)

    assert found["name"] == task.name
    assert json.loads(json.dumps(found)) == found == told(opener())


def test_a_task_left_to_its_defaults_is_the_task_that_says_them() -> None:
    bare, said = open_task({"name": "chain"}), open_task({"name": "chain", "steps": 6, "seed": 0})

    assert bare == said
    assert told(bare) == told(said) == {"name": "chain", "steps": 6, "seed": 0}
    assert told(open_task({"name": "chain", "steps": 5})) != told(bare)


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        (
            {"name": "chian"},
            "there is no task 'chian'",
            "one of chain, arithmetic, sentiment, prompts, gym",
        ),
        ({}, "there is no task None", "one of chain, arithmetic, sentiment, prompts, gym"),
        ({"name": []}, "there is no task []", "one of chain, arithmetic, sentiment, prompts, gym"),
        (
            {"name": "chain", "step": 6},
            "the task chain has no setting 'step'",
            "known: steps, seed",
        ),
        ({"name": "prompts"}, "the task prompts needs the setting 'file'", None),
        (
            {"name": "prompts", "file": "x", "digest": "y"},
            "the task prompts has no setting 'digest'",
            "known: file, limit",
        ),
        ({"name": "chain", "steps": "6"}, "steps of the task chain is int, not '6'", None),
        ({"name": "chain", "steps": 6.0}, "steps of the task chain is int, not 6.0", None),
        ({"name": "chain", "steps": True}, "steps of the task chain is int, not True", None),
        ({"name": "prompts", "file": 1}, "file of the task prompts is str, not 1", None),
        (
            {"name": "gym", "dataset": "chain_sum", "options": 1},
            "options of the task gym is mapping, not 1",
            None,
        ),
        (
            {"name": "arithmetic", "operation": 1},
            "arithmetic knows no operation 1",
            "add or multiply",
        ),
        (
            {"name": "arithmetic", "operation": []},
            "arithmetic knows no operation []",
            "add or multiply",
        ),
    ],
)
def test_settings_that_describe_no_task_are_refused(
    given: dict[str, object], message: str, hint: str | None
) -> None:
    with pytest.raises(InputError) as refused:
        open_task(given)

    assert (refused.value.message, refused.value.hint) == (message, hint)


@pytest.mark.parametrize("name", ["chain", "arithmetic", "sentiment"])
@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_that_cannot_be_is_told(name: str, seed: int) -> None:
    with pytest.raises(InputError, match=f"seed of the task {name} is {seed}; it cannot be"):
        open_task({"name": name, "seed": seed})

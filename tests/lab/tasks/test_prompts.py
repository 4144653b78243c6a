"""Tests of revenuer.lab.tasks.prompts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from revenuer.errors import InputError
from revenuer.guard.transforms import Response
from revenuer.lab.tasks.interface import Problem, split_of
from revenuer.lab.tasks.prompts import Prompts


def made(folder: Path, *records: object, name: str = "asked.jsonl") -> str:
    """Write a file and return its path."""
    path = folder / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


def every(task: Prompts) -> list[Problem]:
    """Return all problems of a task."""
    found = []
    for split in ("train", "test"):
        for number in range(100):
            try:
                found.append(task.problem(number, split))
            except InputError:
                break
    return found


def test_a_file_of_json_tells_prompts_answers_and_reasoning(tmp_path: Path) -> None:
    records = [{"prompt": f"What is {n} + 1?", "answer": n + 1, "id": [n]} for n in range(50)]
    records[7]["reasoning"] = "one more"
    task = Prompts(made(tmp_path, *records))

    for split in ("train", "test"):
        expected = [one for one in records if split_of(str(one["prompt"])) == split]
        assert 0 < len(expected) < 50
        for number, one in enumerate(expected):
            problem = task.problem(number, split)
            assert problem.prompt == problem.short == one["prompt"]
            assert problem.right == Response(str(one.get("reasoning", "")), str(one["answer"]))
        with pytest.raises(InputError, match=f"{len(expected)} prompts to {split} with") as refused:
            task.problem(len(expected), split)
        assert refused.value.hint == ("ask for fewer, or add prompts: one in 5 is kept for testing")


def test_a_file_of_text_is_a_prompt_a_line(tmp_path: Path) -> None:
    path = tmp_path / "asked.txt"
    path.write_bytes('\ufeffWho?\r\n\r\n  Why\u2028not? \nWho?\n{"prompt": 1}'.encode())

    task = Prompts(str(path))

    found = {one.prompt for one in every(task)}
    assert found == {"Who?", "Why\u2028not?", '{"prompt": 1}'}
    assert all(one.right == Response("", "") for one in every(task))
    assert task.prompt_limit == len('{"prompt": 1}')


def test_a_prompt_that_stands_there_twice_counts_once_as_the_first_says(tmp_path: Path) -> None:
    task = Prompts(
        made(
            tmp_path,
            {"prompt": " Who? ", "answer": "I"},
            {"prompt": "Who?", "answer": "you"},
        )
    )

    split = split_of("Who?")
    assert task.problem(0, split).right.answer == "I"
    with pytest.raises(InputError, match=f"has 1 prompts to {split} with, not 2"):
        task.problem(1, split)


def test_lines_added_at_the_end_leave_the_numbers_as_they_were(tmp_path: Path) -> None:
    records = [{"prompt": f"What is {n} + 1?"} for n in range(40)]
    short = Prompts(made(tmp_path, *records[:20], name="short.jsonl"))
    long = Prompts(made(tmp_path, *records, name="long.jsonl"))

    assert [short.problem(n, "train") for n in range(10)] == [
        long.problem(n, "train") for n in range(10)
    ]


def test_the_digest_is_of_what_the_file_says_not_of_how(tmp_path: Path) -> None:
    one = Prompts(made(tmp_path, {"prompt": "Who?", "answer": 1}, name="a.jsonl"))
    same = Prompts(made(tmp_path, {"answer": "1", "prompt": "Who? "}, name="b.jsonl"))
    other = Prompts(made(tmp_path, {"prompt": "Who?", "answer": 2}, name="c.jsonl"))

    assert one.digest == same.digest != other.digest
    assert one == same != other


def test_an_answer_is_right_if_it_concludes_what_is_known(tmp_path: Path) -> None:
    task = Prompts(made(tmp_path, {"prompt": "How much?", "answer": "1,200"}))
    problem = task.problem(0, split_of("How much?"))

    assert task.is_right(problem, task.read("<think>\n600 * 2\n</think>\nIt costs. #### 1200.0"))
    assert not task.is_right(problem, task.read("It costs. #### 120"))


def test_where_no_answer_is_known_nothing_is_right_and_students_can_still_agree(
    tmp_path: Path,
) -> None:
    task = Prompts(made(tmp_path, {"prompt": "How?"}))
    problem = task.problem(0, split_of("How?"))

    assert not task.is_right(problem, Response("", "so"))
    assert not task.is_right(problem, Response("", ""))
    assert task.agree(Response("x", "So."), Response("", "so"))


def test_long_responses_are_cut_off(tmp_path: Path) -> None:
    task = Prompts(made(tmp_path, {"prompt": "How?"}), limit=10)

    assert task.write(Response("", "a" * 11)) == "a" * 10
    assert Prompts(task.file, limit=1).write(Response("", "ab")) == "a"
    with pytest.raises(InputError, match="limit of a response is at least 1, not 0"):
        Prompts(task.file, limit=0)


def test_letters_of_the_file_are_in_the_alphabet(tmp_path: Path) -> None:
    task = Prompts(made(tmp_path, {"prompt": "Où?", "answer": "là", "reasoning": "ñ"}))

    assert set("Oùàñ?\n<>") <= set(task.alphabet)
    assert len(set(task.alphabet)) == len(task.alphabet)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 3 is no JSON: "),
        ("[" * 100_000, "line 3 is no JSON: "),
        ("[1]", "line 3 is no JSON object"),
        ("{}", "line 3 has no prompt"),
        ('{"prompt": " "}', "line 3 has no prompt"),
        ('{"prompt": null}', "line 3 has no prompt"),
        ('{"prompt": ["x"]}', "line 3: prompt is a text, not "),
        ('{"prompt": "x", "answer": true}', "line 3: answer is a text, not True"),
        ('{"prompt": "x", "reasoning": {}}', "line 3: reasoning is a text, not {}"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "asked.jsonl"
    path.write_text('{"prompt": "a"}\n\n' + line + "\n", encoding="utf-8")

    with pytest.raises(InputError) as refused:
        Prompts(str(path))

    assert refused.value.message.startswith(f"{path} {told}")


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.jsonl cannot be read as text: .*No such file"):
        Prompts(str(tmp_path / "gone.jsonl"))
    with pytest.raises(InputError, match=r"asked\.csv is neither \.jsonl nor \.txt"):
        Prompts(made(tmp_path, name="asked.csv"))
    with pytest.raises(InputError, match=r"asked\.jsonl holds no prompt"):
        Prompts(made(tmp_path))
    (tmp_path / "odd.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"odd\.txt cannot be read as text"):
        Prompts(str(tmp_path / "odd.txt"))


@pytest.mark.parametrize("name", ["prompt", "answer", "reasoning"])
def test_half_a_character_is_told_with_its_line(tmp_path: Path, name: str) -> None:
    whole = {"prompt": "Who?", "answer": "I", "reasoning": "r"}

    with pytest.raises(InputError, match=f"line 2: {name} holds half a character"):
        Prompts(made(tmp_path, whole, whole | {name: "a \ud800"}))

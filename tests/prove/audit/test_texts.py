"""Texts from files: ids as they are, text through a tokeniser, anything else a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel

from revenuer.errors import InputError
from revenuer.prove.audit.texts import Text, parse, tokenizer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    words = Tokenizer(WordLevel({"a": 0, "b": 1, "c": 2}, unk_token="a"))  # noqa: S106  # a word
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def plain(text: Text) -> tuple[list[int] | None, list[int], str | None]:
    return None if text.tokens is None else text.tokens.tolist(), text.context.tolist(), text.prompt


def test_lines_hold_ids_or_text_and_what_was_asked(folder: Path) -> None:
    content = (
        b'{"tokens": [5, 6], "prompt_tokens": [7]}\n\n[8, 9]\n'
        b'{"text": "b c", "prompt": "a"}\n{"prompt": "c"}\n{"tokens": [], "text": "b"}\n'
    )

    assert [plain(one) for one in parse(content, "f", tokenizer(folder))] == [
        ([5, 6], [7], None),
        ([8, 9], [], None),
        ([1, 2], [0], "a"),
        (None, [2], "c"),
        ([], [], None),
    ]


def test_a_file_without_json_is_one_text(folder: Path) -> None:
    (found,) = parse(b"a b\nc", "f", tokenizer(folder))

    assert plain(found) == ([0, 1, 2], [], None)


def test_a_mark_of_byte_order_makes_no_text_of_lines(folder: Path) -> None:
    (lines,) = parse(b'\xef\xbb\xbf{"tokens": [5, 6]}', "f", tokenizer(folder))
    (words,) = parse(b"\xef\xbb\xbfb", "f", tokenizer(folder))

    assert plain(lines) == ([5, 6], [], None)
    assert plain(words) == ([1], [], None)


def test_ids_need_no_tokeniser_and_a_prompt_without_one_is_kept_as_text() -> None:
    (found,) = parse(b'{"tokens": [1], "prompt": "b"}', "f")

    assert plain(found) == ([1], [], "b")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "f is empty"), (b" \n", "f is empty"), (b"\xff", "f is no text in UTF-8"),
        (b"a b", "f holds text"), (b'{"text": "a"}', "f:1 holds text"),
        (b'{"tokens": [1]}\n{', "f:2 is no JSON"), (b"[" * 99_999, "f:1 is no JSON"),
        (b"{}", "f:1 has neither"), (b'[1]\n"a"', "f:2 has neither"),
        (b'{"tokens": "a"}', "tokens of f:1"), (b"[-1]", "-1"), (b"[1.5]", "tokens of f:1"),
        (b"[[1]]", "tokens of f:1"), (b'{"text": 5}', "text of f:1 is no text"),
        (b'{"tokens": [1], "prompt_tokens": [4294967295]}', "prompt_tokens of f:1"),
        (b"[true]", "tokens of f:1"), (b'{"text": "\\ud83d"}', "text of f:1 holds half"),
        (b'{"tokens": [1], "prompt": "\\ud83d"}', "prompt of f:1 holds half"),
    ],
)  # fmt: skip
def test_anything_else_is_told_with_its_line(content: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why):
        parse(content, "f")


def test_a_folder_without_a_tokeniser_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no tokeniser in"):
        tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": 1}))
    with pytest.raises(InputError, match="is no tokeniser"):
        tokenizer(tmp_path)


def test_ids_come_as_whole_numbers() -> None:
    (found,) = parse(b"[4294967294, 0]", "f")

    assert found.tokens is not None
    assert found.tokens.dtype == np.int64

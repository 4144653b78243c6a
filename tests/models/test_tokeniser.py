"""What cuts text into tokens: read from a model's folder, or a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Regex, Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel

from revenuer.errors import InputError
from revenuer.models import tokeniser


def test_the_tokeniser_of_a_folder_cuts_text(tmp_path: Path) -> None:
    made = Tokenizer(WordLevel({"a": 0, "b": 1}, unk_token="a"))  # noqa: S106  # a word
    made.save(str(tmp_path / tokeniser.FILE))

    assert tokeniser.load(tmp_path).encode("b").ids == [1]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", json.dumps({"model": 1}).encode()])
def test_a_damaged_one_is_told_with_its_place(tmp_path: Path, content: bytes) -> None:
    (tmp_path / tokeniser.FILE).write_bytes(content)

    with pytest.raises(InputError, match=r"tokenizer\.json is no tokeniser"):
        tokeniser.load(tmp_path)


def test_a_folder_without_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no tokeniser in"):
        tokeniser.load(tmp_path)
    (tmp_path / tokeniser.FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="no tokeniser in"):
        tokeniser.load(tmp_path)


def test_a_character_without_a_token_is_named() -> None:
    cutter = Tokenizer(WordLevel({"a": 0, "b": 1}))
    cutter.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")

    assert tokeniser.encode(cutter, "aba") == [0, 1, 0]
    with pytest.raises(InputError, match="the tokeniser cannot read 'x'"):
        tokeniser.encode(cutter, "abxy")


def test_what_is_no_text_is_not_made_a_sentence() -> None:
    with pytest.raises(TypeError):
        tokeniser.encode(Tokenizer(WordLevel({"a": 0})), 7)  # type: ignore[arg-type]  # on purpose

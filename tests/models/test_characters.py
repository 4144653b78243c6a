"""Tests of revenuer.models.characters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from revenuer import models
from revenuer.errors import InputError
from revenuer.models import characters, small
from revenuer.models.small import Size, SmallModel

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters=characters.END)


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, str]:
    """An alphabet and a text in it."""
    alphabet = draw(st.lists(CHARACTERS, min_size=1, max_size=30, unique=True))
    return "".join(alphabet), "".join(draw(st.lists(st.sampled_from(alphabet), max_size=30)))


def test_ids_stand_in_the_order_of_the_alphabet() -> None:
    cutter = characters.tokeniser("ba+\n")

    assert characters.encode(cutter, "ab\n+a") == [2, 1, 4, 3, 2]
    assert characters.decode(cutter, [2, 1, 4, 3, 2]) == "ab\n+a"
    assert cutter.get_vocab_size() == 5


@given(texts())
def test_what_is_encoded_comes_back_as_it_was(pair: tuple[str, str]) -> None:
    alphabet, text = pair
    cutter = Tokenizer.from_str(characters.tokeniser(alphabet).to_str())

    ids = characters.encode(cutter, text)

    assert ids == [alphabet.index(one) + 1 for one in text]
    # The package alone reads and writes the same: `open_model` has nothing else.
    assert cutter.encode(text).ids == ids
    assert cutter.decode(ids) == characters.decode(cutter, ids) == text
    assert characters.decode(cutter, [*ids, 0, 1]) == cutter.decode([*ids, 0]) == text


@pytest.mark.parametrize("text", ["a7b", "7", "aA", "a\x03", "a\ud800", "a<unk>"])
def test_other_characters_are_refused_by_name(text: str) -> None:
    cutter = characters.tokeniser("ab")

    with pytest.raises(InputError) as caught:
        characters.encode(cutter, text)

    other = text.removeprefix("a")[0]
    assert str(caught.value) == f"{other!r} is not in the alphabet"
    assert caught.value.hint == "it has 'ab'"


@pytest.mark.parametrize(
    ("alphabet", "told"),
    [
        ("", "at least one character"),
        ("abca", "the alphabet has 'a' twice"),
        ("a\x03", r"'\\x03' cannot be a character"),
        ("\ud800", r"'\\ud800' cannot be a character"),
        ("\udfff", r"'\\udfff' cannot be a character"),
    ],
)
def test_an_alphabet_that_cannot_be_is_told(alphabet: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        characters.tokeniser(alphabet)


def test_a_model_reads_and_writes_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "student"
    cutter = characters.tokeniser("0123456789+>é\n")
    characters.save(cutter, folder)
    small.save(SmallModel(Size(vocabulary=15, width=16, layers=1, heads=2, context=32)), folder)

    model = models.open_model(str(folder))

    told = model.encode("3+é\n")
    (said,) = model.generate(["3+5>"], limit=20, seed=3)
    assert told == characters.encode(cutter, "3+é\n")
    assert said.tokens is not None
    assert said.text == characters.decode(cutter, said.tokens)
    assert len(said.text) == len(said.tokens) > 3
    with pytest.raises(InputError, match="the tokeniser cannot read 'x'"):
        model.generate(["3+x"], limit=2)
    written = (folder / "tokenizer.json").read_text(encoding="utf-8")
    assert json.loads(written)["added_tokens"][0]["id"] == 0
    # The same alphabet gives the same bytes.
    characters.save(characters.tokeniser("0123456789+>é\n"), folder)
    assert (folder / "tokenizer.json").read_text(encoding="utf-8") == written

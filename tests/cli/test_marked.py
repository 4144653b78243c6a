"""Tests of revenuer.cli.marked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from revenuer.cli import marked
from revenuer.errors import InputError
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.keys import WatermarkKey
from revenuer.prove.marks.vllm import dual_keys

KEY = WatermarkKey(bytes(32))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    KEY.save(tmp_path / "key")
    return tmp_path / "key"


def number(tmp_path: Path, content: str, mode: int = 0o600) -> Path:
    (tmp_path / "n").write_text(content)
    (tmp_path / "n").chmod(mode)
    return tmp_path / "n"


def options(**given: Any) -> dict[str, Any]:
    plain = {"key": None, "vllm_key_file": None, "commitment": None, "dual_key": False}
    return {**plain, "scheme": "gumbel", "window": 2, "gamma": 0.25, "other": 1, **given}


def test_options_of_the_mark_are_taken_and_others_left(key: Path) -> None:
    how = options(key=key, scheme="green", window=3, gamma=0.5)

    given = marked.given(how)

    assert how == {"other": 1}
    assert (given.key, given.seed, given.mark) == (KEY, KEY.seed, GreenMark(0.5, window=3))
    assert given.described["gamma"] == 0.5


@pytest.mark.parametrize("content", ["42", "42\n"])
def test_the_key_of_an_engine_is_a_number_in_a_file(tmp_path: Path, content: str) -> None:
    given = marked.given(options(vllm_key_file=number(tmp_path, content), window=4))

    assert (given.key, given.seed, given.mark) == (42, 42, GumbelMark(window=4))


def test_of_two_keys_the_first_is_read(tmp_path: Path, key: Path) -> None:
    given = marked.given(options(vllm_key_file=number(tmp_path, "42"), dual_key=True))
    own = marked.given(options(key=key, dual_key=True))

    assert (given.seed, own.seed) == (dual_keys(42).a, dual_keys(KEY.seed).a)
    assert given.described["seed"] == "vllm key a"


def test_one_key_is_given(tmp_path: Path, key: Path) -> None:
    for wrong in (options(), options(key=key, vllm_key_file=number(tmp_path, "42"))):
        with pytest.raises(click.UsageError, match="either --key or --vllm-key-file"):
            marked.given(wrong)


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        ("42", 0o644, "others on this machine"), ("x", 0o600, "neither"), ("", 0o600, "neither"),
        ("-1", 0o600, "neither"), (str(2**64), 0o600, "neither"), ("042", 0o600, "neither"),
    ],
)  # fmt: skip
def test_a_bad_number_is_told(tmp_path: Path, content: str, mode: int, why: str) -> None:
    with pytest.raises(InputError, match=why):
        marked.given(options(vllm_key_file=number(tmp_path, content, mode)))


def test_a_key_of_ours_is_no_number(key: Path) -> None:
    with pytest.raises(InputError, match="is a key of revenuer"):
        marked.given(options(vllm_key_file=key))


def test_files_are_read_with_their_digests(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("[1, 2]\n[3]\n")

    found, inputs = marked.read((tmp_path / "t",), marked.encoder(None))

    assert [one.tokens.tolist() for one in found if one.tokens is not None] == [[1, 2], [3]]
    assert [(one.name, one.size) for one in inputs] == [("t", 11)]

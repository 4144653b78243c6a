"""Tests of revenuer.text."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer import text


@given(st.text(st.characters()))
def test_nothing_that_a_terminal_obeys_or_a_reader_cannot_see_survives(raw: str) -> None:
    safe = text.clean(raw)

    kinds = {
        unicodedata.category(character) for character in safe.replace("\n", "").replace("\t", "")
    }
    assert kinds.isdisjoint({"Cc", "Cs"})
    assert not any(0x202A <= ord(character) <= 0x202E for character in safe)
    safe.encode("utf-8")


@given(st.text(st.characters(codec="utf-8")))
def test_cleaning_twice_changes_nothing_more(raw: str) -> None:
    assert text.clean(text.clean(raw)) == text.clean(raw)


def test_plain_text_of_any_language_is_left_alone() -> None:
    plain = "Löse 3 × 4: שלום, 数学\n\tneue Zeile"

    assert text.clean(plain) == plain


def test_hostile_characters_are_shown_not_dropped() -> None:
    raw = "\x1b[2J\x9b\x7f\x00\u202egpj\u2066\ufeff\ud800"

    assert text.clean(raw) == (
        "[U+001B][2J[U+009B][U+007F][U+0000][U+202E]gpj[U+2066][U+FEFF]\ufffd"
    )
    assert text.clean("a\nb\tc", one_line=True) == "a↵b[U+0009]c"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.23e-9, "1.2e-9"),
        (1e-300, "1.0e-300"),
        (0.00099, "9.9e-4"),
        (0.001, "0.001"),
        (0.034, "0.034"),
        (1.0, "1"),
        (None, "–"),
    ],
)
def test_small_numbers_are_short_and_their_exponents_unpadded(
    value: float | None, shown: str
) -> None:
    assert text.small(value) == shown


def test_counts_agree_with_their_nouns() -> None:
    assert text.count(0, "account") == "0 accounts"
    assert text.count(1, "account") == "1 account"
    assert text.count(1_234_567) == "1,234,567"
    assert text.count(None, "account") == "unknown"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (31.0, "take-overs", "31 take-overs"),
        (13.6667, "accounts a card", "13.7 accounts a card"),
        (12_345.6, "tokens", "12,346 tokens"),
        (float("inf"), "odds", "inf odds"),
        (float("nan"), "odds", "nan odds"),
    ],
)
def test_effects_keep_their_unit(value: float, unit: str, shown: str) -> None:
    assert text.effect(value, unit) == shown


def test_shares_never_round_to_none_or_all() -> None:
    shares = [text.percent(part, 1000) for part in (0, 4, 500, 996, 1000)]

    assert shares == ["0 %", "under 1 %", "50 %", "over 99 %", "100 %"]
    assert text.percent(0, 0) == "–"


def test_times_are_told_in_utc_and_in_one_language() -> None:
    assert text.at("2026-03-02T05:30:00+02:00") == "2 March 2026, 03:30"
    assert text.at("2026-03-02T05:30:00") == "2 March 2026, 05:30"
    assert text.at(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == "31 December 2026, 23:59"
    assert text.at(None) == "unknown"


def test_long_text_says_what_was_left_out() -> None:
    assert text.shorten("abc", characters=3) == "abc"
    assert text.shorten("a" * 2_000, characters=10) == "a" * 10 + " … (1,990 more characters)"


def test_lists_read_as_sentences_do() -> None:
    assert [text.listing(words) for words in ((), ("a",), ("a", "b"))] == ["", "a", "a and b"]

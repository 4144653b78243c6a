"""Log text made harmless and numbers made readable, for the page and the terminal alike.

Prompts, file names and account ids are hostile input: a terminal obeys escape sequences, and marks
that turn the writing direction make one text look like another. `clean` shows such characters
instead of obeying or dropping them, since the exact text is evidence.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

SLOT = re.compile("⟨[^⟨⟩]{0,80}⟩")

#: Turn or isolate the writing direction, or cannot be seen: shown by their code point.
_UNSEEN = re.compile(
    "[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
#: Half a character, as broken JSON escapes leave it: cannot be written as UTF-8.
_SURROGATE = re.compile("[\ud800-\udfff]")
#: Line feeds and tabs stay; every other control character is shown by its code point.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str, *, one_line: bool = False) -> str:
    r"""Return the text with every character visible and none obeyed.

    Args:
        text: Anything from a log.
        one_line: Also show line feeds (as `↵`) and tabs, for table cells.

    Example:
        >>> clean("\x1b[31mred")
        '[U+001B][31mred'
        >>> clean("a\u202eb")
        'a[U+202E]b'
    """
    text = _SURROGATE.sub("\ufffd", text)
    text = _CONTROL.sub(_code_point, _UNSEEN.sub(_code_point, text))
    return text.replace("\n", "↵").replace("\t", "[U+0009]") if one_line else text


def _code_point(found: re.Match[str]) -> str:
    return f"[U+{ord(found[0]):04X}]"


def shorten(text: str, *, characters: int) -> str:
    """Return at most so many characters, saying how many were left out."""
    left_out = len(text) - characters
    return text if left_out <= 0 else f"{text[:characters]} … ({left_out:,} more characters)"


def count(number: int | None, noun: str = "", *, plural: str = "") -> str:
    """Return a count with thousands separators and its noun in the right number.

    Example:
        >>> count(1234, "account"), count(1, "reply", plural="replies")
        ('1,234 accounts', '1 reply')
    """
    if number is None:
        return "unknown"
    if not noun:
        return f"{number:,}"
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def small(value: float | None) -> str:
    """Return a p-value or q-value: two digits, the exponent without padding.

    Example:
        >>> small(1.23e-9), small(0.034), small(None)
        ('1.2e-9', '0.034', '–')
    """
    if value is None:
        return "–"
    if value >= 0.001 or value == 0:
        return f"{value:.2g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def effect(value: float, unit: str) -> str:
    """Return an effect in its unit: whole numbers whole, others to three digits."""
    number = f"{value:,.0f}" if value % 1 == 0 or abs(value) >= 1000 else f"{value:.3g}"
    return f"{number} {clean(unit, one_line=True)}".strip()


def percent(part: int, whole: int) -> str:
    """Return a share for reading, such as `80 %`; `–` when there is no whole.

    Nothing is rounded to none or to all: those words are for exact counts.
    """
    if whole <= 0:
        return "–"
    share = 100 * part / whole
    if 0 < share < 1:
        return "under 1 %"
    if 99 < share < 100:
        return "over 99 %"
    return f"{share:.0f} %"


def listing(words: list[str] | tuple[str, ...]) -> str:
    """Return words as a sentence lists them.

    Example:
        >>> listing(["a", "b", "c"])
        'a, b and c'
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def moment(iso: str) -> datetime:
    """Return an ISO 8601 time in UTC; a time without zone is UTC already.

    Raises:
        ValueError: It is no ISO 8601 time.
    """
    when = datetime.fromisoformat(iso)
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def at(when: datetime | str | None) -> str:
    """Return a time for reading, such as `2 March 2026, 05:30`; always UTC."""
    if when is None:
        return "unknown"
    when = moment(when) if isinstance(when, str) else when
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {when:%H:%M}"


#: `strftime("%B")` speaks the machine's language; the page speaks one.
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

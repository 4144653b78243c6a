"""A step made wrong, so that it still looks like one.

Where a step has numbers, each becomes another number of the same length, in digits that the
reasoning itself uses: nothing in it stands out, and a model that reads few characters can read it.
Where it has none, two of its words change places. Whether the step is now false is not checked:
that would take knowledge of the task ("a = b" turned round still holds).
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np

_NUMBER = re.compile(r"\d+")
#: "3. ", "2) ", "Step 4: ": says which step it is, not what it says.
_LABEL = re.compile(r"\s*(?:[^\W\d]+ )?\d+[.):]\s+(?=\S)")
# Ideographs and kana are a word each; other scripts part words by spaces and marks.
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]"
    r"""|[^\s\u3000-\u30ff\u3400-\u9fff\uff00-\uff0f.,;:!?()\[\]{}"'“”‘’«»…।॥،؛؟۔።։]+"""
)


def digits_of(text: str) -> tuple[int, ...]:
    """Return the digits that occur in a text, in any script, and one more if there is but one."""
    found = {unicodedata.digit(digit) for number in _NUMBER.findall(text) for digit in number}
    if len(found) == 1:
        found |= {abs(min(found) - 1)}
    return tuple(sorted(found))


def wrong(step: str, digits: tuple[int, ...], rng: np.random.Generator) -> str:
    """Return a step that differs, or the same where it has neither a number nor two words.

    A number that only counts the steps ("3. ", "Step 3: ") stays.

    Args:
        step: One step.
        digits: What numbers are made of: `digits_of` a text that holds the step.
        rng: What decides.
    """
    label = _LABEL.match(step)
    start = label.end() if label else 0
    said = step[start:]
    if _NUMBER.search(said):
        changed = _NUMBER.sub(lambda found: _other_number(found[0], digits, rng), said)
    else:
        changed = _swapped(said, rng)
    return step[:start] + changed


def _other_number(number: str, digits: tuple[int, ...], rng: np.random.Generator) -> str:
    """Return another number; there always is one: two digits at least, of which one is not 0."""
    values = [unicodedata.digit(digit) for digit in number]
    # "12" must not become "02".
    leading = [digit for digit in digits if digit or len(values) == 1 or not values[0]]
    drawn = values
    while drawn == values:
        first = leading[rng.integers(len(leading))]
        drawn = [first, *(digits[n] for n in rng.integers(len(digits), size=len(values) - 1))]
    # The ten digits of a script stand side by side in Unicode.
    shifted = zip(number, values, drawn, strict=True)
    return "".join(chr(ord(digit) - old + new) for digit, old, new in shifted)


def _swapped(text: str, rng: np.random.Generator) -> str:
    words = list(_WORD.finditer(text))
    if len({word[0] for word in words}) < 2:
        return text
    one, other = words[0], words[0]
    while one[0] == other[0]:
        one, other = (words[int(place)] for place in sorted(rng.integers(len(words), size=2)))
    between = text[one.end() : other.start()]
    return text[: one.start()] + other[0] + between + one[0] + text[other.end() :]

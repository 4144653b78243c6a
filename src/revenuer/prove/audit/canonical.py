"""One value, one spelling: the JSON that is signed, and nothing else that reads the same.

A signature is over bytes. Where two texts read as one value, a byte could be changed and the claim
would still stand; where two readers read one text differently, each could be shown another claim.
So there is one spelling for each value, in the manner of RFC 8785 [1] but stricter, and a text that
is not the spelling of its own value is refused: doubled keys, other order, space, escapes, other
numbers, anything before or after.

`docs/reference/evidence-bundle.md` defines the spelling for other programs.

[1] A. Rundgren, B. Jordan, S. Erdtman. JSON canonicalization scheme. RFC 8785, 2020.
    https://doi.org/10.17487/RFC8785
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from revenuer.errors import InputError

#: Largest whole number, 15 digits: every reader of JSON keeps it exactly.
LARGEST = 10**15 - 1
#: Characters that show nothing, or turn around what stands beside them.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def real(number: float) -> float:
    """Return the number that the spelling of this one reads as: 13 significant digits.

    Raises:
        InputError: It is not finite.
    """
    return float(_real(number))


def dumps(value: Any) -> bytes:
    """Return the one spelling of a value, in UTF-8.

    Args:
        value: None, a string, a whole number, a float, or a sequence or mapping of such.

    Raises:
        InputError: It has no spelling: a truth value, a number that is not finite or too large, a
            key that is no string, or a character that cannot be seen.

    Example:
        >>> dumps({"b": [1, None], "a": 0.5})
        b'{"a":5.000000000000e-01,"b":[1,null]}'
    """
    return _text(value).encode()


def loads(data: bytes) -> Any:
    """Return the value that a text spells.

    Raises:
        InputError: The text is not, to the byte, what `dumps` writes of its value.
    """
    try:
        value = json.loads(data.decode(), parse_int=_whole, parse_constant=_refused)
        # Only here are doubled keys, space, order, escapes and numbers looked at, all at once.
        is_canonical = dumps(value) == data
    except (ValueError, RecursionError) as error:
        told = error.message if isinstance(error, InputError) else "it is no JSON in UTF-8"
        raise InputError(told) from error
    if not is_canonical:
        raise InputError("it is not spelled as a bundle is; a byte was changed")
    return value


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        # Python orders strings by code point, which is the order of their bytes in UTF-8.
        pairs = (f"{_string(name)}:{_text(value[name])}" for name in sorted(value))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(map(_text, value)) + "]"
    return _number(value)


def _number(value: Any) -> str:
    if isinstance(value, float):
        return _real(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"a bundle holds no {type(value).__name__}")
    if abs(value) > LARGEST:
        raise InputError(f"{value} is too large a whole number", hint="write it as a string")
    return str(value)


def _real(number: float) -> str:
    if not math.isfinite(number):
        raise InputError(f"a bundle holds no number such as {number}")
    return f"{number + 0.0:.12e}"  # -0 + 0 is 0


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"a key of a bundle is a string, not {value!r}")
    unseen = _UNSEEN.search(value)
    if unseen:
        raise InputError(f"a bundle holds no character U+{ord(unseen[0]):04X}")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _whole(digits: str) -> int:
    if len(digits) > len(str(-LARGEST)):
        raise InputError("it holds too large a whole number")
    return int(digits)


def _refused(name: str) -> Any:
    raise InputError(f"a bundle holds no number such as {name}")

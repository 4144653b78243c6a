r"""How a language model words a response: what it thought, what it says, what it concludes.

Reasoning stands in `<think>...</think>` before what is said; a model whose template has opened the
thought already only closes it. The conclusion is the last `\boxed{...}`, else what follows the last
`####`, `Answer:` or `The answer is`, else all that is said.
"""

from __future__ import annotations

import re

from revenuer.guard.transforms import Response

OPEN, CLOSE = "<think>", "</think>"
_MARK = re.compile(
    r"####|\b(?:final )?answer(?: is)?\s*:|\bthe (?:final )?answer is\b", re.IGNORECASE
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_FRACTION = re.compile(r"([+-]?\d+)\.(\d*)")


def parted(text: str) -> Response:
    """Return reasoning and answer of a text; after a thought left open there is no answer."""
    thought, close, said = text.rpartition(CLOSE)
    if close:
        return Response(thought.replace(OPEN, "").strip(), said.strip())
    said, opened, thought = text.partition(OPEN)
    return Response(thought.strip(), "" if opened else said.strip())


def joined(response: Response) -> str:
    """Return a response as one text; `parted` takes it apart again."""
    if not response.reasoning:
        return response.answer
    return f"{OPEN}\n{response.reasoning}\n{CLOSE}\n\n{response.answer}"


def agree(first: Response, second: Response) -> bool:
    """Return whether two responses conclude the same; nothing said concludes nothing.

    Case, white space, thousands' commas, `$`, `*`, full stops and zeros at the end do not count.
    Other ways to say one thing ("1/2" and "0.5") do, and are taken for different.
    """
    concluded = _plain(first.answer)
    return concluded == _plain(second.answer) != ""


def concluding(said: str) -> str:
    """Return the part of a text that concludes it, as it stands there."""
    found = _boxed(said)
    if found is not None:
        return found
    marks = list(_MARK.finditer(said))
    if not marks:
        return said
    rest = said[marks[-1].end() :].strip()
    return rest.splitlines()[0].rstrip() if rest else ""


def _plain(said: str) -> str:
    found = concluding(said).replace("*", "").replace("$", "").casefold()
    words = " ".join(found.split()).strip(" .:;,!\"'`")
    return _number(_THOUSANDS.sub("", words))


def _boxed(said: str) -> str | None:
    r"""Return what the last `\boxed{` holds, with braces inside it, if that is closed."""
    start = said.rfind(r"\boxed{")
    if start < 0:
        return None
    start, depth = start + len(r"\boxed{"), 1
    for place in range(start, len(said)):
        depth += {"{": 1, "}": -1}.get(said[place], 0)
        if depth == 0:
            return said[start:place]
    return None


def _number(text: str) -> str:
    """Return `42.50` as `42.5` and `42.0` as `42`; anything else as it is."""
    found = _FRACTION.fullmatch(text)
    if found is None:
        return text
    whole, rest = found[1], found[2].rstrip("0")
    return f"{whole}.{rest}" if rest else whole

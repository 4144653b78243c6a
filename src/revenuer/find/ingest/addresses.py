"""Network addresses as 16 sortable bytes, and intervals of them.

IPv4 addresses are held as IPv6 does, `::ffff:a.b.c.d`, so one sorted table serves both.
"""

from __future__ import annotations

import heapq
import re
import socket
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.bytes_]

_V4 = b"\0" * 10 + b"\xff\xff"
_V4_START = int.from_bytes(_V4 + b"\0\0\0\0", "big")
_PORT = re.compile(r"^(\d+\.\d+\.\d+\.\d+):\d+$|^\[([0-9a-fA-F:.]+)\](?::\d+)?$")


class Interval(NamedTuple):
    """Addresses from `start` to `end`, both included, as whole numbers; `label` is theirs."""

    start: int
    end: int
    label: int


def key(text: str | None) -> bytes | None:
    """Return an address as 16 bytes, or None where the text is none.

    A port is ignored; of a forwarding list, the first address counts.

    >>> key("192.0.2.1") == key("::ffff:192.0.2.1") == key("192.0.2.1:443")
    True
    """
    if not text:
        return None
    text = text.split(",", 1)[0].strip()
    if port := _PORT.match(text):
        text = port.group(1) or port.group(2)
    try:
        if ":" in text:
            return socket.inet_pton(socket.AF_INET6, text)
        return _V4 + socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):  # ValueError: a NUL or a character that is no address's
        return None


def text(address: bytes) -> str:
    """Return the canonical text of an address."""
    if address.startswith(_V4):
        return socket.inet_ntop(socket.AF_INET, address[12:])
    return socket.inet_ntop(socket.AF_INET6, address)


def prefix(address: bytes) -> str:
    """Return the /24 (IPv4) or /48 (IPv6) of an address.

    >>> prefix(key("192.0.2.77")), prefix(key("2001:db8:7:8::9"))
    ('192.0.2.0/24', '2001:db8:7::/48')
    """
    if address.startswith(_V4):
        return text(address[:15] + b"\0") + "/24"
    return text(address[:6] + b"\0" * 10) + "/48"


def parse(raw: str) -> tuple[bytes, str, str] | None:
    """Return an address as bytes, canonical text and prefix; None where the text is none."""
    try:  # IPv4 as it is usually written is canonical already
        packed = socket.inet_pton(socket.AF_INET, raw)
        return _V4 + packed, raw, raw[: raw.rfind(".")] + ".0/24"
    except (OSError, ValueError):
        address = key(raw)
    return None if address is None else (address, text(address), prefix(address))


def number(value: Any) -> int | None:
    """Return an address, given as text or as a whole number, as a 128-bit number."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value.strip()) < 40:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        # Whole numbers below 2^32 are IPv4, as lists of ranges write them.
        shifted = value + _V4_START if value < 2**32 else value
        return shifted if 0 <= value < 2**128 else None
    address = key(value) if isinstance(value, str) else None
    return None if address is None else int.from_bytes(address, "big")


def network(value: Any) -> tuple[int, int] | None:
    """Return first and last address of a network in CIDR notation, or of a single address."""
    if not isinstance(value, str):
        return None
    base, slash, length = value.strip().partition("/")
    address = key(base)
    longest = 32 if ":" not in base else 128
    if address is None or (slash and not (length.isdecimal() and int(length[:4]) <= longest)):
        return None
    size = 1 << (longest - int(length) if slash else 0)
    start = int.from_bytes(address, "big") // size * size
    return start, start + size - 1


class Lookup:
    """Address -> label of the narrowest interval that holds it; of equals, the last given."""

    def __init__(self, intervals: Sequence[Interval]) -> None:
        starts, labels = _disjoint(intervals)
        self._starts = np.array([s.to_bytes(16, "big") for s in starts], dtype="S16")
        self._labels = np.array(labels, dtype=np.int64)

    def find(self, keys: Keys) -> NDArray[np.int64]:
        """Return (keys,) labels, -1 where no interval holds the address."""
        if not len(self._starts):
            return np.full(len(keys), -1, dtype=np.int64)
        at = np.searchsorted(self._starts, keys, side="right") - 1
        return np.where(at < 0, -1, self._labels[at])


def _disjoint(intervals: Iterable[Interval]) -> tuple[list[int], list[int]]:
    """Return where a new label begins, and the label (-1: none), in ascending order."""
    ordered = sorted(enumerate(intervals), key=lambda item: item[1].start)
    edges = sorted({edge for _, i in ordered for edge in (i.start, i.end + 1)})
    starts: list[int] = []
    labels: list[int] = []
    active: list[tuple[int, int, int, int]] = []  # width, later first, end, label
    upcoming = 0
    for edge in edges:
        if edge >= 2**128:
            break
        while upcoming < len(ordered) and ordered[upcoming][1].start == edge:
            order, (start, end, label) = ordered[upcoming]
            heapq.heappush(active, (end - start, -order, end, label))
            upcoming += 1
        while active and active[0][2] < edge:
            heapq.heappop(active)
        label = active[0][3] if active else -1
        if not labels or labels[-1] != label:
            starts.append(edge)
            labels.append(label)
    return starts, labels

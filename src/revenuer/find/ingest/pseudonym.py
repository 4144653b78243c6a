"""Keyed hashes in place of account, payment and address values.

A pseudonym is the first 128 bits of HMAC-SHA256 over the kind of value, a zero byte and the value,
hexadecimal. Equal values of one kind stay equal (an address at sign-up and on a request, a prefix
likewise), which is all that detection needs; without the key nobody can test a guess. The key
comes from a file, is shown nowhere, and its loss makes a run's pseudonyms unrepeatable.

Hashed: account, credential, end user, session, address, prefix, payment, organisation. Not hashed:
country, network class, autonomous system, client string, e-mail domain and shape, texts.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from revenuer.errors import InputError

#: Column -> kind of value. Columns of one kind share pseudonyms.
KINDS = {
    "account_id": "account",
    "credential_id": "credential",
    "end_user_id": "end_user",
    "session_id": "session",
    "ip": "address",
    "signup_ip": "address",
    "ip_prefix": "prefix",
    "signup_prefix": "prefix",
    "payment_id": "payment",
    "org_id": "organisation",
}
SHORTEST_KEY = 16
_CACHED = 1_000_000  # values remembered per kind, about 200 bytes each


class Pseudonyms:
    """The hashes under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cache: dict[str, dict[str, str]] = {}

    @property
    def record_key(self) -> bytes:
        """A key of its own for digests of records, which would otherwise confirm guesses."""
        return hmac.digest(self._key, b"exchange_id", hashlib.sha256)

    @property
    def check(self) -> str:
        """What tells one key from another and gives neither away."""
        return hmac.digest(self._key, b"check", hashlib.sha256)[:8].hex()

    def value(self, column: str, raw: str) -> str:
        """Return the pseudonym of one value of a column."""
        return self._hashed(KINDS[column], [raw])[0]

    def batch(self, batch: Any) -> Any:
        """Return a record batch or table with every column of `KINDS` hashed."""
        for place, field in enumerate(batch.schema):
            if field.name in KINDS:
                column = batch.column(place)
                batch = batch.set_column(place, field, self._column(KINDS[field.name], column))
        return batch

    def _column(self, kind: str, column: Any) -> Any:
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        encoded = pc.dictionary_encode(column)
        hashed = pa.array(self._hashed(kind, encoded.dictionary.to_pylist()), pa.string())
        return hashed.take(encoded.indices)

    def _hashed(self, kind: str, values: list[str]) -> list[str]:
        cache = self._cache.setdefault(kind, {})
        if len(cache) > _CACHED:
            cache.clear()
        label = kind.encode() + b"\0"
        for value in values:  # about 2 µs a new value
            if value not in cache:
                digest = hmac.digest(self._key, label + value.encode(), hashlib.sha256)
                cache[value] = digest[:16].hex()
        return [cache[value] for value in values]


def load(path: Path) -> Pseudonyms:
    """Return the pseudonyms under the key in a file; line ends at its end do not count.

    Raises:
        InputError: There is no such file, or the key is shorter than 16 bytes.
    """
    try:
        key = path.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise InputError(
            f"the pseudonym key {path} cannot be read",
            hint="make one: `openssl rand -hex 32 > key`, readable by you alone",
        ) from error
    if len(key) < SHORTEST_KEY:
        raise InputError(
            f"the pseudonym key {path} has {len(key)} bytes; at least {SHORTEST_KEY} are needed",
            hint="make one: `openssl rand -hex 32 > key`, readable by you alone",
        )
    return Pseudonyms(key)

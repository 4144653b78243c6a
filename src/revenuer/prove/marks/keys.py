"""Keys of marks: made, kept, committed to, and derived.

A key is 32 random bytes, never used as it is: what a mark reads is a hash of it, so that keys that
look alike are as unlike as any two. There is no default key, and no key from a word.

A proof is only as good as the order of events: whoever could choose the key after the text proves
nothing. So a key is committed to before it is used, by a digest that tells nothing of it, and the
commitment is put where its date cannot be changed later.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from revenuer.errors import InputError
from revenuer.prove import private

BYTES = 32
KIND = "revenuer watermark key"
FORMAT = 1


@dataclass(frozen=True)
class Commitment:
    """What is published before a key is used.

    Attributes:
        digest: SHA-256 of the key under a label of its own, in hexadecimal.
        at: When it was made, with its time zone; whoever publishes it vouches for the date.
    """

    digest: str
    at: datetime


@dataclass(frozen=True)
class WatermarkKey:
    """A secret that marks are made and read with.

    Attributes:
        secret: 32 bytes; left out of what is printed.

    Raises:
        InputError: The secret has another length.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != BYTES:
            raise InputError(
                f"a key has {BYTES} bytes, not {len(self.secret)}",
                hint="make one with `revenuer mark keygen`",
            )

    @classmethod
    def generate(cls) -> WatermarkKey:
        """Return a new key from the operating system's randomness."""
        return cls(secrets.token_bytes(BYTES))

    @classmethod
    def load(cls, path: Path) -> WatermarkKey:
        """Read a key.

        Raises:
            InputError: There is none, others can read it, or it is no key.
        """
        content = private.read(path, "the key")
        try:
            held = json.loads(content)
            secret = bytes.fromhex(held["secret"])
            if (held["kind"], held["format"], len(secret)) != (KIND, FORMAT, BYTES):
                raise ValueError
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(
                f"{path} is no key of revenuer", hint="make one with `revenuer mark keygen`"
            ) from error
        return cls(secret)

    def save(self, path: Path) -> None:
        """Write the key so that only its owner can read it.

        Raises:
            InputError: There is a file already, or it cannot be written.
        """
        held = {"kind": KIND, "format": FORMAT, "secret": self.secret.hex()}
        private.write(path, (json.dumps(held, indent=2) + "\n").encode(), "the key")

    def commit(self, at: datetime) -> Commitment:
        """Return what to publish before the key is used.

        Raises:
            InputError: The time has no zone.
        """
        if at.tzinfo is None:
            raise InputError("the time of a commitment needs its time zone")
        return Commitment(self.digest, at)

    @property
    def digest(self) -> str:
        """The key's public name."""
        return hashlib.sha256(b"revenuer key commitment 1\0" + self.secret).hexdigest()

    @property
    def seed(self) -> int:
        """What marks read of the key, in 0 .. 2^64 - 1; as secret as the key."""
        return int.from_bytes(hashlib.sha256(b"revenuer mark 1\0" + self.secret).digest()[:8])

    def derive(self, *labels: str) -> WatermarkKey:
        """Return the key of a tenant, a campaign or a time; it tells nothing of this one."""
        # Lengths keep ("ab", "c") and ("a", "bc") apart.
        told = b"".join(
            len(part).to_bytes(8) + part for part in (label.encode() for label in labels)
        )
        return WatermarkKey(
            hmac.digest(self.secret, b"revenuer derived key 1\0" + told, hashlib.sha256)
        )

    def decoys(self, count: int) -> list[WatermarkKey]:
        """Return keys that no text was marked with; who commits to this key commits to them."""
        return [self.derive("decoy", str(number)) for number in range(count)]

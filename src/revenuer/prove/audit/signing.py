"""Who vouches for a bundle: Ed25519 keys and signatures, read strictly.

Ed25519 [1] leaves room that an evidence bundle must not have: the same signature in two spellings
(S and S + L), and public keys of small order, under which one signature fits many messages [2].
Both are refused here, whatever the library below accepts, so that every verifier answers alike.

[1] S. Josefsson, I. Liusvaara. Edwards-curve digital signature algorithm. RFC 8032, 2017.
    https://doi.org/10.17487/RFC8032
[2] K. Chalkias, F. Garillot, V. Nikolaenko. Taming the many EdDSAs. SSR 2020.
    https://eprint.iacr.org/2020/1244
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from revenuer.errors import InputError
from revenuer.prove import private

#: Order of the base point, and the prime that coordinates are counted in.
ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19
HINT = "make one with `revenuer prove keygen`"
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD83D3D706A17C7
#: y of the eight points of small order: of order 1, 2, 4, 4, and twice two of order 8.
SMALL = frozenset({1, PRIME - 1, 0, _ORDER_8, PRIME - _ORDER_8})


@dataclass(frozen=True)
class SigningKey:
    """A private key that bundles are signed with.

    Attributes:
        private: The library's key; left out of what is printed.
    """

    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> SigningKey:
        """Return a new key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """Read a key in PEM (PKCS #8, not encrypted).

        Raises:
            InputError: There is none, others can read it, or it is no key for Ed25519.
        """
        content = private.read(path, "the signing key")
        try:
            found = serialization.load_pem_private_key(content, password=None)
        except (ValueError, TypeError) as error:
            raise InputError(f"{path} is no signing key in PEM", hint=HINT) from error
        if not isinstance(found, Ed25519PrivateKey):
            raise InputError(f"{path} is a key, but not for Ed25519", hint=HINT)
        return cls(found)

    def save(self, path: Path) -> None:
        """Write the key so that only its owner can read it.

        Raises:
            InputError: There is a file already, or it cannot be written.
        """
        held = self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        private.write(path, held, "the signing key")

    @property
    def public(self) -> str:
        """The public key: 64 hexadecimal digits, to be published."""
        return self.private.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> str:
        """Return the signature of a message: 128 hexadecimal digits."""
        return self.private.sign(message).hex()


def is_signed(public: str, message: bytes, signature: str) -> bool:
    """Tell whether a signature holds.

    Args:
        public: 64 hexadecimal digits.
        message: What was signed.
        signature: 128 hexadecimal digits.

    Returns:
        False also for a public key of small order or in a second spelling, and for S >= L.
    """
    y = int.from_bytes(bytes.fromhex(public), "little") % 2**255
    if y >= PRIME or y in SMALL:
        return False
    if int.from_bytes(bytes.fromhex(signature)[32:], "little") >= ORDER:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), message)
    except InvalidSignature:
        return False
    return True

"""Signatures: the published answers, one spelling each, and keys that are kept from others."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from revenuer.errors import InputError
from revenuer.prove.audit import signing
from revenuer.prove.audit.signing import SigningKey, is_signed

#: RFC 8032, 7.1, tests 1 to 3: secret, public key, message, signature.
RFC = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC)
def test_the_published_answers_come_out(
    secret: str, public: str, message: str, signature: str
) -> None:
    key = SigningKey(ed25519.Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret)))

    assert (key.public, key.sign(bytes.fromhex(message))) == (public, signature)
    assert is_signed(public, bytes.fromhex(message), signature)
    assert not is_signed(public, bytes.fromhex(message) + b"x", signature)
    assert not is_signed(RFC[0][1] if public != RFC[0][1] else RFC[1][1], b"", signature)


def test_the_second_spelling_of_a_signature_is_refused() -> None:
    _, public, message, signature = RFC[0]
    s = int.from_bytes(bytes.fromhex(signature)[32:], "little") + signing.ORDER
    other = signature[:64] + s.to_bytes(32, "little").hex()

    assert not is_signed(public, bytes.fromhex(message), other)


@pytest.mark.parametrize("y", sorted(signing.SMALL))
@pytest.mark.parametrize("sign", [0, 1])
def test_keys_of_small_order_sign_nothing(y: int, sign: int) -> None:
    public = (y | sign << 255).to_bytes(32, "little").hex()
    # Under the key of order 1, R = identity and S = 0 fit every message.
    signature = (1).to_bytes(32, "little").hex() + bytes(32).hex()

    assert not is_signed(public, b"anything", signature)


@pytest.mark.parametrize("y", [signing.PRIME, signing.PRIME + 1, 2**255 - 1, 2])
def test_what_is_no_point_in_its_one_spelling_is_refused(y: int) -> None:
    assert not is_signed(y.to_bytes(32, "little").hex(), b"", bytes(64).hex())


def test_a_saved_key_is_read_again_and_only_its_owner_can(tmp_path: Path) -> None:
    key = SigningKey.generate()
    key.save(tmp_path / "key.pem")

    assert SigningKey.load(tmp_path / "key.pem").public == key.public
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    with pytest.raises(InputError, match="exists"):
        key.save(tmp_path / "key.pem")


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    SigningKey.generate().save(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o644)

    with pytest.raises(InputError, match="others on this machine"):
        SigningKey.load(tmp_path / "key.pem")


def test_what_is_no_signing_key_is_told(tmp_path: Path) -> None:
    place = tmp_path / "key.pem"
    with pytest.raises(InputError, match="cannot read"):
        SigningKey.load(place)
    place.write_bytes(b"-----")
    place.chmod(0o600)
    with pytest.raises(InputError, match="no signing key"):
        SigningKey.load(place)
    other = ec.generate_private_key(ec.SECP256R1())
    place.write_bytes(
        other.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    with pytest.raises(InputError, match="not for Ed25519"):
        SigningKey.load(place)


def test_a_key_cannot_be_written_where_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write"):
        SigningKey.generate().save(tmp_path / "none" / "key.pem")


def test_printing_a_key_does_not_tell_it() -> None:
    assert "private" not in repr(SigningKey.generate())

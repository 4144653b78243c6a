"""Made bundles for tests: a marked text, its key, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.prove.audit.schemes import Gumbel, marked

from revenuer.prove.audit import recompute, tokens
from revenuer.prove.audit.bundle import LABEL, EvidenceBundle, Input, Statement
from revenuer.prove.audit.canonical import dumps
from revenuer.prove.audit.detect import Mark, detect
from revenuer.prove.audit.evidence import Evidence
from revenuer.prove.audit.signing import SigningKey
from revenuer.prove.audit.windows import Seen, Unit
from revenuer.prove.marks.keys import WatermarkKey
from revenuer.prove.marks.vllm import dual_keys

KEY = WatermarkKey(bytes(range(32)))
SIGNER = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64))))
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY_FILE = (
    '{\n  "kind": "revenuer watermark key",\n  "format": 1,\n  "secret": "'
    + KEY.secret.hex()
    + '"\n}\n'
).encode()


@dataclass(frozen=True)
class Made:
    """A signed bundle, and what it is checked with."""

    data: bytes
    token_ids: bytes
    key: WatermarkKey | int


def made(
    texts: Sequence[Sequence[int]] | None = None,
    contexts: Sequence[Sequence[int]] = (),
    *,
    scheme: Mark | None = None,
    key: WatermarkKey | int = KEY,
    unit: Unit = "window",
    seed: str = recompute.OWN,
    more: Sequence[Statement] = (),
) -> Made:
    """Return the bundle of one detection."""
    scheme = scheme or Gumbel()
    if texts is None:
        number = key if isinstance(key, int) else key.seed
        texts = [marked(number, 150, scheme, np.random.default_rng(n)) for n in range(3)]
    seen = Seen(unit)
    for context in contexts:
        seen.note_context(context, scheme.window)
    number = key if isinstance(key, int) else key.seed
    read_with = dual_keys(number).a if seed == recompute.KEY_A else key
    found = detect(texts, read_with, scheme, seen)
    token_ids = tokens.dump(tokens.lines(texts, contexts))
    told = recompute.described(scheme, unit=unit, seed=seed)
    statement = Statement(found, told, tokens.digest(token_ids))
    bundle = EvidenceBundle(
        [statement, *more],
        [Input.of("texts.jsonl", token_ids)],
        KEY.commit(AT) if isinstance(key, WatermarkKey) else None,
        "revenuer 0.1.0",
        AT,
    )
    return Made(bundle.sign(SIGNER).to_json(), token_ids, key)


def other_test(log10_p: float = -0.3) -> Statement:
    """Return a test that reads no mark."""
    return Statement(
        Evidence("agreement", "the suspect is one more model", 30, 30, 0.5, log10_p, fewest=20), {}
    )


def signed(body: bytes) -> bytes:
    """Return any body as a file with a good signature."""
    return b'{"bundle":%b,"signature":"%b"}\n' % (body, SIGNER.sign(LABEL + body).encode())


def spelled(body: object) -> bytes:
    """Return a value in the spelling of bundles, signed."""
    return signed(dumps(body))

"""What a stranger checks: statistics, what they were made of, and who vouches for them.

A bundle names its inputs by digest, the key by the commitment that was published before the key was
used, the scheme with its parameters, and for each test what was seen, scored and dropped. Its
conclusion follows from the numbers (`conclusion`). It is signed over the exact bytes of its body,
so no byte of it can be changed.

Signed, it shows who said it. With the scored token ids and, once the key may be told, the key
itself, every number is computed again (`recompute`). `docs/reference/evidence-bundle.md` defines
the format; `verifier/verify_bundle.py` is a second implementation that shares no code with this
one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from revenuer.errors import EvidenceError, InputError
from revenuer.prove.audit import canonical, signing
from revenuer.prove.audit.conclusion import conclude
from revenuer.prove.audit.evidence import FEW, FEWEST, Evidence
from revenuer.prove.audit.fields import (
    BODY,
    COMMITMENT,
    EVIDENCE,
    INPUT,
    Plain,
    fields,
    when,
    written,
)
from revenuer.prove.audit.signing import SigningKey
from revenuer.prove.marks.keys import Commitment

KIND = "revenuer evidence bundle"
FORMAT = 1
#: Longest file that is read, in bytes.
LONGEST = 2**24
#: log10 of the smallest p-value that a conclusion spells out; no text is long enough for it.
LEAST_LOG10_P = -1e15
#: Set before what is signed, so that the signature fits no other kind of text.
LABEL = b"revenuer evidence bundle 1\0"
_HEAD, _MIDDLE, _TAIL = b'{"bundle":', b',"signature":"', b'"}\n'
_SIGNATURE = re.compile(rb"[0-9a-f]{128}")


class Input(NamedTuple):
    """A file that was read.

    Attributes:
        name: What it is called, for people.
        size: Its bytes.
        sha256: Their digest.
    """

    name: str
    size: int
    sha256: str

    @classmethod
    def of(cls, name: str, content: bytes) -> Input:
        """Return the entry of a file."""
        return cls(name, len(content), hashlib.sha256(content).hexdigest())


@dataclass(frozen=True)
class Statement:
    """One test with what is needed to repeat it.

    Attributes:
        evidence: Its outcome.
        scheme: The mark's name and parameters; empty for tests that read no mark.
        tokens: SHA-256 of the scored token ids as `tokens.dump` writes them, where there are any.
    """

    evidence: Evidence
    scheme: Mapping[str, Plain]
    tokens: str | None = None


@dataclass(frozen=True)
class EvidenceBundle:
    """Statements, what they rest on, and a signature.

    Attributes:
        statements: At least one.
        inputs: The files that were read.
        commitment: Of the key, as it was published; None where there was none.
        code: Program and version that computed it.
        created: When, UTC.
        public_key: Of the signer; None before signing.
        signature: None before signing.
    """

    statements: Sequence[Statement]
    inputs: Sequence[Input]
    commitment: Commitment | None
    code: str
    created: datetime
    public_key: str | None = None
    signature: str | None = None

    @property
    def conclusion(self) -> str:
        """What the statements come to, in plain words."""
        return conclude([one.evidence for one in self.statements])

    def sign(self, key: SigningKey) -> EvidenceBundle:
        """Return the bundle signed, with its numbers as they are written.

        Raises:
            InputError: It holds what a bundle cannot say, such as a number that is not finite.
        """
        body = canonical.dumps(self._body(key.public))
        signature = key.sign(LABEL + body)
        return load(_HEAD + body + _MIDDLE + signature.encode() + _TAIL)

    def to_json(self) -> bytes:
        """Return the bytes of the file.

        Raises:
            EvidenceError: It is not signed.
        """
        if self.public_key is None or self.signature is None:
            raise EvidenceError("a bundle is written only when it is signed")
        body = canonical.dumps(self._body(self.public_key))
        return _HEAD + body + _MIDDLE + self.signature.encode() + _TAIL

    def _body(self, public_key: str) -> dict[str, Any]:
        return {
            "code": self.code,
            "commitment": self.commitment
            and {"at": written(self.commitment.at), "digest": self.commitment.digest},
            "conclusion": conclude([_rounded(one.evidence) for one in self.statements]),
            "created": written(self.created),
            "evidence": [_told(one) for one in self.statements],
            "format": FORMAT,
            "inputs": [
                {"bytes": one.size, "name": one.name, "sha256": one.sha256} for one in self.inputs
            ],
            "kind": KIND,
            "public_key": public_key,
        }


def load(data: bytes, *, public_key: str | None = None) -> EvidenceBundle:
    """Read a bundle and check all that can be checked without tokens and key.

    Args:
        data: The bytes of the file.
        public_key: The signer's, from elsewhere; without it the bundle shows only that whoever
            holds *some* key signed it.

    Raises:
        EvidenceError: It is no bundle, a byte was changed, the signature does not hold, it is
            another signer's, or it says what does not follow from its numbers.
    """
    try:
        return _load(data, public_key)
    except InputError as error:
        raise EvidenceError(f"the bundle is refused: {error.message}") from error


def _load(data: bytes, public_key: str | None) -> EvidenceBundle:
    if len(data) > LONGEST:
        raise InputError(f"it has {len(data):,} bytes, more than {LONGEST:,}")
    ends = len(data) - len(_TAIL) - 128
    body, signature = data[len(_HEAD) : ends - len(_MIDDLE)], data[ends : ends + 128]
    frame = _HEAD + body + _MIDDLE + signature + _TAIL
    if data != frame or not _SIGNATURE.fullmatch(signature):
        raise InputError("it is no evidence bundle, or was cut")
    held = canonical.loads(body)
    bundle = _bundle(held, signature.decode())
    signer = str(bundle.public_key)
    if not signing.is_signed(signer, LABEL + body, signature.decode()):
        raise InputError("the signature does not hold; it was changed after it was signed")
    if public_key is not None and signer != public_key.lower():
        raise InputError(f"it is signed by {signer}, not by {public_key.lower()}")
    _check_sense(bundle, held)
    return bundle


def _check_sense(bundle: EvidenceBundle, held: Mapping[str, Any]) -> None:
    if bundle.commitment and bundle.commitment.at > bundle.created:
        raise InputError("its key was committed to after the evidence was made")
    for statement, told in zip(bundle.statements, held["evidence"], strict=True):
        one = statement.evidence
        if told["verdict"] != one.verdict:
            raise InputError(f"the verdict of {one.test} does not follow from its numbers")
        # Whoever signs does not choose the bar, nor calls windows of a mark something else.
        if one.fewest < (FEWEST if statement.scheme else FEW.get(one.test, FEWEST)):
            raise InputError(f"{one.test} asks for fewer units than it needs")
        if one.scored + sum(one.dropped.values()) > one.seen:
            raise InputError(f"{one.test} scored and dropped more than it saw")
        if not LEAST_LOG10_P <= one.log10_p <= 0:
            raise InputError(f"the p-value of {one.test} is above 1, or is none")
    # Last: it is written from numbers that can be.
    if held["conclusion"] != bundle.conclusion:
        raise InputError("its conclusion does not follow from its numbers")


def _told(statement: Statement) -> dict[str, Any]:
    one = _rounded(statement.evidence)
    return {
        "details": one.details,
        "dropped": one.dropped,
        "fewest": one.fewest,
        "log10_e": one.log10_e,
        "log10_p": one.log10_p,
        "null": one.null,
        "scheme": statement.scheme,
        "scored": one.scored,
        "seen": one.seen,
        "smallest_log10_p": one.smallest_log10_p,
        "statistic": one.statistic,
        "test": one.test,
        "tokens": statement.tokens,
        "verdict": str(one.verdict),
    }


def _rounded(one: Evidence) -> Evidence:
    """Return evidence with its numbers as they are written, from which its verdict follows."""
    details = {k: v.item() if isinstance(v, np.generic) else v for k, v in one.details.items()}
    return replace(
        one,
        details=details,
        statistic=canonical.real(float(one.statistic)),
        log10_p=canonical.real(float(one.log10_p)),
        log10_e=None if one.log10_e is None else canonical.real(float(one.log10_e)),
        smallest_log10_p=None
        if one.smallest_log10_p is None
        else canonical.real(float(one.smallest_log10_p)),
    )


def _bundle(held: Any, signature: str) -> EvidenceBundle:
    told = fields(held, "bundle", BODY)
    if (told["kind"], told["format"]) != (KIND, FORMAT):
        raise InputError(f"it is no {KIND} of format {FORMAT}", hint="update revenuer")
    commitment = told["commitment"]
    if commitment is not None:
        one = fields(commitment, "commitment", COMMITMENT)
        commitment = Commitment(one["digest"], when(one["at"]))
    inputs = [fields(one, "input", INPUT) for one in told["inputs"]]
    return EvidenceBundle(
        statements=[_statement(one) for one in told["evidence"]],
        inputs=[Input(one["name"], one["bytes"], one["sha256"]) for one in inputs],
        commitment=commitment,
        code=told["code"],
        created=when(told["created"]),
        public_key=told["public_key"],
        signature=signature,
    )


def _statement(held: Any) -> Statement:
    told = fields(held, "evidence", EVIDENCE)
    own = {name: told[name] for name in EVIDENCE if name not in ("scheme", "tokens", "verdict")}
    return Statement(Evidence(**own), told["scheme"], told["tokens"])

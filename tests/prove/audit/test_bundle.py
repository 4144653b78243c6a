"""A bundle says what was signed, and nothing that does not follow from it."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from tests.prove.audit.bundles import AT, KEY, SIGNER, made, other_test, signed, spelled

from revenuer.errors import EvidenceError, InputError
from revenuer.prove.audit import bundle as module
from revenuer.prove.audit import conclusion
from revenuer.prove.audit.bundle import EvidenceBundle, Input, Statement, load
from revenuer.prove.audit.evidence import Evidence
from revenuer.prove.audit.signing import SigningKey

GOOD = made(more=[other_test()])
BODY: dict[str, Any] = json.loads(GOOD.data)["bundle"]


def changed(**fields: Any) -> bytes:
    return spelled({**BODY, **fields})


def with_evidence(**fields: Any) -> bytes:
    return changed(evidence=[{**BODY["evidence"][0], **fields}, *BODY["evidence"][1:]])


def test_a_bundle_is_read_as_it_was_written() -> None:
    read = load(GOOD.data, public_key=SIGNER.public)

    assert read.to_json() == GOOD.data
    assert read == load(GOOD.data)
    assert read.statements[1].evidence == other_test().evidence
    assert read.commitment == KEY.commit(AT)
    assert read.conclusion.startswith("Strong evidence against")


def test_a_stranger_finds_what_was_signed_by_cutting() -> None:
    body = GOOD.data[len(b'{"bundle":') : -len(b',"signature":""}\n') - 128]

    assert signed(body) == GOOD.data
    assert spelled(json.loads(body)) == GOOD.data


def test_another_signer_is_told() -> None:
    other = SigningKey.generate().public

    with pytest.raises(EvidenceError, match=f"signed by {SIGNER.public}, not by {other}"):
        load(GOOD.data, public_key=other)
    assert load(GOOD.data, public_key=SIGNER.public.upper()).public_key == SIGNER.public


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no evidence bundle"),
        (GOOD.data[:-1], "no evidence bundle"),
        (GOOD.data + b"\n", "no evidence bundle"),
        (GOOD.data.replace(b"2026", b"2025", 1), "signature does not hold"),
        (changed(kind="other"), "format 1"),
        (changed(format=2), "format 1"),
        (changed(more=1), "has not the fields"),
        (changed(evidence=[]), "evidence of its bundle"),
        (changed(conclusion="The suspect is innocent."), "does not follow"),
        (changed(commitment={"at": "2026-11-24T12:00:01Z", "digest": "0" * 64}), "committed to"),
        (changed(public_key="01" + "00" * 31), "signature does not hold"),
        (changed(inputs=[{"bytes": 1}]), "has not the fields"),
        (with_evidence(verdict="evidence"), "verdict of detect"),
        (with_evidence(scored=451), "more than it saw"),
        (with_evidence(fewest=199), "fewer units than it needs"),
        (
            changed(
                evidence=[{**BODY["evidence"][0], "log10_p": 1.0, "verdict": "no evidence"}],
                conclusion=conclusion.NONE,
            ),
            "above 1",
        ),
        (with_evidence(seen=1.0), "seen of its evidence"),
        (with_evidence(details={"a": None}), "details of its evidence"),
        (signed(b"[" * 9999), "no JSON"),
        (signed(b'{"a":1,"a":1}'), "not spelled"),
        (signed(json.dumps(BODY).encode()), "not spelled"),
    ],
)
def test_a_bundle_that_says_anything_else_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(EvidenceError, match=why):
        load(data)


def bundle(**fields: Any) -> EvidenceBundle:
    plain = Statement(Evidence("t", "n", 300, 300, 1.0, -1.0), {})
    start = EvidenceBundle([plain], [], None, "revenuer 0", AT)
    return dataclasses.replace(start, **fields)


def test_only_a_signed_bundle_is_written() -> None:
    with pytest.raises(EvidenceError, match="signed"):
        bundle().to_json()


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence("t", "n", 300, 300, float("nan"), -1.0),
        Evidence("t", "n", 300, 300, 1.0, float("-inf")),
        Evidence("t\n", "n", 300, 300, 1.0, -1.0),
        Evidence("t", "n", 300, 300, 1.0, -1.0, details={"a": True}),
    ],
)
def test_what_cannot_be_said_is_not_signed(evidence: Evidence) -> None:
    with pytest.raises(InputError):
        bundle(statements=[Statement(evidence, {})]).sign(SIGNER)


def test_impossible_numbers_are_not_signed() -> None:
    with pytest.raises(EvidenceError, match="more than it saw"):
        bundle(statements=[Statement(Evidence("t", "n", 1, 2, 1.0, -1.0), {})]).sign(SIGNER)


def test_numbers_of_numpy_are_plain_ones() -> None:
    evidence = Evidence(
        "t", "n", 300, 300, np.float64(1.5), np.float64(-5), np.float64(2), smallest_log10_p=-9.0,
        details={"n": np.int64(4), "x": np.float32(0.5)},
    )  # fmt: skip
    read = bundle(statements=[Statement(evidence, {})]).sign(SIGNER).statements[0].evidence

    assert (read.details, read.log10_e, read.smallest_log10_p) == ({"n": 4, "x": 0.5}, 2.0, -9.0)


def test_a_verdict_follows_from_the_numbers_as_they_are_written() -> None:
    above = Evidence("t", "n", 300, 300, 1.0, -4.0 + 1e-14)

    assert bundle(statements=[Statement(above, {})]).sign(SIGNER).conclusion.startswith("Evidence")


def test_a_commitment_at_the_time_of_the_bundle_holds_and_a_later_one_does_not() -> None:
    assert bundle(commitment=KEY.commit(AT)).sign(SIGNER).commitment == KEY.commit(AT)
    with pytest.raises(EvidenceError, match="committed to after"):
        bundle(commitment=KEY.commit(AT + timedelta(seconds=1))).sign(SIGNER)


def test_an_input_is_named_by_its_digest() -> None:
    assert Input.of("a", b"") == ("a", 0, module.hashlib.sha256(b"").hexdigest())

"""Every verifier of bundles: ours, and the single file that shares no code with it.

They refuse and accept the same bundles, and whoever changes a byte is refused.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.prove.audit.bundles import KEY, KEY_FILE, SIGNER, Made, made, other_test, signed, spelled
from tests.prove.audit.schemes import Green, Gumbel
from tests.prove.audit.test_signing import RFC
from tests.scripts import load

from revenuer.errors import EvidenceError, InputError
from revenuer.prove.audit import detect, recompute, signing, tokens
from revenuer.prove.audit.canonical import dumps
from revenuer.prove.audit.recompute import verify
from revenuer.prove.audit.windows import Seen
from revenuer.prove.marks import prf

PLACE = Path(__file__).parents[2] / "verifier" / "verify_bundle.py"


SINGLE = load(PLACE)
Accepts = Callable[..., bool]


def ours(data: bytes, token_ids: Sequence[bytes] = (), key: bytes | None = None) -> bool:
    """Tell whether our verifier accepts; the key is the fixed one, or a seed."""
    held = None if key is None else KEY if key == KEY_FILE else int(key)
    try:
        verify(data, token_ids=token_ids, key=held)
    except EvidenceError:
        return False
    return True


def single(data: bytes, token_ids: Sequence[bytes] = (), key: bytes | None = None) -> bool:
    """Tell whether the single file accepts."""
    try:
        SINGLE.check(data, None, token_ids, key)
    except ValueError:
        return False
    return True


def both(data: bytes, token_ids: Sequence[bytes] = (), key: bytes | None = None) -> bool:
    """Tell whether both accept; they must agree."""
    answers = {accepts(data, token_ids, key) for accepts in (ours, single)}
    assert len(answers) == 1, "the verifiers disagree"
    return answers.pop()


GOOD = made(more=[other_test()], contexts=[[7, 8, 9]])
BODY: dict[str, Any] = json.loads(GOOD.data)["bundle"]


def test_the_single_file_stands_alone_and_is_short() -> None:
    text = PLACE.read_text(encoding="utf-8")
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name) or ""
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }

    assert imported - set(sys.stdlib_module_names) == {"numpy"}
    assert len(text.splitlines()) <= 300


@pytest.mark.parametrize(
    "one",
    [
        GOOD, made(), made(scheme=Green()), made(scheme=Green(gamma=1 / 3, window=1)),
        made(scheme=Gumbel(window=1)), made(scheme=Gumbel(window=4)), made(scheme=Gumbel(window=9)),
        made(unit="window and token"), made([]), made([[], [4, 4, 4, 4, 4, 4]]),
        made([[0, 0, 0, 2**32 - 2]], contexts=[[], [0], [5, 6, 7, 8]]),
        made(key=42), made(key=2**64 - 1), made(key=42, seed=recompute.KEY_A),
        made(seed=recompute.KEY_A),
    ],
)  # fmt: skip
def test_good_bundles_are_accepted_at_every_level(one: Made) -> None:
    key = KEY_FILE if one.key == KEY else str(one.key).encode()

    assert both(one.data)
    assert both(one.data, [one.token_ids])
    assert both(one.data, [one.token_ids], key)
    assert both(one.data, [], key)
    # Of nothing every number says the same.
    assert both(one.data, [one.token_ids], b"43") == (one.key != KEY and not one.token_ids)
    assert not both(one.data, [b"text 1\n"], key)


def test_a_number_is_refused_beside_a_commitment_by_both() -> None:
    chosen = made(key=42)
    body = json.loads(chosen.data)["bundle"]
    committed = {**body, "commitment": {"at": "2026-01-01T00:00:00Z", "digest": KEY.digest}}
    body["evidence"][0]["details"]["key"] = KEY.digest

    assert both(chosen.data, [chosen.token_ids], b"42")
    assert not both(spelled(committed), [chosen.token_ids], b"42")
    assert not both(spelled(body), [chosen.token_ids], b"42")


@pytest.mark.slow
def test_the_longest_file_is_read_and_one_byte_more_is_not() -> None:
    room = 2**24 - len(spelled({**BODY, "code": ""}))

    assert both(spelled({**BODY, "code": "a" * room}))
    assert not both(spelled({**BODY, "code": "a" * (room + 1)}))


@pytest.mark.parametrize("gamma", [1e-60, -1e308, 1e308, 1.0, 0.0])
def test_a_green_share_that_cannot_be_is_refused_by_both(gamma: float) -> None:
    none = made([], scheme=Green())
    body = json.loads(none.data)["bundle"]
    body["evidence"][0]["scheme"]["gamma"] = gamma

    assert not both(spelled(body), [none.token_ids])
    assert not both(spelled(body), [none.token_ids], KEY_FILE)


def test_long_texts_and_tiny_p_values_come_out_alike() -> None:
    rng = np.random.default_rng(3)
    plain = made([rng.integers(0, 128_000, 2_000).tolist() for _ in range(10)])
    marked = made(scheme=Green(gamma=0.5))

    for one in (plain, marked):
        assert both(one.data, [one.token_ids], KEY_FILE)


@pytest.mark.slow
def test_no_byte_of_a_bundle_can_be_turned() -> None:
    for place in range(len(GOOD.data)):
        changed = bytearray(GOOD.data)
        changed[place] ^= 1 << place % 8
        assert not ours(bytes(changed)), f"byte {place}"
        assert not single(bytes(changed)), f"byte {place}"


@pytest.mark.slow
def test_no_byte_of_token_ids_or_key_can_be_turned() -> None:
    short = made([[11, 12, 13, 14, 15, 16]])
    for place in range(len(short.token_ids)):
        changed = bytearray(short.token_ids)
        changed[place] ^= 1 << place % 8
        assert not both(short.data, [bytes(changed)])
    for place in range(len(KEY_FILE)):
        changed = bytearray(KEY_FILE)
        changed[place] ^= 1 << place % 8
        assert not single(short.data, [short.token_ids], bytes(changed))


@st.composite
def mutants(draw: st.DrawFn, good: bytes) -> bytes:
    """Bytes made from good ones by cuts, insertions, exchanges and repetitions."""
    data = good
    for _ in range(draw(st.integers(1, 3))):
        start, stop = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
        other = draw(st.integers(0, len(data)))
        piece = draw(st.binary(max_size=8) | st.sampled_from(PIECES))
        data = draw(
            st.sampled_from(
                [
                    data[:start] + piece + data[start:],
                    data[:start] + piece + data[stop:],
                    data[:start] + data[start + 1 :],
                    data[:start] + data[stop:],
                    data[:stop] + data[start:],
                    data[:start] + data[start:stop][::-1] + data[stop:],
                    data[:other] + data[start:stop] + data[other:],
                ]
            )
        )
    return data


PIECES = [
    b" ", b"\n", b"\t", b"\xef\xbb\xbf", b"\x00", b",", b'"', b"\\", b"\\u0065", b"1", b"0",
    b"-", b"NaN", b"e+00", b"E", b"null", b"true", b'"format":1,', "\u202e".encode(),
    "\u00e9".encode(), b"e\xcc\x81",
]  # fmt: skip


@pytest.mark.slow
@given(st.data())
@settings(max_examples=300)
def test_whoever_changes_bytes_is_refused(data: st.DataObject) -> None:
    mutant = data.draw(mutants(GOOD.data))

    assert both(mutant) == (mutant == GOOD.data)


@pytest.mark.slow
@given(st.data())
@settings(max_examples=200)
def test_bytes_that_are_signed_anew_are_judged_alike(data: st.DataObject) -> None:
    body = GOOD.data[len(b'{"bundle":') : -len(b',"signature":""}\n') - 128]

    both(signed(data.draw(mutants(body))))


VALUES = st.sampled_from(
    [
        None, 0, 1, -1, 2, 200, 10**15 - 1, 1 - 10**15, 0.0, -1.0, 1.0, -4.0, -6.0, 1e300, 5e-324,
        -1e15, -1e308,
        "", "a", "é", "\ufffe", "no evidence", "evidence", "gumbel", "0" * 64, "A" * 64, [], {},
        [1], {"a": 1}, {"a": 1.5, "é": "x"}, {"a": -1}, {"a": None}, "2026-11-24T12:00:00Z",
        "2027-01-01T00:00:00Z", "2026-02-30T12:00:00Z", '\\"', "1" * 15,
    ]
).map(copy.deepcopy)  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every (object, key) inside a value."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    inner = [place for key in keys if isinstance(value[key], dict | list) for place in
             places(value[key])]  # fmt: skip
    return [(value, key) for key in keys] + inner


@pytest.mark.slow
@given(st.data())
@settings(max_examples=400)
def test_bodies_that_their_signer_made_up_are_judged_alike(data: st.DataObject) -> None:
    body = json.loads(json.dumps(BODY))
    for _ in range(data.draw(st.integers(1, 2))):
        holder, key = data.draw(st.sampled_from(places(body)))
        action = data.draw(st.sampled_from(["set", "remove", "add"]))
        if action == "remove":
            del holder[key]
        elif action == "set" or isinstance(holder, list):
            holder[key] = data.draw(VALUES)
        else:
            holder[data.draw(st.sampled_from(["a", "key", "gamma", "é"]))] = data.draw(VALUES)
    file = spelled(body)

    both(file)
    both(file, [GOOD.token_ids], KEY_FILE)


@pytest.mark.parametrize(
    "change",
    [
        {"seen": 5}, {"log10_p": 0.5, "verdict": "no evidence"}, {"verdict": "evidence"},
        {"log10_p": -1.1e15, "verdict": "strong evidence"},
        {"fewest": 10**6}, {"fewest": 199}, {"fewest": 0}, {"test": "canary", "fewest": 20},
        {"scored": -1}, {"dropped": {"a": 10**6}}, {"statistic": 5},
        {"scored": 5.0}, {"log10_e": "1"}, {"tokens": "A" * 64},
        {"details": {"a": None}}, {"scheme": {"a": []}}, {"scheme": None},
    ],
)  # fmt: skip
def test_evidence_that_cannot_be_is_refused_though_all_else_follows(change: Any) -> None:
    body = json.loads(json.dumps(BODY))
    body["evidence"][0] |= change
    if set(change) <= {"seen", "log10_p", "verdict", "fewest", "dropped", "test"}:
        body["conclusion"] = SINGLE.conclusion(body["evidence"])

    assert not both(spelled(body))


def test_a_p_value_too_small_to_be_written_out_is_refused() -> None:
    body = json.loads(json.dumps(BODY))
    body["evidence"][0] |= {"log10_p": -1e308, "verdict": "strong evidence"}

    assert not both(spelled(body))


@pytest.mark.parametrize("test", ["agreement", "order", "renumbered units", "canary", "detect"])
def test_a_rank_alone_is_no_finding_for_either(test: str) -> None:
    body = json.loads(json.dumps(BODY))
    is_rank = test not in ("canary", "detect")
    rank = {**BODY["evidence"][1], "test": test, "log10_p": -9.0, "fewest": 200, "scored": 900}
    rank |= {"seen": 900, "verdict": "no evidence" if is_rank else "strong evidence"}
    body |= {"evidence": [rank], "conclusion": SINGLE.conclusion([rank])}

    assert both(spelled(body))
    assert body["conclusion"].startswith("No evidence by itself" if is_rank else "Strong evidence")
    rank["verdict"] = "evidence"
    assert not both(spelled(body))


@pytest.mark.parametrize(
    "spelling",
    [
        b"-0.000000000000e+00", b"0.100000000000e+01", b"9.999999999999e+999", b"1.5",
        b"1.000000000000e+0300", b"1.000000000000e-999", b"1.0000000000000e+00", b"NaN", b"1",
    ],
)  # fmt: skip
def test_a_number_in_another_spelling_is_refused(spelling: bytes) -> None:
    body = dumps({**BODY, "evidence": [{**BODY["evidence"][1], "statistic": 0.0}]})
    right = body.replace(dumps(BODY["conclusion"]), dumps(SINGLE.conclusion([BODY["evidence"][1]])))
    zero = b'"statistic":0.000000000000e+00'

    assert both(signed(right))
    assert right.count(zero) == 1
    assert not both(signed(right.replace(zero, b'"statistic":' + spelling)))


@pytest.mark.parametrize(
    "change",
    [
        {"commitment": {"at": "2026-11-24T12:00:01Z", "digest": KEY.digest}},
        {"created": "2026-02-30T12:00:00Z"}, {"created": "2026-11-24T12:00:60Z"},
        {"format": 2}, {"kind": "other"}, {"more": 1}, {"inputs": None}, {"code": 1},
        {"public_key": "01" + "00" * 31}, {"conclusion": "The suspect is innocent."},
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_is_refused(change: Any) -> None:
    assert both(spelled({**BODY}))
    assert not both(spelled({**BODY, **change}))


def test_points_have_one_spelling() -> None:
    for y in range(19):
        for sign in (0, 1):
            assert SINGLE.decoded((SINGLE.P + y | sign << 255).to_bytes(32, "little")) is None
    assert SINGLE.decoded((1 | 1 << 255).to_bytes(32, "little")) is None


@pytest.mark.parametrize(("_secret", "public", "message", "signature"), RFC)
def test_the_single_file_checks_signatures_as_published(
    _secret: str, public: str, message: str, signature: str
) -> None:
    key, text, signed_by = (bytes.fromhex(one) for one in (public, message, signature))
    s = int.from_bytes(signed_by[32:], "little") + signing.ORDER

    assert SINGLE.is_signed(key, text, signed_by)
    assert not SINGLE.is_signed(key, text + b"x", signed_by)
    assert not SINGLE.is_signed(key, text, signed_by[:32] + s.to_bytes(32, "little"))


@pytest.mark.slow
@given(st.data())
@settings(max_examples=150)
def test_signatures_are_judged_alike(data: st.DataObject) -> None:
    message = data.draw(st.binary(max_size=40))
    public = bytes.fromhex(SIGNER.public)
    signature = bytes.fromhex(SIGNER.sign(message))
    whole = data.draw(mutants(public + signature))[:96].ljust(96, b"\0")
    answers = {
        SINGLE.is_signed(whole[:32], message, whole[32:]),
        signing.is_signed(whole[:32].hex(), message, whole[32:].hex()),
    }

    assert answers == {whole == public + signature}


def points_of_small_order() -> list[Any]:
    """Return the eight points whose eighth multiple is nothing."""
    found = []
    for y in sorted(signing.SMALL):
        for sign in (0, 1):
            point = SINGLE.decoded((y | sign << 255).to_bytes(32, "little"))
            found += [point] if point is not None else []
    return found


def test_no_key_of_small_order_is_taken_by_either() -> None:
    points = points_of_small_order()

    assert len({SINGLE.encoded(point) for point in points}) == 8
    for point in points:
        public, signature = SINGLE.encoded(point), (1).to_bytes(32, "little") + bytes(32)
        assert not SINGLE.is_signed(public, b"m", signature)
        assert not signing.is_signed(public.hex(), b"m", signature.hex())


@pytest.mark.slow
def test_keys_with_a_part_of_small_order_are_judged_alike() -> None:
    base = SINGLE.decoded((4 * pow(5, -1, SINGLE.P) % SINGLE.P).to_bytes(32, "little"))
    a, r = 1234567, 7654321
    seen = set()
    for part in points_of_small_order():
        public = SINGLE.encoded(SINGLE.add(SINGLE.times(a, base), part))
        nonce = SINGLE.encoded(SINGLE.times(r, base))
        for number in range(16):
            message = bytes([number])
            told = hashlib.sha512(nonce + public + message).digest()
            k = int.from_bytes(told, "little") % SINGLE.L
            signature = nonce + ((r + k * a) % SINGLE.L).to_bytes(32, "little")
            answer = SINGLE.is_signed(public, message, signature)
            assert answer == signing.is_signed(public.hex(), message, signature.hex())
            seen.add(answer)
    assert seen == {True, False}


@given(
    st.lists(
        st.tuples(st.sampled_from(["context", "text", "read", "said"]), st.lists(st.integers(0, 2)))
    ),
    st.integers(1, 3),
    st.sampled_from(["window", "window and token"]),
)
def test_both_count_the_same_units(
    rows: list[tuple[Any, list[int]]], width: int, unit: Any
) -> None:
    held = [tokens.Line(kind, np.array(ids, np.int64)) for kind, ids in rows]
    try:
        units = detect.units_of(tokens.scored(held), width, Seen(unit))
    except InputError:
        with pytest.raises(ValueError, match="does not fit"):
            SINGLE.units([(kind, tuple(ids)) for kind, ids in rows], width, unit)
        return
    found = SINGLE.units([(kind, tuple(ids)) for kind, ids in rows], width, unit)

    assert found[0].tolist() == units.windows.tolist()
    assert found[1].tolist() == units.tokens.tolist()
    assert found[2:] == (units.seen, units.dropped)


@given(
    st.integers(0, 2**64 - 1), st.integers(1, 16), st.lists(st.integers(0, 2**32 - 2), min_size=17)
)
@settings(max_examples=100)
def test_numbers_of_the_single_file_are_those_of_the_mark(
    seed: int, width: int, ids: list[int]
) -> None:
    windows = np.array([ids[:width], [-1] * width], np.int64)
    tokens = np.array(ids[-2:], np.int64)

    assert SINGLE.uniforms(seed, windows, tokens).tolist() == (
        prf.numbers(seed, windows, tokens).tolist()
    )


@pytest.mark.slow
def test_the_single_file_is_run_from_anywhere(tmp_path: Path) -> None:
    for name, data in (("b", GOOD.data), ("t", GOOD.token_ids), ("k", KEY_FILE)):
        (tmp_path / name).write_bytes(data)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603  # our own file
            [sys.executable, "-I", str(PLACE), *words],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip

    good = run("b", "--tokens", "t", "--key", "k", "--public-key", SIGNER.public)
    other = run("b", "--public-key", "0" * 64)
    (tmp_path / "b").write_bytes(GOOD.data.replace(b"7", b"8", 1))
    bad, none = run("b"), run("nowhere")

    assert (good.returncode, good.stderr) == (0, "")
    assert f"Signed by {SIGNER.public}" in good.stdout
    assert "counts and numbers of 1 of 2 tests" in good.stdout
    assert BODY["conclusion"] in good.stdout
    for one in (other, bad, none):
        assert (one.returncode, one.stdout) == (1, "")
        assert one.stderr.startswith("refused: ")
        assert one.stderr.count("\n") == 1

"""A stranger computes the numbers again, and refuses those that do not come out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.prove.audit.bundles import KEY, Made, made, other_test, spelled
from tests.prove.audit.schemes import Green, Gumbel

from revenuer.errors import EvidenceError
from revenuer.prove.audit import recompute, tokens
from revenuer.prove.audit.recompute import Level, verify
from revenuer.prove.marks.keys import WatermarkKey

GOOD = made()


def test_more_is_computed_again_the_more_is_given() -> None:
    assert verify(GOOD.data).level is Level.SIGNATURE
    assert verify(GOOD.data, key=KEY).level is Level.SIGNATURE
    assert verify(GOOD.data, token_ids=[GOOD.token_ids]).level is Level.TOKENS
    full = verify(GOOD.data, token_ids=[GOOD.token_ids], key=KEY)
    assert (full.level, full.is_committed) == (Level.KEY, True)


def test_the_level_is_that_of_the_least_test() -> None:
    both = made(more=[other_test()])

    assert verify(both.data, token_ids=[both.token_ids], key=KEY).level is Level.SIGNATURE


@pytest.mark.parametrize(
    "one",
    [
        made(scheme=Green()),
        made(scheme=Gumbel(window=1)),
        made(scheme=Gumbel(window=5)),
        made(unit="window and token"),
        made(contexts=[[3, 4, 5] * 20, []]),
        made([[], [1, 1, 1, 1]]),
        made([]),
        made(key=42, seed=recompute.KEY_A),
        made(seed=recompute.KEY_A),
    ],
)
def test_every_kind_of_scheme_comes_out(one: Made) -> None:
    found = verify(one.data, token_ids=[one.token_ids], key=one.key)

    assert found.level is Level.KEY
    assert found.is_committed == isinstance(one.key, WatermarkKey)


def test_a_number_is_no_key_that_anybody_committed_to() -> None:
    # Numbers are found after the text that would look marked: a commitment must not vouch for one.
    chosen = made(key=42)
    body = json.loads(chosen.data)["bundle"]
    body["commitment"] = {"at": "2026-01-01T00:00:00Z", "digest": KEY.digest}

    with pytest.raises(EvidenceError, match="not the key that was committed to"):
        verify(spelled(body), token_ids=[chosen.token_ids], key=42)
    with pytest.raises(EvidenceError, match="not the key that the bundle names"):
        verify(GOOD.data, key=KEY.seed)


def test_other_token_ids_and_other_keys_are_refused() -> None:
    with pytest.raises(EvidenceError, match="not about these token ids"):
        verify(GOOD.data, token_ids=[GOOD.token_ids + b"text 1\n"])
    with pytest.raises(EvidenceError, match="not the key that the bundle names"):
        verify(GOOD.data, key=KEY.derive("other"))
    engines = made(key=42)
    with pytest.raises(EvidenceError, match="statistic, log10_p"):
        verify(engines.data, token_ids=[engines.token_ids], key=43)


def test_a_key_that_was_not_committed_to_is_refused() -> None:
    body = json.loads(GOOD.data)["bundle"]
    body["commitment"]["digest"] = "0" * 64

    with pytest.raises(EvidenceError, match="not the key that was committed to"):
        verify(spelled(body), key=KEY)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seen", 451), ("scored", 400), ("dropped", {}), ("statistic", 1.0), ("log10_p", -99.0),
        ("log10_e", 99.0), ("details", {"highest_log10_e": 99.0}),
    ],
)  # fmt: skip
def test_a_number_that_its_signer_made_up_is_refused(field: str, value: Any) -> None:
    body = json.loads(GOOD.data)["bundle"]
    body["evidence"][0][field] = value
    if field == "log10_p":
        body["conclusion"] = body["conclusion"].partition("10^")[0] + "10^-99.0."

    with pytest.raises(EvidenceError, match=r"computed again, .*" + field.replace("details", "")):
        verify(spelled(body), token_ids=[GOOD.token_ids], key=KEY)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"}, {"prf": "other"}, {"unit": "text"}, {"window": 2.0}, {"window": 0},
        {"window": 17}, {"gamma": 0.25}, {"seed": "other"}, {"more": 1},
        {"name": "green", "gamma": 1.0}, {"name": "green"}, {"name": "green", "gamma": 0.0},
    ],
)  # fmt: skip
def test_a_scheme_that_nobody_defined_is_refused(change: dict[str, Any]) -> None:
    body = json.loads(GOOD.data)["bundle"]
    body["evidence"][0]["scheme"] |= change

    with pytest.raises(EvidenceError):
        verify(spelled(body), token_ids=[GOOD.token_ids], key=KEY)


def test_token_ids_that_cannot_be_read_are_refused() -> None:
    body = json.loads(GOOD.data)["bundle"]
    body["evidence"][0]["tokens"] = tokens.digest(b"text -1\n")

    with pytest.raises(EvidenceError, match="line 1"):
        verify(spelled(body), token_ids=[b"text -1\n"], key=KEY)


def test_all_contexts_bar_all_texts() -> None:
    one = made([[5, 6, 7, 8]], contexts=[[9, 9], [5, 6]])

    assert tokens.dump(tokens.lines([[5, 6, 7, 8]], [[9, 9], [5, 6]])) == one.token_ids
    told = verify(one.data, token_ids=[one.token_ids], key=KEY).bundle.statements[0].evidence
    assert told.dropped == {"window in a context": 3}

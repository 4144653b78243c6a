"""One spelling for each value, and nothing else is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.errors import InputError
from revenuer.prove.audit import canonical

SEEN = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="\xad"))
VALUES = st.recursive(
    st.none()
    | SEEN
    | st.integers(-canonical.LARGEST, canonical.LARGEST)
    | st.floats(allow_nan=False, allow_infinity=False).map(canonical.real),
    lambda inner: st.lists(inner) | st.dictionaries(SEEN, inner),
)


@given(VALUES)
def test_what_is_written_is_read_again_and_is_json(value: Any) -> None:
    spelled = canonical.dumps(value)

    assert canonical.loads(spelled) == value
    assert json.loads(spelled) == value
    assert canonical.dumps(canonical.loads(spelled)) == spelled


@given(VALUES, st.data())
def test_another_spelling_of_a_value_is_refused(value: Any, data: st.DataObject) -> None:
    spelled = canonical.dumps(value)
    other = data.draw(
        st.sampled_from(
            [
                json.dumps(value, ensure_ascii=False, sort_keys=True).encode(),
                json.dumps(value, separators=(",", ":")).encode(),
                b" " + spelled,
                spelled + b"\n",
                b"\xef\xbb\xbf" + spelled,
            ]
        )
    )

    if other != spelled:
        with pytest.raises(InputError):
            canonical.loads(other)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}', '{"a":2,"a":1}', '{"b":1,"a":1}', "[1,]", "[1] [2]", "1.5", "1e3", "-0",
        "01", "+1", "1.500000000000e0", "1.500000000000E+00", "15.00000000000e-01",
        "-0.000000000000e+00", "1.0000000000000e+00", "9.999999999999e+999", "NaN", "Infinity",
        "-Infinity", "true", "1000000000000000", "9" * 5000, '"\\u0041"', '"\\n"', '"\\/"',
        '"\\ud800"', '"a\u202eb"', '"\u200b"', '"\u0000"', '"\x7f"', '"\U000e0041"', "'a'", "",
        "[" * 100_000, "nul", "/**/1",
    ],
)  # fmt: skip
def test_tricks_are_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InputError) as error:
        canonical.loads(text.encode())

    assert "\n" not in error.value.message


@pytest.mark.parametrize("data", [b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b"\xff\xfe1\x00"])
def test_bytes_that_are_no_utf_8_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="no JSON in UTF-8"):
        canonical.loads(data)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), True, {1: 2}, 10**15, object(), "\ud800", {"\n": 1}]
)
def test_what_has_no_spelling_is_refused(value: Any) -> None:
    with pytest.raises(InputError):
        canonical.dumps(value)


def test_numbers_keep_13_digits_and_zero_has_no_sign() -> None:
    assert canonical.dumps([1 / 3, -0.0, 5e-324, -2]) == (
        b"[3.333333333333e-01,0.000000000000e+00,4.940656458412e-324,-2]"
    )
    assert canonical.real(1 / 3) == 0.3333333333333


def test_keys_are_ordered_by_code_point_not_by_utf_16() -> None:
    assert canonical.dumps({"\U0001f600": 1, "\uff5e": 2, "é": 3, "Z": 4, "a": 5}) == (
        '{"Z":4,"a":5,"é":3,"\uff5e":2,"\U0001f600":1}'.encode()
    )

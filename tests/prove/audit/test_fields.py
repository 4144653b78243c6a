"""Objects of a bundle have their fields, and no others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from revenuer.errors import InputError
from revenuer.prove.audit.fields import BODY, COMMITMENT, EVIDENCE, INPUT, fields, when, written

DIGEST = "0" * 64


def test_the_fields_of_an_object_are_given_back() -> None:
    held = {"bytes": 1, "name": "a", "sha256": DIGEST}

    assert fields(held, "input", INPUT) == held


@pytest.mark.parametrize(
    "held",
    [
        None, [], {}, {"bytes": 1, "name": "a"},
        {"bytes": 1, "name": "a", "sha256": DIGEST, "more": 1},
        {"bytes": 1, "name": "a", "sha256": DIGEST.replace("0", "A")},
        {"bytes": 1, "name": "a", "sha256": DIGEST + "\n"},
        {"bytes": -1, "name": "a", "sha256": DIGEST}, {"bytes": 1.0, "name": "a", "sha256": DIGEST},
        {"bytes": 1, "name": None, "sha256": DIGEST},
    ],
)  # fmt: skip
def test_other_fields_and_other_kinds_are_refused(held: Any) -> None:
    with pytest.raises(InputError, match="input"):
        fields(held, "input", INPUT)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24", "2026-11-24T12:00:00", "2026-11-24T12:00:00+00:00", "2026-13-24T12:00:00Z",
        "2026-02-29T12:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T12:00:60Z",
        "0999-11-24T12:00:00Z", "٢026-11-24T12:00:00Z", "2026-11-24T12:00:00Z\n", 5, None,
        "2026-1-24T12:00:00Z",
    ],
)  # fmt: skip
def test_times_have_one_form(text: Any) -> None:
    with pytest.raises(InputError, match="at of its commitment"):
        fields({"at": text, "digest": DIGEST}, "commitment", COMMITMENT)


def test_a_time_is_written_in_utc_and_read_again() -> None:
    at = datetime(2026, 11, 24, 13, tzinfo=timezone(timedelta(hours=1)))

    assert written(at) == "2026-11-24T12:00:00Z"
    assert when(written(at)) == at
    assert when(written(at)).tzinfo is UTC
    with pytest.raises(InputError, match="time zone"):
        written(at.replace(tzinfo=None))


def test_fields_stand_in_the_order_of_their_spelling() -> None:
    for wanted in (BODY, COMMITMENT, EVIDENCE, INPUT):
        assert list(wanted) == sorted(wanted)

"""Tests of revenuer.cli.told."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np
import pytest

from revenuer.cli import told
from revenuer.cli.told import Wanted
from revenuer.errors import InputError
from revenuer.prove.audit.bundle import load
from revenuer.prove.audit.evidence import Evidence
from revenuer.prove.audit.signing import SigningKey
from revenuer.prove.marks.keys import WatermarkKey

FOUND = Evidence(
    "detect", "nobody had the key", 300, 290, 500.0, -9.04, log10_e=8.0,
    dropped={"window met before": 10}, details={"x": np.float64(1.5)}, smallest_log10_p=-12.0,
)  # fmt: skip
KEY = WatermarkKey(bytes(32))


def test_a_result_is_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    told.tell(FOUND, Wanted(), [])

    assert capsys.readouterr().out == (
        "Strong evidence against the null hypothesis of the test detect: under it, a result at "
        "least this extreme has a chance of at most 10^-9.0.\n"
        "290 of 300 units scored; p at most 10^-9.0, e at least 10^8.0. Null hypothesis: nobody "
        "had the key.\n"
        "Left out: 10 window met before.\n"
        "The smallest p it could have given is 10^-12.0.\n"
    )


def test_a_result_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    told.tell(FOUND, Wanted(as_json=True), [])
    said = json.loads(capsys.readouterr().out)

    assert (said["verdict"], said["log10_p"], said["details"]) == (
        "strong evidence", -9.04, {"x": 1.5},
    )  # fmt: skip


def test_a_bundle_is_signed_and_nothing_is_written_over(tmp_path: Path) -> None:
    SigningKey.generate().save(tmp_path / "key.pem")
    wanted = Wanted(
        bundle=tmp_path / "b", signing_key=tmp_path / "key.pem", at="2026-11-24T12:00:00+01:00"
    )

    told.tell(FOUND, wanted, [])

    held = load((tmp_path / "b").read_bytes())
    assert held.created == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert held.code.startswith("revenuer ")
    with pytest.raises(InputError, match="exists"):
        told.tell(FOUND, wanted, [])


@pytest.mark.parametrize("given", ["bundle", "signing_key"])
def test_a_bundle_and_its_key_need_each_other(given: str, tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="need each other"):
        told.asked_of({given: tmp_path / "x"})


def test_what_cannot_be_written_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    SigningKey.generate().save(tmp_path / "key.pem")
    (tmp_path / "there").touch()
    good = {"bundle": tmp_path / "b", "signing_key": tmp_path / "key.pem"}

    assert told.asked_of(good) == Wanted(**good)
    for wrong, why in (
        ({"signing_key": tmp_path / "none"}, "cannot read the signing key"),
        ({"bundle": tmp_path / "there"}, "there exists"),
        ({"token_ids": tmp_path / "there"}, "there exists"),
        ({"picture": tmp_path / "no" / "p"}, "there is no folder"),
        ({"at": "yesterday"}, "no time"),
    ):
        with pytest.raises(InputError, match=why):
            told.asked_of(good | wrong)


def test_a_full_disk_leaves_the_result_and_no_half_file(
    tmp_path: Path,
    no_room: Callable[[], AbstractContextManager[None]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    drawn = Wanted(picture=tmp_path / "p")

    with no_room(), pytest.raises(InputError, match=r"cannot write .*p: File too large"):
        told.tell(FOUND, drawn, [], path=lambda: np.zeros(2))

    assert capsys.readouterr().out.startswith("Strong evidence")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write"):
        told.tell(FOUND, Wanted(picture=tmp_path / "no" / "p"), [], path=lambda: np.zeros(2))


def test_times_have_their_zone() -> None:
    assert told.time_of("2026-11-24T12:00:00Z") == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert told.time_of(None).tzinfo is UTC
    for wrong in (
        "yesterday", "2026-11-24T12:00:00", "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:00:00-23:00",
    ):  # fmt: skip
        with pytest.raises(InputError, match="no time"):
            told.time_of(wrong)


def test_a_commitment_is_read_and_is_of_the_key(tmp_path: Path) -> None:
    place, at = tmp_path / "c", datetime(2026, 11, 24, tzinfo=UTC)
    place.write_text(json.dumps({"digest": KEY.digest, "at": at.isoformat()}))

    assert told.commitment_of(KEY, place) == KEY.commit(at)
    assert told.commitment_of(KEY, None) is None
    for other in (KEY.derive("other"), 42):
        with pytest.raises(InputError, match="commits to another key"):
            told.commitment_of(other, place)
    for wrong in ("", "[]", "{}", "[" * 100_000, '{"digest": 1, "at": 5}'):
        place.write_text(wrong)
        with pytest.raises(InputError, match="no commitment"):
            told.commitment_of(KEY, place)
    with pytest.raises(InputError, match="cannot read"):
        told.commitment_of(KEY, tmp_path / "none")

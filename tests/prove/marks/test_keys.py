"""Keys: kept from others, committed to, and none that can be told from another."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from revenuer.errors import InputError
from revenuer.prove.marks.keys import WatermarkKey

KEY = WatermarkKey(bytes(range(32)))


def test_a_saved_key_is_read_again_and_only_its_owner_can(tmp_path: Path) -> None:
    key = WatermarkKey.generate()
    key.save(tmp_path / "key")

    assert WatermarkKey.load(tmp_path / "key") == key
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    KEY.save(tmp_path / "key")

    with pytest.raises(InputError, match="exists"):
        WatermarkKey.generate().save(tmp_path / "key")

    assert WatermarkKey.load(tmp_path / "key") == KEY


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    KEY.save(tmp_path / "key")
    (tmp_path / "key").chmod(0o640)

    with pytest.raises(InputError, match="others on this machine"):
        WatermarkKey.load(tmp_path / "key")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"[" * 100_000,
        json.dumps({"kind": "revenuer watermark key", "format": 2, "secret": "00" * 32}).encode(),
        json.dumps({"kind": "revenuer watermark key", "format": 1, "secret": "zz"}).encode(),
        json.dumps({"kind": "revenuer watermark key", "format": 1, "secret": "00"}).encode(),
        json.dumps({"kind": "revenuer watermark key", "format": 1, "secret": 7}).encode(),
    ],
)
def test_what_is_no_key_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    (tmp_path / "key").chmod(0o600)

    with pytest.raises(InputError):
        WatermarkKey.load(tmp_path / "key")


def test_a_missing_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        WatermarkKey.load(tmp_path / "none")


def test_neither_print_nor_digest_tells_the_secret() -> None:
    assert KEY.secret.hex() not in repr(KEY) + KEY.digest
    assert str(KEY.secret) not in repr(KEY)


def test_digest_and_seed_are_fixed_for_ever() -> None:
    assert KEY.digest == "26a268cbe35cf97170c6c2294205f0b672a6210c71865fb9e69d4b85e64fb960"
    assert KEY.seed == 7553095481630824744


def test_a_commitment_needs_a_time_with_its_zone() -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)

    assert KEY.commit(at).digest == KEY.digest
    with pytest.raises(InputError, match="time zone"):
        KEY.commit(at.replace(tzinfo=None))


def test_derived_keys_differ_by_label_and_by_where_labels_end() -> None:
    keys = [
        KEY,
        KEY.derive("a"),
        KEY.derive("ab", "c"),
        KEY.derive("a", "bc"),
        KEY.derive("a").derive("bc"),
        KEY.derive(),
        *KEY.decoys(3),
    ]

    assert len({key.secret for key in keys}) == len(keys)
    assert len({key.seed for key in keys}) == len(keys)
    assert KEY.derive("a") == WatermarkKey(KEY.secret).derive("a")

"""Secrets: nobody else reads them, and none is written over."""

from __future__ import annotations

import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from revenuer.errors import InputError
from revenuer.prove import private


def test_what_is_written_is_read_again_and_is_its_owners_alone(tmp_path: Path) -> None:
    private.write(tmp_path / "s", b"\x00secret", "the key")

    assert private.read(tmp_path / "s", "the key") == b"\x00secret"
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"old")

    with pytest.raises(InputError, match="exists"):
        private.write(tmp_path / "s", b"new", "the key")

    assert (tmp_path / "s").read_bytes() == b"old"


def test_of_a_secret_that_found_no_room_nothing_stays(
    tmp_path: Path, no_room: Callable[[], AbstractContextManager[None]]
) -> None:
    with no_room(), pytest.raises(InputError, match=r"cannot write the key .*File too large"):
        private.write(tmp_path / "s", b"secret", "the key")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_what_others_may_touch_is_refused_with_the_way_out(tmp_path: Path, mode: int) -> None:
    private.write(tmp_path / "s", b"secret", "the key")
    (tmp_path / "s").chmod(mode)

    with pytest.raises(InputError, match="others on this machine can read the key") as refused:
        private.read(tmp_path / "s", "the key")

    assert refused.value.hint == f"chmod 600 {tmp_path / 's'}"


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read the set .*No such file"):
        private.read(tmp_path / "none", "the set")
    with pytest.raises(InputError, match=r"cannot write the set .*No such file"):
        private.write(tmp_path / "none" / "s", b"", "the set")

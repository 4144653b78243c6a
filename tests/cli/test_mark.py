"""Tests of revenuer.cli.mark."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from revenuer.cli.main import main
from revenuer.errors import InputError
from revenuer.prove.marks.canaries import CanarySet
from revenuer.prove.marks.keys import WatermarkKey


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["mark", *map(str, words)])


@pytest.fixture
def key(tmp_path: Path) -> Path:
    WatermarkKey(bytes(range(32))).save(tmp_path / "key")
    return tmp_path / "key"


def test_a_key_is_made_and_its_digest_printed(tmp_path: Path) -> None:
    said = run("keygen", tmp_path / "new")

    assert said.exit_code == 0
    assert said.stdout.strip() == WatermarkKey.load(tmp_path / "new").digest
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
    assert "Publish this digest before you use" in said.stderr


def test_a_key_that_is_there_stays(key: Path) -> None:
    before = key.read_bytes()

    said = run("keygen", key)

    assert (said.exit_code, key.read_bytes()) == (1, before)
    assert "exists; a secret that was lost cannot be made again" in said.stderr


def test_a_commitment_is_digest_and_time(key: Path) -> None:
    digest = WatermarkKey.load(key).digest

    assert run("commit", key, "--at", "2026-11-24T12:00:00+01:00").stdout == (
        f"{digest}  2026-11-24T12:00:00+01:00\n"
    )
    told = json.loads(run("commit", key, "--json").stdout)
    age = datetime.now(UTC) - datetime.fromisoformat(told["at"])  # noqa: TID251  # the default
    assert told["digest"] == digest
    assert abs(age) < timedelta(hours=1)


@pytest.mark.parametrize(
    ("at", "sentence"),
    [("yesterday", "'yesterday' is no time"), ("2026-11-24T12:00:00", "has no time zone")],
)
def test_a_time_that_is_none_is_told(key: Path, at: str, sentence: str) -> None:
    said = run("commit", key, "--at", at)

    assert said.exit_code == 1
    assert sentence in said.stderr


def test_canaries_are_written_for_their_owner_and_committed_to(key: Path, tmp_path: Path) -> None:
    said = run("canaries", key, "C-1", "--out", tmp_path / "set", "--count", 12, "--choices", 4)

    assert said.exit_code == 0
    made = CanarySet.revealed(json.loads((tmp_path / "set").read_text()), said.stdout)
    assert (made.campaign, len(made.canaries), len(made.canaries[0].choices)) == ("C-1", 12, 4)
    assert stat.S_IMODE((tmp_path / "set").stat().st_mode) == 0o600
    with pytest.raises(InputError, match="not the one that was committed to"):
        CanarySet.revealed(made.to_json(), "0" * 64)


def test_a_set_that_is_there_stays(key: Path, tmp_path: Path) -> None:
    (tmp_path / "set").write_text("mine")

    said = run("canaries", key, "C-1", "--out", tmp_path / "set")

    assert said.exit_code == 1
    assert "set exists" in said.stderr
    assert (tmp_path / "set").read_text() == "mine"


def test_what_is_no_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("{}")
    (tmp_path / "key").chmod(0o600)

    for said in (run("commit", tmp_path / "key"), run("commit", tmp_path / "none")):
        assert said.exit_code == 1
        assert said.stderr.startswith("revenuer: ")


@pytest.mark.parametrize("words", [["keygen"], ["canaries", "k", "c"], ["nonsense"]])
def test_wrong_usage_exits_with_two(words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_debug_behind_a_commands_command_shows_the_traceback(tmp_path: Path) -> None:
    said = run("commit", tmp_path / "none", "--debug")

    assert isinstance(said.exception, InputError)


def test_keys_need_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from revenuer.cli.main import main\n"
        f"main(['mark', 'keygen', {str(tmp_path / 'k')!r}], standalone_mode=False)\n"
        "print([name for name in ('torch', 'numba', 'duckdb') if name in sys.modules])"
    )

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(  # noqa: S603  # this interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )

    assert done.stdout.endswith("[]\n")

"""Tests of revenuer.cli.simulate."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from revenuer.cli.simulate import simulate
from revenuer.errors import InputError


def test_writes_the_files_and_says_what_is_in_them(tmp_path: Path) -> None:
    arguments = [str(tmp_path), "--seed", "4", "--days", "1", "--scale", "0.2"]
    result = CliRunner().invoke(simulate, [*arguments, "--campaigns", "hydra, relay"])

    assert result.exit_code == 0
    assert "guilty accounts" in result.output
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"{n}.parquet" for n in ("exchanges", "accounts", "truth", "truth_exchanges")}


def test_an_unknown_kind_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no campaign kind 'nix'"):
        CliRunner().invoke(simulate, [str(tmp_path), "--campaigns", "nix"], catch_exceptions=False)

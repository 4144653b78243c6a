"""Tests of revenuer.cli.options."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from revenuer.cli import options


@click.command()
@options.run
@options.out
@options.fdr
@options.seed
@options.threads
@options.as_json
def echo(run: Path, out: Path, fdr: float, seed: int, threads: int, as_json: bool) -> None:
    """Print what was given."""
    click.echo(f"{run!r} {out!r} {fdr} {seed} {threads} {as_json}")


def test_defaults_are_those_of_the_settings() -> None:
    result = CliRunner().invoke(echo, ["a", "--out", "b"])

    assert result.output == f"{Path('a')!r} {Path('b')!r} 0.01 0 0 False\n"


@pytest.mark.parametrize(
    "wrong", [["--fdr", "0"], ["--fdr", "1"], ["--seed", "-1"], ["--threads", "-1"]]
)
def test_impossible_values_are_wrong_usage(wrong: list[str]) -> None:
    assert CliRunner().invoke(echo, ["a", "--out", "b", *wrong]).exit_code == 2

"""Tests of revenuer.cli.campaigns."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from revenuer.cli.campaigns import campaigns
from revenuer.records import Campaign

WriteRun = Callable[..., Path]


def test_a_campaign_is_a_row(run_folder: Path) -> None:
    result = CliRunner().invoke(campaigns, [str(run_folder)])

    head, row = result.stdout.splitlines()[:2]
    assert result.exit_code == 0
    assert head.split()[:5] == ["campaign", "accounts", "exchanges", "harvested", "q-value"]
    assert row.split()[:5] == ["c-7f3a91", "60", "12,345", "9,876", "2.4e-11"]


def test_remarks_go_to_stderr(run_folder: Path) -> None:
    result = CliRunner().invoke(campaigns, [str(run_folder)])

    assert result.stderr == (
        "2 coordinated groups not accused: see coordinated.parquet.\n"
        "Unavailable: No TLS client fingerprint in these logs.\n"
    )


def test_json_is_one_campaign_a_line(
    tmp_path: Path, write_run: WriteRun, made_campaign: Campaign
) -> None:
    second = dataclasses.replace(made_campaign, campaign_id="c-2")
    folder = write_run(tmp_path / "two", (made_campaign, second))

    result = CliRunner().invoke(campaigns, [str(folder), "--json"])

    assert [Campaign.from_json(json.loads(line)) for line in result.stdout.splitlines()] == [
        made_campaign,
        second,
    ]
    assert result.stderr == ""


def test_finding_nothing_is_no_error(tmp_path: Path, write_run: WriteRun) -> None:
    folder = write_run(tmp_path / "none", (), coordinated_groups=0, unavailable=[])

    result = CliRunner().invoke(campaigns, [str(folder)])

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "No campaign at a false discovery rate of 0.01.\n"


def test_log_text_cannot_command_the_terminal(
    tmp_path: Path, write_run: WriteRun, made_campaign: Campaign, hostile: str
) -> None:
    evil = dataclasses.replace(
        made_campaign, campaign_id=f"[red]{hostile}", harvest_kinds=(hostile,)
    )
    folder = write_run(tmp_path / "evil", (evil,), unavailable=[hostile])

    result = CliRunner().invoke(campaigns, [str(folder)])

    assert not set("\x1b\x9b\x00\u202e") & set(result.output)
    assert "[red]" in result.stdout

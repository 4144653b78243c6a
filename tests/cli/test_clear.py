"""Tests of revenuer.cli.clear."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from revenuer import report
from revenuer.cli.main import main
from revenuer.find.campaigns import dispositions


def test_a_campaign_is_cleared_and_the_decision_taken_back(run_folder: Path) -> None:
    campaign = report.load(run_folder).campaigns[0]
    call = ["clear", str(run_folder), campaign.campaign_id, "--note", "an agency, contract seen"]

    said = CliRunner().invoke(main, call)

    assert said.output == f"{campaign.lineage_id} is cleared.\n"
    made = dispositions.read(run_folder)[campaign.lineage_id]
    assert (made.accounts, made.note) == (campaign.accounts, "an agency, contract seen")
    assert set(made.rules) == {item.rule_id for item in campaign.evidence}

    said = CliRunner().invoke(main, [*call, "--undo"])

    assert said.output == f"{campaign.lineage_id} is no longer cleared.\n"
    assert dispositions.read(run_folder) == {}


def test_an_unknown_campaign_is_named(run_folder: Path) -> None:
    said = CliRunner().invoke(main, ["clear", str(run_folder), "C-none", "--note", "x"])

    assert said.exit_code == 1
    assert "no campaign C-none" in said.output

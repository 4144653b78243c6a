"""Tests of revenuer.cli.clear."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from revenuer import report
from revenuer.cli.main import main
from revenuer.find import place
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

    said = CliRunner().invoke(main, [*call, "--undo"])

    assert said.exit_code == 1
    assert said.output == (
        f"revenuer: {campaign.lineage_id} is not cleared in {run_folder}\n  try: nothing is\n"
    )


def test_a_lineage_that_is_raised_no_more_is_taken_back_by_name(run_folder: Path) -> None:
    handed_on = dispositions.Cleared("L-old", 3, (), "an agency")
    dispositions.write(run_folder, {"L-old": handed_on})

    said = CliRunner().invoke(main, ["clear", str(run_folder), "L-old", "--undo"])

    assert said.output == "L-old is no longer cleared.\n"
    assert dispositions.read(run_folder) == {}


def test_no_decision_is_made_while_the_run_is_replaced(run_folder: Path) -> None:
    call = ["clear", str(run_folder), "C-", "--note", "x"]

    with place.alone(run_folder):
        said = CliRunner().invoke(main, call)

    assert said.exit_code == 1
    assert f"another process is writing {run_folder}" in said.output
    assert dispositions.read(run_folder) == {}


def test_a_decision_needs_a_reason(run_folder: Path) -> None:
    assert CliRunner().invoke(main, ["clear", str(run_folder), "C-"]).exit_code == 2


def test_an_unknown_campaign_is_named(run_folder: Path) -> None:
    said = CliRunner().invoke(main, ["clear", str(run_folder), "C-none", "--note", "x"])

    assert said.exit_code == 1
    assert "no campaign C-none" in said.output

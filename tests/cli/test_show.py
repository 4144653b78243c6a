"""Tests of revenuer.cli.show."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from revenuer.cli.main import main
from revenuer.cli.show import show
from revenuer.records import Campaign

WriteRun = Callable[..., Path]


def test_the_dossier_tells_facts_from_inference(run_folder: Path) -> None:
    text = CliRunner().invoke(show, [str(run_folder), "c-7f3a91"]).stdout

    assert "F01  footprint  13.7 accounts a card  p = 1.2e-9" in text
    assert "  fact        41 of 60 accounts were paid with one of 3 cards." in text
    assert "  inference   One payer stands behind most of these accounts." in text
    assert "I03  intent  0.8 share of exchanges  counted, not tested" in text
    assert "  | Show every step: ⟨…⟩" in text
    assert "  acct-0059  member  209 of 259 exchanges harvested" in text
    assert "  … 40 more accounts in members.parquet" in text
    assert "- An agreement that allows training on completions." in text
    assert text.endswith("and is open to appeal.\n")


def test_no_line_is_wider_than_a_page(run_folder: Path) -> None:
    text = CliRunner().invoke(show, [str(run_folder), "c-7f3a91"]).stdout

    assert max(map(len, text.splitlines())) <= 96


def test_the_start_of_an_id_is_enough_when_it_is_the_only_one(
    tmp_path: Path, write_run: WriteRun, made_campaign: Campaign
) -> None:
    second = dataclasses.replace(made_campaign, campaign_id="c-81")
    folder = write_run(tmp_path / "two", (made_campaign, second))

    assert CliRunner().invoke(show, [str(folder), "c-8"]).stdout.startswith("Campaign c-81\n")
    result = CliRunner().invoke(main, ["show", str(folder), "c-"])
    assert result.exit_code == 1
    assert "several campaigns start with c- in " in result.stderr
    assert "  try: one of c-7f3a91, c-81\n" in result.stderr


@pytest.mark.parametrize(
    ("campaigns", "hint"), [(None, "one of c-7f3a91"), ((), "none was found in this run")]
)
def test_an_unknown_campaign_says_which_there_are(
    tmp_path: Path, write_run: WriteRun, campaigns: tuple[Campaign, ...] | None, hint: str
) -> None:
    folder = write_run(tmp_path / "run", campaigns)

    result = CliRunner().invoke(main, ["show", str(folder), "z-9"])

    assert result.exit_code == 1
    assert result.stderr.startswith("revenuer: no campaign z-9 in ")
    assert result.stderr.endswith(f"  try: {hint}\n")


def test_json_is_the_record(run_folder: Path, made_campaign: Campaign) -> None:
    result = CliRunner().invoke(show, [str(run_folder), "c-7f3a91", "--json"])

    assert Campaign.from_json(json.loads(result.stdout)) == made_campaign


def test_log_text_cannot_command_the_terminal(
    tmp_path: Path, write_run: WriteRun, made_campaign: Campaign, hostile: str
) -> None:
    (use,) = made_campaign.templates
    evil = dataclasses.replace(
        made_campaign,
        models=((hostile, 1),),
        templates=(dataclasses.replace(use, text=hostile, template_id=hostile),),
        evidence=tuple(
            dataclasses.replace(item, rule_id=hostile, fact=hostile, examples=(hostile,))
            for item in made_campaign.evidence
        ),
        would_clear=(hostile,),
    )

    result = CliRunner().invoke(show, [str(write_run(tmp_path / "evil", (evil,))), "c-"])

    assert result.exit_code == 0
    assert not set("\x1b\x9b\x00\u202e\r") & set(result.output)
    assert "[U+001B][2J" in result.stdout

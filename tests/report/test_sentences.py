"""Tests of revenuer.report.sentences."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from revenuer import report
from revenuer.report import sentences


def test_a_headline_counts_and_stays_neutral(run_folder: Path) -> None:
    (campaign,) = report.load(run_folder).campaigns

    assert sentences.headline(campaign) == (
        "60 accounts acted together; 9,876 of their 12,345 exchanges (80 %) look like a harvest of "
        "reasoning elicitation and rubric grading, mostly from atlas-large."
    )


def test_a_headline_says_no_more_than_is_known(run_folder: Path) -> None:
    (campaign,) = report.load(run_folder).campaigns
    bare = dataclasses.replace(campaign, harvest_kinds=(), models=(), accounts=1)

    assert sentences.headline(bare) == (
        "1 account acted together; 9,876 of their 12,345 exchanges (80 %) look like a harvest."
    )


def test_the_summary_says_what_was_read_found_and_left_out(run_folder: Path) -> None:
    run = report.load(run_folder)

    assert sentences.summary(run) == [
        "The scan read 1,234,567 exchanges of 12,345 accounts, from 2 March 2026, 00:00 to "
        "9 March 2026, 00:00 UTC.",
        "It reports 1 campaign with 60 accounts.",
        "2 more groups act as one but are not accused.",
        "1 record could not be read and was left out.",
    ]


def test_finding_nothing_is_not_told_as_innocence(run_folder: Path) -> None:
    run = dataclasses.replace(report.load(run_folder), campaigns=(), coordinated_groups=1)

    _, found, groups, _ = sentences.summary(run)

    assert "does not show that there is none" in found
    assert groups == "1 more group acts as one but is not accused."


def test_the_false_discovery_rate_is_told_in_groups() -> None:
    assert "of 1,000 groups reported as coordinated, about 50 or" in sentences.false_discovery(0.05)


def test_every_reason_has_words_even_an_unknown_one() -> None:
    assert sentences.reason("no_harvest") == "What it asks for shows no harvest."
    assert sentences.reason("too_few\x1bprompts") == "too few[U+001B]prompts"
    assert sentences.reason(None) == "No reason was recorded."

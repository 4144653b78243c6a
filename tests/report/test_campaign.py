"""Tests of revenuer.report.campaign."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from revenuer import report
from revenuer.records import Campaign
from revenuer.report.campaign import Article, Traces, article
from revenuer.report.run import Run
from revenuer.tables import CAMPAIGN_ACTIVITY, CAMPAIGN_TIES, MEMBERS


def _article(run: Run, campaign: Campaign | None = None, *, is_empty: bool = False) -> Article:
    tables = [run.table(one) for one in (MEMBERS, CAMPAIGN_ACTIVITY, CAMPAIGN_TIES)]
    if is_empty:
        tables = [one.slice(0, 0) for one in tables]
    return article(campaign or run.campaigns[0], Traces(*tables), number=1)


def test_every_chart_has_a_place_a_label_and_a_table(run_folder: Path) -> None:
    made = _article(report.load(run_folder))

    assert list(made.charts) == ["campaign-1-timeline", "campaign-1-graph", "campaign-1-hours"]
    for name in made.charts:
        assert re.search(
            f'<div id="{name}" class="chart" role="img" aria-label="[^"]+"', made.markup
        )
    assert made.markup.count(" as a table</summary>") == len(made.charts)


def test_facts_stand_apart_from_inference(run_folder: Path) -> None:
    markup = _article(report.load(run_folder)).markup

    assert '<span class="fact">41 of 60 accounts were paid with one of 3 cards.</span>' in markup
    assert '<span class="inference">The accounts take turns on one job.</span>' in markup
    assert "counted, not tested" in markup
    assert "1.2e-9" in markup
    assert "13.7 accounts a card" in markup


def test_slots_are_marked(run_folder: Path) -> None:
    assert "<mark>⟨number⟩</mark>" in _article(report.load(run_folder)).markup


def test_fifty_members_are_shown_and_the_rest_is_counted(run_folder: Path) -> None:
    markup = _article(report.load(run_folder)).markup

    assert "50 of 60 accounts, most harvested exchanges first." in markup
    rows = markup.split("Accounts of the campaign</caption>")[1]
    assert "acct-0010" in rows
    assert "acct-0009" not in rows


def test_it_says_what_was_unavailable_and_what_would_clear_it(run_folder: Path) -> None:
    markup = _article(report.load(run_folder)).markup

    assert "<li>No TLS client fingerprint in these logs.</li>" in markup
    assert "<li>An agreement that allows training on completions.</li>" in markup


def test_many_templates_are_cut_and_counted(run_folder: Path) -> None:
    run = report.load(run_folder)
    use = dataclasses.replace(run.campaigns[0].templates[0], text="x" * 5_000)
    many = dataclasses.replace(run.campaigns[0], templates=(use,) * 25)

    markup = _article(run, many).markup

    assert "The first 20 of 25 templates are shown." in markup
    assert markup.count("(3,800 more characters)") == 20


def test_a_campaign_without_kept_tables_is_told_in_words(run_folder: Path) -> None:
    run = report.load(run_folder)
    bare = dataclasses.replace(
        run.campaigns[0], templates=(), evidence=(), unavailable=(), would_clear=()
    )

    made = _article(run, bare, is_empty=True)

    assert made.charts == {}
    for sentence in (
        "No hourly counts were kept.",
        "No ties between single accounts were kept.",
        "No text was available, or none of it was shared.",
        "Everything that the scan looks for was available.",
        "Nothing was recorded; ask for a review.",
    ):
        assert sentence in made.markup

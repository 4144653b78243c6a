"""Tests of revenuer.report.pictures."""

from __future__ import annotations

from pathlib import Path

from revenuer import report
from revenuer.report import pictures
from revenuer.tables import CAMPAIGN_ACTIVITY, CAMPAIGN_TIES


def test_the_timeline_has_its_days_as_a_table(run_folder: Path) -> None:
    picture = pictures.timeline("here", report.load(run_folder).table(CAMPAIGN_ACTIVITY))

    assert '<div id="here" class="chart" role="img" aria-label="Bar chart: ' in picture.markup
    assert '<th scope="row">2026-03-02</th><td class="n">4,476</td>' in picture.markup
    assert picture.figure is not None


def test_the_heat_map_has_each_number_as_a_table(run_folder: Path) -> None:
    picture = pictures.heat_map("here", report.load(run_folder).table(CAMPAIGN_ACTIVITY))

    row = picture.markup.split('<th scope="row">2026-03-02</th>')[1].split("</tr>")[0]
    assert row.count('<td class="n">') == 24
    assert row.startswith('<td class="n">60</td><td class="n">71</td>')


def test_the_graph_has_its_strongest_ties_as_a_table(run_folder: Path) -> None:
    ties = report.load(run_folder).table(CAMPAIGN_TIES)

    picture = pictures.account_graph("here", ties, {"acct-0000": "carrier"})

    assert "The 30 strongest ties</caption>" in picture.markup
    assert picture.markup.count('<th scope="row">') == 30
    assert "distance on the picture says nothing" in picture.markup


def test_without_rows_there_is_a_sentence_and_no_figure(run_folder: Path) -> None:
    run = report.load(run_folder)
    hours = run.table(CAMPAIGN_ACTIVITY).slice(0, 0)
    ties = run.table(CAMPAIGN_TIES).slice(0, 0)

    drawn = (
        pictures.timeline("a", hours),
        pictures.account_graph("b", ties, {}),
        pictures.heat_map("c", hours),
    )

    assert [picture.figure for picture in drawn] == [None, None, None]
    assert "No hourly counts were kept." in drawn[0].markup
    assert "No ties between single accounts were kept." in drawn[1].markup
    assert drawn[2].markup == ""

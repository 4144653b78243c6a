"""Tests of revenuer.report.appendix."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from revenuer import report
from revenuer.report import appendix
from revenuer.tables import COORDINATED, REJECTS

WriteTable = Callable[..., None]


def test_groups_that_are_not_accused_have_their_reason_in_words(run_folder: Path) -> None:
    markup = appendix.coordinated(report.load(run_folder))

    assert "Coordination is not theft." in markup
    assert "What it asks for shows no harvest." in markup
    assert "The logs hold too little to judge what it asks for." in markup


def test_a_group_is_one_row_with_its_sums(run_folder: Path) -> None:
    markup = appendix.coordinated(report.load(run_folder))

    row = markup.split('<th scope="row">')[1]
    assert row.startswith('<code dir="auto">g-class</code></th><td class="n">4</td>')
    assert '<td class="n">4,006</td>' in row
    assert '<td class="n">1.0e-4</td>' in row
    assert "<td>footprint, synchrony</td>" in row


def test_a_large_group_is_cut_and_counted(run_folder: Path, write_table: WriteTable) -> None:
    one: dict[str, Any] = {"group_id": "g", "reason": "no_harvest", "signals": None}
    write_table(run_folder, COORDINATED, [{**one, "account_id": f"a{i}"} for i in range(60)])

    markup = appendix.coordinated(report.load(run_folder))

    assert markup.count('<code dir="auto">a') == 50
    assert " and 10 more in coordinated.parquet" in markup


def test_rejects_are_listed_up_to_a_page_and_counted(
    run_folder: Path, write_table: WriteTable
) -> None:
    rows = [{"file": "a.jsonl", "line": i, "reason": "no <account_id>"} for i in range(60)]
    write_table(run_folder, REJECTS, rows)

    markup = appendix.rejects(report.load(run_folder))

    assert markup is not None
    assert "60 records took no part in this scan; 50 are shown here" in markup
    assert markup.count("<td>no &lt;account_id&gt;</td>") == 50


def test_nothing_is_said_of_rejects_when_there_are_none(
    run_folder: Path, write_table: WriteTable
) -> None:
    write_table(run_folder, REJECTS, [])

    assert appendix.rejects(report.load(run_folder)) is None


def test_the_glossary_says_what_a_p_value_is_not() -> None:
    assert "It is not the probability that an account is innocent." in appendix.glossary()

"""Tests of revenuer.lab.distil.report."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.lab.distil.test_run import TINY

from revenuer.lab.distil.run import distil


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("distilled")
    distil(TINY, folder)
    return (folder / "report.html").read_text()


def test_the_page_has_the_three_curves_in_words_too(page: str) -> None:
    for title in ("against queries", "against student size", "against training"):
        assert f'<title id="t">Accuracy {title}</title>' in page
    assert page.count("<desc") == 3


def test_the_page_tells_every_student_and_every_phase(page: str) -> None:
    for name in ("traces-32-0", "traces-64-1", "answers-64-0"):
        assert name in page
    for phase in ("teacher training", "teacher serving", "student training", "student serving"):
        assert phase in page


def test_the_page_says_what_its_numbers_do_not(page: str) -> None:
    assert "not of the seeds of the training" in page
    assert "Not in the account" in page


def test_the_page_asks_nobody(page: str) -> None:
    assert "<script" not in page
    assert "src=" not in page

"""Tests of revenuer.find.campaigns.wording."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.find.campaigns.exemplars import Rows
from revenuer.find.campaigns.wording import common_run, one_wording

words = st.lists(st.sampled_from(["ape", "bee", "cow", "doe"]), max_size=9).map(" ".join)


def test_agrees_with_counting_by_hand() -> None:
    texts = ["put the list in order please", "now put the list in order", "put the list aside", "x"]

    assert common_run(texts) == 0.5


@given(st.lists(words, min_size=1, max_size=6))
def test_is_the_share_with_the_most_common_four_words(texts: list[str]) -> None:
    split = [text.split() for text in texts]
    runs = [{tuple(own[i : i + 4]) for i in range(len(own) - 3)} for own in split]
    every = set().union(*runs)

    expected = max((sum(run in own for own in runs) for run in every), default=0) / len(texts)

    assert common_run(texts) == pytest.approx(expected)
    assert common_run(texts[::-1]) == common_run(texts)


def test_no_text_is_no_wording() -> None:
    assert common_run([]) == 0
    assert common_run(["", "a b c"]) == 0


def test_tells_one_job_from_chat(world: Any, texts: Rows) -> None:
    assert one_wording(texts, world.rows("f")) == 1
    assert one_wording(texts, world.rows("h")) < 0.2
    assert one_wording(texts, np.empty(0, np.int64)) == 0

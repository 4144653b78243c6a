"""Tests of revenuer.find.evidence.finding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from revenuer.find.evidence.finding import row, strata, words
from revenuer.find.features import Features, Sets


def sets(family: str, kinds: list[str], members: list[list[int]], accounts: int) -> Sets:
    rows = np.zeros((len(members), accounts), np.int32)
    for one, own in zip(rows, members, strict=True):
        one[own] = 1
    return Sets(family, np.array(kinds), np.arange(len(members)), sparse.csr_array(rows))


@pytest.mark.parametrize(
    ("family", "kind", "said"),
    [
        ("templates", "template", "a template"),
        ("templates", "community", "several shared templates"),
        ("footprint", "community", "several shared traits"),
        ("footprint", "payment", "a card or payer"),
        ("footprint", "address", "an address on one day"),
        ("footprint", "a_new_kind", "a new kind"),
    ],
)
def test_a_set_is_named_by_what_its_accounts_have_in_common(
    family: str, kind: str, said: str
) -> None:
    assert words(sets(family, ["template", kind], [[0], [1]], 2), 1) == said


def test_a_row_is_the_members_of_one_set() -> None:
    made = sets("footprint", ["payment"] * 3, [[4, 1], [], [0, 1, 2]], 5)

    assert [row(made, i).tolist() for i in range(3)] == [[1, 4], [], [0, 1, 2]]


def test_accounts_of_like_activity_are_one_class_by_octave(ring: Callable[..., Features]) -> None:
    exchanges = [1, 2, 3, 4, 7, 8, 127, 128, 255, 256, 1_000_000]
    features = ring("template")._replace(accounts=pa.table({"exchanges": exchanges}))

    assert strata(features).tolist() == [0, 1, 1, 2, 2, 3, 6, 7, 7, 7, 7]

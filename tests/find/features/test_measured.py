"""What later stages ask of the features of a log."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from revenuer.find.features.exchanges import Exchanges
from revenuer.find.features.measured import LAYERS, Features, Texts, carried_templates

#: Texts 0 to 3; a template of layer k has numbers from 4 k on.
TEMPLATES = np.array([[0, 4, 8], [0, -1, 8], [-1, 4, -1], [-1, -1, -1]])


def exchanges() -> Exchanges:
    """Return five exchanges of three accounts, with texts in different fields."""
    filler: list[Any] = [np.full(5, -1) for _ in Exchanges._fields]
    return Exchanges(*filler)._replace(
        account=np.array([1, 0, 1, 2, 1]),
        system=np.array([3, -1, -1, 2, -1]),
        prompt=np.array([0, 1, 3, -1, -1]),
        opening=np.array([-1, -1, 2, -1, -1]),
    )


def features() -> Features:
    nothing: list[Any] = [None] * len(Features._fields)
    account = exchanges().account
    return Features(*nothing)._replace(
        exchanges=exchanges(),
        texts=Texts(
            TEMPLATES,
            np.arange(4, dtype=np.int32),
            np.zeros((4, 2, 4), np.uint64),
            np.zeros((4, 2), np.uint64),
        ),
        order=np.argsort(account, kind="stable"),
        starts=np.array([0, 1, 4, 5]),
    )


@pytest.mark.parametrize(
    ("accounts", "rows"), [([0], [1]), ([1], [0, 2, 4]), ([2, 0], [1, 3]), ([], [])]
)
def test_rows_of_accounts_come_in_order(accounts: list[int], rows: list[int]) -> None:
    assert features().rows_of(np.array(accounts, np.int64)).tolist() == rows


@pytest.mark.parametrize(("template", "rows"), [(0, [0, 1]), (4, [0, 2, 3]), (8, [0, 1]), (1, [])])
def test_a_template_is_carried_in_any_field(template: int, rows: list[int]) -> None:
    carries = features().carries(np.arange(5), template)

    assert np.flatnonzero(carries).tolist() == rows


def test_without_slots_templates_stay_and_every_text_reads_the_empty_row() -> None:
    full = features()
    filled = full._replace(
        texts=full.texts._replace(slots=np.arange(32, dtype=np.uint64)[::-1].reshape(4, 2, 4))
    )

    light = filled.without_slots()

    assert light.texts.templates is filled.texts.templates
    assert light.texts.slots[light.texts.place].tolist() == [filled.texts.slots[-1].tolist()] * 4
    assert len(light.texts.slots) == len(light.texts.layouts) == 1


def test_templates_of_an_exchange_stand_field_by_field() -> None:
    carried = carried_templates(exchanges(), features().texts)

    assert carried.shape == (5, 3 * LAYERS)
    assert carried[0].tolist() == [-1, -1, -1, 0, 4, 8, -1, -1, -1]
    assert carried[2].tolist() == [-1] * 6 + [-1, 4, -1]
    assert (carried[4] == -1).all()

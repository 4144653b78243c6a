"""Tests of revenuer.find.campaigns.dispositions."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from revenuer.errors import RunError
from revenuer.find.campaigns import dispositions
from revenuer.records import Campaign, EvidenceItem


def campaign(accounts: int, *rules: str) -> Campaign:
    item = EvidenceItem(
        signal="footprint", rule_id="", fact="", inference="", effect=1.0, effect_unit="",
        p_value=None, null_model="",
    )  # fmt: skip
    return Campaign(
        campaign_id="C-1", lineage_id="L-1", accounts=accounts, exchanges=1,
        harvested_exchanges=1, input_tokens=0, output_tokens=0, window_start="", window_end="",
        q_value=0.01, harvest_kinds=(), models=(), capabilities=(), templates=(),
        evidence=tuple(dataclasses.replace(item, rule_id=rule) for rule in rules),
        unavailable=(), would_clear=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("now", "has_grown"),
    [
        ([campaign(10, "F01", "I4")], False),
        ([campaign(14, "F01")], False),
        ([campaign(15, "F01")], True),
        ([campaign(8, "F01"), campaign(7, "I4")], True),
        ([campaign(3, "S02")], True),
        ([], False),
    ],
)
def test_evidence_grows_by_a_rule_or_by_half_the_accounts(
    now: list[Campaign], has_grown: bool
) -> None:
    assert dispositions.GROWN == 1.5
    cleared = dispositions.of("L-1", [campaign(10, "I4", "F01", "I4")], "a contract")

    assert cleared == ("L-1", 10, ("F01", "I4"), "a contract")
    assert cleared.has_grown(now) is has_grown


def test_decisions_are_read_as_they_were_written(tmp_path: Path) -> None:
    assert dispositions.read(tmp_path) == {}
    made = {
        name: dispositions.of(name, [campaign(3, "F01")], "“seen” — ok") for name in ("L-2", "L-1")
    }

    dispositions.write(tmp_path, made)

    assert dispositions.read(tmp_path) == made
    assert [path.name for path in tmp_path.iterdir()] == [dispositions.FILE]


@pytest.mark.parametrize("content", ["{", "[]", '{"cleared": [{"lineage_id": "L-1"}]}'])
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / dispositions.FILE).write_text(content)

    with pytest.raises(RunError, match="is damaged"):
        dispositions.read(tmp_path)

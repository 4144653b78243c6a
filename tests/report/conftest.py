"""A made run folder, for the page and for the commands that read a run."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.records import Campaign, EvidenceItem, TemplateUse
from revenuer.tables import (
    CAMPAIGN_ACTIVITY,
    CAMPAIGN_TIES,
    COORDINATED,
    INTERNAL,
    MEMBERS,
    REJECTS,
    Table,
)

START = datetime(2026, 3, 2, tzinfo=UTC)
#: What a hostile client would send: markup, quotes, a turned writing direction, escapes.
HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror='a\"b'>&amp;\u202egpj\x1b[2J\x9b\x00"
)


def campaign(**changes: Any) -> Campaign:
    """Return a campaign of 60 accounts over three days."""
    made = Campaign(
        campaign_id="c-7f3a91",
        lineage_id="l-7f3a91",
        accounts=60,
        exchanges=12_345,
        harvested_exchanges=9_876,
        input_tokens=4_200_000,
        output_tokens=31_000_000,
        window_start="2026-03-02T00:10:00+00:00",
        window_end="2026-03-04T23:50:00Z",
        q_value=2.4e-11,
        harvest_kinds=("reasoning_elicitation", "rubric_grading"),
        models=(("atlas-large", 9_000), ("atlas-mini", 3_345)),
        capabilities=("mathematics", "code"),
        templates=(
            TemplateUse(
                template_id="t-01",
                field="prompt",
                text="Solve the following ⟨number⟩ problem.\nShow every step: ⟨…⟩",
                exchanges=8_111,
                accounts=58,
                outside_accounts=1,
            ),
        ),
        evidence=(
            EvidenceItem(
                signal="footprint",
                rule_id="F01",
                fact="41 of 60 accounts were paid with one of 3 cards.",
                inference="One payer stands behind most of these accounts.",
                effect=13.67,
                effect_unit="accounts a card",
                p_value=1.23e-9,
                null_model="Cards are spread over accounts as in all accounts of the window.",
                examples=("x-1", "x-2"),
            ),
            EvidenceItem(
                signal="synchrony",
                rule_id="S02",
                fact="When an account stopped, another began within 4 minutes, 31 times.",
                inference="The accounts take turns on one job.",
                effect=31.0,
                effect_unit="take-overs",
                p_value=0.00021,
                null_model="Accounts stop and begin independently, given the platform's own day.",
            ),
            EvidenceItem(
                signal="intent",
                rule_id="I03",
                fact="9,876 of 12,345 exchanges ask for every step of the reasoning.",
                inference="The completions suit the training of another model.",
                effect=0.8,
                effect_unit="share of exchanges",
                p_value=None,
                null_model="Counted against the model's base rate of 0.04.",
            ),
        ),
        unavailable=("No TLS client fingerprint in these logs.",),
        would_clear=("An agreement that allows training on completions.",),
    )
    return dataclasses.replace(made, **changes)


def activity(campaign_id: str, *, hours: int = 70) -> list[dict[str, Any]]:
    """Return one row an hour, heavier by night, three hours missing."""
    return [
        {
            "campaign_id": campaign_id,
            "hour_at": START + timedelta(hours=hour),
            "exchanges": 60 + 11 * (hour % 24),
            "harvested_exchanges": 40 + 9 * (hour % 24),
            "active_accounts": 5 + hour % 20,
        }
        for hour in range(hours)
        if hour not in (30, 31, 32)
    ]


def members(campaign_id: str, *, accounts: int = 60) -> list[dict[str, Any]]:
    """Return one row an account; every tenth is a carrier, every fourth a replacement."""
    return [
        {
            "campaign_id": campaign_id,
            "lineage_id": campaign_id.replace("c", "l", 1),
            "account_id": f"acct-{i:04d}",
            "role": "carrier" if i % 10 == 0 else "replacement" if i % 4 == 0 else "member",
            "q_value": 2.4e-11,
            "exchanges": 200 + i,
            "harvested_exchanges": 150 + i,
            "joined_at": START + timedelta(hours=i % 30),
            "left_at": START + timedelta(hours=40 + i % 30),
        }
        for i in range(accounts)
    ]


def ties(campaign_id: str, *, accounts: int = 60) -> list[dict[str, Any]]:
    """Return ties in rings and stars, some pairs in two families."""
    families = ("footprint", "templates", "synchrony", "partition", "lifecycle")
    pairs = [(i, (i + step) % accounts, step) for i in range(accounts) for step in (1, 3, 7)]
    pairs += [(i - i % 12, i, 2) for i in range(accounts) if i % 12]
    return [
        {
            "campaign_id": campaign_id,
            "account_a": f"acct-{min(a, b):04d}",
            "account_b": f"acct-{max(a, b):04d}",
            "family": family,
            "edge_weight": 2.0 + (a * 7 + step) % 5,
        }
        for a, b, step in pairs
        for family in {families[step % 5], families[(a * step) % 3]}
        if a != b
    ]


def coordinated() -> list[dict[str, Any]]:
    """Return two groups that are listed, not accused."""
    return [
        {
            "group_id": group,
            "account_id": f"{group}-{i}",
            "q_value": q,
            "exchanges": 1_000 + i,
            "signals": ["footprint", "synchrony"],
            "reason": why,
        }
        for group, size, q, why in (
            ("g-class", 4, 1e-4, "no_harvest"),
            ("g-meta", 3, 0.004, "intent_unavailable"),
        )
        for i in range(size)
    ]


def write_table(folder: Path, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Write one table where a scan writes it."""
    place = folder / "tables" if table in INTERNAL else folder
    place.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        pa.Table.from_pylist(list(rows), schema=table.schema), place / f"{table.name}.parquet"
    )


def write_findings(folder: Path, campaigns: Sequence[Campaign], **changes: Any) -> None:
    """Write `campaigns.json`."""
    findings = {
        "schema_version": 1,
        "window_start": "2026-03-02T00:00:00+00:00",
        "window_end": "2026-03-09T00:00:00+00:00",
        "fdr": 0.01,
        "exchanges": 1_234_567,
        "accounts": 12_345,
        "rejects": 1,
        "coordinated_groups": 2,
        "unavailable": ["No TLS client fingerprint in these logs."],
        "campaigns": [one.to_json() for one in campaigns],
        **changes,
    }
    (folder / "campaigns.json").write_text(json.dumps(findings), encoding="utf-8")


def write_run(folder: Path, campaigns: Sequence[Campaign] | None = None, **changes: Any) -> Path:
    """Write a whole run folder and return it."""
    campaigns = (campaign(),) if campaigns is None else campaigns
    folder.mkdir(parents=True, exist_ok=True)
    write_findings(folder, campaigns, **changes)
    ids = [one.campaign_id for one in campaigns]
    write_table(folder, MEMBERS, [row for one in ids for row in members(one)])
    write_table(folder, CAMPAIGN_ACTIVITY, [row for one in ids for row in activity(one)])
    write_table(folder, CAMPAIGN_TIES, [row for one in ids for row in ties(one)])
    write_table(folder, COORDINATED, coordinated())
    write_table(folder, REJECTS, [{"file": "a.jsonl", "line": 7, "reason": "no account_id"}])
    return folder


@pytest.fixture(name="write_run")
def _write_run() -> Callable[..., Path]:
    return write_run


@pytest.fixture(name="write_table")
def _write_table() -> Callable[..., None]:
    return write_table


@pytest.fixture
def made_campaign() -> Campaign:
    """Return the campaign of `run_folder`."""
    return campaign()


@pytest.fixture
def hostile() -> str:
    """Return what a hostile client would send."""
    return HOSTILE


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """Return a run with one campaign and two groups that are not accused."""
    return write_run(tmp_path / "run")

"""What a finding is made of: the records behind `campaigns.json`.

A campaign lists evidence items; each keeps the fact (what was counted) apart from the inference
(what it suggests), names its null model in words, and points to example exchanges. `to_json` and
`from_json` are each other's inverse, so a stranger can read a run without this package.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceItem:
    """One reason, traceable to exchanges.

    Attributes:
        signal: Family (footprint, templates, partition, synchrony, lifecycle) or `intent`.
        rule_id: Stable id, such as `F01` or `I03`.
        fact: What was counted, in one sentence.
        inference: What it suggests, in one sentence.
        effect: How large, in `effect_unit`.
        p_value: Chance under the null of something at least this extreme; None for intent rules
            that count rather than test.
        null_model: What innocent traffic would do, in words.
        examples: Exchange ids.
    """

    signal: str
    rule_id: str
    fact: str
    inference: str
    effect: float
    effect_unit: str
    p_value: float | None
    null_model: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateUse:
    """A template that a campaign uses: `text` has its slots as `⟨…⟩`."""

    template_id: str
    field: str
    text: str
    exchanges: int
    accounts: int
    outside_accounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A coordinated group that also shows harvest intent.

    Attributes:
        accounts, exchanges, harvested_exchanges: Counts within the window.
        window_start, window_end: First and last exchange of its accounts, ISO 8601 UTC.
        q_value: Smallest false discovery rate at which the group is reported.
        harvest_kinds: What is harvested, most frequent first.
        models: (model, exchanges) pairs, most frequent first.
        unavailable: Evidence that this log could not give, in words.
        would_clear: What would show that the group is innocent, in words.
    """

    campaign_id: str
    lineage_id: str
    accounts: int
    exchanges: int
    harvested_exchanges: int
    input_tokens: int
    output_tokens: int
    window_start: str
    window_end: str
    q_value: float
    harvest_kinds: tuple[str, ...]
    models: tuple[tuple[str, int], ...]
    capabilities: tuple[str, ...]
    templates: tuple[TemplateUse, ...]
    evidence: tuple[EvidenceItem, ...]
    unavailable: tuple[str, ...]
    would_clear: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, dicts, numbers and strings."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Campaign:
        """Return the campaign that `to_json` wrote."""
        return cls(
            **{
                **raw,
                "templates": tuple(TemplateUse(**t) for t in raw["templates"]),
                "evidence": tuple(
                    EvidenceItem(**{**e, "examples": tuple(e["examples"])}) for e in raw["evidence"]
                ),
                "models": tuple((m, n) for m, n in raw["models"]),
                **{
                    key: tuple(raw[key])
                    for key in ("harvest_kinds", "capabilities", "unavailable", "would_clear")
                },
            }
        )

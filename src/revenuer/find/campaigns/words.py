"""What each rule means in words: the fact, what it suggests, its null, and what would clear it.

Rule ids are stable: they stand in `campaigns.json`, in dossiers and in appeals. A sentence says
what was counted; what it suggests is a sentence of its own.
"""

from __future__ import annotations

from typing import NamedTuple

from revenuer.find.campaigns.indicators import Indicator
from revenuer.find.evidence import Finding
from revenuer.records import EvidenceItem


class Rule(NamedTuple):
    """How one rule is told: signal, inference, unit of its effect, null model in words."""

    signal: str
    inference: str
    unit: str
    null_model: str


RULES = {
    "F01": Rule(
        "footprint",
        "Accounts that use the same wording also act from the same place or on the same card.",
        "odds ratio",
        "who shares a template and who shares a footprint are independent among accounts of like "
        "activity",
    ),
    "F02": Rule(
        "footprint",
        "Accounts that use the same wording fall into clumps of the same place or card.",
        "times the number expected",
        "who uses the wording is a random draw from accounts of like activity, whatever clumps of "
        "place and card there are",
    ),
    "L01": Rule(
        "lifecycle",
        "The accounts were made in one batch.",
        "times the number expected",
        "dates of creation are a random draw from those of all accounts",
    ),
    "L02": Rule(
        "lifecycle",
        "The accounts were put to work together.",
        "times the number expected",
        "first use is a random draw from that of all accounts that joined within the window",
    ),
    "L03": Rule(
        "lifecycle",
        "The accounts fell silent together, as after a ban or when a job is done.",
        "times the number expected",
        "last use is a random draw from that of all accounts that left within the window",
    ),
    "S01": Rule(
        "synchrony",
        "The accounts turned to a new model together.",
        "times the number expected",
        "first use of the model is a random draw from that of all its users",
    ),
    "S02": Rule(
        "synchrony",
        "One queue seems to feed the accounts: they are busy and idle in the same hours.",
        "mean correlation above chance",
        "activity left after the platform, the daily shape and the weekend are taken out is as "
        "alike as in random sets of active accounts",
    ),
    "S03": Rule(
        "synchrony",
        "Exchanges with this wording come from one queue: they are sent in the same hours.",
        "mean correlation above chance",
        "activity with the wording, less the platform, the daily shape and the weekend, is as "
        "alike as when each account's is moved by some days",
    ),
    "P01": Rule(
        "partition",
        "One list of questions seems to be divided among the accounts.",
        "repeated questions fewer than expected",
        "each exchange draws the value of each slot independently from the values seen",
    ),
    "I1": Rule(
        "intent",
        "The prompts ask for what a student model is trained on: reasoning, grades, examples.",
        "share of exchanges",
        "accounts of the group and accounts of no group ask alike",
    ),
    "I2": Rule(
        "intent",
        "The prompts use words of reasoning, grading or example-making more than others do.",
        "share of exchanges",
        "accounts of the group and accounts of no group ask alike",
    ),
    "I3": Rule(
        "intent",
        "The accounts draw long completions out of the models they use.",
        "doublings of the model's median length",
        "completions of the group are as long as those of accounts of no group, model by model",
    ),
    "I4": Rule(
        "intent",
        "Every exchange is a new question that nobody follows up: a list is worked through.",
        "share of single-turn exchanges",
        "accounts of the group follow up as often as accounts of no group",
    ),
    "I7": Rule(
        "intent",
        "The accounts use wordings that nobody else uses.",
        "share of exchanges",
        "counted, not tested: unrelated customers of one product share its wording with others",
    ),
    "C1": Rule(
        "footprint",
        "Each account acts from many addresses, as behind a pool of proxies.",
        "doublings of the number of addresses",
        "accounts of the group have as many addresses as accounts of no group",
    ),
    "C2": Rule(
        "footprint",
        "Each account acts through many clients, as when it is shared.",
        "doublings of the number of clients",
        "accounts of the group have as many clients as accounts of no group",
    ),
    "C3": Rule(
        "footprint",
        "The accounts act as one and are registered as many unrelated customers.",
        "different names an account",
        "counted, not tested: an honest firm that splits a job has one payer or one mail domain",
    ),
    "I5": Rule(
        "intent",
        "Refusals come in numbers, as when wordings that get through are searched for.",
        "share of exchanges refused",
        "accounts of the group are refused as often as accounts of no group",
    ),
    "M1": Rule(
        "lifecycle",
        "The accounts look made for the purpose.",
        "kinds of batch",
        "dates of creation, first and last use are random draws from those of all accounts",
    ),
    "M2": Rule(
        "synchrony",
        "A new model became the target as soon as it appeared.",
        "moves",
        "first use of the model is a random draw from that of all its users",
    ),
    "M3": Rule(
        "synchrony",
        "One queue or one list of questions feeds the accounts.",
        "kinds of common queue",
        "times of use are as alike as in random sets; slots are drawn independently",
    ),
}

#: Rules that count rather than test; the ties behind M1 and M2 have p-values of their own.
COUNTED = ("I4", "I7", "C3", "M1", "M2", "M3")

#: What would clear a campaign, by the signal that it answers.
CLEARS = {
    "footprint": "A common employer, school, household or reseller that accounts for the shared "
    "addresses or cards, shown by contract or invoice.",
    "lifecycle": "A roll-out, course or migration on the dates on which the accounts were made or "
    "stopped.",
    "synchrony": "A public timetable, such as a nightly job of published software, that accounts "
    "for the common hours.",
    "partition": "The work list that was divided, and what its results are used for.",
    "templates": "The published product, course or library that the wording comes from.",
    "intent": "An agreement that allows training on these completions, or the product in which "
    "they are shown to people.",
}


def from_finding(finding: Finding, examples: tuple[str, ...]) -> EvidenceItem:
    """Return a tie as an evidence item."""
    rule = RULES[finding.rule_id]
    return EvidenceItem(
        signal=rule.signal,
        rule_id=finding.rule_id,
        fact=f"{len(finding.members)} accounts have in common: {finding.subject}; "
        f"{_number(finding.observed)} observed, {_number(finding.expected)} expected by chance.",
        inference=rule.inference,
        effect=_round(finding.effect),
        effect_unit=rule.unit,
        p_value=_round(finding.p_value),
        null_model=rule.null_model,
        examples=examples,
    )


def from_indicator(indicator: Indicator, examples: tuple[str, ...]) -> EvidenceItem:
    """Return an indicator of intent as an evidence item."""
    rule = RULES[indicator.rule_id]
    seen = indicator.contrast
    is_counted = indicator.rule_id in COUNTED
    usual = "" if is_counted else f", over accounts of no group {_number(seen.outside)}"
    return EvidenceItem(
        signal=rule.signal,
        rule_id=indicator.rule_id,
        fact=f"Over its accounts {_number(seen.inside)}{usual} ({rule.unit}).",
        inference=rule.inference,
        effect=_round(seen.inside),
        effect_unit=rule.unit,
        p_value=None if is_counted else _round(seen.p_value),
        null_model=rule.null_model,
        examples=examples,
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _round(value: float) -> float:
    """Keep 12 significant digits, so that files are the same on every machine."""
    return float(f"{value:.12g}")

"""A judged group as a record: who, what, when, why, and what would clear it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from revenuer.find.campaigns import exemplars, words
from revenuer.find.campaigns.groups import Group
from revenuer.find.campaigns.intent import Verdict
from revenuer.find.campaigns.traffic import Traffic
from revenuer.find.evidence import Finding
from revenuer.find.features import Features
from revenuer.records import Campaign, EvidenceItem

Numbers = NDArray[np.int64]
DAY_US = 86_400_000_000
EXAMPLES = 5
MOST_MODELS = 8

#: What each kind of harvest is after, as a capability.
CAPABILITIES = {
    "reasoning_elicitation": "reasoning",
    "trace_extraction": "reasoning",
    "jailbreak_wrapper": "safety behaviour",
    "rubric_grading": "judgement",
    "preference_labels": "judgement",
    "trace_cleaning": "reasoning",
    "instruction_harvest": "instruction following",
    "tool_use_harvest": "tool use",
    "coding_harvest": "coding",
    "environment_harvest": "reinforcement-learning tasks",
    "safe_rewrite": "safety behaviour",
}


class Member(NamedTuple):
    """One accused account: number, role, exchanges, harvested ones, first and last of these."""

    account: int
    role: str
    exchanges: int
    harvested: int
    joined_us: int
    left_us: int


def members(features: Features, accused: Numbers, harvested: Numbers) -> list[Member]:
    """Return the accused accounts with their roles.

    A carrier harvests with less than half of its exchanges. A replacement came later than a tenth
    of the members had left for good, and was not there on the campaign's first day.
    """
    account = features.exchanges.account
    own = harvested[np.isin(account[harvested], accused)]
    at = features.exchanges.at_us
    accounts = features.accounts.num_rows
    counts = np.bincount(account[own], minlength=accounts)
    exchanges = features.accounts.column("exchanges").to_numpy()
    joined = np.full(accounts, np.iinfo(np.int64).max)
    left = np.full(accounts, np.iinfo(np.int64).min)
    np.minimum.at(joined, account[own], at[own])
    np.maximum.at(left, account[own], at[own])
    start = joined[accused].min()
    tenth = np.quantile(left[accused], 0.1)
    found = []
    for number in accused.tolist():
        role = "member"
        if joined[number] > max(tenth, start + DAY_US):
            role = "replacement"
        if counts[number] < 0.5 * exchanges[number]:
            role = "carrier"
        found.append(
            Member(
                number, role, int(exchanges[number]), int(counts[number]),
                int(joined[number]), int(left[number]),
            )
        )  # fmt: skip
    return found


def identify(account_ids: list[str]) -> str:
    """Return an id that depends on the accounts alone."""
    digest = hashlib.blake2b("\n".join(sorted(account_ids)).encode(), digest_size=5)
    return digest.hexdigest()


def write(
    features: Features,
    traffic: Traffic,
    group: Group,
    verdict: Verdict,
    accused: list[Member],
    account_ids: list[str],
    source: exemplars.Rows,
) -> Campaign:
    """Return the campaign.

    Args:
        features: What was measured.
        traffic: From `traffic.survey`.
        group: The group.
        verdict: What its traffic says.
        accused: From `members`.
        account_ids: Account id of each account number.
        source: Gives texts and exchange ids.
    """
    numbers = np.array([member.account for member in accused], np.int64)
    rows = features.rows_of(numbers)
    harvested = verdict.harvested[np.isin(features.exchanges.account[verdict.harvested], numbers)]
    evidence = _evidence(features, traffic, group, verdict, harvested, source)
    name = identify([account_ids[member.account] for member in accused])
    at = features.exchanges.at_us[rows]
    kinds = _kinds(features, harvested)
    signals = {signal for f in group.findings for signal in f.families} | {"intent"}
    return Campaign(
        campaign_id=f"C-{name}",
        lineage_id=f"L-{name}",
        accounts=len(accused),
        exchanges=len(rows),
        harvested_exchanges=len(harvested),
        input_tokens=_sum(features.exchanges.input_tokens[rows]),
        output_tokens=_sum(features.exchanges.output_tokens[rows]),
        window_start=iso(int(at.min())),
        window_end=iso(int(at.max())),
        q_value=float(f"{group.q_value:.12g}"),
        harvest_kinds=kinds,
        models=_models(features, harvested),
        capabilities=tuple(dict.fromkeys(CAPABILITIES[k] for k in kinds if k in CAPABILITIES)),
        templates=exemplars.templates(features, traffic.template, harvested, numbers, source),
        evidence=evidence,
        unavailable=features.unavailable,
        would_clear=tuple(words.CLEARS[s] for s in words.CLEARS if s in signals),
    )


def iso(at_us: int) -> str:
    """Return microseconds since 1970 as ISO 8601, UTC."""
    return datetime.fromtimestamp(at_us / 1e6, UTC).isoformat(timespec="seconds")


def _evidence(
    features: Features,
    traffic: Traffic,
    group: Group,
    verdict: Verdict,
    harvested: Numbers,
    source: exemplars.Rows,
) -> tuple[EvidenceItem, ...]:
    items = []
    strongest: dict[tuple[tuple[str, str], str], Finding] = {}
    for finding in group.findings:
        strongest.setdefault((finding.families, finding.rule_id), finding)
    for finding in strongest.values():
        own = features.rows_of(finding.members)
        items.append(words.from_finding(finding, _ids(source, own)))
    told = {"I1": traffic.is_strong, "I2": traffic.is_weak, "I5": traffic.is_refused == 1}
    for indicator in verdict.indicators:
        flags = told.get(indicator.rule_id)
        rows = harvested if flags is None else harvested[flags[harvested]]
        items.append(words.from_indicator(indicator, _ids(source, rows)))
    return tuple(items)


def _ids(source: exemplars.Rows, rows: Numbers) -> tuple[str, ...]:
    """Return a few exchange ids, evenly over the rows, so that not all are from one minute."""
    few = source.among(rows, EXAMPLES)
    return tuple(source.take(few, ["exchange_id"]).column(0).to_pylist()) if len(few) else ()


def _kinds(features: Features, harvested: Numbers) -> tuple[str, ...]:
    """Return the kinds of harvest by how many exchanges meet a rule of theirs, strong first."""
    met = (features.exchanges.hits | features.exchanges.system_hits)[harvested]
    rules = features.matcher.lexicon.rules
    counts = []
    for kind in dict.fromkeys(rule.kind for rule in rules):
        strong = int(((met & features.matcher.mask(kind=kind, weight="strong")) != 0).sum())
        weak = int(((met & features.matcher.mask(kind=kind, weight="weak")) != 0).sum())
        if strong >= 0.05 * len(harvested) or weak >= 0.3 * len(harvested):
            counts.append((-strong, -weak, kind))
    kinds = tuple(kind for *_, kind in sorted(counts))
    return kinds or ("question_sweep",)


def _models(features: Features, rows: Numbers) -> tuple[tuple[str, int], ...]:
    model = features.exchanges.model[rows]
    counts = np.bincount(model[model >= 0], minlength=len(features.models))
    order = np.argsort(-counts, kind="stable")[:MOST_MODELS]
    return tuple((features.models[i], int(counts[i])) for i in order if counts[i])


def _sum(tokens: Numbers) -> int:
    return int(tokens[tokens > 0].sum())

"""Tests of revenuer.records."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.records import Campaign, EvidenceItem, TemplateUse

texts = st.text(max_size=12)
counts = st.integers(0, 2**53)
shares = st.floats(0, 1)
several = st.lists(texts, max_size=3).map(tuple)

items = st.builds(
    EvidenceItem,
    signal=texts,
    rule_id=texts,
    fact=texts,
    inference=texts,
    effect=st.floats(allow_nan=False, allow_infinity=False),
    effect_unit=texts,
    p_value=st.none() | shares,
    null_model=texts,
    examples=several,
)
uses = st.builds(
    TemplateUse,
    template_id=texts,
    field=texts,
    text=texts,
    exchanges=counts,
    accounts=counts,
    outside_accounts=counts,
)
campaigns = st.builds(
    Campaign,
    campaign_id=texts,
    lineage_id=texts,
    accounts=counts,
    exchanges=counts,
    harvested_exchanges=counts,
    input_tokens=counts,
    output_tokens=counts,
    window_start=texts,
    window_end=texts,
    q_value=shares,
    harvest_kinds=several,
    models=st.lists(st.tuples(texts, counts), max_size=3).map(tuple),
    capabilities=several,
    templates=st.lists(uses, max_size=2).map(tuple),
    evidence=st.lists(items, max_size=2).map(tuple),
    unavailable=several,
    would_clear=several,
)


@given(campaigns)
def test_to_json_and_from_json_are_each_others_inverse(campaign: Campaign) -> None:
    raw = json.loads(json.dumps(campaign.to_json()))

    again = Campaign.from_json(raw)

    assert again == campaign
    assert hash(again) == hash(campaign), "lists have become tuples again, all the way down"
    assert json.loads(json.dumps(again.to_json())) == raw


@given(campaigns)
def test_from_json_takes_what_to_json_returns(campaign: Campaign) -> None:
    assert Campaign.from_json(campaign.to_json()) == campaign


@given(campaigns)
def test_every_field_is_written_under_its_own_name(campaign: Campaign) -> None:
    assert list(campaign.to_json()) == [field.name for field in dataclasses.fields(Campaign)]


def test_a_record_does_not_change() -> None:
    use = TemplateUse(
        template_id="T1", field="prompt", text="⟨…⟩", exchanges=1, accounts=1, outside_accounts=0
    )

    with pytest.raises(dataclasses.FrozenInstanceError):
        use.exchanges = 2  # type: ignore[misc]  # that it cannot be set is the point

"""Tests of revenuer.find.ingest.fields."""

from __future__ import annotations

from revenuer.find.ingest import fields
from revenuer.find.ingest.fields import Overrides


def test_fields_are_found_by_name_by_path_and_inside_json_text() -> None:
    record = {"a.b": 1, "c": {"d": {"e": 2}}, "f": '{"g": 3}', "h": 4}

    assert fields.lookup(record, "a.b") == 1
    assert fields.lookup(record, "c.d.e") == 2
    assert fields.lookup(record, "f.g") == 3
    assert fields.lookup(record, "h.i") is None
    assert fields.lookup(None, "a") is None


def test_the_first_field_with_something_in_it_wins() -> None:
    assert fields.first({"a": None, "b": "", "c": 0, "d": 1}, "a", "b", "c", "d") == 0
    assert fields.first({}, "a") is None


def test_what_the_user_says_goes_over_what_the_format_says() -> None:
    overrides = Overrides(column_map={"model": "m.name"}, customer_attribute="tenant")

    row = overrides.apply({"account_id": "x", "model": "y"}, {"tenant": "t", "m": {}})

    assert row == {"account_id": "t", "model": "y"}


def test_a_map_of_the_account_goes_over_the_customer_attribute() -> None:
    overrides = Overrides(column_map={"account_id": "a"}, customer_attribute="b")

    assert overrides.wanted() == {"account_id": "a"}


def test_json_in_text_is_decoded_and_other_text_is_left() -> None:
    assert fields.decoded('{"a": 1}') == {"a": 1}
    assert fields.decoded("[odd") == "[odd"
    assert fields.decoded("[" * 100_000) == "[" * 100_000
    assert fields.decoded("5") == "5"


def test_dicts_and_lists_are_given_or_empty() -> None:
    assert fields.mapping([("a", 1)]) == {"a": 1}
    assert fields.mapping("[1]") == {}
    assert fields.mapping(None) == {}
    assert fields.sequence("[1]") == [1]
    assert fields.sequence({"a": 1}) == []
    assert fields.known({"a": None, "b": 0}) == {"b": 0}

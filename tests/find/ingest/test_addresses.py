"""Tests of revenuer.find.ingest.addresses."""

from __future__ import annotations

import ipaddress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.find.ingest import addresses
from revenuer.find.ingest.addresses import Interval, Lookup


def keys(*texts: str) -> Any:
    return np.array([addresses.key(text) for text in texts], dtype="S16")


@given(st.ip_addresses(v=4))
def test_ipv4_agrees_with_the_standard_library(address: ipaddress.IPv4Address) -> None:
    around = ipaddress.ip_network(f"{address}/24", strict=False)

    assert addresses.parse(str(address)) == (
        addresses.key(str(address)),
        str(address),
        str(around),
    )
    assert addresses.number(int(address)) == addresses.number(str(address))


@given(st.ip_addresses(v=6, network="2000::/3"))
def test_ipv6_agrees_with_the_standard_library(address: ipaddress.IPv6Address) -> None:
    around = ipaddress.ip_network(f"{address}/48", strict=False)
    parsed = addresses.parse(address.exploded.upper())

    assert parsed is not None
    assert parsed[0] == address.packed
    assert ipaddress.ip_address(parsed[1]) == address
    assert ipaddress.ip_network(parsed[2]) == around


@pytest.mark.parametrize(
    "written", ["192.0.2.1:443", "::ffff:192.0.2.1", " 192.0.2.1 ", "192.0.2.1, 10.0.0.1"]
)
def test_one_address_in_many_spellings_is_one(written: str) -> None:
    assert addresses.parse(written) == addresses.parse("192.0.2.1")


@pytest.mark.parametrize("written", ["", "unknown", "1.2.3", "1.2.3.256", "fe80::1%eth0", "a\0b"])
def test_what_is_no_address_is_none(written: str) -> None:
    assert addresses.parse(written) is None


def test_the_narrowest_interval_holds_and_of_equals_the_last() -> None:
    spans = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3", "10.1.0.0/16"]
    found = [addresses.network(span) for span in spans]
    lookup = Lookup([Interval(*span, label) for label, span in enumerate(found) if span])

    labels = lookup.find(
        keys(
            "9.255.255.255", "10.0.0.1", "10.1.9.9", "10.1.2.2", "10.1.2.3", "10.1.2.4", "11.0.0.0"
        )
    )

    assert labels.tolist() == [-1, 0, 4, 2, 3, 2, -1]


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=8),
    st.lists(st.integers(0, 60), min_size=1),
)
def test_lookup_agrees_with_trying_every_interval(
    spans: list[tuple[int, int]], asked: list[int]
) -> None:
    intervals = [Interval(s, s + width, label) for label, (s, width) in enumerate(spans)]

    found = Lookup(intervals).find(np.array([a.to_bytes(16, "big") for a in asked], dtype="S16"))

    for address, label in zip(asked, found.tolist(), strict=True):
        holding = [i for i in intervals if i.start <= address <= i.end]
        best = min(holding, key=lambda i: (i.end - i.start, -i.label), default=None)
        assert label == (best.label if best else -1)


def test_the_last_address_of_all_can_be_looked_up() -> None:
    whole = addresses.network("ffff:ffff::/32")
    assert whole is not None

    found = Lookup([Interval(*whole, 7)]).find(keys("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"))

    assert found.tolist() == [7]


@pytest.mark.parametrize("written", ["10.0.0.0/33", "10.0.0.0/x", "nowhere/8", 7, None, "::/129"])
def test_what_is_no_network_is_none(written: Any) -> None:
    assert addresses.network(written) is None


@pytest.mark.parametrize("value", [-1, 2**128, True, "x", None, "9" * 39, 1.5])
def test_what_is_no_number_of_an_address_is_none(value: Any) -> None:
    assert addresses.number(value) is None

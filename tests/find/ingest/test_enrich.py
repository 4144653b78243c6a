"""Tests of revenuer.find.ingest.enrich."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.errors import InputError
from revenuer.find.ingest import cells, columns
from revenuer.find.ingest.enrich import Enricher
from revenuer.tables import ACCOUNTS, EXCHANGES

NOON = 1_772_366_400_000_000


def batch(**given: list[Any]) -> Any:
    rows = len(next(iter(given.values())))
    given = {"requested_at": [NOON] * rows, "account_id": ["a"] * rows, **given}
    return columns.conform(given, rows=rows, table=EXCHANGES, earliest_us=cells.EARLIEST_US).batch


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def found(batch: Any, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(batch.column(name).to_pylist() for name in names), strict=True))


def test_prefixes_are_made_and_an_odd_address_keeps_its_row() -> None:
    result = Enricher().exchanges(
        batch(ip=["192.0.2.7", "2001:DB8:1:2::3", None, "unix:", "::ffff:192.0.2.7"])
    )

    assert found(result, "ip", "ip_prefix") == [
        ("192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        (None, None),
        ("unix:", None),
        ("192.0.2.7", "192.0.2.0/24"),
    ]
    assert result.schema.names == list(EXCHANGES.names)


def test_a_prefix_that_the_log_gives_without_address_stays() -> None:
    result = Enricher().exchanges(batch(ip=[None], ip_prefix=["192.0.2.0/24"]))

    assert found(result, "ip_prefix") == [("192.0.2.0/24",)]


RANGES = """start,end,asn,country
192.0.2.0,192.0.2.255,64500,fr
192.0.2.128,192.0.2.159,AS64501,-
3325256704,3325256959,0,DE
2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,64502,SE
"""


@pytest.mark.parametrize("has_header", [True, False])
def test_ranges_fill_what_the_log_lacks(tmp_path: Path, has_header: bool) -> None:
    text = RANGES if has_header else RANGES.partition("\n")[2]
    enricher = Enricher()

    rejects = enricher.load_ranges(written(tmp_path / "ranges.csv", text))

    assert rejects == []
    ips = ["192.0.2.1", "192.0.2.130", "198.51.100.9", "2001:db8:5::1", "10.0.0.1", None]
    result = enricher.exchanges(batch(ip=ips, country=["US", *[None] * 5]))
    assert found(result, "asn", "country") == [
        (64_500, "US"),
        (64_501, None),
        (None, "DE"),
        (64_502, "SE"),
        (None, None),
        (None, None),
    ]


def test_ranges_come_as_parquet_too(tmp_path: Path) -> None:
    table = pa.table({"start": [3_221_225_984], "end": [3_221_226_239], "asn": [64_500]})
    pq.write_table(table, tmp_path / "ranges")
    enricher = Enricher()

    enricher.load_ranges(tmp_path / "ranges")

    assert found(enricher.exchanges(batch(ip=["192.0.2.1"])), "asn", "country") == [(64_500, None)]


@pytest.mark.parametrize(
    "text",
    [
        "cidr,class\n10.0.0.0/8,datacentre\n10.1.0.0/16,vpn\n2001:db8::/32,relay\n",
        "10.0.0.0/8,datacentre\n10.1.0.0/16,vpn\n2001:db8::/32,relay\n",
        "# made by hand\n10.0.0.0/8 datacentre\n10.1.0.0/16\tvpn\n2001:db8::/32 relay\n",
        '{"cidr": "10.0.0.0/8", "class": "datacentre"}\n{"cidr": "10.1.0.0/16", "class": "vpn"}\n'
        '{"cidr": "2001:db8::/32", "class": "relay"}\n',
    ],
)
def test_the_narrowest_network_gives_the_class(tmp_path: Path, text: str) -> None:
    enricher = Enricher()

    rejects = enricher.load_networks(written(tmp_path / "networks", text))

    assert rejects == []
    ips = ["10.9.9.9", "10.1.2.3", "2001:db8::1", "192.0.2.1"]
    result = enricher.exchanges(batch(ip=ips, network=[None, None, "own", None]))
    assert found(result, "network") == [("datacentre",), ("vpn",), ("own",), (None,)]


def test_lines_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    networks = written(tmp_path / "n.csv", "cidr,class\n10.0.0.0/8,vpn\nhere,vpn\n10.0.0.0/9,\n")
    ranges = written(
        tmp_path / "r.csv", "start,end,asn\n10.0.0.9,10.0.0.1,1\n10.0.0.0,10.0.0.9,1\n"
    )

    assert Enricher().load_networks(networks) == [
        (3, "the line is no network in CIDR notation with a class"),
        (4, "the line is no network in CIDR notation with a class"),
    ]
    assert Enricher().load_ranges(ranges) == [(2, "start and end are no range of addresses")]


@pytest.mark.parametrize("text", ["", "nothing\n", "cidr,class\n", "\0\0\0,\0"])
def test_a_list_without_a_usable_line_is_refused(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "list", text)

    with pytest.raises(InputError, match="holds no usable line") as caught:
        Enricher().load_networks(path)
    assert caught.value.hint == "give a network in CIDR notation and a class a line"
    with pytest.raises(InputError, match="holds no usable line"):
        Enricher().load_ranges(path)


def test_accounts_get_the_prefix_of_their_sign_up_address() -> None:
    given = {"account_id": ["a"], "signup_ip": ["192.0.2.7"]}
    accounts = columns.conform(given, rows=1, table=ACCOUNTS, earliest_us=0).batch

    assert found(Enricher().accounts(accounts), "signup_prefix") == [("192.0.2.0/24",)]

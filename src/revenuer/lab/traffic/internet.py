"""Which addresses and client strings does a request come from?

A made-up internet: each country has access networks and mobile carriers (few addresses, shared by
everyone on the road), the world has datacentres, VPN exits and a private relay. An address is a
32-bit integer whose upper half names its row in a table of /16 blocks, so that network, system
number and country are lookups. Blocks are drawn by seed; they are not those of real operators.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from revenuer.lab.traffic.wording import Texts, read_words

Addresses = NDArray[np.int64]
Indices = NDArray[np.int64]

ACCESS, MOBILE, DATACENTRE, VPN, RELAY = range(5)
#: What an enrichment list would say of each class; access networks are in no list.
NETWORK_NAMES = (None, None, "datacentre", "vpn", "relay")
_BLOCKS_PER_COUNTRY = (12, 2)
_GLOBAL_BLOCKS = {DATACENTRE: 40, VPN: 10, RELAY: 4}
_CARRIER_ADDRESSES = 48
_EXITS = 24


@dataclass(frozen=True, slots=True)
class Internet:
    """Blocks by row: upper 16 bits, system number, country and class; rows by (class, country)."""

    countries: tuple[str, ...]
    weights: NDArray[np.float64]
    offsets_h: NDArray[np.float64]
    high: Indices
    asn: Indices
    country: Indices
    kind: Indices
    row_of_high: Indices

    def addresses(
        self, rng: np.random.Generator, kind: int, countries: Indices, *, spread: int = 1 << 16
    ) -> Addresses:
        """Return one address of a class for each country index; `spread` addresses a block."""
        rows = np.empty(len(countries), dtype=np.int64)
        for country in np.unique(countries):
            here = countries == country
            fitting = np.flatnonzero(
                (self.kind == kind) & ((self.country == country) | (kind >= DATACENTRE))
            )
            rows[here] = rng.choice(fitting, size=int(here.sum()))
        return (self.high[rows] << 16) | rng.integers(1, spread, size=len(rows))

    def carriers(self, rng: np.random.Generator, countries: Indices) -> Addresses:
        """Return addresses of mobile carriers: many people stand behind each."""
        return self.addresses(rng, MOBILE, countries, spread=_CARRIER_ADDRESSES)

    def exits(self, rng: np.random.Generator, n: int, *, kind: int = VPN) -> Addresses:
        """Return addresses of VPN or relay exits, shared by strangers."""
        return self.addresses(rng, kind, np.zeros(n, dtype=np.int64), spread=_EXITS)

    def servers(self, rng: np.random.Generator, n: int) -> Addresses:
        """Return addresses of rented machines."""
        return self.addresses(rng, DATACENTRE, np.zeros(n, dtype=np.int64))

    def columns(self, addresses: Addresses) -> dict[str, Any]:
        """Return the columns ip, ip_prefix, asn, country and network of addresses."""
        rows = self.row_of_high[addresses >> 16]
        octets = [_OCTETS.take(pa.array((addresses >> shift) & 255)) for shift in (24, 16, 8, 0)]
        return {
            "ip": pc.binary_join_element_wise(*octets, "."),
            "ip_prefix": pc.binary_join_element_wise(*octets[:3], pa.scalar("0/24"), "."),
            "asn": pa.array(self.asn[rows]),
            "country": pa.array(self.countries).take(pa.array(self.country[rows])),
            "network": pa.array(NETWORK_NAMES, pa.string()).take(pa.array(self.kind[rows])),
        }


_OCTETS: Texts = pa.array([str(i) for i in range(256)])


def lay(rng: np.random.Generator) -> Internet:
    """Return an internet drawn by `rng`."""
    table = read_words("net")["countries"]
    kinds: list[int] = []
    countries: list[int] = []
    for country in range(len(table)):
        for kind, blocks in zip((ACCESS, MOBILE), _BLOCKS_PER_COUNTRY, strict=True):
            kinds += [kind] * blocks
            countries += [country] * blocks
    weights = np.array([row[0] for row in table.values()])
    for kind, blocks in _GLOBAL_BLOCKS.items():
        kinds += [kind] * blocks
        countries += [int(c) for c in rng.choice(len(weights), blocks, p=weights / weights.sum())]
    high = rng.permutation(np.arange(11 << 8, 100 << 8))[: len(kinds)].astype(np.int64)
    # Four blocks of a class in a country belong to one operator.
    operator = np.array(kinds) * 1000 + np.array(countries) * 10 + np.arange(len(kinds)) % 3
    row_of_high = np.zeros(1 << 16, dtype=np.int64)
    row_of_high[high] = np.arange(len(high))
    return Internet(
        countries=tuple(table),
        weights=weights / weights.sum(),
        offsets_h=np.array([row[1] for row in table.values()]),
        high=high,
        asn=20_000 + np.unique(operator, return_inverse=True)[1].astype(np.int64) * 7,
        country=np.array(countries, dtype=np.int64),
        kind=np.array(kinds, dtype=np.int64),
        row_of_high=row_of_high,
    )


@dataclass(frozen=True, slots=True)
class Clients:
    """Client programmes: user agent and TLS fingerprint by index, browsers first."""

    user_agents: Texts
    ja4: Texts
    browsers: int

    def browser(self, rng: np.random.Generator, n: int) -> Indices:
        """Return browsers; recent versions are the common ones."""
        return np.minimum(rng.exponential(self.browsers / 5, size=n), self.browsers - 1).astype(
            np.int64
        )

    def sdk(self, rng: np.random.Generator, n: int) -> Indices:
        """Return programmes that call the API."""
        total = len(self.user_agents)
        span = total - self.browsers
        return self.browsers + np.minimum(rng.exponential(span / 3, size=n), span - 1).astype(
            np.int64
        )


def client_programmes(rng: np.random.Generator) -> Clients:
    """Return the client programmes of a run, in random order within each sort."""
    table = read_words("net")["clients"]
    browser = [
        (pattern.format(v=140 - v, s=18 - v // 3), f"{i % 4}")
        for v in range(6)
        for i, pattern in enumerate(table["browser"].split("|"))
    ]
    sdk = [
        (pattern.format(m=52 - 3 * m), pattern.split("/")[0] + str(m // 3))
        for m in range(7)
        for pattern in table["sdk"].split("|")
    ]
    order = [browser[i] for i in rng.permutation(len(browser))]
    order += [sdk[i] for i in rng.permutation(len(sdk))]
    return Clients(
        pa.array([agent for agent, _ in order]),
        pa.array([_fingerprint(family) for _, family in order]),
        len(browser),
    )


def _fingerprint(family: str) -> str:
    digest = hashlib.sha256(family.encode()).hexdigest()
    return f"t13d{int(digest[0], 16) + 10}{int(digest[1], 16):02d}h2_{digest[4:16]}_{digest[16:28]}"

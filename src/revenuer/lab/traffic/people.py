"""Who holds the accounts: sign-up, payment, addresses and client programmes of each.

A `Roster` is a table of accounts in columns, one element an account. `enrol` fills it with what
strangers have: own card, own address, own age. Whoever makes a group that shares something
overwrites the columns before use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer import tables
from revenuer.lab.traffic import internet
from revenuer.lab.traffic.wording import Texts, read_words
from revenuer.lab.traffic.world import DAY_S, World

Indices = NDArray[np.int64]
Strings = NDArray[np.object_]

#: plan -> price a month in dollars
PLANS = {
    "free": 0.0,
    "plus": 20.0,
    "edu": 5.0,
    "pro": 100.0,
    "payg": 0.0,
    "team": 250.0,
    "enterprise": 5000.0,
}
#: Columns of `Roster.book`: where an account's requests come from.
HOME, SECOND, ROAD, OTHER = range(4)
_MEAN_AGE_DAYS = 220.0
_WAVE_SHARE = 0.04


@dataclass(slots=True)
class Roster:
    """Accounts in columns.

    Attributes:
        kind: Class or campaign kind of each account.
        created_s: (n,) seconds from the start of the window, mostly negative.
        country: (n,) index into the internet's countries.
        book: (n, 4) addresses: at home, second place, on the road (drawn anew), other.
        client: (n, 2) usual client programmes.
        plan: (n,) names of `PLANS`.
        payment, org: (n,) strings or None.
    """

    ids: Strings
    kind: Strings
    created_s: NDArray[np.float64]
    country: Indices
    signup: Indices
    book: Indices
    client: Indices
    plan: Strings
    payment: Strings
    email_domain: Strings
    email_pattern: Strings
    org: Strings
    verified: NDArray[np.bool_]
    campaign: Strings
    role: Strings
    group: Strings
    families: list[list[str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def table(self, world: World) -> Any:
        """Return the ACCOUNTS table, in roster order."""
        prices = np.array([PLANS[plan] for plan in self.plan])
        places = world.internet.columns(self.signup)
        values = {
            "account_id": pa.array(self.ids, pa.string()),
            "created_at": world.times(self.created_s),
            "signup_ip": places["ip"],
            "signup_prefix": places["ip_prefix"],
            "payment_id": pa.array(self.payment, pa.string()),
            "email_domain": pa.array(self.email_domain, pa.string()),
            "email_pattern": pa.array(self.email_pattern, pa.string()),
            "plan": pa.array(self.plan, pa.string()),
            "plan_price_usd": pa.array(prices),
            "org_id": pa.array(self.org, pa.string()),
            "country": pa.array(world.internet.countries).take(pa.array(self.country)),
            "is_verified": pa.array(self.verified),
        }
        return pa.table([values[n] for n in tables.ACCOUNTS.names], schema=tables.ACCOUNTS.schema)


def enrol(
    rng: np.random.Generator,
    world: World,
    n: int,
    *,
    kind: str,
    plan: str = "plus",
    is_programme: bool = False,
    country: int | None = None,
    new_share: float = 0.07,
) -> Roster:
    """Return n unrelated accounts.

    Args:
        rng: Random stream.
        world: The stage.
        n: How many.
        kind: Their class in the truth.
        plan: Plan of all of them.
        is_programme: They call the API from rented machines rather than from a browser at home.
        country: Index of one country for all; None draws each by weight.
        new_share: Share of accounts made within the window, in [0, 1].
    """
    net = world.internet
    countries = (
        rng.choice(len(net.weights), size=n, p=net.weights)
        if country is None
        else np.full(n, country, dtype=np.int64)
    )
    home = net.addresses(rng, internet.ACCESS, countries)
    if is_programme:
        servers = net.servers(rng, 2 * n).reshape(n, 2)
        book = np.stack([servers[:, 0], servers[:, 1], home, servers[:, 0]], axis=1)
        client = np.stack([world.clients.sdk(rng, n)] * 2, axis=1)
    else:
        second = net.addresses(rng, internet.ACCESS, countries)
        book = np.stack([home, second, net.carriers(rng, countries), home], axis=1)
        client = np.stack([world.clients.browser(rng, n) for _ in range(2)], axis=1)
    none = np.full(n, None, dtype=object)
    domains, patterns = _mail(rng, n)
    return Roster(
        ids=tokens(rng, n, "acct-"),
        kind=np.full(n, kind, dtype=object),
        created_s=_ages(rng, world, n, new_share),
        country=countries,
        signup=home.copy(),
        book=book,
        client=client,
        plan=np.full(n, plan, dtype=object),
        payment=none.copy() if plan == "free" else tokens(rng, n, "card-"),
        email_domain=domains,
        email_pattern=patterns,
        org=none.copy(),
        verified=rng.random(n) < (0.5 if is_programme else 0.1),
        campaign=none.copy(),
        role=np.full(n, "none", dtype=object),
        group=none.copy(),
        families=[[] for _ in range(n)],
    )


def tokens(rng: np.random.Generator, n: int, prefix: str) -> Strings:
    """Return n random identifiers: the prefix and twelve hex digits."""
    return np.array([f"{prefix}{v:012x}" for v in rng.integers(1 << 48, size=n)], dtype=object)


def token_column(rng: np.random.Generator, n: int) -> Texts:
    """Return an Arrow column of n random 16-digit hex identifiers."""
    digits = np.frombuffer(rng.bytes(8 * n).hex().encode(), dtype=np.uint8)
    offsets = np.arange(n + 1, dtype=np.int32) * 16
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(digits))


def company_mail(rng: np.random.Generator, world: World, roster: Roster) -> None:
    """Give each account a mail domain of its own company."""
    brands = world.grammar.make(rng, "brand", len(roster)).to_pylist()
    ends = rng.choice(["com", "io", "net", "org"], size=len(roster))
    numbers = rng.integers(1, 400, size=len(roster))
    roster.email_domain = np.array(
        [f"{b.lower()}{n}.{e}" for b, n, e in zip(brands, numbers, ends, strict=True)], dtype=object
    )


def _ages(rng: np.random.Generator, world: World, n: int, new_share: float) -> NDArray[np.float64]:
    """Return when accounts were made: long ago, lately, or in one of three sign-up waves.

    A wave is an hour in which the platform was in the news: strangers who join together.
    """
    ages = -rng.exponential(_MEAN_AGE_DAYS * DAY_S, size=n) - 60.0
    fresh = rng.random(n) < new_share
    ages[fresh] = rng.uniform(0, world.seconds * 0.9, size=int(fresh.sum()))
    waves = world.stream(4).uniform(-20 * DAY_S, world.seconds * 0.3, size=3)
    joined = rng.random(n) < _WAVE_SHARE
    count = int(joined.sum())
    ages[joined] = rng.choice(waves, size=count) + rng.uniform(0, 3600, size=count)
    return ages


def _mail(rng: np.random.Generator, n: int) -> tuple[Strings, Strings]:
    mail = read_words("net")["mail"]
    domains = np.array(mail["public"].split("|"), dtype=object)
    patterns = np.array(mail["patterns"].split("|"), dtype=object)
    return (
        rng.choice(domains, size=n, p=np.array(mail["weights"])),
        rng.choice(patterns, size=n),
    )

"""Tests of revenuer.find.campaigns.identity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.find.campaigns import identity
from revenuer.find.campaigns.identity import Disclosure, disclosure, names
from revenuer.find.features import Features

Column = Sequence[str | None]
NOBODY: Column = [None] * 6
STRANGERS: Column = [f"stranger {i}" for i in range(6)]
ONE: Column = ["one"] * 6
TWO: Column = ["one"] * 3 + ["two"] * 3
OTHERS: Column = ["one", "two", "one", "two", "one", "one"]
HALF: Column = ["one"] * 3 + [f"stranger {i}" for i in range(3)]
THREE: Column = ["one"] * 2 + ["two"] * 2 + ["three"] * 2


def features(payment: Column, mail: Column, org: Column | None = None) -> Features:
    """Return features of accounts that are registered so."""
    nothing: list[Any] = [None] * len(Features._fields)
    columns = dict(zip(identity.COLUMNS, (payment, mail, org or [None] * len(mail)), strict=True))
    return Features(*nothing)._replace(
        accounts=pa.table({name: pa.array(own, pa.string()) for name, own in columns.items()})
    )


def disclosed(payment: Column, mail: Column, org: Column | None = None) -> Disclosure:
    """Say how a group of accounts is registered that is everybody."""
    return disclosure(names(features(payment, mail, org)), np.arange(len(mail)))


def kind(told: Disclosure) -> str:
    kinds = {"open": told.is_open, "institution": told.is_institution, "hidden": told.is_hidden}
    found = [name for name, is_so in kinds.items() if is_so]
    assert len(found) <= 1
    return found[0] if found else "neither"


#: Payers, mail domains and organisations of six accounts, and what they are.
GROUPS: dict[str, tuple[Column, Column, Column, str]] = {
    "one payer, one domain": (ONE, ONE, NOBODY, "open"),
    "one payer, one organisation": (ONE, NOBODY, ONE, "open"),
    "one payer, one domain, other organisations": (ONE, ONE, STRANGERS, "open"),
    "one payer, all else unknown": (ONE, NOBODY, NOBODY, "neither"),
    "one payer, many domains, as in a family": (ONE, STRANGERS, NOBODY, "neither"),
    "one payer for half, many domains": (HALF, STRANGERS, NOBODY, "neither"),
    "two firms with three accounts each": (TWO, TWO, NOBODY, "open"),
    "one payer for two domains of several accounts": (ONE, TWO, NOBODY, "neither"),
    "a firm and a class": ([*ONE[:3], *STRANGERS[3:]], TWO, NOBODY, "open"),
    "a firm and a larger class": (
        [*ONE[:2], *STRANGERS[2:]],
        ["firm"] * 2 + ["school"] * 4,
        NOBODY,
        "neither",
    ),
    "three domains, payers that do not match": (OTHERS, THREE, NOBODY, "neither"),
    "one domain, own cards, as in a class": (STRANGERS, ONE, NOBODY, "institution"),
    "one organisation, own cards, as in an office": (STRANGERS, STRANGERS, ONE, "institution"),
    "one domain, payers unknown": (NOBODY, ONE, NOBODY, "institution"),
    "one domain, two payers": (TWO, ONE, NOBODY, "neither"),
    "unrelated names": (STRANGERS, STRANGERS, NOBODY, "hidden"),
    "unrelated cards, all else unknown": (STRANGERS, NOBODY, NOBODY, "hidden"),
    "unrelated organisations": (NOBODY, NOBODY, STRANGERS, "hidden"),
    "nothing known": (NOBODY, NOBODY, NOBODY, "neither"),
    "cards of three of six known": ([*STRANGERS[:3], *NOBODY[3:]], NOBODY, NOBODY, "hidden"),
    "cards of two of six known": ([*STRANGERS[:2], *NOBODY[2:]], NOBODY, NOBODY, "neither"),
    "domains of two of six known": (NOBODY, [*ONE[:2], *NOBODY[2:]], NOBODY, "institution"),
    "domain of one of six known": (NOBODY, [*ONE[:1], *NOBODY[1:]], NOBODY, "neither"),
}


@pytest.mark.parametrize("group", GROUPS)
def test_agrees_with_reading_the_register(group: str) -> None:
    *columns, expected = GROUPS[group]

    assert kind(disclosed(*columns)) == expected


@pytest.mark.parametrize(
    ("group", "share"),
    [
        ("unrelated names", 1),
        ("three domains, payers that do not match", 3 / 6),
        ("cards of three of six known", 1),
        ("one payer, many domains, as in a family", 1),
        ("two firms with three accounts each", 0),
    ],
)
def test_names_are_counted_a_named_account_where_there_are_three(group: str, share: float) -> None:
    assert disclosed(*GROUPS[group][:3]).names == pytest.approx(share)


def test_where_nothing_is_known_there_is_no_share_of_names() -> None:
    assert math.isnan(disclosed(*GROUPS["nothing known"][:3]).names)


@pytest.mark.parametrize(
    ("accounts", "known", "expected"),
    [(9, 2, "neither"), (9, 3, "institution"), (3, 1, "neither"), (3, 2, "institution")],
)
def test_a_column_that_names_few_of_the_accounts_says_nothing(
    accounts: int, known: int, expected: str
) -> None:
    mail: Column = ["one"] * known + [None] * (accounts - known)

    assert kind(disclosed([None] * accounts, mail)) == expected


def test_firms_are_told_where_payer_and_domain_of_a_third_are_known() -> None:
    # One firm of two among twelve accounts, of which either a payer or a domain is known.
    payment: Column = [*STRANGERS[:4], "one", "one", *NOBODY]
    mail: Column = [*NOBODY[:4], "one", "one", *STRANGERS[:4], None, None]

    assert kind(disclosed(payment, mail)) == "hidden"


def test_of_domains_with_one_account_each_no_firm_follows() -> None:
    # Five payers of ten accounts, and six domains.
    payment: Column = ["a"] * 5 + ["b", "c", "d", "e", "e"]
    mail: Column = ["a"] * 5 + ["b", "c", "d", "e", "f"]

    assert kind(disclosed(payment, mail)) == "neither"
    assert kind(disclosed(payment, payment)) == "open"


@pytest.mark.parametrize(("strangers", "expected"), [(2, "open"), (3, "neither")])
@pytest.mark.parametrize("is_payer", [True, False])
def test_one_customer_has_four_fifths_of_the_accounts(
    strangers: int, expected: str, is_payer: bool
) -> None:
    assert identity.ONE == 0.8
    own: Column = ["one"] * (10 - strangers) + [f"stranger {i}" for i in range(strangers)]
    one: Column = ["one"] * 10
    payment, org = (own, one) if is_payer else (one, own)

    assert kind(disclosed(payment, [None] * 10, org)) == expected


@pytest.mark.parametrize(("largest", "expected"), [(4, "hidden"), (5, "neither")])
@pytest.mark.parametrize("place", range(3))
def test_of_many_customers_none_has_more_than_two_fifths(
    largest: int, expected: str, place: int
) -> None:
    assert identity.MANY == 0.4
    columns: list[Column] = [[None] * 10] * 3
    columns[place] = ["one"] * largest + [f"stranger {i}" for i in range(10 - largest)]

    assert kind(disclosed(*columns)) == expected


@pytest.mark.parametrize(("accounts", "expected"), [(8, "hidden"), (15, "hidden"), (16, "open")])
def test_a_firm_has_two_accounts_on_the_mean(accounts: int, expected: str) -> None:
    own: Column = [f"firm {i % 8}" for i in range(accounts)]

    assert kind(disclosed(own, own)) == expected


@pytest.mark.parametrize(("firms", "expected"), [(8, "open"), (9, "hidden"), (50, "hidden")])
def test_many_small_firms_on_one_job_are_one_operators(firms: int, expected: str) -> None:
    own: Column = [f"firm {i % firms}" for i in range(2 * firms)]

    assert kind(disclosed(own, own)) == expected


@pytest.mark.parametrize(("swapped", "expected"), [(4, "open"), (5, "hidden")])
def test_a_firm_pays_for_four_fifths_of_its_domain(swapped: int, expected: str) -> None:
    own = [f"firm {i // 5}" for i in range(20)]
    mail = [f"firm {(i // 5 + 1) % 4}" if i % 5 == 0 or i >= 20 - swapped + 4 else own[i]
            for i in range(20)]  # fmt: skip

    assert sum(a != b for a, b in zip(own, mail, strict=True)) == swapped
    assert kind(disclosed([*own], [*mail])) == expected


@pytest.mark.parametrize(("others", "is_public"), [(44, False), (45, True)])
def test_a_public_mail_domain_names_nobody(others: int, is_public: bool) -> None:
    # Six accounts of the group and so many others have it; fifty are one large customer.
    assert (identity.PUBLIC, identity.PUBLIC_SHARE) == (50, 0.01)
    log = features([*NOBODY] + [None] * others, [*ONE] + ["one"] * others)

    told = disclosure(names(log), np.arange(6))

    assert kind(told) == ("neither" if is_public else "institution")


def test_a_large_customer_of_a_large_provider_has_a_name() -> None:
    log = features([None] * 20_000, ["one"] * 200 + ["two"] * 201 + [None] * 19_599)

    coded = names(log)[:, identity.COLUMNS.index("email_domain")]

    assert (coded[:200] >= 0).all()
    assert (coded[200:] == -1).all()


@given(
    st.lists(
        st.tuples(*[st.sampled_from([None, "a", "b", "c", "d", "e"])] * 3), min_size=1, max_size=12
    ),
    st.integers(0, 2**32 - 1),
)
def test_does_not_depend_on_names_or_order(rows: list[tuple[Any, ...]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    order, letters = rng.permutation(len(rows)), dict(zip("abcde", rng.permutation(5), strict=True))
    renamed = [[one and f"name {letters[one]}" for one in rows[i]] for i in order]

    found, other = (
        disclosed(*(list(c) for c in zip(*own, strict=True))) for own in (rows, renamed)
    )

    assert other == pytest.approx(found, nan_ok=True)
    assert math.isnan(found.names) or 0 <= found.names <= 1
    assert found.is_open + found.is_institution + found.is_hidden <= 1


def test_names_are_those_of_the_accounts_table(world: Any) -> None:
    known = names(world.features)

    payment, domain, org = known.T
    is_firm = [one.startswith("f") for one in world.ids]
    assert len(set(payment[world.numbers("r", "c")])) == 1, "one card, as the log says"
    assert len(set(payment[world.numbers("f")])) == len(world.numbers("f"))
    assert (domain >= 0).tolist() == (org >= 0).tolist() == is_firm

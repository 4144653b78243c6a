"""Under how many names does a group appear?

An honest firm that splits a job over accounts has no reason to look like many customers: the
accounts share a payer, a mail domain of their own or an organisation. Accounts that act as one and
are registered under unrelated names hide who is behind them. Three columns name a customer:
`payment_id`, `email_domain`, `org_id`; a value that many accounts of the provider show (a public
mail domain) names nobody. A group is

* open, when mail domain or organisation, and payer, name (almost) one customer; or a few with
  several accounts each, whose payers and mail domains agree;
* an institution, when it has one mail domain or organisation and everybody pays for themselves or
  nothing is known of payers, as in a class or an office;
* hidden, when none of these holds and mail domain and organisation, or else payer, name many;
* none of these, when columns disagree or too little is known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from revenuer.find.features import Features

Numbers = NDArray[np.int64]
COLUMNS = ("payment_id", "email_domain", "org_id")
#: Accounts, and share of all accounts, above both of which a value names nobody.
PUBLIC, PUBLIC_SHARE = 50, 0.01
#: Share of a group's accounts that a column must name before it counts.
NAMED = 1 / 3
#: Share of the named accounts under the most common name: one customer from the first on, many
#: customers up to the second.
ONE, MANY = 0.8, 0.4
FEWEST_NAMES = 3
#: Mail domains up to which a group may be several firms.
MOST_FIRMS = 8


class Disclosure(NamedTuple):
    """How a group is registered.

    Attributes:
        is_open, is_institution, is_hidden: As the module says; at most one of them.
        names: Different names over named accounts in the column that has most, in (0, 1]; NaN
            where no column counts.
    """

    is_open: bool
    is_institution: bool
    is_hidden: bool
    names: float


def names(features: Features) -> Numbers:
    """Return (accounts, 3) codes of what names a customer; -1 where nobody is named."""
    codes = []
    for column in COLUMNS:
        values = features.accounts.column(column).combine_chunks().dictionary_encode()
        own = values.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        counts = np.bincount(own[own >= 0], minlength=1)
        is_public = counts > max(PUBLIC, PUBLIC_SHARE * len(own))
        codes.append(np.where((own >= 0) & ~is_public[own], own, -1))
    return np.column_stack(codes)


def disclosure(known: Numbers, members: Numbers) -> Disclosure:
    """Say how the members of a group are registered."""
    tops, shares = {}, {}  # of the named accounts: under the most common name; names a head
    for column, own in zip(COLUMNS, known[members].T, strict=True):
        named = own[own >= 0]
        if len(named) < max(NAMED * len(members), 2):
            continue
        _, counts = np.unique(named, return_counts=True)
        tops[column] = counts.max() / len(named)
        # One column names many customers only if it names at least a few.
        shares[column] = len(counts) / len(named) if len(counts) >= FEWEST_NAMES else 0.0
    if not tops:
        return Disclosure(False, False, False, float("nan"))
    payers = tops.pop("payment_id", None)
    is_one = max(tops.values(), default=0.0) >= ONE
    is_open = (is_one and (payers or 0.0) >= ONE) or _are_firms(known[members])
    # A class or an office: one institution, and everybody pays for themselves.
    pays_alone = payers is None or shares["payment_id"] >= ONE
    is_institution = is_one and pays_alone and not is_open
    is_hidden = not is_open and max([*tops.values(), payers or 0.0]) <= MANY
    return Disclosure(bool(is_open), bool(is_institution), bool(is_hidden), max(shares.values()))


def _are_firms(codes: Numbers) -> bool:
    """Whether the group is several customers: by mail domain, firms with one payer each, mostly.

    Beside firms there may be institutions, whose accounts pay for themselves. Two firms do not
    share a payer. Of domains with one account each nothing follows, so there must be two accounts a
    domain on the mean; and many small firms on one job are one operator's, so there are a few.
    """
    payer, mail = codes[(codes[:, :2] >= 0).all(axis=1)][:, :2].T
    if len(payer) < max(NAMED * len(codes), 2):
        return False
    domains, sizes = np.unique(mail, return_counts=True)
    firms = institutions = 0
    cards: list[int] = []
    for domain, size in zip(domains, sizes, strict=True):
        cards_here, counts = np.unique(payer[mail == domain], return_counts=True)
        if counts.max() >= ONE * size:
            firms += size
            if size > 1:
                cards.append(int(cards_here[counts.argmax()]))
        elif len(counts) >= ONE * size:
            institutions += size
    explained = firms + institutions
    are_apart = len(set(cards)) == len(cards)
    is_explained = 2 * firms >= explained >= ONE * len(payer)
    are_few = len(domains) <= min(MOST_FIRMS, len(payer) // 2)
    return bool(are_apart and is_explained and are_few)

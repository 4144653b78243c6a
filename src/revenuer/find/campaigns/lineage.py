"""Is this campaign one that an earlier run named?

Accounts are replaced after a ban, proxies change, a new model is tried: what stays is how an
operator words its requests, and sometimes who pays. A campaign continues an earlier lineage when

* half of the accounts of the smaller of the two, carriers left out, are in both; or
* their own phrases (`wording`) are alike: at least `LIKE` of all that either has are in both; or
* at least three payers, and three tenths of those of the smaller, are in both.

Each alone suffices, since each alone survives what an operator may change. Unlike campaigns share
phrases by fashion: among 1,371 pairs of made campaigns, by four makers, the most alike had half
(`LIKE` is above), while 108 of 113 campaigns with phrases of their own were found again in their
second half. Two operators who copy one frame word for word would be taken for one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from revenuer import runs
from revenuer.find.campaigns import wording
from revenuer.find.campaigns.dossier import Member
from revenuer.find.features import Features, state
from revenuer.tables import LINEAGES

Numbers = NDArray[np.int64]
Marks = NDArray[np.uint64]
#: Shares of the smaller's accounts, of all phrases, and of the smaller's payers.
ACCOUNTS, LIKE, PAYERS = 0.5, 0.6, 0.3
FEWEST_ACCOUNTS, FEWEST_PHRASES, FEWEST_PAYERS = 2, 8, 3
#: Accounts that show one payer above which it is no one's mark.
PUBLIC = 50
#: Texts that phrases are taken from: of a campaign, of all others.
SAMPLE, OTHERS = 400, 2_000


class Trace(NamedTuple):
    """What a campaign is recognised by.

    Attributes:
        lineage_id: Its lineage.
        accounts: (accounts,) sorted hashes of account ids, carriers left out.
        phrases: (phrases,) sorted hashes of its own wording.
        payers: (payers,) sorted hashes of who pays.
        seen_us: End of the last window in which it was found.
    """

    lineage_id: str
    accounts: Marks
    phrases: wording.Phrases
    payers: Marks
    seen_us: int


def traces(
    features: Features,
    folder: Path,
    harvests: Sequence[tuple[str, list[Member], Numbers]],
) -> list[Trace]:
    """Return what each campaign can be recognised by.

    Args:
        features: What was measured.
        folder: Its state (`features.state`).
        harvests: Lineage id so far, members, and harvested exchange rows of each campaign.
    """
    taken = np.unique(np.concatenate([[-1], *(rows for _, _, rows in harvests)]))
    others = np.setdiff1d(_spread(np.arange(len(features.exchanges.prompt)), OTHERS), taken)
    samples = [_spread(rows, SAMPLE) for _, _, rows in harvests]
    usual_words, *own_words = _words(features, folder, [others, *samples])
    usual = wording.usual(usual_words)
    payment = features.accounts.column("payment_id").to_pylist()
    public = {payer for payer, n in _counts(payment).items() if n > PUBLIC}
    ids = features.accounts.column("account_id").to_pylist()
    end = int(features.exchanges.at_us.max())
    found = []
    for (lineage_id, members, _), words in zip(harvests, own_words, strict=True):
        own = [member.account for member in members if member.role != "carrier"]
        payers = {payment[account] for account in own} - public - {None}
        found.append(
            Trace(
                lineage_id,
                _marks(ids[account] for account in own),
                wording.phrases(words, usual),
                _marks(payers),
                end,
            )
        )
    return found


def recognise(one: Trace, known: Sequence[Trace]) -> str | None:
    """Return the lineage that a campaign continues, the most alike of several; None for none."""
    strengths = [(max(_strengths(one, other)), other.seen_us, other.lineage_id) for other in known]
    best = max(strengths, default=(0.0, 0, ""))
    return best[2] if best[0] >= 1 else None


def read(run: Path) -> list[Trace]:
    """Return the lineages that an earlier run knew.

    Raises:
        RunError: They cannot be read.
    """
    path = run / "tables" / "lineages.parquet"
    with runs.reading(path):
        return _traces(pq.read_table(path, columns=list(LINEAGES.names)))


def _traces(kept: Any) -> list[Trace]:
    marks: dict[str, dict[str, list[int]]] = {}
    seen: dict[str, int] = {}
    for name, kind, value, seen_us in zip(
        *(column.to_pylist() for column in kept.columns[:3]),
        kept.column("seen_at").cast(pa.int64()).to_pylist(),
        strict=True,
    ):
        marks.setdefault(name, {}).setdefault(kind, []).append(value)
        seen[name] = seen_us
    return [
        Trace(
            name,
            np.unique(np.array(own.get("account", []), np.uint64)),
            np.unique(np.array(own.get("phrase", []), np.uint64)),
            np.unique(np.array(own.get("payer", []), np.uint64)),
            seen[name],
        )
        for name, own in sorted(marks.items())
    ]


def table(found: Sequence[Trace], known: Sequence[Trace]) -> Any:
    """Return the lineages of a run: those found, and those of earlier runs that were not."""
    alive = {one.lineage_id for one in found}
    rows = sorted(
        {
            (one.lineage_id, kind, int(value), one.seen_us)
            for one in (*found, *(past for past in known if past.lineage_id not in alive))
            for kind, values in (
                ("account", one.accounts),
                ("phrase", one.phrases),
                ("payer", one.payers),
                ("name", [0]),
            )
            for value in values
        }
    )
    columns = list(zip(*rows, strict=True)) or [()] * len(LINEAGES.columns)
    return pa.table(
        [pa.array(c, column.type) for c, column in zip(columns, LINEAGES.columns, strict=True)],
        schema=LINEAGES.schema,
    )


def _strengths(one: Trace, other: Trace) -> tuple[float, float, float]:
    """Return each likeness over what it must be; 0 where there is too little of it."""
    accounts = len(np.intersect1d(one.accounts, other.accounts))
    fewest = min(len(one.accounts), len(other.accounts))
    payers = len(np.intersect1d(one.payers, other.payers))
    worded = min(len(one.phrases), len(other.phrases)) >= FEWEST_PHRASES
    return (
        accounts / (ACCOUNTS * fewest) if accounts >= FEWEST_ACCOUNTS else 0.0,
        wording.alike(one.phrases, other.phrases) / LIKE if worded else 0.0,
        payers / (PAYERS * min(len(one.payers), len(other.payers)))
        if payers >= FEWEST_PAYERS
        else 0.0,
    )


def _words(features: Features, folder: Path, samples: Sequence[Numbers]) -> list[wording.Words]:
    """Return, for each sample of exchanges, their words: system prompt and prompt, a text each."""
    exchanges = features.exchanges
    pairs = [
        np.stack([exchanges.system[rows], exchanges.prompt[rows]], axis=1).astype(np.int64)
        for rows in samples
    ]
    texts = np.unique(np.concatenate([own.ravel() for own in pairs]))
    texts = texts[texts >= 0]
    # All at once: each look decodes the texts of whole row groups.
    words, offsets = state.words(folder, texts)
    # Text number -1 takes the extra last entry, which has no words.
    starts, lengths = np.append(offsets[:-1], 0), np.append(np.diff(offsets), 0)
    found = []
    for own in pairs:
        place = np.where(own < 0, len(texts), np.searchsorted(texts, own))
        each = lengths[place].ravel()
        bounds = np.concatenate([[0], np.cumsum(each)]).astype(np.int64)
        at = np.repeat(starts[place].ravel() - bounds[:-1], each) + np.arange(bounds[-1])
        found.append(wording.Words(words[at], bounds[::2]))
    return found


def _spread(rows: Numbers, most: int) -> Numbers:
    """Return at most so many rows, evenly over the list."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def _counts(values: Sequence[str | None]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for value in values:
        if value is not None:
            counts[value] = counts.get(value, 0) + 1
    return counts


def _marks(values: Iterable[str]) -> Marks:
    return np.unique(np.array([mark(value) for value in values], np.uint64))


def mark(value: str) -> int:
    """Return the hash of an account's id or of a payer."""
    return int.from_bytes(hashlib.blake2b(value.encode(), digest_size=8).digest(), "little")

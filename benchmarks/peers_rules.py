"""What would three simple rules accuse in the weeks that a scan is measured on?

Each rule is what an analyst writes into a rule engine or asks a database, with one threshold: how
many accounts must show the same thing.

* payment or address: a payment, or an address of sign-up or of a request, at any time in the week;
* same prompt: letter by letter, within 60 seconds of one request (as coordination toolkits do,
  with no second time asked for);
* same opening: the same first eight words of a prompt, at any time in the week.

Thresholds are three accounts, the fewest that a scan accuses, and ten. A rule accuses every account
that meets it; the scan accuses members of campaigns.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import peers_coaction
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import weeks
from weeks import Judged

from revenuer.find.features import texts
from revenuer.lab import traffic

FEWEST = (3, 10)
OPENING = 8
#: Rule of the figures -> words.
RULES = {"shared": "payment or address", "prompt": "same prompt in 60 s", "opening": "same opening"}
COLUMNS = ("account_id", "requested_at", "ip", "prompt")


def judged(work: Path, seed: int, scale: float) -> dict[str, list[Judged]]:
    """Simulate a week; return its accounts as the scan and as each rule judges them."""
    week, run = work / "week", work / "run"
    traffic.simulate(week, seed=seed, days=weeks.DAYS, scale=scale)
    weeks.scan(week, run)
    found = {"scan": weeks.judge(week, run, seed=seed)}
    exchanges = pq.read_table(week / "exchanges.parquet", columns=list(COLUMNS))
    accounts = pq.read_table(week / "accounts.parquet")
    for fewest in FEWEST:
        accused = {
            "shared": shared(exchanges, accounts, fewest),
            "prompt": same_prompt(exchanges, fewest),
            "opening": same_opening(exchanges, fewest),
        }
        for rule, named in accused.items():
            found[f"{rule}_{fewest}"] = weeks.against_truth(week, named, seed=seed)
    return found


def shared(exchanges: Any, accounts: Any, fewest: int) -> frozenset[str]:
    """Return accounts that share a payment or an address."""
    payments = _by_many(accounts["payment_id"], accounts["account_id"], fewest)
    ids = pa.chunked_array([*accounts["account_id"].chunks, *exchanges["account_id"].chunks])
    addresses = pa.chunked_array([*accounts["signup_ip"].chunks, *exchanges["ip"].chunks])
    return payments | _by_many(addresses, ids, fewest)


def same_prompt(exchanges: Any, fewest: int) -> frozenset[str]:
    """Return accounts whose prompt others sent, too, within the window of one request."""
    said = exchanges.filter(pc.greater(pc.utf8_length(exchanges["prompt"]), 0))
    ids = said["account_id"].combine_chunks().dictionary_encode()
    at_s = said["requested_at"].cast(pa.int64()).to_numpy() // 1_000_000
    numbers = ids.indices.to_numpy()
    event, _ = peers_coaction.within(texts.keys_of(said["prompt"]), numbers, at_s)
    others = np.bincount(event, minlength=len(numbers))
    named = np.unique(numbers[others + 1 >= fewest])
    return frozenset(ids.dictionary.take(pa.array(named)).to_pylist())


def same_opening(exchanges: Any, fewest: int) -> frozenset[str]:
    """Return accounts whose prompts open alike; shorter prompts have no opening."""
    split = pc.utf8_split_whitespace(
        pc.utf8_trim_whitespace(pc.utf8_lower(exchanges["prompt"])), max_splits=OPENING
    )
    long = pc.fill_null(pc.greater_equal(pc.list_value_length(split), OPENING), False)
    opening = pc.binary_join(pc.list_slice(split.filter(long), 0, OPENING), " ")
    return _by_many(opening, exchanges["account_id"].filter(long), fewest)


def _by_many(values: Any, accounts: Any, fewest: int) -> frozenset[str]:
    """Return accounts that show a value which at least so many accounts show."""
    shown = pa.table({"value": values, "account": accounts})
    shown = shown.filter(pc.is_valid(shown["value"])).group_by(["value", "account"]).aggregate([])
    counts = shown.group_by("value").aggregate([("account", "count")])
    popular = counts.filter(pc.greater_equal(counts["account_count"], fewest))["value"]
    named = shown.filter(pc.is_in(shown["value"], popular.combine_chunks()))["account"]
    return frozenset(named.to_pylist())

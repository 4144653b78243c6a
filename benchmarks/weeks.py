"""Simulate a week, scan it, and lay what was accused beside the truth.

A week comes as it was made, with real text (`real_text`), or stripped of all text as a provider
that logs only metadata would have it. `judge` returns one row an account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from pathlib import Path
from typing import Any, NamedTuple

import measure
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measure import Interval

from revenuer.find import pipeline
from revenuer.lab import traffic
from revenuer.lab.traffic import campaigns, world
from revenuer.lab.traffic.stealth import Dials
from revenuer.settings import Settings

TEXT = ("system_prompt", "prompt", "history", "completion", "reasoning")
DAYS = 7


class Judged(NamedTuple):
    """One account: the truth, and whether it was accused or listed as coordinated.

    Attributes:
        seed: Of the week; with `cluster` it names what is independent of the rest.
        cluster: Its campaign, its group of a look-alike class, or itself.
        kind: Honest class, look-alike class or campaign kind.
        campaign: Empty for the innocent.
        families: Families of ties that its campaign leaves by construction.
        harvest: Its harvested exchanges.
    """

    seed: int
    cluster: str
    kind: str
    campaign: str
    families: tuple[str, ...]
    harvest: int
    is_guilty: bool
    is_accused: bool
    is_listed: bool


def scan(folder: Path, out: Path, *, exchanges: str = "exchanges.parquet") -> int:
    """Scan a simulated folder into `out`; return the number of campaigns."""
    outcome = pipeline.scan(
        [str(folder / exchanges)],
        out=out,
        settings=Settings(),
        accounts=str(folder / "accounts.parquet"),
    )
    return len(outcome.campaigns)


def judge(folder: Path, run: Path, *, seed: int) -> list[Judged]:
    """Return the accounts of a simulated folder as its run found them."""
    accused = _accounts(run / "members.parquet")
    return against_truth(folder, accused, _accounts(run / "coordinated.parquet"), seed=seed)


def against_truth(
    folder: Path, accused: Set[str], listed: Set[str] = frozenset(), *, seed: int
) -> list[Judged]:
    """Return the accounts of a simulated folder, whoever accuses or lists some of them."""
    return [
        Judged(
            seed,
            row["campaign_id"] or row["group_id"] or row["account_id"],
            row["kind"],
            row["campaign_id"] or "",
            tuple(row["families"] or ()),
            row["harvest_exchanges"],
            row["is_guilty"],
            row["account_id"] in accused,
            row["account_id"] in listed,
        )
        for row in pq.read_table(folder / "truth.parquet").to_pylist()
    ]


def ratio(
    rows: Iterable[Judged], hits: Callable[[Judged], float], trials: Callable[[Judged], float]
) -> Interval:
    """Return a share of accounts with its interval over campaigns and look-alike groups."""
    sums: dict[tuple[int, str], list[float]] = {}
    for row in rows:
        one = sums.setdefault((row.seed, row.cluster), [0.0, 0.0])
        one[0] += hits(row)
        one[1] += trials(row)
    pairs = np.array([sums[key] for key in sorted(sums)]).reshape(-1, 2)
    return measure.bootstrap(pairs[:, 0], pairs[:, 1])


def precision(rows: Iterable[Judged]) -> Interval:
    """Return the share of accused accounts that are guilty, with the wider of two intervals."""
    accused = [row for row in rows if row.is_accused]
    exact = measure.clopper_pearson(sum(row.is_guilty for row in accused), len(accused))
    return measure.outer(ratio(accused, lambda row: row.is_guilty, lambda _: 1), exact)


def without_text(folder: Path) -> str:
    """Write the exchanges with every text column emptied; return the file's name."""
    name = "metadata.parquet"
    with pq.ParquetFile(folder / "exchanges.parquet") as file:
        schema = file.schema_arrow
        with pq.ParquetWriter(folder / name, schema, compression="zstd") as writer:
            for batch in file.iter_batches(65_536):
                columns: list[Any] = [
                    pa.nulls(batch.num_rows, field.type)
                    if field.name in TEXT
                    else batch.column(field.name)
                    for field in schema
                ]
                writer.write_batch(pa.record_batch(columns, schema=schema))
    return name


def dials(seed: int, scale: float, kinds: Sequence[str] | None = None) -> dict[str, Dials]:
    """Return the settings of each campaign of a simulated week, by campaign id."""
    planned = campaigns.plan(
        world.build(seed, DAYS).stream(1),
        campaigns.checked(kinds),
        exchanges=traffic.EXCHANGES_A_WEEK * scale,
        scale=scale,
    )
    return {f"{each.kind}-{number}": each for number, each in enumerate(planned)}


def _accounts(path: Path) -> frozenset[str]:
    return frozenset(pq.read_table(path, columns=["account_id"]).column(0).to_pylist())

"""Independent accounts that run public evaluations every night, among honest people.

Each account runs one family of `evaluator_prompts`, at least three accounts a family: the same
items in the same order, every night from the hour that is usual for the family, each with its own
address, payer, mail domain, client and day of creation. Nothing but prompts and hour is shared.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer import tables
from revenuer.lab import traffic

DAYS = 7
A_FAMILY = 4
FEWEST_ITEMS = 20
NIGHT_US, HOUR_US = 86_400_000_000, 3_600_000_000
AGES_DAYS = (5, 900)


def among_honest(
    data: Path, work: Path, *, accounts: int, items: int, scale: float, seed: int
) -> tuple[list[str], str, dict[str, str]]:
    """Write a week without campaigns and the evaluators' exchanges beside it.

    Returns:
        Logs and accounts for a scan, and the family of each evaluator's account id.
    """
    traffic.simulate(work, seed=seed, days=DAYS, scale=scale, campaigns=["none"])
    honest = pq.read_table(work / "exchanges.parquet", columns=["requested_at", "model"])
    start_us = pc.min(pc.cast(honest["requested_at"], pa.int64())).as_py() // NIGHT_US * NIGHT_US
    models = pc.unique(honest["model"]).to_pylist()
    rng = np.random.default_rng(seed)
    families = _families(data)
    chosen = rng.permutation(sorted(families))[: max(accounts // A_FAMILY, 1)]
    family_of = {
        f"evaluator-{n:03}": str(chosen[n // A_FAMILY % len(chosen)]) for n in range(accounts)
    }
    hours = {family: float(rng.uniform(0, 6)) for family in chosen}
    rows: list[dict[str, Any]] = []
    for number, (account, family) in enumerate(family_of.items()):
        fixed = {
            "account_id": account,
            "model": models[int(rng.integers(len(models)))],
            "ip": _address(number),
            "user_agent": f"harness/{number % 3}.{int(rng.integers(30))}",
            "temperature": 0.0,
            "status": 200,
            "refused": False,
            "turns": 1,
        }
        began = start_us + hours[family] * HOUR_US + rng.normal(0, 60e6, size=DAYS)
        rows += _runs(rng, families[family][:items], fixed, began)
    rows.sort(key=lambda row: (row["requested_at"], row["account_id"]))
    for number, row in enumerate(rows):
        row["exchange_id"] = f"evaluation-{number}"
    names = [field.name for field in tables.EXCHANGES.schema]
    columns = [
        pa.array([row.get(name) for row in rows], tables.EXCHANGES.schema.field(name).type)
        for name in names
    ]
    pq.write_table(pa.table(columns, schema=tables.EXCHANGES.schema), work / "evaluators.parquet")
    records = pa.concat_tables(
        [pq.read_table(work / "accounts.parquet"), _records(rng, list(family_of), start_us)]
    )
    pq.write_table(records, work / "records.parquet")
    logs = [str(work / "exchanges.parquet"), str(work / "evaluators.parquet")]
    return logs, str(work / "records.parquet"), family_of


def _runs(
    rng: np.random.Generator, items: list[dict[str, Any]], fixed: dict[str, Any], began: Any
) -> list[dict[str, Any]]:
    """Return one account's runs: all items, one after another, every night."""
    rows = []
    pace_s = float(rng.lognormal(1.2, 0.5))
    for night, start_us in enumerate(began):
        at_us = start_us + night * NIGHT_US
        for item in items:
            at_us += rng.exponential(pace_s) * 1e6
            written = int(np.clip(rng.lognormal(4.6, 1.0), 1, 4_000))
            size = len(item["system"] or "") + len(item["user"] or "")
            rows.append(
                fixed
                | {
                    "requested_at": int(at_us),
                    "system_prompt": item["system"] or None,
                    "prompt": item["user"],
                    "input_tokens": size // 4 + 7,
                    "output_tokens": written,
                }
            )
    return rows


def _families(data: Path) -> dict[str, list[dict[str, Any]]]:
    families: dict[str, list[dict[str, Any]]] = {}
    for row in pq.read_table(data / "evaluator_prompts.parquet").to_pylist():
        families.setdefault(row["family"], []).append(row)
    return {name: rows for name, rows in families.items() if len(rows) >= FEWEST_ITEMS}


def _records(rng: np.random.Generator, ids: list[str], start_us: int) -> Any:
    ages_us = rng.uniform(*AGES_DAYS, size=len(ids)) * NIGHT_US
    rows = [
        {
            "account_id": account,
            "created_at": dt.datetime.fromtimestamp((start_us - age) / 1e6, dt.UTC),
            "signup_ip": _address(number),
            "payment_id": f"own-{number}",
            "email_domain": f"laboratory-{number}.example",
            "email_pattern": "word.word",
            "plan": "payg",
            "is_verified": False,
        }
        for number, (account, age) in enumerate(zip(ids, ages_us, strict=True))
    ]
    return _table(rows, tables.ACCOUNTS.schema)


def _table(rows: list[dict[str, Any]], schema: Any) -> Any:
    columns = [pa.array([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.table(columns, schema=schema)


def _address(number: int) -> str:
    """Return an address in a /24 of its own, from the range reserved for benchmarks."""
    return f"198.{18 + number // 250}.{number % 250}.{1 + number % 200}"

"""Exchanges of real API customers, drawn from the ServeGen traces.

ServeGen gives, for each client of a model and each ten minutes, a rate and the law of gaps between
requests, and for each client and six hours the distribution of token counts. A client becomes an
account. Its requests are thinned, since the traces speak of billions: a thinned stream of gaps with
Gamma law of shape a has gaps that are sums of a geometric number of them, so Gamma again; a Weibull
law is replaced by the Gamma law of the same mean and variation once it is thinned. Token counts are
drawn from the untouched distributions where those are at hand, else from the quantiles, and stay
empty for the heaviest clients, whose lengths the traces do not tell.

Two ways to thin: `level` keeps at most the same number of requests of each client, `even` the same
share of all, which leaves the small clients with little.
"""

from __future__ import annotations

import ast
import gzip
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.special import gamma

WINDOW_S = 600
SPAN_S = 21_600
#: Monday 2024-01-01 00:00 UTC: the traces tell no date.
EPOCH_US = 1_704_067_200_000_000
MOST = 395_000
#: Shape of a Weibull law below which its variation overflows.
FLATTEST = 0.1
LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
FIELDS = ("input_tokens", "output_tokens")
Seconds = NDArray[np.float64]


class Trace(NamedTuple):
    """Windows of one model: (windows,) start in seconds, and (clients, windows) rates and laws.

    `shape` is the Gamma shape of gaps, 1 / CV².
    """

    model: str
    clients: NDArray[np.int64]
    start_s: NDArray[np.int64]
    rate: Seconds
    shape: Seconds


def read(folder: Path, model: str) -> Trace:
    """Return the windows of one model; windows in which no client sent anything are left out."""
    path = folder / "traces" / "servegen" / "client_rate_windows.parquet"
    rows = pq.read_table(path, filters=[("model", "==", model)])
    rows = rows.sort_by([("client", "ascending"), ("t", "ascending")])
    clients = np.unique(rows["client"].to_numpy())
    start_s = np.unique(rows["t"].to_numpy())
    square = (len(clients), len(start_s))
    rate = rows["rate"].to_numpy().reshape(square)
    is_weibull = np.array([dist == "Weibull" for dist in rows["dist"].to_pylist()]).reshape(square)
    shape = np.where(rate > 0, rows["p1"].to_numpy().reshape(square), 1.0)
    own = np.maximum(shape[is_weibull], FLATTEST)
    shape[is_weibull] = 1 / (gamma(1 + 2 / own) / gamma(1 + 1 / own) ** 2 - 1)
    up = rate.sum(axis=0) > 0
    return Trace(model, clients, start_s[up], rate[:, up], shape[:, up])


def kept_shares(trace: Trace, *, way: str, most: int = MOST) -> Seconds:
    """Return (clients,) the share of requests kept, so that about `most` remain."""
    sent = trace.rate.sum(axis=1) * WINDOW_S
    if way == "even":
        return np.full(len(sent), min(1.0, most / sent.sum()))
    low, high = 0.0, float(sent.max())
    for _ in range(60):
        cap = (low + high) / 2
        low, high = (cap, high) if np.minimum(sent, cap).sum() <= most else (low, cap)
    shares: Seconds = np.minimum(1.0, low / np.maximum(sent, 1))
    return shares


def exchanges(folder: Path, trace: Trace, shares: Seconds, *, seed: int) -> Any:
    """Return the metadata of all requests as an Arrow table, in order of time."""
    lengths = _Lengths(folder, trace.model)
    parts = []
    for row, client in enumerate(trace.clients.tolist()):
        rng = np.random.default_rng([seed, client])
        at_s = _arrivals(rng, trace, row, float(shares[row]))
        columns = {
            "requested_at": pa.array(
                EPOCH_US + np.round(at_s * 1e6).astype(np.int64), pa.timestamp("us", tz="UTC")
            ),
            "account_id": pa.array([f"client-{client}"] * len(at_s), pa.string()),
            **{field: lengths.draw(rng, client, field, at_s) for field in FIELDS},
        }
        parts.append(pa.table(columns))
    table = pa.concat_tables(parts).sort_by(
        [("requested_at", "ascending"), ("account_id", "ascending")]
    )
    names = pa.array([f"{trace.model}-{i}" for i in range(table.num_rows)])
    models = pa.array([trace.model] * table.num_rows)
    return table.append_column("exchange_id", names).append_column("model", models)


def _arrivals(rng: np.random.Generator, trace: Trace, row: int, share: float) -> Seconds:
    """Return the times, in seconds, of the kept requests of one client."""
    active = np.flatnonzero(trace.rate[row] > 0)
    rate, shape = trace.rate[row, active], trace.shape[row, active]
    # Enough gaps for nearly every window: mean count, and six deviations of a bursty one.
    mean = rate * share * WINDOW_S
    gaps = int(np.ceil(mean + 6 * np.sqrt(mean * (1 + 1 / shape)) + 8).max(initial=1))
    size = (len(active), min(gaps, 20_000))
    merged = rng.geometric(share, size=size) if share < 1 else np.ones(size, np.int64)
    drawn = rng.gamma(merged * shape[:, None])
    # A window begins within a gap, of which the longer ones are likelier to be met.
    begun = rng.random(len(active)) * rng.gamma(shape + 1)
    drawn[:, 0] = begun + rng.gamma((merged[:, 0] - 1) * shape)
    drawn /= (shape * rate)[:, None]
    after = np.cumsum(drawn, axis=1)
    window, _ = np.nonzero(after < WINDOW_S)
    return np.sort(trace.start_s[active][window] + after[after < WINDOW_S])


class _Lengths:
    """Token counts by client, six hours and field, as quantile functions."""

    def __init__(self, folder: Path, model: str) -> None:
        self._functions: dict[tuple[int, str], dict[int, tuple[Seconds, Seconds]]] = {}
        place = folder / "traces" / "servegen"
        columns = ["p01", "p05", "p10", "p25", "p50", "p75", "p90", "p95", "p99", "p100"]
        quantiles = pq.read_table(
            place / "client_length_quantiles.parquet", filters=[("model", "==", model)]
        )
        for row in quantiles.to_pylist():
            values = np.array([row[name] for name in columns])
            self._put(row["client"], row["field"], row["t"], np.array(LEVELS), values)
        for file in sorted((place / "raw_twins").glob(f"{model}-chunk-*.json.gz")):
            found = re.search(r"chunk-(\d+)-", file.name)
            if found:
                self._raw(int(found[1]), file)

    def draw(self, rng: np.random.Generator, client: int, field: str, at_s: Seconds) -> Any:
        """Return token counts at the given times; null where the traces tell none."""
        functions = self._functions.get((client, field))
        if not functions:
            return pa.nulls(len(at_s), pa.int64())
        known = np.array(sorted(functions))
        span = known[np.clip(np.searchsorted(known, at_s, "right") - 1, 0, len(known) - 1)]
        out = np.zeros(len(at_s), np.int64)
        for start in np.unique(span):
            rows = np.flatnonzero(span == start)
            levels, values = functions[int(start)]
            out[rows] = np.round(np.interp(rng.random(len(rows)), levels, values))
        return pa.array(out)

    def _raw(self, client: int, file: Path) -> None:
        with gzip.open(file, "rt", encoding="utf-8") as text:
            spans: dict[str, dict[str, str]] = json.load(text)
        for start, fields in spans.items():
            for field in FIELDS:
                chances: dict[int, float] = ast.literal_eval(fields.get(field, "{}"))
                values = np.array(sorted(chances), np.float64)
                if len(values):
                    levels = np.cumsum([chances[int(value)] for value in values])
                    self._put(client, field, int(start), levels / levels[-1], values)

    def _put(self, client: int, field: str, start: int, levels: Seconds, values: Seconds) -> None:
        if len(values) and not np.isnan(values).any():
            self._functions.setdefault((client, field), {})[start] = (levels, values)

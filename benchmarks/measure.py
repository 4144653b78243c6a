"""What every benchmark does alike: arguments, conditions, tables, intervals, figures in a file.

A benchmark prints and asserts nothing. Its figures are flat: one name, one number.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import beta

import revenuer

REAL_DATA = "REVENUER_REAL_DATA"
LEVEL = 0.95
DRAWS = 2_000
Figures = dict[str, float]
Numbers = NDArray[np.float64]


class Interval(NamedTuple):
    """A share and its 95 % interval; all NaN when there was nothing to count."""

    share: float
    low: float
    high: float

    def __str__(self) -> str:
        if np.isnan(self.share):
            return "-"
        return f"{self.share:.4f} [{self.low:.4f}, {self.high:.4f}]"


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser that knows --quick and --json."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="small sizes: a minute or two")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser


def real_data() -> Path | None:
    """Return the folder of real data, or None after saying what is missing."""
    folder = os.environ.get(REAL_DATA)
    if folder and Path(folder).is_dir():
        return Path(folder)
    print(f"{REAL_DATA} names no folder of real data: what needs it is left out.")
    return None


def heading(title: str, **sizes: object) -> None:
    """Print what is measured, with sizes and seeds, and where and when."""
    say(f"# {title}")
    say(f"date        {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}")
    load = ", ".join(f"{one:.2f}" for one in os.getloadavg())
    say(f"machine     {_processor()}, {os.cpu_count()} cores, load {load} at the start")
    say(
        f"versions    revenuer {revenuer.__version__}, Python {platform.python_version()}, "
        f"duckdb {duckdb.__version__}, numpy {np.__version__}, pyarrow {pa.__version__}"
    )
    for name, size in sizes.items():
        say(f"{name.replace('_', ' '):<11} {size}")


def say(line: str = "") -> None:
    """Print a line at once, so that a long run can be watched."""
    print(line, flush=True)


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under a header, columns aligned."""
    cells = [list(header), *[[_cell(value) for value in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    say(f"\n## {title}")
    for row in cells:
        say("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())


def finish(figures: Mapping[str, float], path: Path | None) -> None:
    """Print the figures and write them; what could not be measured (NaN) is left out."""
    known = {name: value for name, value in figures.items() if not np.isnan(value)}
    table("Figures", ("name", "value"), sorted(known.items()))
    if path:
        path.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        say(f"\nwritten to {path}")


def clopper_pearson(hits: int, trials: int) -> Interval:
    """Return the exact interval of a share; it never covers less often than it says."""
    if trials == 0:
        return Interval(np.nan, np.nan, np.nan)
    tail = (1 - LEVEL) / 2
    low = float(beta.ppf(tail, hits, trials - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, trials - hits)) if hits < trials else 1.0
    return Interval(hits / trials, low, high)


def bootstrap(hits: Numbers, trials: Numbers, *, seed: int = 0) -> Interval:
    """Return a share of all trials with its interval over clusters, such as campaigns.

    Clusters are drawn with replacement. Where all of them agree the draws say nothing, and the
    exact interval for that many independent clusters is given instead.
    """
    used = trials > 0
    hits, trials = hits[used].astype(np.float64), trials[used].astype(np.float64)
    n = len(trials)
    if n == 0:
        return Interval(np.nan, np.nan, np.nan)
    share = float(hits.sum() / trials.sum())
    if n == 1 or np.ptp(hits / trials) == 0:
        exact = clopper_pearson(round(share * n), n)
        return Interval(share, min(exact.low, share), max(exact.high, share))
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=DRAWS).astype(np.float64)
    drawn = (weights @ hits) / (weights @ trials)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(share, float(low), float(high))


def outer(first: Interval, second: Interval) -> Interval:
    """Return the wider of two intervals of one share."""
    return Interval(first.share, min(first.low, second.low), max(first.high, second.high))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "-" if np.isnan(value) else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _processor() -> str:
    if sys.platform != "linux":
        return platform.processor() or platform.machine()
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()

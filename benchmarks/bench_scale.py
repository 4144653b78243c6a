"""What becomes of a scan as the log grows beyond memory?

Weeks of 100,000 to 10,000,000 exchanges are simulated (kept in --work, so that a rerun starts at
once) and scanned, each in a fresh process, with the memory limit of `--limit`; the largest once
more with `--low`. Between two sizes the slope is printed: the exponent with which cost grows (1 is
in proportion). Then the bound on hubs: how much of the harvest is found, and how many pairs of
accounts are made, at the bound and at a larger one.

`--chart FILE` draws CPU and memory against exchanges.
"""

from __future__ import annotations

import argparse
import math
import resource
import subprocess
import sys
import tempfile
from functools import partial
from itertools import pairwise
from pathlib import Path

import bench_scan
import charts
import measure
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import weeks
from bench_scan import SEED, Cost

from revenuer.engine import start
from revenuer.find import features
from revenuer.find.features import sets
from revenuer.lab import traffic
from revenuer.settings import Settings

SIZES = {"100k": 1.0, "300k": 3.0, "1m": 10.0, "3m": 30.0, "10m": 100.0}
QUICK_SIZES = {"100k": 1.0, "300k": 3.0}
LARGEST = "10m"
#: Sizes that are reckoned, not run.
ON_PAPER = {"three months of 151 million": 151e6, "a day of a thousand million": 1e9}
#: Weeks on which the bound on hubs is tried, and the larger bound.
HUB_SEEDS, HUB_SCALE, QUICK_HUB_SCALE, LARGER_HUB = (9_700, 9_701), 3.0, 0.5, 2_000


def main() -> None:
    parser = measure.arguments(__doc__ or "")
    parser.add_argument("--work", type=Path, help="folder that keeps the simulated logs")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, help="only these sizes")
    parser.add_argument("--limit", default="6GB", help="--memory-limit of the scans")
    parser.add_argument("--low", default="3GB", help="--memory-limit of the largest size's second")
    parser.add_argument("--no-hubs", action="store_true", help="leave the bound on hubs out")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw the costs there, as SVG")
    parser.add_argument("--simulate", nargs=2, metavar=("FOLDER", "SCALE"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.simulate:
        simulate_here(Path(chosen.simulate[0]), float(chosen.simulate[1]))
        return
    sizes = {n: SIZES[n] for n in chosen.sizes or (QUICK_SIZES if chosen.quick else SIZES)}
    measure.heading("Scale of a scan", sizes=", ".join(sizes), seed=SEED, memory_limit=chosen.limit)
    with tempfile.TemporaryDirectory() as scratch:
        work = chosen.work or Path(scratch)
        bench_scan.scan_apart(simulated(work, "warm", 0.05), Path(scratch) / "warm")
        costs = {}
        for name, scale in sizes.items():
            logs = simulated(work, name, scale)
            costs[name] = bench_scan.scan_apart(logs, Path(scratch) / name, chosen.limit)
            bench_scan.show(name, costs[name])
        largest = list(costs)[-1]
        figures = growth(costs)
        on_paper(costs)
        if LARGEST in costs:
            logs = simulated(work, LARGEST, SIZES[LARGEST])
            low = bench_scan.scan_apart(logs, Path(scratch) / "low", chosen.low)
            bench_scan.show(f"{LARGEST} with {chosen.low}", low)
            figures |= {"rss_gb_10m_low": low.rss_gb, "cpu_s_10m_low": low.cpu_s}
        if chosen.chart:
            chosen.chart.write_text(chart(costs), encoding="utf-8")
        # Here, since the largest resident set of this process counts for those that it starts.
        figures |= counted(Path(scratch) / largest)
        if not chosen.no_hubs:
            scale = QUICK_HUB_SCALE if chosen.quick else HUB_SCALE
            figures |= hubs(Path(scratch), scale)
    measure.finish(figures, chosen.json)


def simulated(work: Path, name: str, scale: float) -> Path:
    """Return a folder with a simulated week, made in a process of its own unless it is there.

    The largest resident set of a process counts for those that it starts, so this one stays small.
    """
    folder = work / f"logs-{name}-{SEED}"
    if not (folder / "truth_exchanges.parquet").is_file():
        command = [sys.executable, __file__, "--simulate", str(folder), str(scale)]
        subprocess.run(command, check=True)  # noqa: S603  # our own interpreter and this file
    return folder


def simulate_here(folder: Path, scale: float) -> None:
    """Simulate in this process and say what it took."""
    made = traffic.simulate(folder, seed=SEED, scale=scale)
    used = resource.getrusage(resource.RUSAGE_SELF)
    measure.say(
        f"simulated {made.exchanges:,} exchanges of {made.accounts:,} accounts in "
        f"{used.ru_utime + used.ru_stime:.0f} CPU-s and {used.ru_maxrss * 1024 / 1e9:.2f} GB"
    )


def growth(costs: dict[str, Cost]) -> measure.Figures:
    """Print cost against size, and the slope from each size to the next."""
    rows: list[tuple[object, ...]] = []
    slopes = {b: (slope(costs[a], costs[b])) for a, b in pairwise(costs)}
    for name, cost in costs.items():
        cpu, memory = slopes.get(name, (float("nan"), float("nan")))
        per_million = cost.cpu_s / cost.exchanges * 1e6
        rows.append((name, cost.exchanges, cost.cpu_s, per_million, cost.rss_gb, cpu, memory))
    header = ("size", "exchanges", "CPU s", "CPU s a million", "peak GB", "CPU slope", "GB slope")
    measure.table("Cost against size; slope from the size above", header, rows)
    figures = {f"cpu_s_{name}": cost.cpu_s for name, cost in costs.items()}
    figures |= {f"rss_gb_{name}": cost.rss_gb for name, cost in costs.items()}
    figures |= {f"exchanges_{name}": cost.exchanges for name, cost in costs.items()}
    if {"1m", LARGEST} <= costs.keys():
        cpu, memory = slope(costs["1m"], costs[LARGEST])
        ratio = costs[LARGEST].cpu_s / costs["1m"].cpu_s
        figures |= {"cpu_ratio_10m_1m": ratio, "cpu_slope": cpu, "rss_slope": memory}
    return figures


def counted(run: Path) -> measure.Figures:
    """Print what the plan for larger logs is reckoned from, an exchange, in the run given."""
    state = run / "tables" / "state"
    rows = pq.read_table(state / "rows.parquet", columns=["system", "prompt", "opening"])
    carried: set[int] = set()
    for column in rows.columns:
        carried |= set(pc.unique(column).to_pylist())
    texts, words = 0, 0
    with pq.ParquetFile(state / "texts.parquet") as file:
        for group in range(file.num_row_groups):
            held = file.read_row_group(group, columns=["words"]).column(0)
            texts += len(held)
            words += pc.sum(pc.list_value_length(held)).as_py() or 0
    with start(Settings(), run / "spill") as engine:
        for name in ("exchanges", "accounts"):
            engine.bind_parquet(name, run / "tables" / f"{name}.parquet")
        traits = engine.run(features.HERE / "footprint.sql")
    is_total = pc.is_null(traits["account_id"])
    counts = {
        "distinct_texts": texts,
        "carried_texts": len(carried - {-1}),
        "words": words,
        "account_traits": pc.sum(traits.filter(is_total)["shown"]).as_py(),
        "shared_account_traits": traits.num_rows - pc.sum(is_total).as_py(),
    }
    measure.table(
        f"What {rows.num_rows:,} exchanges hold",
        ("what", "number", "an exchange"),
        [(name.replace("_", " "), n, n / rows.num_rows) for name, n in counts.items()],
    )
    return {name: float(n) for name, n in counts.items()}


def on_paper(costs: dict[str, Cost]) -> None:
    """Print what the slope between the two largest sizes says of sizes that were not run."""
    if len(costs) < 2:
        return
    small, large = list(costs.values())[-2:]
    cpu, memory = slope(small, large)
    rows: list[tuple[object, ...]] = []
    for name, exchanges in ON_PAPER.items():
        wider = exchanges / large.exchanges
        hours = large.cpu_s * wider**cpu / 3600
        rows.append((name, hours, hours * 3600 / exchanges * 1e6, large.rss_gb * wider**memory))
    header = ("exchanges", "CPU hours", "CPU s a million", "peak GB in one process")
    measure.table("Extrapolated, not measured", header, rows)


def slope(small: Cost, large: Cost) -> tuple[float, float]:
    """Return the exponents with which CPU and memory grow with exchanges."""
    wider = math.log(large.exchanges / small.exchanges)
    return (
        math.log(large.cpu_s / small.cpu_s) / wider,
        math.log(large.rss_gb / small.rss_gb) / wider,
    )


def chart(costs: dict[str, Cost]) -> str:
    """Return CPU and memory against exchanges as an SVG."""
    exchanges = [cost.exchanges for cost in costs.values()]
    return charts.log_log(
        "Cost of a scan against exchanges",
        "exchanges",
        {
            "CPU-seconds": (exchanges, [cost.cpu_s for cost in costs.values()]),
            "peak memory, GB": (exchanges, [cost.rss_gb for cost in costs.values()]),
        },
    )


def hubs(scratch: Path, scale: float) -> measure.Figures:
    """Print pairs made and harvest found at the bound on hubs and at a larger one."""
    rows: list[tuple[object, ...]] = []
    figures: measure.Figures = {}
    made_by = sets.shared_pairs
    for seed in HUB_SEEDS:
        traffic.simulate(scratch / f"week-{seed}", seed=seed, scale=scale)
    for label, hub in (("at_bound", sets.HUB), ("larger", LARGER_HUB)):
        pairs = harvest = found = wrong = accused = 0
        for seed in HUB_SEEDS:
            folder, out = scratch / f"week-{seed}", scratch / f"run-{seed}-{hub}"
            counted: list[int] = []
            sets.shared_pairs = partial(_counted, partial(made_by, hub=hub), counted)
            weeks.scan(folder, out)
            judged = weeks.judge(folder, out, seed=seed)
            pairs += sum(counted)
            harvest += sum(one.harvest for one in judged)
            found += sum(one.harvest for one in judged if one.is_accused)
            accused += sum(one.is_accused for one in judged)
            wrong += sum(one.is_accused and not one.is_guilty for one in judged)
        sets.shared_pairs = made_by
        precision = 1 - wrong / accused if accused else np.nan
        rows.append((hub, pairs, found / harvest, precision))
        figures |= {
            f"hub_pairs_{label}": pairs,
            f"hub_recall_{label}": found / harvest,
            f"hub_precision_{label}": precision,
        }
    measure.table(
        f"Hubs: accounts of one token from which no pairs are made ({len(HUB_SEEDS)} weeks)",
        ("bound", "pairs", "harvest share found", "precision"),
        rows,
    )
    return figures


def _counted(pairs_of: object, counted: list[int], *given: object, **named: object) -> sets.Pairs:
    pairs: sets.Pairs = pairs_of(*given, **named)  # type: ignore[operator]  # sets.shared_pairs
    counted.append(len(pairs.left))
    return pairs


if __name__ == "__main__":
    main()

"""What does Spark cost where DuckDB would do, and do both give the same?

Simulates about 100,000 and 1,000,000 exchanges with text and scans each on both engines, in fresh
processes after a small scan that fills the cache of compiled kernels. CPU and memory are those of
all processes of a scan: this one, the JVM, and the Python workers; memory is their largest sum of
resident sets, looked at twice a second, so pages that they share count more than once. Spark runs
as `local[*]` unless --master names a cluster, whose own processes are then not counted.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import measure
from bench_scan import simulated

from revenuer.find import pipeline
from revenuer.settings import EngineName, Settings

SIZES = {"100k": 1.0, "1m": 10.0}
QUICK_SIZES = {"100k": 1.0}
ENGINES: tuple[EngineName, ...] = ("duckdb", "spark")
COMPARED = ("members.parquet", "coordinated.parquet", "campaigns.json", "rejects.parquet")
GB = 1e9
TICK_S = 0.5


class Cost(NamedTuple):
    """One scan: seconds of wall and CPU and GB over all its processes, and wall of its features."""

    exchanges: int
    wall_s: float
    cpu_s: float
    rss_gb: float
    features_wall_s: float


def main() -> None:
    parser = measure.arguments(__doc__ or "")
    parser.add_argument("--work", type=Path, help="folder that keeps the simulated logs")
    parser.add_argument("--master", default="local[*]", help="where Spark runs")
    parser.add_argument("--scan", nargs=3, metavar=("LOGS", "OUT", "ENGINE"), help="internal")
    chosen = parser.parse_args()
    if chosen.scan:
        logs, out, engine = chosen.scan
        scan_here(Path(logs), Path(out), engine, chosen.master)
        return
    sizes = QUICK_SIZES if chosen.quick else SIZES
    measure.heading("One source, two engines", sizes=", ".join(sizes), master=chosen.master)
    figures: measure.Figures = {}
    are_equal = True
    with tempfile.TemporaryDirectory() as scratch:
        work = chosen.work or Path(scratch)
        for engine in ENGINES:
            scan_apart(simulated(work, "warm", 0.05), Path(scratch) / "warm", engine, chosen.master)
        for name, scale in sizes.items():
            logs = simulated(work, name, scale)
            costs = {}
            for engine in ENGINES:
                out = Path(scratch) / f"{name}-{engine}"
                costs[engine] = scan_apart(logs, out, engine, chosen.master)
                figures |= {
                    f"{engine}_{name}_{field}": getattr(costs[engine], field)
                    for field in Cost._fields
                }
            differing = [file for file in COMPARED if _differs(Path(scratch), name, file)]
            are_equal &= not differing
            show(name, costs, differing)
    figures["spark_equal"] = float(are_equal)
    measure.finish(figures, chosen.json)


def _differs(scratch: Path, name: str, file: str) -> bool:
    ours, theirs = (
        hashlib.sha256((scratch / f"{name}-{engine}" / file).read_bytes()).digest()
        for engine in ENGINES
    )
    return ours != theirs


def scan_here(logs: Path, out: Path, engine: EngineName, master: str) -> None:
    """Scan in this process."""
    pipeline.scan(
        [str(logs / "exchanges.parquet")],
        out=out,
        settings=Settings(engine=engine, master=master),
        accounts=str(logs / "accounts.parquet"),
    )


def scan_apart(logs: Path, out: Path, engine: str, master: str) -> Cost:
    """Scan in a process group of its own and return what all of it took."""
    begin = time.perf_counter()
    arguments = ["--master", master, "--scan", str(logs), str(out), engine]
    child = subprocess.Popen(  # noqa: S603  # our own interpreter and this file
        [sys.executable, __file__, *arguments], start_new_session=True, stderr=subprocess.DEVNULL
    )
    peak, seen = 0.0, dict[int, float]()
    while child.poll() is None:
        now = _processes(child.pid)
        peak = max(peak, sum(memory for _, memory in now.values()))
        # A process that has ended keeps what it had used when it was last looked at.
        seen |= {pid: cpu for pid, (cpu, _) in now.items()}
        time.sleep(TICK_S)
    wall = time.perf_counter() - begin
    if child.returncode:
        raise SystemExit(f"the scan of {logs} on {engine} failed with code {child.returncode}")
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    stage = run["measured"]["stages"]["features"]["wall_s"]
    return Cost(run["rows"]["kept"], wall, sum(seen.values()), peak, stage)


def _processes(session: int) -> dict[int, tuple[float, float]]:
    """Return CPU seconds and resident GB of each process of a session (Linux)."""
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    found = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name may hold anything but ends at the last bracket.
            fields = place.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended since it was listed
        if int(fields[3]) == session:
            cpu = (int(fields[11]) + int(fields[12])) / tick
            found[int(place.parent.name)] = cpu, int(fields[21]) * page / GB
    return found


def show(name: str, costs: dict[EngineName, Cost], differing: list[str]) -> None:
    rows = [(engine, *cost[1:]) for engine, cost in costs.items()]
    duck, spark = costs["duckdb"], costs["spark"]
    measure.table(
        f"{name}: {duck.exchanges:,} exchanges",
        ("engine", "wall s", "CPU s", "peak GB, all processes", "features, wall s"),
        rows,
    )
    measure.say(
        f"Spark takes {spark.cpu_s / duck.cpu_s:.1f} times the CPU, "
        f"{spark.wall_s / duck.wall_s:.1f} times the wall and "
        f"{spark.rss_gb / duck.rss_gb:.1f} times the memory."
    )
    if spark.wall_s < duck.wall_s:
        measure.say("It is faster at this size.")
    else:
        measure.say(
            "It is slower at this size. It can win only where features take longer than its start "
            "and its queries do, and many workers share them; ingest, evidence and campaigns run "
            "on the driver with both."
        )
    measure.say(f"differs: {', '.join(differing)}" if differing else "All compared tables equal.")


if __name__ == "__main__":
    main()

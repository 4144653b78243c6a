"""How long does a scan take, and how much memory does it hold?

Simulates about 100,000 and 1,000,000 exchanges with text (kept in --work, so that a rerun starts at
once) and runs `revenuer scan`, report included, each in a fresh process after a small scan that
fills the cache of compiled kernels. CPU is user and system time of the whole process, from its
start, over all threads; memory is its largest resident set, also stage by stage where the system
lets the peak be reset.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import measure

from revenuer.find import pipeline
from revenuer.lab import traffic

SEED = 4242
SIZES = {"100k": 1.0, "1m": 10.0}
QUICK_SIZES = {"20k": 0.2, "100k": 1.0}
GB = 1e9
INTERNAL = "used by the benchmark itself: scan here and write the peak of each stage"


class Cost(NamedTuple):
    """What one scan took: seconds of wall and CPU, GB, and each stage's wall, CPU and GB.

    `rest_gb` is the peak after the last stage, while the report is written.
    """

    exchanges: int
    wall_s: float
    cpu_s: float
    rss_gb: float
    rest_gb: float
    stages: dict[str, tuple[float, float, float]]


def main() -> None:
    parser = measure.arguments(__doc__ or "")
    parser.add_argument("--work", type=Path, help="folder that keeps the simulated logs")
    parser.add_argument("--scan", nargs=3, metavar=("LOGS", "OUT", "LIMIT"), help=INTERNAL)
    chosen = parser.parse_args()
    if chosen.scan:
        scan_here(Path(chosen.scan[0]), Path(chosen.scan[1]), chosen.scan[2])
        return
    sizes = QUICK_SIZES if chosen.quick else SIZES
    measure.heading("Cost of a scan", sizes=", ".join(sizes), seed=SEED)
    with tempfile.TemporaryDirectory() as scratch:
        work = chosen.work or Path(scratch)
        figures: measure.Figures = {}
        scan_apart(simulated(work, "warm", 0.05), Path(scratch) / "warm")
        for name, scale in sizes.items():
            cost = scan_apart(simulated(work, name, scale), Path(scratch) / name)
            show(name, cost)
            figures[f"scan_{name}_cpu_s"] = cost.cpu_s
            figures[f"scan_{name}_wall_s"] = cost.wall_s
            figures[f"scan_{name}_rss_gb"] = cost.rss_gb
            figures[f"scan_{name}_exchanges"] = cost.exchanges
    measure.finish(figures, chosen.json)


def simulated(work: Path, name: str, scale: float) -> Path:
    """Return a folder with a simulated week, made unless an earlier run left it whole."""
    folder = work / f"logs-{name}-{SEED}"
    if not (folder / "truth_exchanges.parquet").is_file():
        begin = time.perf_counter()
        made = traffic.simulate(folder, seed=SEED, scale=scale)
        took = time.perf_counter() - begin
        measure.say(f"simulated {made.exchanges:,} exchanges in {took:.0f} s")
    return folder


def scan_apart(logs: Path, out: Path, memory_limit: str = "2GB") -> Cost:
    """Scan in a fresh process and return what it took."""
    begin = time.perf_counter()
    child = subprocess.Popen(  # noqa: S603  # our own interpreter and this file
        [sys.executable, __file__, "--scan", str(logs), str(out), memory_limit],
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"the scan of {logs} failed with exit code {child.returncode}")
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    peaks: dict[str, float] = json.loads((out / "peaks.json").read_text(encoding="utf-8"))
    stages = {
        stage: (cost["wall_s"], cost["cpu_s"], peaks.get(stage, float("nan")))
        for stage, cost in run["measured"]["stages"].items()
    }
    rss = max([usage.ru_maxrss * 1024 / GB, *peaks.values()])
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(run["rows"]["kept"], wall, cpu, rss, peaks.get("rest", float("nan")), stages)


def scan_here(logs: Path, out: Path, memory_limit: str) -> None:
    """Run the command in this process; write the peak of each stage beside the run."""
    from revenuer.cli.main import main as command

    peaks: dict[str, float] = {}

    class Clock(pipeline._Clock):
        def lap(self, stage: str) -> None:
            super().lap(stage)
            peaks[stage] = _peak_since_reset()

    pipeline._Clock = Clock  # type: ignore[misc]  # the pipeline's own clock, with memory added
    _peak_since_reset()
    arguments = [str(logs / "exchanges.parquet"), "--accounts", str(logs / "accounts.parquet")]
    try:
        command(["scan", *arguments, "--out", str(out), "--memory-limit", memory_limit])
    finally:
        peaks["rest"] = _peak_since_reset()
        if out.is_dir():
            (out / "peaks.json").write_text(json.dumps(peaks), encoding="utf-8")


def _peak_since_reset() -> float:
    """Return the largest resident set, in GB, since this was last called; NaN where unknown."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    except OSError:
        return float("nan")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) * 1024 / GB


def show(name: str, cost: Cost) -> None:
    rows: list[tuple[object, ...]] = [
        (stage, wall, cpu, memory) for stage, (wall, cpu, memory) in cost.stages.items()
    ]
    known = [sum(column) for column in list(zip(*cost.stages.values(), strict=True))[:2]]
    rows.append(("start, report", cost.wall_s - known[0], cost.cpu_s - known[1], cost.rest_gb))
    rows.append(("whole process", cost.wall_s, cost.cpu_s, cost.rss_gb))
    measure.table(
        f"{name}: {cost.exchanges:,} exchanges, {cost.exchanges / cost.cpu_s:,.0f} a CPU-second",
        ("stage", "wall s", "CPU s", "peak GB"),
        rows,
    )


if __name__ == "__main__":
    main()

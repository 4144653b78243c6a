"""One co-action job, beside the coordination-network-toolkit.

The toolkit computes its `co_tweet` network from its own command line with one worker, SQLite and
all, as its users run it; `peers_coaction.py` says what that is and does our side. Both read the
same CSV and keep their edges in a file, ours as CSV, the toolkit's in its database (reading them
from there is not counted), and the edges are compared one by one, weights included.

Events are one made day with heavy tails: activity of accounts is log-normal, a third of the
messages come from a stock of 2,000 whose popularity follows Zipf's law (one event in 25 carries
the first of them), case, spaces and mentions vary, and 40 accounts send 60 messages in bursts.

CPU is user and system time of whole processes with their children. The job alone is counted from
reading the CSV to the edges kept: ours within the process, after one event has loaded the compiled
kernels; the toolkit's as the whole less the same commands on a file of one event (Python starts, a
database is made). Of five runs the cheapest counts.
"""

from __future__ import annotations

import csv
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
import peers_coaction
from numpy.typing import NDArray
from peers_coaction import FEWEST, WINDOW_S

SEED = 60_400
DAY_S = 86_400
POPULAR, POPULAR_SHARE, ZIPF = 2_000, 0.33, 1.0
CAMPAIGN_ACCOUNTS, CAMPAIGN_MESSAGES, SENDERS, BURST_S = 40, 60, 10, 50
HEADER = ("message_id", "user_id", "username", "repost_id", "reply_id", "message", "timestamp",
          "urls")  # fmt: skip
REPEATS = 5
Numbers = NDArray[np.int64]
Edges = dict[tuple[int, int], int]
Row = tuple[int, int, int]


class Cost(NamedTuple):
    """CPU seconds of the job alone and of whole processes, and their wall seconds."""

    job_s: float
    cpu_s: float
    wall_s: float


class Compared(NamedTuple):
    """What the toolkit and we took, and the edges that each found."""

    theirs: Cost
    ours: Cost
    their_edges: Edges
    our_edges: Edges


def compare(environment: Path, work: Path, events: int) -> Compared:
    """Do the job with both on the same events."""
    day, one = work / "day.csv", work / "one.csv"
    write(one, [(0, 0, -1)], np.zeros(1, np.int64))
    write(day, *made_day(events))
    edges, database = work / "ours.csv", work / "theirs.db"
    _ours(one, edges)  # fills the cache of compiled kernels
    start = _toolkit(environment, one, database)
    theirs = _toolkit(environment, day, database)
    theirs = theirs._replace(job_s=theirs.cpu_s - start.cpu_s)
    return Compared(theirs, _ours(day, edges), _toolkit_edges(database), _our_edges(edges))


def made_day(events: int) -> tuple[list[Row], Numbers]:
    """Return rows of (account, second, message), -1 for a message of its own, and their looks."""
    rng = np.random.default_rng([SEED, events])
    alone = events - CAMPAIGN_MESSAGES * SENDERS
    activity = rng.lognormal(0.0, 1.5, events // 20)
    who = rng.choice(len(activity), alone, p=activity / activity.sum())
    at_s = rng.integers(0, DAY_S, alone)
    popularity = np.arange(1.0, POPULAR + 1) ** -ZIPF
    message = rng.choice(POPULAR, alone, p=popularity / popularity.sum())
    message[rng.random(alone) >= POPULAR_SHARE] = -1
    rows = [*zip(who.tolist(), at_s.tolist(), message.tolist(), strict=True), *_campaign(rng)]
    return rows, rng.integers(0, 5, events)


def write(path: Path, rows: list[Row], looks: Numbers) -> None:
    """Write events as the toolkit reads them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number, (account, second, message) in enumerate(rows):
            text = f"text {number} of its own kind" if message < 0 else f"shared text {message}"
            text = f"{text} with a question about what to cook, read or repair this week"
            said = _look(text, int(looks[number]), account)
            writer.writerow((number, account, f"name{account}", "", "", said, second, ""))


def _toolkit(environment: Path, events: Path, database: Path) -> Cost:
    """Run the toolkit from its own command line, with a fresh database that keeps the edges."""
    run = [str(environment / "bin" / "compute_networks"), str(database)]
    options = ["--time_window", str(WINDOW_S), "--min_edge_weight", str(FEWEST), "--n_cpus", "1"]
    costs = []
    for _ in range(REPEATS):
        for left in database.parent.glob(f"{database.name}*"):
            left.unlink()
        read = _run([*run, "preprocess", str(events)])[0]
        computed = _run([*run, "compute", "co_tweet", *options])[0]
        costs.append([a + b for a, b in zip(read, computed, strict=True)])
    return Cost(*np.min(costs, axis=0).tolist())


def _toolkit_edges(database: Path) -> Edges:
    """Return the edges that the toolkit left, without loops, as its export leaves them out."""
    with closing(sqlite3.connect(database)) as kept:
        rows = kept.execute("select * from co_tweet_network where user_1 != user_2")
        return {(int(source), int(target)): weight for source, target, weight in rows}


def _our_edges(path: Path) -> Edges:
    """Return the edges of our CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return {(int(source), int(target)): int(weight) for source, target, weight in rows}


def _ours(events: Path, edges: Path) -> Cost:
    """Run our side, which prints the CPU seconds of the job."""
    costs = []
    for _ in range(REPEATS):
        cost, told = _run([sys.executable, peers_coaction.__file__, str(events), str(edges)])
        costs.append(cost._replace(job_s=float(told.split()[-1])))
    return Cost(*np.min(costs, axis=0).tolist())


def _run(command: Sequence[str]) -> tuple[Cost, str]:
    """Run a command to its end; return what it and its children took, and what it printed."""
    begin = time.perf_counter()
    child = subprocess.Popen(  # noqa: S603  # our own commands
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    told = "".join(child.stdout or ())
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {told}")
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(cpu, cpu, wall), told


def _campaign(rng: np.random.Generator) -> list[Row]:
    """Return the events of accounts 0 to 39, whose messages are beyond the popular ones."""
    rows: list[Row] = []
    for message in range(CAMPAIGN_MESSAGES):
        begin = int(rng.integers(0, DAY_S - BURST_S))
        for account in rng.choice(CAMPAIGN_ACCOUNTS, SENDERS, replace=False).tolist():
            rows.append((account, begin + int(rng.integers(0, BURST_S)), POPULAR + message))
    return rows


def _look(text: str, look: int, account: int) -> str:
    if look == 0:
        return text.upper()
    if look == 1:
        return text.replace(" ", "  ", 2)
    return f"@name{account + 1} {text}" if look == 2 else text

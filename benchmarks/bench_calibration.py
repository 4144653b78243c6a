"""Are the p-values of the scan what they claim to be where nothing is tied?

Simulated weeks, with campaigns and without, in which each tie is broken, many times over:

* overlap (F01), clumps (F02), and crowds on each scale (made, joined, left, moved to a new model;
  L01-L03 and S01): the sets of a family are given to other accounts (`features.null.reseat`), so
  that they keep their sizes and overlaps and lose whatever tied them to the other family;
* synchrony of whole accounts (S02): once likewise, once with each account's clock shifted by a
  random time (`features.null.shift_clocks`);
* synchrony of one job (S03): clocks shifted by whole days;
* partition (P01): the values of each slot are dealt out anew among the exchanges of a template and
  layout; and again among those of one account only, so that accounts keep stocks of their own.

For each, the share of comparisons with a p-value of at most 0.1, 0.01 and 0.001 is printed with its
standard error: comparisons of one run are dependent, so it is the larger of the binomial error
and the one that the runs show between them. A share below its level costs power, one above costs
the innocent. `worst_excess_sigma` is the largest (share - level) / error. Floors on effects, which
keep weak findings out whatever their p-value, are not applied.

Last, whole null scans as `revenuer scan --null` makes them, through q-values and floors: how many
report any finding at a false discovery rate of 0.01.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import measure
import numpy as np
from measure import Figures
from numpy.typing import NDArray

from revenuer.engine import Duck
from revenuer.find import evidence, features, ingest
from revenuer.find.evidence import (
    coincidence,
    finding,
    overlap,
    rhythm,
    scan,
    shared,
    synchrony,
    timing,
)
from revenuer.find.evidence.timing import DAY_US
from revenuer.find.features import Features, Sets, null
from revenuer.lab import traffic
from revenuer.settings import Settings

LEVELS = (0.1, 0.01, 0.001)
FIRST_SEED = 8_800
FDR = 0.01
PValues = NDArray[np.float64]


class Sizes(NamedTuple):
    """Weeks, half of them without campaigns, their scale, and runs on each."""

    weeks: int
    scale: float
    runs: int
    null_scans: int


FULL, QUICK = Sizes(4, 0.5, 25, 10), Sizes(2, 0.2, 8, 4)


class Run(NamedTuple):
    """One tie in one run: comparisons made, and how many fell at or below each level."""

    tests: int
    below: tuple[int, ...]


def main() -> None:
    parser = measure.arguments(__doc__ or "")
    chosen = parser.parse_args()
    sizes = QUICK if chosen.quick else FULL
    measure.heading(
        "Calibration under the null",
        weeks=f"{sizes.weeks} of scale {sizes.scale:g}, seeds from {FIRST_SEED}, every other clean",
        runs=f"{sizes.runs} a week for each tie, {sizes.null_scans} null scans a week",
    )
    runs: dict[str, list[Run]] = {}
    reports: list[tuple[str, list[list[str]]]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for week in range(sizes.weeks):
            work, is_clean = Path(scratch) / str(week), week % 2 == 1
            _simulate(work, FIRST_SEED + week, sizes.scale, is_clean=is_clean)
            measured = _measure(work, seed=0, is_null=False)
            for number in range(sizes.runs):
                rng = np.random.default_rng([FIRST_SEED + week, number])
                for tie, run in _broken(measured, rng):
                    runs.setdefault(tie, []).append(run)
            found = [_null_scan(work, seed) for seed in range(sizes.null_scans)]
            reports.append(("clean" if is_clean else "with campaigns", found))
    measure.finish(_shares(runs) | _null_scans(reports), chosen.json)


def _simulate(work: Path, seed: int, scale: float, *, is_clean: bool) -> None:
    kinds = ["none"] if is_clean else None
    made = traffic.simulate(work / "week", seed=seed, scale=scale, campaigns=kinds)
    ingest.read(
        [str(work / "week" / "exchanges.parquet")],
        out=work / "read",
        settings=Settings(),
        accounts=str(work / "week" / "accounts.parquet"),
    )
    measure.say(f"seed {seed}: {made.exchanges:,} exchanges, {made.campaigns} campaigns")


def _measure(work: Path, *, seed: int, is_null: bool) -> Features:
    with Duck(work / "spill") as engine:
        return features.measure(
            work / "read", engine, seed=seed, progress=lambda *_: None, is_null=is_null
        )


def _null_scan(work: Path, seed: int) -> list[str]:
    """Return the rule ids of what one null scan finds."""
    measured = _measure(work, seed=seed, is_null=True)
    return [f.rule_id for f in evidence.weigh(measured, fdr_level=FDR, seed=seed)]


def _broken(measured: Features, rng: np.random.Generator) -> Iterator[tuple[str, Run]]:
    """Yield each tie with its p-values where it is broken."""
    templates = null.reseat(measured.template_sets, rng)
    footprint = null.reseat(measured.footprint_sets, rng)
    moved = (templates, footprint)
    yield "overlap", _overlap(measured, footprint)
    yield "clumps", _clumps(measured, footprint)
    scales = [*timing.lifecycle_scales(measured), *timing.move_scales(measured)]
    for _, rule_id, words, ranks in scales:
        # Models differ in name between worlds only: they count as one scale.
        name = words if rule_id != "S01" else "moved to a new model at the same time"
        yield f"scan, {name}", _crowds(ranks, moved)
    yield "synchrony, sets reseated", _together(measured, moved, rng)
    own = (measured.template_sets, measured.footprint_sets)
    yield "synchrony, clocks shifted", _together(_shifted(measured, rng, 1), own, rng)
    yield "synchrony of one job, days shifted", _jobs(_shifted(measured, rng, DAY_US), rng)
    yield from _partitions(measured, rng)


def _shifted(measured: Features, rng: np.random.Generator, step_us: int) -> Features:
    moved = null.shift_clocks(measured.exchanges, measured.accounts.num_rows, rng, step_us=step_us)
    return measured._replace(exchanges=moved)


def _overlap(measured: Features, footprint: Sets) -> Run:
    laid = overlap.overlaps(
        measured.template_sets.members, footprint.members, finding.strata(measured)
    )
    return _run(laid.p_values, tests=laid.tests)


def _clumps(measured: Features, footprint: Sets) -> Run:
    classes = finding.strata(measured)
    return _run(
        [
            coincidence.coincidence(laid, members).p_value
            for _, of in shared.by_footprint(footprint)
            for laid in [coincidence.blocks(of, classes)]
            for members in _rows(measured.template_sets)
        ]
    )


def _crowds(ranks: scan.Scale, families: tuple[Sets, ...]) -> Run:
    return _run(
        [
            scan.crowd(ranks, members).p_value
            for sets in families
            for members in _rows(sets)
            if scan.FEWEST <= len(members) <= finding.LARGEST_SET
        ]
    )


def _together(measured: Features, families: tuple[Sets, ...], rng: np.random.Generator) -> Run:
    active, rows = rhythm.active_rows(measured)
    place = np.full(measured.accounts.num_rows, -1)
    place[active] = np.arange(len(active))
    groups = [place[members] for sets in families for members in _rows(sets)]
    groups = [one[one >= 0] for one in groups]
    groups = [one for one in groups if 2 <= len(one) <= len(active) // 4]
    tails = synchrony.null_tails(rows, sorted({rhythm.grid(len(one)) for one in groups}), rng)
    return _run([rhythm.alike(rows[one], tails[rhythm.grid(len(one))], rng)[1] for one in groups])


def _jobs(measured: Features, rng: np.random.Generator) -> Run:
    jobs = (job for _, job in rhythm.jobs(measured, measured.template_sets) if job)
    return _run([rhythm.kept_apart(job.rows, rng)[2] for job in jobs])


def _partitions(measured: Features, rng: np.random.Generator) -> Iterator[tuple[str, Run]]:
    whole, within = [], []
    for i, use in shared.filled(measured, measured.template_sets):
        if len(finding.row(measured.template_sets, i)) < scan.FEWEST:
            continue
        account = use.accounts.astype(np.uint64)
        whole.append(shared.divided(_dealt(use, [use.layouts], rng), rng).p_value)
        within.append(shared.divided(_dealt(use, [use.layouts, account], rng), rng).p_value)
    yield "partition, slots dealt anew", _run(whole)
    yield "partition, dealt within accounts", _run(within)


def _dealt(
    use: shared.Filled, cells: list[NDArray[np.uint64]], rng: np.random.Generator
) -> shared.Filled:
    """Deal the values of each slot out anew among the exchanges of one cell."""
    slots, order = use.slots.copy(), np.lexsort(cells)
    for slot in range(slots.shape[1]):
        dealt = np.lexsort([rng.random(len(order)), *cells])
        slots[order, slot] = use.slots[dealt, slot]
    return use._replace(slots=slots)


def _rows(sets: Sets) -> Iterator[NDArray[np.int64]]:
    members = sets.members
    for begin, end in zip(members.indptr, members.indptr[1:], strict=False):
        yield members.indices[begin:end].astype(np.int64)


def _run(found: Sequence[float] | PValues, *, tests: int | None = None) -> Run:
    chances = np.asarray(found)
    below = tuple(int((chances <= level).sum()) for level in LEVELS)
    return Run(len(chances) if tests is None else tests, below)


def _shares(runs: dict[str, list[Run]]) -> Figures:
    """Print the share below each level and return the worst excess in standard errors."""
    lines: list[tuple[object, ...]] = []
    figures: Figures = {}
    excess = []
    for tie, own in runs.items():
        tests = np.array([run.tests for run in own], np.float64)
        if not tests.sum():
            continue
        cells = []
        for i, level in enumerate(LEVELS):
            below = np.array([run.below[i] for run in own], np.float64)
            share = float(below.sum() / tests.sum())
            binomial = np.sqrt(level * (1 - level) / tests.sum())
            # Runs differ in size: the error of a ratio of sums.
            between = np.sqrt(((below - share * tests) ** 2).sum()) / tests.sum()
            error = float(max(binomial, between))
            cells.append(f"{share:.5f} ± {error:.5f} ({(share - level) / error:+.1f})")
            excess.append((share - level) / error)
            figures[f"{tie.replace(', ', '_').replace(' ', '_')}_at_{level:g}"] = share
        lines.append((tie, len(own), int(tests.sum()), *cells))
    header = ("tie", "runs", "comparisons", *(f"share at {level:g} (sigma)" for level in LEVELS))
    measure.table("p-values where the tie is broken", header, lines)
    return figures | {"worst_excess_sigma": float(max(excess, default=np.nan))}


def _null_scans(reports: list[tuple[str, list[list[str]]]]) -> Figures:
    lines = []
    figures: Figures = {"null_scans": 0, "null_scans_with_findings": 0}
    for sort in ("clean", "with campaigns"):
        own = [found for name, scans in reports if name == sort for found in scans]
        hit = sum(bool(found) for found in own)
        rules = Counter(rule for found in own for rule in found)
        share = measure.clopper_pearson(hit, len(own))
        lines.append((sort, len(own), hit, share, dict(sorted(rules.items()))))
        figures["null_scans"] += len(own)
        figures["null_scans_with_findings"] += hit
        figures[f"null_scans_with_findings_{sort.replace(' ', '_')}"] = hit
    measure.table(
        f"Null scans with any finding at a false discovery rate of {FDR:g}",
        ("week", "null scans", "with findings", "share and interval", "findings by rule"),
        lines,
    )
    return figures


if __name__ == "__main__":
    main()

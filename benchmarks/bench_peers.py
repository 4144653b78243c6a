"""Against what a user could run today.

Three comparisons: one co-action job beside the coordination-network-toolkit (`peers_toolkit.py`),
the kernels that find alike prompts beside rensa and datasketch (`peers_minhash.py`), and a whole
scan beside three simple rules (`peers_rules.py`). The programs of others run in environments of
their own, which `benchmarks/peers.sh` makes; without them their part is left out.
"""

from __future__ import annotations

import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import measure
import peers_coaction
import peers_minhash
import peers_rules
import peers_toolkit
import real_text
import weeks
from measure import Figures
from weeks import Judged

from revenuer.lab import traffic

TOOLKIT = "coordination-network-toolkit"
FIRST_SEED, TEXT_SEED = 9_600, 4_242


class Sizes(NamedTuple):
    """Events of the co-action job, scale of the week of texts and seeds, weeks and their scale."""

    events: tuple[int, ...]
    text_scale: float
    seeds: int
    weeks: int
    scale: float


FULL, QUICK = Sizes((100_000, 300_000), 1.0, 100, 5, 1.0), Sizes((100_000,), 0.2, 50, 2, 0.3)


def main() -> None:
    parser = measure.arguments(__doc__ or "")
    parser.add_argument(
        "--peers", type=Path, metavar="DIR", help="environments of benchmarks/peers.sh"
    )
    chosen = parser.parse_args()
    sizes = QUICK if chosen.quick else FULL
    seeds = range(FIRST_SEED, FIRST_SEED + sizes.weeks)
    measure.heading(
        "Against what a user could run today",
        co_action=f"a made day of {', '.join(f'{n:,}' for n in sizes.events)} events",
        texts=f"a week of scale {sizes.text_scale:g}, seed {TEXT_SEED}",
        weeks=f"{sizes.weeks} of scale {sizes.scale:g}, seeds {seeds[0]} to {seeds[-1]}",
    )
    data = measure.real_data()
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        figures = coaction(chosen.peers, work, sizes)
        figures |= minhash(chosen.peers, work, sizes, data)
        figures |= rules(work, seeds, sizes.scale)
    measure.finish(figures, chosen.json)


def coaction(folder: Path | None, work: Path, sizes: Sizes) -> Figures:
    """Print the co-action job; without the toolkit there is nothing to compare."""
    environment = _environment(folder, TOOLKIT)
    if not environment:
        return {}
    figures: Figures = {}
    lines = []
    for events in sizes.events:
        found = peers_toolkit.compare(environment, work, events)
        same = found.their_edges == found.our_edges
        for name, cost, edges in (
            ("toolkit", found.theirs, found.their_edges),
            ("revenuer", found.ours, found.our_edges),
        ):
            lines.append((name, events, len(edges), same, *cost))
        size = f"{events // 1000}k"
        figures[f"coaction_edges_{size}"] = len(found.our_edges)
        figures[f"coaction_same_edges_{size}"] = int(same)
        # Costs of different answers are not compared.
        if same:
            figures[f"coaction_cpu_ratio_{size}"] = found.theirs.job_s / found.ours.job_s
            figures[f"coaction_whole_cpu_ratio_{size}"] = found.theirs.cpu_s / found.ours.cpu_s
    measure.table(
        f"Same message within {peers_coaction.WINDOW_S} s, at least {peers_coaction.FEWEST} times",
        ("program", "events", "edges", "same edges", "CPU s, job", "CPU s, whole", "wall s, whole"),
        lines,
    )
    return figures


def minhash(folder: Path | None, work: Path, sizes: Sizes, data: Path | None) -> Figures:
    """Print speed and recall of the kernels on the prompts of one week."""
    week = work / "texts"
    with real_text.spoken(real_text.Shelf(data)) if data else nullcontext():
        traffic.simulate(week, seed=TEXT_SEED, days=weeks.DAYS, scale=sizes.text_scale)
    corpus = peers_minhash.corpus(week, sizes.seeds)
    made = [peers_minhash.ours(corpus)]
    present = [name for name in ("rensa", "datasketch") if _environment(folder, name)]
    if folder and present:
        made += peers_minhash.peers(corpus, folder, work)
    framed = peers_minhash.scan_frames(corpus, work)
    measure.table(
        f"{len(corpus.texts):,} distinct prompts{' with real text' if data else ''}, a CPU-second; "
        f"recall over {len(corpus.pairs):,} alike pairs, {corpus.seeds} draws of permutations",
        ("method", "signatures", "with groups", "text to groups", "recall less theory"),
        [
            (one.name, *(round(rate) for rate in one.speed), f"{one.gap:+.4f} ± {one.error:.4f}")
            for one in made
        ],
    )
    measure.say(
        f"a scan's search for templates in three layers: {framed:,.0f} prompts a CPU-second"
    )
    figures: Figures = {"frames_prompts_per_cpu_s": framed}
    for one in made:
        name = one.name.split()[0]
        prefix = "minhash" if name == "revenuer" else f"minhash_{name}"
        figures[f"{prefix}_prompts_per_cpu_s"] = one.speed.signatures
        figures[f"{prefix}_grouped_prompts_per_cpu_s"] = one.speed.groups
        figures[f"{prefix}_text_prompts_per_cpu_s"] = one.speed.from_text
        figures[f"{prefix}_recall_gap"] = one.gap
        figures[f"{prefix}_recall_gap_error"] = one.error
    return figures


def rules(work: Path, seeds: range, scale: float) -> Figures:
    """Print whom the scan and the simple rules accuse."""
    found: dict[str, list[Judged]] = {}
    for seed in seeds:
        for name, rows in peers_rules.judged(work, seed, scale).items():
            found.setdefault(name, []).extend(rows)
    figures: Figures = {}
    lines = []
    for name, rows in found.items():
        precision = weeks.precision(rows)
        guilty = [row for row in rows if row.is_guilty]
        recall = weeks.ratio(guilty, lambda row: row.is_accused, lambda _: 1)
        accused = [row for row in rows if row.is_accused]
        innocent = sum(not row.is_guilty for row in accused)
        lines.append((_words(name), len(accused), innocent, precision, recall))
        prefix = name if name == "scan" else f"rule_{name}"
        for kind, share in (("precision", precision), ("recall", recall)):
            figures[f"{prefix}_{kind}"] = share.share
            figures[f"{prefix}_{kind}_low"] = share.low
            figures[f"{prefix}_{kind}_high"] = share.high
    total = len(found["scan"])
    guilty_total = sum(row.is_guilty for row in found["scan"])
    measure.table(
        f"Simple rules: {total:,} accounts, {guilty_total:,} of them guilty",
        ("accuses", "accounts", "innocent", "precision and interval", "guilty accounts accused"),
        lines,
    )
    return figures


def _words(name: str) -> str:
    rule, _, fewest = name.partition("_")
    return f"{peers_rules.RULES[rule]}, {fewest} accounts" if fewest else "revenuer scan"


def _environment(folder: Path | None, peer: str) -> Path | None:
    """Return a peer's environment, or None after saying how to make it."""
    environment = folder / peer if folder else None
    if environment and (environment / "bin" / "python").is_file():
        return environment
    measure.say(f"{peer} is left out: run `sh benchmarks/peers.sh DIR`, then pass --peers DIR.")
    return None


if __name__ == "__main__":
    main()

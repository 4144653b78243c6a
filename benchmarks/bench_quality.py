"""Does a scan accuse the guilty, all of them, and nobody else?

Simulated weeks of several seeds, each scanned three times: as made, with real text, and without any
text. Printed for each: precision (share of accused accounts that are guilty), harvest recall
(share of harvested exchanges whose account is accused), the look-alike class that suffers most,
and recall by campaign kind and by how much a campaign leaves to be found (the detectability
curve; "only listed" is the share that lies in accounts listed as coordinated and not accused, which
tells a missed intent from a missed group). Then weeks without any campaign. Intervals are at 95 %:
campaigns and groups of look-alikes are drawn with replacement, since their accounts stand or fall
together; of that and the exact binomial interval over accounts the wider is given for precision.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, get_args

import measure
import numpy as np
import real_text
import weeks
from measure import Figures, Interval
from weeks import Judged

from revenuer.lab import traffic
from revenuer.lab.traffic import campaigns
from revenuer.lab.traffic.frames import TextMode
from revenuer.lab.traffic.lookalikes import LOOKALIKES
from revenuer.lab.traffic.stealth import Dials

FIRST_SEED, CLEAN_SEED = 9_100, 9_500
TWO = 2
ORDINARY = ("consumer_chat", "api_client")
#: Prefix of the figures -> sort of week.
SORTS = {"": "as made", "real_text_": "with real text", "metadata_only_": "without text"}
NOTHING = Interval(np.nan, np.nan, np.nan)


class Sizes(NamedTuple):
    """How much is simulated: weeks and their scale, clean weeks and theirs."""

    seeds: int
    scale: float
    clean: int
    clean_scale: float


FULL, QUICK = Sizes(5, 1.0, 20, 0.5), Sizes(2, 0.3, 4, 0.15)


def main() -> None:
    parser = measure.arguments(__doc__ or "")
    parser.add_argument("--seeds", type=int, help="simulated weeks")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--scale", type=float, help="scale of a week: 1 is 100,000 exchanges")
    chosen = parser.parse_args()
    sizes = QUICK if chosen.quick else FULL
    sizes = sizes._replace(seeds=chosen.seeds or sizes.seeds, scale=chosen.scale or sizes.scale)
    seeds = range(chosen.first_seed, chosen.first_seed + sizes.seeds)
    measure.heading(
        "Quality of a scan",
        weeks=f"{sizes.seeds} of scale {sizes.scale:g}, seeds {seeds[0]} to {seeds[-1]}",
        clean=f"{sizes.clean} of scale {sizes.clean_scale:g}, seeds from {CLEAN_SEED}",
    )
    data = measure.real_data()
    figures: Figures = {}
    with tempfile.TemporaryDirectory() as scratch:
        found = weeks_of(Path(scratch), seeds, sizes.scale, data)
        settings = {
            (seed, name): each
            for seed in seeds
            for name, each in weeks.dials(seed, sizes.scale).items()
        }
        for label, title in SORTS.items():
            if found[label]:
                figures |= report(label, title, found[label], settings)
        figures |= clean_weeks(Path(scratch), sizes)
    measure.finish(figures, chosen.json)


def weeks_of(
    work: Path, seeds: Iterable[int], scale: float, data: Path | None
) -> dict[str, list[Judged]]:
    """Simulate and scan; return the accounts of all weeks by the prefix of their figures."""
    found: dict[str, list[Judged]] = {label: [] for label in SORTS}
    shelf = real_text.Shelf(data) if data else None
    for seed in seeds:
        made = traffic.simulate(work / "week", seed=seed, days=weeks.DAYS, scale=scale)
        measure.say(
            f"seed {seed}: {made.exchanges:,} exchanges of {made.accounts:,} accounts, "
            f"{made.campaigns} campaigns, {made.guilty_accounts:,} guilty accounts"
        )
        weeks.scan(work / "week", work / "run")
        found[""] += weeks.judge(work / "week", work / "run", seed=seed)
        bare = weeks.without_text(work / "week")
        weeks.scan(work / "week", work / "run", exchanges=bare)
        found["metadata_only_"] += weeks.judge(work / "week", work / "run", seed=seed)
        if shelf:
            with real_text.spoken(shelf):
                traffic.simulate(work / "real", seed=seed, days=weeks.DAYS, scale=scale)
            weeks.scan(work / "real", work / "run")
            found["real_text_"] += weeks.judge(work / "real", work / "run", seed=seed)
    return found


def report(
    label: str, title: str, rows: list[Judged], settings: dict[tuple[int, str], Dials]
) -> Figures:
    """Print all tables of one sort of week and return its figures."""
    accused = [row for row in rows if row.is_accused]
    precision = weeks.precision(rows)
    guilty = [row for row in rows if row.campaign]
    findable = [row for row in guilty if len(row.families) >= TWO]
    lookalikes = [row for row in rows if row.kind in LOOKALIKES]
    worst, worst_share = _worst(lookalikes)
    measure.table(
        f"Weeks {title}",
        ("what", "of", "share and interval"),
        [
            ("accused accounts that are guilty", len(accused), precision),
            ("harvested exchanges found, two families", _harvest(findable), _recall(findable)),
            ("harvested exchanges found, all", _harvest(guilty), _recall(guilty)),
            (f"accused in the worst look-alike class, {worst}", len(lookalikes), worst_share),
        ],
    )
    _print_innocent(title, rows)
    figures = {
        f"{label}precision": precision.share,
        f"{label}precision_low": precision.low,
        f"{label}precision_high": precision.high,
        f"{label}accused": len(accused),
        f"{label}worst_lookalike_share": worst_share.share,
        f"{label}worst_lookalike_share_high": worst_share.high,
        f"{label}harvest_recall_all": _recall(guilty).share,
        **_named(f"{label}harvest_recall", _recall(findable)),
    }
    return figures | curves(label, title, guilty, settings)


def curves(
    label: str, title: str, guilty: list[Judged], settings: dict[tuple[int, str], Dials]
) -> Figures:
    """Print recall by what a campaign is and leaves, and return the shares."""
    dialled = [
        (row, settings[row.seed, row.campaign])
        for row in guilty
        if (row.seed, row.campaign) in settings
    ]
    parts = {
        "kind": {kind: [r for r in guilty if r.kind == kind] for kind in campaigns.KINDS},
        "families": {str(n): [r for r in guilty if len(r.families) == n] for n in range(6)},
        "stealth": {
            f"{20 * n}_{20 * n + 20}": [r for r, d in dialled if min(int(d.stealth * 5), 4) == n]
            for n in range(5)
        },
        "wording": {mode: [r for r, d in dialled if d.text == mode] for mode in get_args(TextMode)},
    }
    figures: Figures = {}
    for dial, rows in parts.items():
        figures |= _curve(label, dial, f"Recall by {dial}, {title}", rows)
    return figures


def clean_weeks(work: Path, sizes: Sizes) -> Figures:
    """Scan weeks without a campaign; whatever is accused there is innocent."""
    reported, wronged = 0, 0
    for seed in range(CLEAN_SEED, CLEAN_SEED + sizes.clean):
        traffic.simulate(
            work / "clean", seed=seed, days=weeks.DAYS, scale=sizes.clean_scale, campaigns=["none"]
        )
        reported += weeks.scan(work / "clean", work / "run") > 0
        rows = weeks.judge(work / "clean", work / "run", seed=seed)
        accused = [row.kind for row in rows if row.is_accused]
        wronged += len(accused)
        if accused:
            measure.say(f"clean week {seed}: accused {', '.join(sorted(accused))}")
    share = measure.clopper_pearson(reported, sizes.clean)
    measure.table(
        "Weeks without a campaign",
        ("weeks", "with a campaign reported", "share", "accounts accused"),
        [(sizes.clean, reported, share, wronged)],
    )
    return {
        "clean_weeks": sizes.clean,
        "clean_weeks_with_campaigns": reported,
        "clean_weeks_accused_accounts": wronged,
    }


def _recall(rows: Iterable[Judged]) -> Interval:
    return weeks.ratio(rows, lambda row: row.harvest * row.is_accused, lambda row: row.harvest)


def _harvest(rows: Iterable[Judged]) -> int:
    return sum(row.harvest for row in rows)


def _wronged(rows: list[Judged]) -> Interval:
    exact = measure.clopper_pearson(sum(row.is_accused for row in rows), len(rows))
    return measure.outer(exact, weeks.ratio(rows, lambda row: row.is_accused, lambda _: 1))


def _worst(rows: list[Judged]) -> tuple[str, Interval]:
    shares = {
        kind: _wronged([row for row in rows if row.kind == kind])
        for kind in sorted({row.kind for row in rows})
    }
    return max(shares.items(), key=lambda item: item[1].share, default=("none", NOTHING))


def _print_innocent(title: str, rows: list[Judged]) -> None:
    lines = []
    for kind in (*ORDINARY, *LOOKALIKES):
        own = [row for row in rows if row.kind == kind]
        groups = len({(row.seed, row.cluster) for row in own})
        accused = sum(row.is_accused for row in own)
        listed = sum(row.is_listed for row in own)
        lines.append((kind, len(own), groups, accused, _wronged(own), listed))
    idle = [row for row in rows if row.campaign and not row.is_guilty]
    accused = sum(row.is_accused for row in idle)
    lines.append(("in a campaign, hardly harvests", len(idle), 0, accused, _wronged(idle), 0))
    measure.table(
        f"The innocent, {title}",
        ("class", "accounts", "groups", "accused", "share and interval", "listed as coordinated"),
        lines,
    )


def _curve(label: str, dial: str, title: str, parts: dict[str, list[Judged]]) -> Figures:
    parts = {name: rows for name, rows in parts.items() if rows}
    shares = {name: _recall(rows) for name, rows in parts.items()}
    measure.table(
        title,
        (dial, "campaigns", "harvested exchanges", "share found and interval", "only listed"),
        [
            (
                name,
                len({(r.seed, r.campaign) for r in rows}),
                _harvest(rows),
                shares[name],
                _harvest(r for r in rows if r.is_listed and not r.is_accused) / _harvest(rows),
            )
            for name, rows in parts.items()
        ],
    )
    return {f"{label}recall_{dial}_{name}": share.share for name, share in shares.items()}


def _named(name: str, share: Interval) -> Figures:
    return {name: share.share, f"{name}_low": share.low, f"{name}_high": share.high}


if __name__ == "__main__":
    main()

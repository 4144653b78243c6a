"""What does a scan make of real traffic, real coordination and real evaluators?

Three parts, each from the folder that REVENUER_REAL_DATA names:

* ServeGen: API customers of four models as accounts, metadata only (`servegen`). Three groups of
  m-mid clients move together and send alike requests, as if one operator split a job; they should
  be linked, listed as coordinated, and not accused. Nobody else should be linked.
* CooRTweet, german_elections: who shares the same link, hashtag or image within the same half
  minute. Each channel is grouped by itself; the accounts one channel groups should be grouped by
  another far more often than chance would.
* Evaluators: independent accounts that each run one family of public evaluation prompts every
  night, among simulated honest traffic. None may be accused.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import coaction
import evaluators
import measure
import numpy as np
import pyarrow.parquet as pq
import servegen
from measure import Figures
from numpy.typing import NDArray

from revenuer.engine import Duck
from revenuer.errors import RevenuerError
from revenuer.find import features, ingest, pipeline
from revenuer.find.evidence import rhythm, synchrony, timing
from revenuer.find.evidence import scan as crowding
from revenuer.find.features import profiles
from revenuer.settings import Settings

SEED = 77
MODELS = ("m-mid", "m-large", "m-small", "deepseek-r1")
#: Clients of m-mid that move together and send alike requests.
NATURAL = ((10, 25, 79), (42, 65, 96, 107), (22, 31))
Pair = tuple[str, str]


class Linked(NamedTuple):
    """One scan of a trace: who shares a group, who is accused, whether it came to its end."""

    groups: list[frozenset[str]]
    accused: frozenset[str]
    is_whole: bool = True

    @property
    def pairs(self) -> set[Pair]:
        """All pairs of accounts in one group."""
        return {pair for group in self.groups for pair in combinations(sorted(group), 2)}


def main() -> None:
    parser = measure.arguments(__doc__ or "")
    chosen = parser.parse_args()
    most = 100_000 if chosen.quick else servegen.MOST
    accounts, items, scale = (60, 10, 0.15) if chosen.quick else (200, 40, 1.0)
    measure.heading(
        "Real traffic",
        servegen=f"{', '.join(MODELS)}; at most {most:,} exchanges each, thinned, seed {SEED}",
        coaction=f"german_elections, {coaction.WINDOW_S} s windows",
        evaluators=f"{accounts} accounts among honest traffic of scale {scale:g}, seed {SEED}",
    )
    data = measure.real_data()
    figures: Figures = {}
    if data:
        with tempfile.TemporaryDirectory() as scratch:
            figures |= api_clients(data, Path(scratch), most, is_quick=chosen.quick)
            figures |= coaction.agreement(data)
            figures |= nightly(data, Path(scratch), accounts, items, scale)
    measure.finish(figures, chosen.json)


def api_clients(data: Path, work: Path, most: int, *, is_quick: bool) -> Figures:
    """Scan the four traces, the first one thinned in two ways."""
    figures: Figures = {}
    lines, others = [], 0.0
    ways = [(model, "level") for model in MODELS]
    for model, way in ways if is_quick else [(MODELS[0], "even"), *ways]:
        trace = servegen.read(data, model)
        shares = servegen.kept_shares(trace, way=way, most=most)
        log = work / f"{model}-{way}.parquet"
        pq.write_table(servegen.exchanges(data, trace, shares, seed=SEED), log)
        natural = _natural(model)
        found = _scan(log, work / "run")
        if natural:
            _print_ties(log, work / "ties", natural, found, f"{model}, thinned {way}")
        ours = {pair for group in natural for pair in combinations(sorted(group), 2)}
        linked = sum(any(group <= own for own in found.groups) for group in natural)
        other = len(found.pairs - ours) if found.is_whole else float("nan")
        measure.say(f"{model}, thinned {way}: groups {[sorted(own) for own in found.groups]}")
        clients = len(trace.clients)
        lines.append(
            (model, way, clients, pq.read_metadata(log).num_rows, linked,
             clients * (clients - 1) // 2, other, len(found.accused))
        )  # fmt: skip
        if way == "even" and found.is_whole:
            figures["natural_groups_linked_even"] = linked
        if way == "level":
            others += other
            figures[f"other_pairs_linked_{model.replace('-', '_')}"] = other
            if natural and found.is_whole:
                members = frozenset().union(*natural)
                figures["natural_groups_linked"] = linked
                figures["natural_accounts_accused"] = len(found.accused & members)
    measure.table(
        "ServeGen: who is linked",
        ("model", "thinned", "clients", "exchanges", "natural groups linked", "pairs",
         "other pairs linked", "accused"),
        lines,
    )  # fmt: skip
    return figures | {"other_pairs_linked": others}


def _natural(model: str) -> list[frozenset[str]]:
    groups = NATURAL if model == MODELS[0] else ()
    return [frozenset(f"client-{client}" for client in group) for group in groups]


def _scan(log: Path, out: Path) -> Linked:
    try:
        pipeline.scan([str(log)], out=out, settings=Settings())
    except RevenuerError as error:
        measure.say(f"{log.name}: the scan failed: {error}")
        return Linked([], frozenset(), is_whole=False)
    groups: dict[str, set[str]] = {}
    members = pq.read_table(out / "members.parquet").to_pylist()
    for row in members:
        groups.setdefault(row["campaign_id"], set()).add(row["account_id"])
    for row in pq.read_table(out / "coordinated.parquet").to_pylist():
        groups.setdefault(row["group_id"], set()).add(row["account_id"])
    accused = frozenset(row["account_id"] for row in members)
    return Linked([frozenset(group) for group in groups.values()], accused)


def _print_ties(
    log: Path, work: Path, groups: list[frozenset[str]], found: Linked, title: str
) -> None:
    """Print what each family says of groups known beforehand, so that a miss can be understood."""
    measured = _measure(log, work)
    ids: list[str] = measured.accounts.column("account_id").to_pylist()
    exchanges = measured.exchanges
    alike = profiles.pairs(exchanges.account, exchanges.input_tokens, exchanges.output_tokens)
    pairs = set(zip(alike.left.tolist(), alike.right.tolist(), strict=True))
    lines = []
    for group in groups:
        members = np.array(sorted(ids.index(name) for name in group if name in ids), np.int64)
        wanted = set(combinations(members.tolist(), 2))
        rhythm, chance, busy = _together(measured, members)
        lines.append(
            (
                ", ".join(sorted(name.removeprefix("client-") for name in group)),
                " ".join(str(n) for n in measured.accounts.column("exchanges").to_numpy()[members]),
                f"{len(wanted & pairs)} of {len(wanted)}",
                *_best_set(measured, members),
                f"{busy} of {len(members)}", rhythm, chance, *_crowds(measured, members),
                any(group <= own for own in found.groups), len(group & found.accused),
            )
        )  # fmt: skip
    measure.table(
        f"Ties of the natural groups, {title}",
        ("clients", "exchanges", "alike pairs", "best set by lengths", "its p", "with a rhythm",
         "correlation", "p synchrony", "p joined", "p left", "linked", "accused"),
        lines,
    )  # fmt: skip
    measure.say(
        f"{len(pairs)} alike pairs; sets by lengths: "
        f"{np.diff(measured.template_sets.members.indptr).tolist()} accounts"
    )


def _measure(log: Path, work: Path) -> features.Features:
    ingest.read([str(log)], out=work, settings=Settings())
    with Duck(work / "spill") as engine:
        return features.measure(work, engine, seed=0, progress=lambda *_: None)


def _best_set(measured: features.Features, members: NDArray[np.int64]) -> tuple[str, float]:
    """Return how the set by lengths that holds most members does, and its p by synchrony."""
    matrix = measured.template_sets.members
    rows = [matrix.indices[a:b] for a, b in zip(matrix.indptr, matrix.indptr[1:], strict=False)]
    if not rows:
        return "none", float("nan")
    held, _, best = max(
        (int(np.isin(members, row).sum()), -len(row), i) for i, row in enumerate(rows)
    )
    own = rows[best].astype(np.int64)
    return f"{held} in a set of {len(own)}", _together(measured, own)[1]


def _together(measured: features.Features, members: NDArray[np.int64]) -> tuple[float, float, int]:
    active, rows = rhythm.active_rows(measured)
    placed = np.flatnonzero(np.isin(active, members))
    if len(placed) < 2:
        return float("nan"), float("nan"), len(placed)
    tail = synchrony.null_tails(rows, [len(placed)], np.random.default_rng(SEED))[len(placed)]
    correlation = synchrony.mean_correlation(rows[placed])
    return correlation, synchrony.p_value(correlation, tail), len(placed)


def _crowds(measured: features.Features, members: NDArray[np.int64]) -> list[float]:
    scales = timing.lifecycle_scales(measured)
    return [crowding.crowd(scale, members).p_value for _, _, _, scale in scales[1:]]


def nightly(data: Path, work: Path, accounts: int, items: int, scale: float) -> Figures:
    """Scan honest traffic with evaluators in it."""
    logs, records, ids = evaluators.among_honest(
        data, work / "evaluators", accounts=accounts, items=items, scale=scale, seed=SEED
    )
    pipeline.scan(logs, out=work / "run", settings=Settings(), accounts=records)
    accused = set(pq.read_table(work / "run" / "members.parquet")["account_id"].to_pylist())
    listed = set(pq.read_table(work / "run" / "coordinated.parquet")["account_id"].to_pylist())
    others = accused - ids.keys()
    truth = pq.read_table(work / "evaluators" / "truth.parquet").to_pylist()
    kinds = Counter(row["kind"] for row in truth if row["account_id"] in others)
    measure.table(
        "Evaluators among honest traffic",
        ("evaluators", "families", "accused", "listed as coordinated", "others accused"),
        [(len(ids), len(set(ids.values())), len(accused & ids.keys()), len(listed & ids.keys()),
          dict(sorted(kinds.items())) or 0)],
    )  # fmt: skip
    return {
        "evaluators_accused": len(accused & ids.keys()),
        "evaluators": len(ids),
        "evaluators_listed": len(listed & ids.keys()),
        "others_accused_beside_evaluators": len(others),
    }


if __name__ == "__main__":
    main()

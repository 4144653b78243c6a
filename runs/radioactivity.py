"""Are students of marked text found, and are others left alone? A run from made text to p-values.

    python runs/radioactivity.py --out DIR [--quick]

A teacher (a transformer of the project's own, `revenuer.models.small`) learns texts of the traffic
simulator's grammar, and answers prompts with and without a mark. Students of the same kind are
trained on its answers, of which 1, 5, 10 or 100 % are marked, three keys each, and five students on
none. Each is audited in every way of `revenuer.prove.audit.radioactivity`. Then the unmarked ones
are judged with thousands of other keys, and a suspect that knows nothing with thousands of keys
that each marked a log of its own.

One thread. Goes on where it was stopped. Writes `radioactivity.json`, `radioactivity.svg`, and what
unmarked students wrote as token ids in `students/`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))

import nulls
import picture
from still import COMPLETION, PROMPT, ROW, Answers, Ids, Recipe, Still

from revenuer.models import small
from revenuer.models.small import SmallModel
from revenuer.prove.audit.evidence import Evidence
from revenuer.prove.audit.filters import frequent
from revenuer.prove.audit.radioactivity import STATISTICS, RadioactivityAudit

SHARES, QUICK_SHARES = (0.01, 0.05, 0.1, 1.0), (0.1, 1.0)
SEEDS = (1, 2, 3)
UNMARKED = (1, 2, 3, 4, 5)
#: Rows of our log that an open suspect reads: a tenth of a student's training.
READ = 208
#: Texts that a closed suspect writes, and at which temperature: the auditor asks for it.
WRITTEN, TEMPERATURE = 600, 0.5
DECOYS = 99
QUICK = Recipe(texts=6_000, teacher_epochs=1.0, student_epochs=2.0, rows=700)
Row = dict[str, Any]


def audits(still: Still, seed: int, share: float) -> Iterator[Row]:
    """Yield one row an audit of one student."""
    student, key, mark = still.student(seed, share), still.key(seed), still.recipe.mark
    log = still.marked(seed)
    known = max(1, min(READ, round(share * still.recipe.rows))) if share else READ
    readings = {
        "supervised": Answers({name: rows[:known] for name, rows in log.items()}),
        "unsupervised": fresh(still, READ),
    }
    for way, texts in readings.items():
        for statistic, evidence in opened(still, student, seed, texts, way == "supervised"):
            yield _row(seed, share, "open", way, statistic, evidence)
    stood = frequent(log["completions"][: max(known, 1)], mark.window, least=1)
    for way, prompts, only in (
        ("supervised", log["prompts"][:known], stood),
        ("unsupervised", still.prompts(np.random.default_rng([seed, 5]), WRITTEN), None),
    ):
        audit = RadioactivityAudit(key, mark, only=only, is_supervised=way == "supervised")
        asked, written = wrote(still, student, f"{seed}-{share:g}-{way}", prompts)
        for prompt, text in zip(asked, written, strict=True):
            audit.add_written(text, context=prompt)
        yield _row(seed, share, "closed", way, "tokens", audit.result())


def opened(
    still: Still, student: SmallModel, seed: int, texts: Answers, is_supervised: bool
) -> Iterator[tuple[str, Evidence]]:
    """Yield the evidence of each statistic over what a student predicts in texts."""
    found = {
        statistic: RadioactivityAudit(
            still.key(seed), still.recipe.mark, statistic=statistic, is_supervised=is_supervised
        )
        for statistic in STATISTICS
    }
    for prompt, completion, suspect, ours in predictions(still, student, texts):
        for audit in found.values():
            audit.add_read(completion, suspect, reference=ours, context=prompt)
    for statistic, audit in found.items():
        # A decoy costs as much as the key: cheap for tokens only.
        yield statistic, audit.result(decoys=DECOYS if statistic == "tokens" else 0)


def predictions(still: Still, student: SmallModel, texts: Answers) -> Iterator[tuple[Any, ...]]:
    """Yield prompt, completion, and what student and teacher predict at each of its places."""
    for prompt, completion in zip(texts["prompts"], texts["completions"], strict=True):
        read = np.concatenate([prompt, completion])
        told = [small.distributions(m, read)[PROMPT - 1 : -1] for m in (student, still.teacher)]
        yield prompt, completion, *told


def fresh(still: Still, count: int) -> Answers:
    """Return texts that no model wrote and no student saw, cut where completions would begin."""
    long = [one[:ROW] for one in still.held_out if len(one) >= ROW][-count:]
    rows = np.stack(long)
    return Answers({"prompts": rows[:, :PROMPT], "completions": rows[:, PROMPT:]})


def wrote(
    still: Still, student: SmallModel, name: str, prompts: Ids, temperature: float = TEMPERATURE
) -> tuple[Ids, Ids]:
    """Return prompts, repeated until there are enough, and what a student writes after each."""
    asked = np.resize(prompts, (WRITTEN, PROMPT))

    def make() -> dict[str, Ids]:
        rng = np.random.default_rng(list(name.encode()))
        choose = small.sampler(rng, temperature=temperature)
        return {"written": small.generate(student, asked, COMPLETION, choose)}

    return asked, still.arrays(f"wrote-{name}-{temperature:g}", make)["written"]


def run(out: Path, *, quick: bool = False) -> Row:
    """Make everything, audit every student, and return what is written as JSON."""
    torch.set_num_threads(1)
    recipe, keys = (QUICK, 200) if quick else (Recipe(), 2_000)
    shares, seeds, unmarked = (QUICK_SHARES, (1,), (1,)) if quick else (SHARES, SEEDS, UNMARKED)
    start = time.process_time()
    still = Still(out / "cache", recipe, _say)
    cases = [(seed, 0.0) for seed in unmarked]
    cases += [(seed, share) for share in shares for seed in seeds]
    rows: list[Row] = []
    for seed, share in cases:
        rows += audits(still, seed, share)
        _say(_line(rows[-8:]))
    _save_students(still, out / "students", unmarked)
    told: Row = {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "quick": quick,
        "teacher_entropy_nats": _entropy(still),
        "audits": rows,
        "null_other_keys": nulls.other_keys(still, unmarked, keys, predictions, fresh),
        "null_own_logs": nulls.own_logs(10_000 if not quick else 500),
        "cpu_seconds_this_time": time.process_time() - start,
    }
    told["figures"] = figures(told)
    (out / "radioactivity.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (out / "radioactivity.svg").write_text(picture.draw(rows), encoding="utf-8")
    return told


def figures(told: Row) -> dict[str, float]:
    """Return one number a name: medians over seeds, and the worst false evidence."""
    found: dict[str, float] = {}
    ways: dict[tuple[str, ...], list[float]] = {}
    for row in told["audits"]:
        percent = f"{100 * row['share']:g}pct"
        name = (row["weights"], row["way"], row["statistic"], percent)
        ways.setdefault(name, []).append(row["log10_p"])
    for way, values in ways.items():
        found["log10_p_" + "_".join(way)] = float(np.median(values))
    for percent in {way[-1] for way in ways}:
        # The audit of a provider who has the log, the suspect's weights and the teacher.
        found[f"log10_p_open_supervised_{percent}"] = found[
            f"log10_p_open_supervised_contrast_{percent}"
        ]
    for kind in ("null_other_keys", "null_own_logs"):
        found[f"{kind}_worst_excess_sigma"] = max(one["excess_sigma"] for one in told[kind])
    found["unmarked_flagged"] = float(
        sum(row["verdict"] in ("evidence", "strong evidence")
            for row in told["audits"] if row["share"] == 0)
    )  # fmt: skip
    found["teacher_entropy_nats"] = told["teacher_entropy_nats"]
    return found


def _entropy(still: Still) -> float:
    """Return the teacher's mean entropy in its own answers, in nats a token."""
    rows = still.plain(1).rows[:50]
    told = [small.distributions(still.teacher, row)[PROMPT - 1 : -1] for row in rows]
    return float(np.mean([-(p * np.log(np.maximum(p, 1e-12))).sum(1).mean() for p in told]))


def _save_students(still: Still, folder: Path, seeds: tuple[int, ...]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        prompts = still.prompts(np.random.default_rng([seed, 5]), WRITTEN)
        _, written = wrote(still, still.student(seed, 0.0), f"{seed}-0-kept", prompts, 1.0)
        np.save(folder / f"unmarked-{seed}.npy", written)


def _row(
    seed: int, share: float, weights: str, way: str, statistic: str, evidence: Evidence
) -> Row:
    return {
        "seed": seed, "share": share, "weights": weights, "way": way, "statistic": statistic,
        "log10_p": evidence.log10_p, "log10_e": evidence.log10_e, "seen": evidence.seen,
        "scored": evidence.scored, "verdict": str(evidence.verdict),
        "decoy_p": evidence.details.get("decoy_p"),
    }  # fmt: skip


def _line(rows: list[Row]) -> str:
    told = ", ".join(
        f"{row['weights']} {row['way'][:5]} {row['statistic']} {row['log10_p']:.1f}" for row in rows
    )
    return f"seed {rows[0]['seed']}, {rows[0]['share']:.0%} marked: {told}"


def _say(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--quick", action="store_true", help="one seed, small: two minutes")
    chosen = parser.parse_args()
    told = run(chosen.out, quick=chosen.quick)
    sys.stdout.write(json.dumps(told["figures"], indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()

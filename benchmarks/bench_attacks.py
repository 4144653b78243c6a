"""What does it take to remove the mark, or to forge it?

A test that finds nothing has found nothing: it is reported as no evidence, never as innocence.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from measure import Figures, arguments, finish, heading, say, table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runs"))

import attacks
import radioactivity
import real_model
from still import Answers, Recipe, Still

from revenuer.models.pretrained import open_at
from revenuer.prove.audit.radioactivity import RadioactivityAudit

REWORDED = 40


def texts(still: Still, quick: bool) -> Figures:
    found = list(attacks.on_texts(still))
    found += [
        attacks.outcome(still, f"forged after {seen} answers seen", attacks.spoofed(still, seen))
        for seen in (50, still.recipe.rows)
    ]
    figures: Figures = {}
    if not quick:
        found += list(reworded(still, figures))
    table(
        "Texts of five answers each",
        ("attack", "tests", "tokens", "median log10 p", "p <= 1e-4"),
        [list(one) for one in found],
    )
    names = {_name(one.attack): one.found for one in found}
    return figures | {f"found_{name}": value for name, value in names.items()}


def reworded(still: Still, figures: Figures) -> list[attacks.Outcome]:
    """Reword with a real small model; says what it made of the first text."""
    rewriter = open_at(str(real_model.folder()))
    start = time.process_time()
    told = attacks.reworded(
        still, rewriter, lambda text: rewriter.chat(attacks.ASK, text), REWORDED
    )
    before, after = told[::2], told[1::2]
    say(f"\nreworded in {time.process_time() - start:.0f} CPU-seconds; for example")
    say(f"  from: {before[0]}\n  to:   {after[0]}")
    kept = [attacks.kept_share(*pair) for pair in zip(before, after, strict=True)]
    figures["reworded_kept_threes"] = float(np.mean(kept))
    figures["reworded_length_ratio"] = float(
        np.mean(
            [len(b.split()) / max(len(a.split()), 1) for a, b in zip(before, after, strict=True)]
        )
    )
    strong = [text for text, share in zip(after, kept, strict=True) if share < 0.2]
    figures["reworded_strongly_share"] = len(strong) / len(after)
    sets = {"reworded by SmolLM2-135M": after, "of these, less than a fifth kept": strong}
    return [
        attacks.outcome(still, name, [attacks.encoded(still, text) for text in chosen])
        for name, chosen in sets.items()
        if len(chosen) >= attacks.TOGETHER
    ]


def students(still: Still, quick: bool) -> Figures:
    figures, rows = {}, []
    for share in (0.1, 1.0):
        for temperature, written in attacks.at_temperatures(still, share, 1).items():
            audit = RadioactivityAudit(still.key(1), still.recipe.mark)
            for text in written:
                audit.add_written(text)
            evidence = audit.result()
            rows.append(
                [f"{share:.0%}", temperature, evidence.scored, evidence.log10_p, evidence.verdict]
            )
            figures[f"log10_p_closed_{share:g}_at_{temperature:g}"] = evidence.log10_p
    table(
        "A student's own words, by the temperature at which it is asked (key 1, fresh prompts)",
        ("marked", "temperature", "scored", "log10 p", "verdict"),
        rows,
    )
    if not quick:
        rows = []
        log = still.marked(1)
        known = Answers({name: held[: radioactivity.READ] for name, held in log.items()})
        for share in (0.3, 0.6):
            student = attacks.rinsed(still, share)
            for statistic, evidence in radioactivity.opened(still, student, 1, known, True):
                rows.append([f"{share:.0%}", statistic, evidence.log10_p, evidence.verdict])
                if statistic == "contrast":
                    figures[f"log10_p_open_redrawn_{share:g}"] = evidence.log10_p
        table(
            "Trained on marked text of which tokens were drawn again (all answers marked, key 1)",
            ("drawn again", "statistic", "log10 p", "verdict"),
            rows,
        )
    return figures


def keys(still: Still, guesses: int) -> Figures:
    real, best = attacks.guessed(still, guesses)
    table(
        "Guessing the key: one set of texts",
        ("guesses", "log10 p of the key", "lowest log10 p of guesses", "by chance"),
        [[guesses, real, best, -np.log10(guesses)]],
    )
    return {"guess_lowest_log10_p": best, "guess_real_log10_p": real}


def _name(attack: str) -> str:
    letters = "".join(c if c.isalnum() else " " for c in attack.lower())
    return "_".join(letters.split())


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where bench_radioactivity's run is"
    )
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    out = chosen.out or Path(tempfile.gettempdir()) / "revenuer-radioactivity"
    out = out / "quick" if chosen.quick else out
    recipe = radioactivity.QUICK if chosen.quick else Recipe()
    heading("bench_attacks", run=out, answers=recipe.rows, threads=1)
    still = Still(out / "cache", recipe, lambda line: say(f"({line})"))
    figures = texts(still, chosen.quick)
    figures |= keys(still, 1_000 if chosen.quick else 20_000)
    figures |= students(still, chosen.quick)
    finish(figures, chosen.json)


if __name__ == "__main__":
    main()

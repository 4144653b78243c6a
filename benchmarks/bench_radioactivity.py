"""Are students of marked text found, and are others left alone?

The run itself is `runs/radioactivity.py`; this prints what it found, and its figures.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from measure import arguments, finish, heading, table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runs"))

import radioactivity


def medians(audits: list[Mapping[str, Any]]) -> list[list[object]]:
    """Return a row a kind of audit: median log10 p, and its range over keys, by marked share."""
    shares = sorted({row["share"] for row in audits})
    found: dict[tuple[str, ...], dict[float, list[float]]] = {}
    for row in audits:
        kind = (row["weights"], row["way"], row["statistic"])
        found.setdefault(kind, {}).setdefault(row["share"], []).append(row["log10_p"])
    return [
        [" ".join(kind), *(_told(by_share[share]) for share in shares)]
        for kind, by_share in found.items()
    ]


def _told(logs: list[float]) -> str:
    return f"{np.median(logs):.1f} [{min(logs):.1f}, {max(logs):.1f}]"


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the run is, or is to be")
    chosen = parser.parse_args()
    out = chosen.out or Path(tempfile.gettempdir()) / "revenuer-radioactivity"
    out = out / "quick" if chosen.quick else out
    heading(
        "bench_radioactivity",
        run=out,
        students="1 key, shares 0, 0.1, 1" if chosen.quick else
        f"{len(radioactivity.SEEDS)} keys, shares {radioactivity.SHARES}; "
        f"{len(radioactivity.UNMARKED)} unmarked",
        threads=1,
    )  # fmt: skip
    told = radioactivity.run(out, quick=chosen.quick)
    audits = told["audits"]
    shares = sorted({row["share"] for row in audits})
    table(
        "log10 p, median [lowest, highest] over students, by marked share of training",
        ("audit", *(f"{share:.0%}" for share in shares)),
        medians(audits),
    )
    for name, title in (
        ("null_other_keys", "Unmarked students, judged with keys that marked nothing"),
        ("null_own_logs", "An innocent suspect reads the log that each key marked"),
    ):
        table(
            title,
            ("audit", "level", "keys", "share", "excess in standard errors"),
            [list(row.values()) for row in told[name]],
        )
    finish(told["figures"], chosen.json)


if __name__ == "__main__":
    main()

"""Tests of revenuer.find.ingest.intake."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq

from revenuer.find.ingest import SOURCES, files, ids, pseudonym
from revenuer.find.ingest.enrich import Enricher
from revenuer.find.ingest.fields import Overrides
from revenuer.find.ingest.intake import UNKNOWN, Counts, Intake
from revenuer.find.ingest.store import Exchanges, Rejects

GOOD = {"exchange_id": "x", "requested_at": "2026-03-01T12:00:00Z", "account_id": "a"}


def take(folder: Path, text: str, *, key: bytes | None = None) -> tuple[Counts, str | None]:
    (folder / "log").write_text(text)
    with Rejects(folder / "rejects.parquet") as rejects, Exchanges(folder / "out") as exchanges:
        intake = Intake(
            sources=SOURCES,
            forced=None,
            overrides=Overrides(),
            enricher=Enricher(),
            pseudonyms=pseudonym.Pseudonyms(key) if key else None,
            exchanges=exchanges,
            rejects=rejects,
            seen=ids.Seen(),
            counts=Counts(),
            seed=1,
        )
        name = intake.read(files.one(str(folder / "log")), lambda _: None)
    return intake.counts, name


def test_good_rows_are_kept_and_every_other_is_counted(tmp_path: Path) -> None:
    lines = [
        GOOD,
        GOOD,
        {**GOOD, "exchange_id": "y", "input_tokens": -1},
        {**GOOD, "account_id": 7},
    ]

    counts, name = take(tmp_path, "\n".join(map(json.dumps, lines)) + "\nbroken\n")

    assert name == "own"
    assert (counts.read, counts.kept, counts.duplicates) == (4, 1, 2)
    rejects = pq.read_table(tmp_path / "rejects.parquet").to_pylist()
    assert [(r["line"], r["reason"]) for r in rejects] == [
        (3, "input_tokens is negative"),
        (5, "the line is not valid JSON"),
    ]


def test_an_unknown_format_is_one_reject(tmp_path: Path) -> None:
    counts, name = take(tmp_path, '{"a": 1}\n{"a": 2}\n')

    assert (counts.read, name) == (0, None)
    rejects = pq.read_table(tmp_path / "rejects.parquet").to_pylist()
    assert [(r["line"], r["reason"]) for r in rejects] == [(None, UNKNOWN)]


def test_ids_made_under_a_key_cannot_be_guessed_from_the_record(tmp_path: Path) -> None:
    bare = {name: value for name, value in GOOD.items() if name != "exchange_id"}
    found = []
    for key in (None, b"k" * 16, b"l" * 16):
        take(tmp_path, json.dumps(bare), key=key)
        found.append(pq.read_table(tmp_path / "out").column("exchange_id").to_pylist()[0])

    assert len(set(found)) == 3

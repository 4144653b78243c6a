"""Which format a file has, by its first records and never by its name.

Each source says of each sampled record whether it looks like its own; the source with the most
such records wins, of equals the one listed first in `SOURCES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from revenuer.find.ingest import own, records
from revenuer.find.ingest.fields import Overrides, Record, Source
from revenuer.find.ingest.files import LogFile

SAMPLE_RECORDS = 64
_SAMPLE_CHUNKS = 100  # some 6,400 lines, should all of them be broken


def sample(file: LogFile, kind: records.Kind) -> list[Record]:
    """Return the first records that can be read, 64 at most."""
    found: list[Record] = []
    for chunk in islice(records.chunks(file, kind, most=SAMPLE_RECORDS), _SAMPLE_CHUNKS):
        found += chunk.records[: SAMPLE_RECORDS - len(found)]
        if len(found) >= SAMPLE_RECORDS:
            break
    return found


def choose(
    sampled: list[Record], sources: Mapping[str, Source], overrides: Overrides
) -> str | None:
    """Return the name of the format, or None when no source knows any record.

    A file without a single readable record counts as ours, so that each line gets its reason.
    """
    if not sampled:
        return "own"
    votes = {name: sum(map(source.matches, sampled)) for name, source in sources.items()}
    mapped = [overrides.apply(dict(record), record) for record in sampled]
    votes["own"] = sum(map(own.matches, mapped))
    best = max(votes, key=lambda name: votes[name])  # the first of equals
    return best if votes[best] else None

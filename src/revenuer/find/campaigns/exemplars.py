"""Texts that a person needs to see: a campaign's templates with their slots, and example exchanges.

Text is read again from the ingested tables, for a few rows only; nothing else in this stage sees
any.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from revenuer.find.campaigns.traffic import Carried
from revenuer.find.features import Features, lexicon, slots
from revenuer.find.features import words as wording
from revenuer.find.features.measured import LAYERS
from revenuer.find.features.shingles import RECURS
from revenuer.records import TemplateUse

Numbers = NDArray[np.int64]
FIELDS = ("system_prompt", "prompt", "opening")
#: Texts that decide which words of a template are slots, and templates shown of one campaign.
SAMPLE, MOST_TEMPLATES = 40, 12
LONGEST_SHOWN = 1_200
#: Columns that held rows keep.
HELD = ("exchange_id", "system_prompt", "prompt", "history")


class Rows:
    """Reads chosen rows of the ingested parts.

    A row group is decoded whole to get one row of it, so a scan that will ask for many rows here
    and there first names them all (`hold`), in one pass, and then asks only among them (`among`):
    102 of 160 CPU-seconds were spent decoding at one million exchanges before.

    Args:
        folder: Holds `part-*.parquet`.
    """

    def __init__(self, folder: Path) -> None:
        self._files = [pq.ParquetFile(path) for path in sorted(folder.glob("*.parquet"))]
        self._groups = [
            (file, group) for file in self._files for group in range(file.metadata.num_row_groups)
        ]
        sizes = [file.metadata.row_group(group).num_rows for file, group in self._groups]
        self._starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._held: Numbers | None = None
        self._texts: Any = None

    def hold(self, rows: Numbers) -> None:
        """Read these rows once and keep them; `among` and `take` then know no others."""
        self._held = None
        held = np.unique(rows)
        self._texts = self.take(held, list(HELD))
        self._held = held

    def among(self, rows: Numbers, most: int) -> Numbers:
        """Return at most `most` of the rows, evenly over the list, that `take` can give cheaply."""
        if self._held is not None:
            rows = rows[np.isin(rows, self._held, assume_unique=True)]
        if len(rows) <= most:
            return rows
        return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]

    def take(self, rows: Numbers, columns: list[str]) -> Any:
        """Return some columns of some rows, in the order of `rows`, as an Arrow table."""
        if self._held is not None:
            place = np.searchsorted(self._held, rows)
            return self._texts.select(columns).take(pa.array(place))
        order = np.argsort(rows, kind="stable")
        place = np.searchsorted(self._starts, rows[order], "right") - 1
        parts = []
        for group in np.unique(place):
            file, number = self._groups[group]
            inside = rows[order][place == group] - self._starts[group]
            parts.append(file.read_row_group(number, columns=columns).take(pa.array(inside)))
        if not parts:
            return self._files[0].schema_arrow.empty_table().select(columns)
        back = np.empty(len(rows), np.int64)
        back[order] = np.arange(len(rows))
        return pa.concat_tables(parts).take(pa.array(back))

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()


def templates(
    features: Features, carried: Carried, rows: Numbers, members: Numbers, source: Rows
) -> tuple[TemplateUse, ...]:
    """Return the templates that most harvested exchanges carry, most frequent first.

    Args:
        features: What was measured.
        carried: Gives the templates of exchanges.
        rows: Harvested exchanges.
        members: Accused accounts.
        source: Gives their texts.
    """
    shown = []
    use = features.template_use
    is_member = np.zeros(use.shape[1], np.bool_)
    is_member[members] = True
    for template, column, own in _frequent(carried(rows), rows):
        at = int(np.searchsorted(features.template_ids, template))
        users = use.indices[use.indptr[at] : use.indptr[at + 1]]
        outside = int((~is_member[users]).sum())
        field = FIELDS[column // LAYERS]
        shown.append(
            TemplateUse(
                template_id=f"T{template}",
                field="history" if field == "opening" else field,
                text=_with_slots(_texts(source, source.among(own, SAMPLE), field)),
                exchanges=len(own),
                accounts=len(np.unique(features.exchanges.account[own])),
                outside_accounts=outside,
            )
        )
    return tuple(shown)


def _frequent(carried: NDArray[np.int32], rows: Numbers) -> list[tuple[int, int, Numbers]]:
    """List (template, column, rows) of frames first; variants only where a field has no frame."""
    found = []
    for column in range(0, 3 * LAYERS, LAYERS):
        ids, counts = np.unique(carried[:, column], return_counts=True)
        for i in np.argsort(-counts, kind="stable")[:MOST_TEMPLATES]:
            if ids[i] >= 0 and counts[i] >= RECURS:
                own = rows[carried[:, column] == ids[i]]
                found.append((int(ids[i]), column, own))
    found.sort(key=lambda entry: (-len(entry[2]), entry[0]))
    return found[:MOST_TEMPLATES]


def _texts(source: Rows, rows: Numbers, field: str) -> list[str]:
    column = "history" if field == "opening" else field
    return [text for text in source.take(rows, [column]).column(0).to_pylist() if text]


def _with_slots(texts: list[str]) -> str:
    if not texts:
        return ""
    split = wording.split(pa.array(texts, pa.large_string()))
    held = split.hashes != 0
    offsets = np.concatenate([[0], np.cumsum(held)])[split.offsets].astype(np.int64)
    hashes = (split.hashes[held] >> np.uint64(32)).astype(np.uint32)
    common = slots.is_common(
        hashes,
        offsets,
        slots.common_pairs(hashes, offsets),
        slots.common_words(hashes, offsets),
    )
    # The text with the largest common part shows the template best.
    shares = [common[a:b].mean() if b > a else 0 for a, b in pairwise(offsets)]
    best = int(np.argmax(shares))
    flat = [word for sentence in lexicon.words(texts[best]) for word in sentence]
    return slots.show(flat, common[offsets[best] : offsets[best + 1]])[:LONGEST_SHOWN]

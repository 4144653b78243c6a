"""What a run leaves for the next one, so that old exchanges are not worked on again.

Of each exchange, which texts it holds; of each distinct text, a hash, the intent rules it meets and
the hashes of its words. No text, but not far from it: who guesses a text can recognise it. So a run
that is to keep no text (`--retain-text none`) leaves no state.

The rules and kernels that made the numbers are part of them: a run continues only what the same
version with the same lexicon made.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

import revenuer
from revenuer.errors import RunError
from revenuer.find.features import lexicon
from revenuer.find.features.texts import TextStore, Worked, chosen

ROWS, TEXTS = "rows.parquet", "texts.parquet"
#: Texts of an exchange, in the order in which they are numbered.
FIELDS = ("system", "prompt", "opening", "history")
MADE_WITH = b"made_with"
#: Texts that are entered at once.
AT_ONCE = 200_000


class State(NamedTuple):
    """What an earlier run knew.

    Attributes:
        numbers: (exchanges, 4) text of each field, -1 for none.
        texts: All its texts.
    """

    numbers: NDArray[np.int32]
    texts: Worked


def save(folder: Path, numbers: NDArray[np.int32], store: TextStore) -> None:
    """Write the state of a run; the folder is there when it is whole, not before.

    Args:
        folder: Replaced.
        numbers: (exchanges, 4) text of each field of each exchange, -1 for none.
        store: Holds the texts.
    """
    aside = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    rows = pa.table(
        {
            field: column
            for field, column in zip(FIELDS, np.ascontiguousarray(numbers.T), strict=True)
        }
    )
    pq.write_table(
        rows.replace_schema_metadata({MADE_WITH: _made_with()}), aside / ROWS, compression="zstd"
    )
    keys, hits = store.keys(), store.hits()
    schema = pa.schema(
        [("key", pa.uint64()), ("hits", pa.uint64()), ("words", pa.list_(pa.uint32()))]
    )
    with pq.ParquetWriter(aside / TEXTS, schema, compression="zstd") as writer:
        for block in store.blocks():
            own = slice(block.first, block.first + len(block.offsets) - 1)
            words = pa.ListArray.from_arrays(
                pa.array(block.offsets.astype(np.int32)), pa.array(block.words)
            )
            writer.write_table(pa.table([keys[own], hits[own], words], schema=schema))
    shutil.rmtree(folder, ignore_errors=True)
    aside.replace(folder)


def left(folder: Path, exchanges: int) -> State | None:
    """Return the state that a scan left which was killed later; None where it must be made anew."""
    if not folder.is_dir():
        return None
    try:
        return load(folder, exchanges)
    except RunError:
        # Of other rules, or lost when the machine went down: the logs are there to make it again.
        return None


def load(folder: Path, exchanges: int) -> State:
    """Read the state of a run with so many exchanges.

    Raises:
        RunError: There is none, it belongs to another run, or another version made it.
    """
    try:
        rows = pq.read_table(folder / ROWS)
        texts = pq.read_table(folder / TEXTS)
    except (OSError, pa.ArrowException) as error:
        raise RunError(
            f"the state in {folder}, from which a scan could continue, is missing or damaged",
            hint="scan all logs again, with --retain-text evidence or all",
        ) from error
    if (rows.schema.metadata or {}).get(MADE_WITH) != _made_with():
        raise RunError(
            f"{folder} was made by another version of revenuer or of its rules",
            hint="scan all logs again with this version",
        )
    if rows.num_rows != exchanges:
        raise RunError(
            f"{folder} tells of {rows.num_rows:,} exchanges, the run has {exchanges:,}",
            hint="scan all logs again, without --since",
        )
    words = texts.column("words").combine_chunks()
    offsets = np.asarray(words.offsets).astype(np.int64)
    return State(
        np.stack([rows.column(field).to_numpy() for field in FIELDS], axis=1),
        Worked(
            texts.column("key").to_numpy(),
            texts.column("hits").to_numpy(),
            words.values.to_numpy()[offsets[0] :],
            offsets - offsets[0],
        ),
    )


def words(folder: Path, texts: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the words of some texts, and (texts + 1,) where each begins in them.

    Args:
        folder: From `save`.
        texts: Text numbers, ascending, each once.
    """
    found: list[Any] = []
    first = 0
    with pq.ParquetFile(folder / TEXTS) as file:
        for group in range(file.num_row_groups):
            last = first + file.metadata.row_group(group).num_rows
            own = texts[np.searchsorted(texts, first) : np.searchsorted(texts, last)] - first
            if len(own):
                held = file.read_row_group(group, columns=["words"]).column(0)
                found.append(held.take(pa.array(own)).combine_chunks())
            first = last
    if not found:
        return np.empty(0, np.uint32), np.zeros(1, np.int64)
    joined = pa.concat_arrays(found)
    offsets = np.asarray(joined.offsets).astype(np.int64)
    return joined.values.to_numpy()[offsets[0] :], offsets - offsets[0]


def enter(state: State, kept: NDArray[np.bool_], store: TextStore) -> NDArray[np.int32]:
    """Enter the texts of the kept exchanges in order of first appearance; renumber these.

    Args:
        state: From `load`.
        kept: (exchanges,) whether each is still looked at.
        store: Empty.

    Returns:
        (kept exchanges, 4) text of each field by its number in `store`.
    """
    numbers = state.numbers[kept]
    held = numbers[numbers >= 0]
    distinct, first = np.unique(held, return_index=True)
    order = distinct[np.argsort(first)].astype(np.int64)
    texts = state.texts
    renumbered = np.full(len(texts.keys) + 1, -1, np.int32)
    for some in np.split(order, range(AT_ONCE, len(order), AT_ONCE)):
        words, offsets = chosen(texts.words, texts.offsets, some)
        renumbered[some] = store.adopt(Worked(texts.keys[some], texts.hits[some], words, offsets))
    return renumbered[numbers]


def _made_with() -> bytes:
    rules = b"".join(path.read_bytes() for path in sorted(lexicon.RULES.glob("*.toml")))
    digest = hashlib.sha256(rules).hexdigest()[:16]
    return f"{revenuer.__version__} {digest}".encode()

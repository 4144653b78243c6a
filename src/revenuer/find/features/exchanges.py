"""One row of numbers an exchange: who, when, which model, which texts, which rules.

Reads the ingested Parquet parts in order, once, and works on each distinct text once
(`features.texts`). Everything later stages need of an exchange is here as a number, so that no
later stage touches text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from revenuer.find.features.texts import TextStore

BATCH_ROWS = 32_768
#: Who else speaks in a conversation; whatever has another role is the user.
OTHERS = ("assistant", "model", "system", "developer", "tool", "function")
COLUMNS = (
    "requested_at", "account_id", "model", "system_prompt", "prompt", "history", "turns", "tools",
    "input_tokens", "output_tokens", "reasoning_tokens", "refused", "completion",
)  # fmt: skip


#: Looked at elsewhere, or not at all.
NOT_READ = ("account_id", "completion")


class Exchanges(NamedTuple):
    """Arrays of one length, in the order of the ingested rows.

    Attributes:
        account: account number (row in `accounts`).
        at_us: microseconds since 1970, UTC.
        model: model number, -1 for none.
        system, prompt, opening, history: text numbers, -1 for none. `opening` is the first user
            turn of a conversation that has earlier turns, `history` all of its earlier user turns.
        hits: intent rules met by the prompt or an earlier user turn, one bit a rule.
        system_hits: intent rules met by the system prompt.
        turns: user turns so far, 1 where the log does not say.
        input_tokens, output_tokens, reasoning_tokens: -1 for unknown.
        refused: 1, 0, or -1 for unknown.
    """

    account: NDArray[np.int32]
    at_us: NDArray[np.int64]
    model: NDArray[np.int32]
    system: NDArray[np.int32]
    prompt: NDArray[np.int32]
    opening: NDArray[np.int32]
    history: NDArray[np.int32]
    hits: NDArray[np.uint64]
    system_hits: NDArray[np.uint64]
    turns: NDArray[np.int32]
    input_tokens: NDArray[np.int64]
    output_tokens: NDArray[np.int64]
    reasoning_tokens: NDArray[np.int64]
    refused: NDArray[np.int8]


def read(
    folder: Path,
    accounts: Any,
    models: Any,
    store: TextStore,
    progress: Callable[[int], None],
    earlier: NDArray[np.int32] | None = None,
) -> Exchanges:
    """Return the numbers of all exchanges.

    Args:
        folder: Ingested parts, `part-*.parquet`.
        accounts: (accounts,) Arrow array of account ids; an id's place is its number.
        models: (models,) Arrow array of model names, likewise.
        store: Takes the texts.
        progress: Called with the rows done after each batch.
        earlier: (exchanges, 4) texts of the first exchanges, where they are in the store already.
    """
    rows: list[tuple[Any, ...]] = []
    done = 0
    earlier = np.empty((0, 4), np.int32) if earlier is None else earlier
    for batch in _batches(folder, [name for name in COLUMNS if name not in NOT_READ]):
        known = earlier[done : done + batch.num_rows]
        fresh = batch.slice(len(known))
        texts = store.intern(
            fresh.column("system_prompt"), fresh.column("prompt"), *_turns(fresh.column("history"))
        )
        rows.append(
            (
                pc.cast(batch.column("requested_at"), pa.int64()).to_numpy(zero_copy_only=False),
                _index(batch.column("model"), models),
                np.concatenate([known, texts]),
                _ints(batch, "turns", 1, np.int32),
                _ints(batch, "input_tokens", -1, np.int64),
                _ints(batch, "output_tokens", -1, np.int64),
                _ints(batch, "reasoning_tokens", -1, np.int64),
                _ints(batch, "refused", -1, np.int8),
            )
        )
        done += batch.num_rows
        progress(done)
    pieces = [list(column) for column in zip(*rows, strict=True)]
    rows.clear()
    # One column after the other, so that only one is there twice.
    columns = [np.concatenate(pieces.pop(0)) for _ in range(len(pieces))]
    at_us, model, texts, turns, *rest = columns
    # Each look-up lays out all accounts anew: a tenth of the stage at 11 million exchanges.
    account = np.concatenate(
        [_index(batch.column(0), accounts) for batch in _batches(folder, ["account_id"], 1 << 20)]
    )
    system, prompt, opening, history = np.ascontiguousarray(texts.T)
    # Text number -1 reads the extra last entry, which meets no rule.
    hits = np.append(store.hits(), np.uint64(0))
    met = hits[prompt] | hits[opening] | hits[history]
    return Exchanges(
        account, at_us, model, system, prompt, opening, history, met, hits[system], turns, *rest
    )


def _batches(folder: Path, wanted: Sequence[str], rows: int = BATCH_ROWS) -> Iterator[Any]:
    for part in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(part) as file:
            yield from file.iter_batches(rows, columns=wanted)


def _index(values: Any, known: Any) -> NDArray[np.int32]:
    return pc.fill_null(pc.index_in(values, value_set=known), -1).to_numpy(zero_copy_only=False)


def _ints(batch: Any, name: str, missing: int, dtype: type[np.generic]) -> Any:
    values = pc.fill_null(pc.cast(batch.column(name), pa.int64()), missing)
    return values.to_numpy(zero_copy_only=False).astype(dtype)


def _turns(history: Any) -> tuple[Any, Any]:
    """Return the first user turn of each history, and all of its user turns as one text."""
    openings: list[str | None] = [None] * len(history)
    earlier: list[str | None] = [None] * len(history)
    if history.null_count < len(history):
        for row, raw in enumerate(history.to_pylist()):
            users = user_turns(raw) if raw else []
            if users:
                openings[row] = users[0]
                earlier[row] = "\n".join(users)
    return pa.array(openings, pa.large_string()), pa.array(earlier, pa.large_string())


def user_turns(history: str) -> list[str]:
    """Return what the user said in earlier turns, from a JSON list of `{role, content}`.

    A history that is not such a list counts as one turn, so that nothing escapes the rules by
    being written in an unknown way.
    """
    try:
        turns = json.loads(history)
        if not isinstance(turns, list):
            return [history]
        said = [
            turn.get("content") if isinstance(turn, dict) else turn
            for turn in turns
            if not isinstance(turn, dict) or turn.get("role") not in OTHERS
        ]
        return [_text(content) for content in said if content]
    except (ValueError, RecursionError):
        return [history]


def _text(content: Any) -> str:
    """Return content as text; of a list of blocks, what each says, on lines of their own."""
    blocks = content if isinstance(content, list) else [content]
    said = [block.get("text", block) if isinstance(block, dict) else block for block in blocks]
    text = "\n".join(
        block if isinstance(block, str) else json.dumps(block, ensure_ascii=False) for block in said
    )
    if text.isascii():
        return text
    # JSON can spell half a character, which is no text.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

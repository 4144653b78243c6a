"""One row of numbers an exchange: who, when, which model, which texts, which rules.

`Reader` makes numbers of a batch of ingested rows, wherever the engine has them: in this process
with DuckDB, on the workers with Spark. `read` puts the batches together in the order of the rows.
Everything later stages need of an exchange is here as a number, so that no later stage touches
text, and with Spark none reaches the driver.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from revenuer.find.features.hits import Matcher
from revenuer.find.features.texts import TextStore, Worked, Worker

#: Who else speaks in a conversation; whatever has another role is the user.
OTHERS = ("assistant", "model", "system", "developer", "tool", "function")
NUMBERS = ("turns", "input_tokens", "output_tokens", "reasoning_tokens", "refused")
COLUMNS = (
    "requested_at", "account_id", "model", "system_prompt", "prompt", "history", "turns", "tools",
    "input_tokens", "output_tokens", "reasoning_tokens", "refused",
)  # fmt: skip
#: Texts of no exchange: system prompt, prompt, opening and history of each.
NO_TEXTS = np.empty((0, 4), np.int32)
#: Batches whose accounts are looked up at once: each look-up lays out all accounts anew, a tenth of
#: the stage at 11 million exchanges if done batch by batch.
AT_ONCE = 32


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


class Reader:
    """What the engine runs over the ingested rows: a batch of exchanges -> its numbers.

    It can be sent to a worker. Of its past batches it only remembers which texts it worked on last.

    Args:
        matcher: Intent rules.
        known: Of so many first exchanges the texts are known already.
    """

    def __init__(self, matcher: Matcher, known: int = 0) -> None:
        self._texts = Worker(matcher)
        self._known = known

    def __call__(self, batch: Any, first: int) -> Any:
        """Return one row, whose columns are the arrays of a batch with the `COLUMNS`.

        Accounts and models come as dictionaries, `texts` as the four keys of each exchange whose
        texts are not known; the columns of `Worked` tell the texts that are new to this reader.
        """
        fresh = batch.slice(min(max(self._known - first, 0), batch.num_rows))
        keys, worked = self._texts.take(
            fresh.column("system_prompt"), fresh.column("prompt"), *_turns(fresh.column("history"))
        )
        at = pc.cast(batch.column("requested_at"), pa.int64())
        arrays = {
            "account": batch.column("account_id").dictionary_encode(),
            "at_us": at,
            "model": batch.column("model").dictionary_encode(),
            "texts": keys.ravel(),
            "turns": _ints(batch, "turns", 1, pa.int32()),
            "input_tokens": _ints(batch, "input_tokens", -1, pa.int64()),
            "output_tokens": _ints(batch, "output_tokens", -1, pa.int64()),
            "reasoning_tokens": _ints(batch, "reasoning_tokens", -1, pa.int64()),
            "refused": _ints(batch, "refused", -1, pa.int8()),
            **worked._asdict(),
        }
        return pa.record_batch({name: _listed(array) for name, array in arrays.items()})


def read(
    batches: Iterable[Any],
    accounts: Any,
    models: Any,
    store: TextStore,
    progress: Callable[[int], None],
    earlier: NDArray[np.int32] = NO_TEXTS,
) -> Exchanges:
    """Return the numbers of all exchanges.

    Args:
        batches: What `Reader` made of the ingested parts, in the order of the rows.
        accounts: (accounts,) Arrow array of account ids; an id's place is its number.
        models: (models,) Arrow array of model names, likewise.
        store: Takes the texts.
        progress: Called with the rows done after each batch.
        earlier: (exchanges, 4) texts of the first exchanges, where they are in the store already.
    """
    rows: list[tuple[Any, ...]] = []
    senders: list[Any] = []
    account: list[NDArray[np.int32]] = []
    done = 0
    for batch in batches:
        found = {name: batch.column(name).flatten() for name in batch.schema.names}
        store.adopt(Worked(*(found[name].to_numpy() for name in Worked._fields)))
        fresh = store.numbers(found["texts"].to_numpy()).reshape(-1, 4)
        senders.append(found["account"])
        if len(senders) == AT_ONCE:
            account += _index(senders, accounts)
            senders = []
        rows.append(
            (
                _copied(found["at_us"]),
                *_index([found["model"]], models),
                np.concatenate([earlier[done : done + len(found["account"])], fresh]),
                *(_copied(found[name]) for name in NUMBERS),
            )
        )
        done += len(found["account"])
        progress(done)
    pieces = [list(column) for column in zip(*rows, strict=True)]
    rows.clear()
    # One column after the other, so that only one is there twice.
    columns = [np.concatenate(pieces.pop(0)) for _ in range(len(pieces))]
    at_us, model, texts, turns, *rest = columns
    account += _index(senders, accounts) if senders else []
    system, prompt, opening, history = np.ascontiguousarray(texts.T)
    # Text number -1 reads the extra last entry, which meets no rule.
    hits = np.append(store.hits(), np.uint64(0))
    met = hits[prompt] | hits[opening] | hits[history]
    return Exchanges(
        np.concatenate(account),
        at_us,
        model,
        system,
        prompt,
        opening,
        history,
        met,
        hits[system],
        turns,
        *rest,
    )


def _index(columns: list[Any], known: Any) -> list[NDArray[np.int32]]:
    """Return the place of each value of dictionary arrays among the known ones; -1 for null."""
    values = pa.concat_arrays([column.dictionary for column in columns])
    places = pc.fill_null(pc.index_in(values, value_set=known), -1).to_numpy()
    bounds = np.cumsum([len(column.dictionary) for column in columns])[:-1]
    return [
        np.append(own, np.int32(-1))[pc.fill_null(column.indices, -1).to_numpy()]
        for own, column in zip(np.split(places, bounds), columns, strict=True)
    ]


def _ints(batch: Any, name: str, missing: int, kind: Any) -> Any:
    return pc.fill_null(pc.cast(batch.column(name), pa.int64()), missing).cast(kind, safe=False)


def _copied(array: Any) -> Any:
    # A view would keep the words alive that came in the same message.
    return array.to_numpy().copy()


def _listed(array: Any) -> Any:
    """Return an array as the one row of a column."""
    return pa.ListArray.from_arrays(pa.array([0, len(array)], pa.int32()), pa.array(array))


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

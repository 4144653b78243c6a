"""Exchanges -> numbers: one row an account, an exchange, a text, a set of accounts.

A feature is measured and says nothing yet; whether it is surprising is for `find.evidence`. The
verb is `measure`. It reads the ingested tables of a work folder once and returns `Features`, whose
parts the pipeline also writes to `tables/`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from revenuer.engine import Engine
from revenuer.find.features import communities, frames, lexicon, null, profiles, sets, slots, state
from revenuer.find.features import exchanges as exchange_rows
from revenuer.find.features.exchanges import Exchanges
from revenuer.find.features.hits import Matcher
from revenuer.find.features.measured import (
    LAYERS,
    SLOT_LAYERS,
    Features,
    Texts,
    carried_templates,
)
from revenuer.find.features.sets import Sets
from revenuer.find.features.shingles import RECURS
from revenuer.find.features.state import State
from revenuer.find.features.texts import TextStore

__all__ = [
    "Exchanges",
    "Features",
    "Sets",
    "State",
    "Texts",
    "carried_templates",
    "left_state",
    "load_state",
    "measure",
]

HERE = Path(__file__).parent
load_state, left_state = state.load, state.left
Progress = Callable[[str, int, int | None], None]
#: Exchanges with a template that make it the account's own; once or twice may be a copied prompt.
OWN_USE = 3
#: Edge density of the cores tried among accounts whose lengths are alike.
CORE = 0.6


def measure(
    work: Path,
    engine: Engine,
    *,
    seed: int,
    progress: Progress,
    is_null: bool = False,
    earlier: tuple[State, NDArray[np.bool_]] | None = None,
) -> Features:
    """Measure the ingested tables of a work folder.

    Args:
        work: Holds `exchanges/part-*.parquet` and `accounts.parquet`.
        engine: Runs the SQL.
        seed: Of the community search.
        progress: Called with stage, rows done and rows in all.
        is_null: Break every tie between families first (`features.null`).
        earlier: State of an earlier run, whose exchanges come first, and which of these are still
            there.

    Leaves `state/` in the work folder.
    """
    engine.bind_parquet("exchanges", work / "exchanges")
    engine.bind_parquet("accounts", work / "accounts.parquet")
    # In one piece, or each look at a column copies it.
    accounts = engine.run(HERE / "accounts.sql").combine_chunks()
    models = engine.run(HERE / "models.sql").column("model")
    # Before any text is read: what the engine needs and what texts need are not needed at once.
    tokens = engine.run(HERE / "footprint.sql")
    kinds = set(pc.unique(tokens.column("kind")).to_pylist())
    footprint_sets = _footprint_sets(tokens, accounts, seed=seed)
    del tokens
    engine.rest()
    matcher = Matcher(lexicon.load())
    store = TextStore(work / "words.bin", matcher)
    rows = pc.sum(accounts.column("exchanges")).as_py() or 0
    try:
        known = state.enter(*earlier, store) if earlier else exchange_rows.NO_TEXTS
        exchanges = exchange_rows.read(
            engine.map_batches(
                exchange_rows.Reader(matcher, len(known)),
                work / "exchanges",
                exchange_rows.COLUMNS,
            ),
            accounts.column("account_id").combine_chunks(),
            models.combine_chunks(),
            store,
            lambda done: progress("reading text", done, rows),
            known,
        )
        numbers = [getattr(exchanges, field) for field in state.FIELDS]
        state.save(work / "state", np.stack(numbers, axis=1), store)
        store.seal()
        texts = _texts(store, exchanges)
    finally:
        store.close()
    progress("tying accounts", 0, None)
    use, template_ids = _template_use(exchanges, texts, accounts.num_rows)
    template_sets = _template_sets(use, exchanges, seed=seed)
    unavailable = _unavailable(exchanges, kinds, accounts)
    if is_null:
        rng = np.random.default_rng(seed)
        exchanges = null.shift_clocks(exchanges, accounts.num_rows, rng)
        footprint_sets = null.reseat(footprint_sets, rng)
        # The empty last row belongs to nobody.
        of = np.append(
            texts.templates[texts.place >= 0], np.full((1, LAYERS), -1, np.int32), axis=0
        )
        refilled = [
            null.refill(texts.slots[:, k], of[:, layer], texts.layouts[:, k], rng)
            for k, layer in enumerate(SLOT_LAYERS)
        ]
        texts = texts._replace(slots=np.stack(refilled, axis=1))
        accounts = null.redate(accounts, exchanges, rng)
    order = np.argsort(exchanges.account, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(exchanges.account))]).astype(np.int64)
    return Features(
        accounts, exchanges, texts, models.to_pylist(), use, template_ids, template_sets,
        footprint_sets, matcher, order, starts, unavailable,
    )  # fmt: skip


def _texts(store: TextStore, exchanges: Exchanges) -> Texts:
    carried = np.zeros(store.texts + 1, np.int64)
    for column in (exchanges.system, exchanges.prompt, exchanges.opening):
        # Text number -1 counts in the extra last entry.
        carried += np.bincount(np.where(column < 0, store.texts, column), minlength=store.texts + 1)
    # What only stands in histories counts for nothing: there one prompt recurs a dozen times.
    found = frames.find(store, carried[:-1])
    # Templates of another layer get numbers of their own, so that one number means one template.
    templates = np.column_stack(
        [np.where(found[k] < 0, -1, found[k] + k * store.texts) for k in range(LAYERS)]
    )
    place = slots.places(*(found[layer] for layer in SLOT_LAYERS))
    filled = slots.empty(int(place.max(initial=-1)) + 2, len(SLOT_LAYERS))
    for k, layer in enumerate(SLOT_LAYERS):
        own = slots.Filled(filled.slots[:, k], filled.layouts[:, k])
        slots.fill(store, found[layer], own, place)
    return Texts(templates, place, *filled)


def _template_use(
    exchanges: Exchanges, texts: Texts, accounts: int
) -> tuple[sparse.csr_array, NDArray[np.int64]]:
    """Count, for each recurring template and account, the exchanges that carry it in any field."""
    # A layer at a time: all nine columns at once are 72 bytes an exchange, several times over.
    use, ids = [], []
    for layer in range(LAYERS):
        first = layer * len(texts.templates)
        # Text number -1 reads the extra last entry, which has no template.
        templates = np.append(texts.templates[:, layer], np.int32(-1))
        fields = [templates[t] for t in (exchanges.system, exchanges.prompt, exchanges.opening)]
        system, prompt, opening = fields
        # A template in two fields of one exchange counts once.
        opening[(opening == prompt) | (opening == system)] = -1
        prompt[prompt == system] = -1
        # Most texts are alone in their template; those say nothing and would fill the table.
        counts = sum(np.bincount(t[t >= 0] - first, minlength=len(templates)) for t in fields)
        is_used = np.append(counts >= RECURS, False)
        row = (np.cumsum(is_used) - 1).astype(np.int32)
        held = [np.flatnonzero(is_used[np.where(t < 0, -1, t - first)]) for t in fields]
        rows = np.concatenate([row[t[h] - first] for t, h in zip(fields, held, strict=True)])
        columns = np.concatenate([exchanges.account[h] for h in held])
        ids.append(np.flatnonzero(is_used) + first)
        use.append(
            sparse.csr_array(
                (np.ones(len(rows), np.int32), (rows, columns)), shape=(len(ids[-1]), accounts)
            )
        )
        use[-1].sum_duplicates()
    return sparse.csr_array(sparse.vstack(use)), np.concatenate(ids)


def _template_sets(use: sparse.csr_array, exchanges: Exchanges, *, seed: int) -> Sets:
    own = use.copy()
    own.data = np.where(own.data >= OWN_USE, 1, 0).astype(np.int32)
    own.eliminate_zeros()
    if use.shape[0]:
        pairs = sets.shared_pairs(own)
        kinds = np.full(own.shape[0], "template")
    else:
        pairs = profiles.pairs(exchanges.account, exchanges.input_tokens, exchanges.output_tokens)
        kinds = np.empty(0, np.str_)
    groups = communities.find(pairs, seed=seed)
    if not use.shape[0]:
        # Likeness of lengths is transitive by degrees: tight cores are tried beside loose groups.
        groups += communities.find(pairs, seed=seed, resolution=CORE)
    return sets.gather("templates", own, kinds, groups)


def _footprint_sets(tokens: Any, accounts: Any, *, seed: int) -> Sets:
    is_total = pc.is_null(tokens.column("account_id"))
    totals, tokens = tokens.filter(is_total), tokens.filter(pc.invert(is_total))
    known = accounts.column("account_id").combine_chunks()
    account = pc.index_in(tokens.column("account_id"), value_set=known).to_numpy()
    names: list[str] = totals.column("kind").to_pylist()
    kind_no = pc.index_in(tokens.column("kind"), value_set=totals.column("kind")).to_numpy()
    value = tokens.column("value").combine_chunks().dictionary_encode().indices.to_numpy()
    # Rows of one token stand together.
    is_first = np.append(True, (np.diff(kind_no) != 0) | (np.diff(value) != 0))[: len(account)]
    kind = kind_no[is_first]
    shown = sets.incidence(np.cumsum(is_first) - 1, account, (len(kind), accounts.num_rows))
    pairs = [
        sets.shared_pairs(shown[kind == number], dealt=dealt)
        for number, dealt in enumerate(totals.column("shown").to_pylist())
    ]
    none = sets.Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    merged = sets.merge(pairs or [none], accounts.num_rows)
    groups = communities.find(merged, seed=seed)
    return sets.gather("footprint", shown, np.array(names, np.str_)[kind], groups)


def _unavailable(exchanges: Exchanges, kinds: set[str], accounts: Any) -> tuple[str, ...]:
    """Say in words which evidence the log could not give."""
    missing = {
        "prompts were not logged: templates, partition and intent by text": not (
            (exchanges.prompt >= 0).any() or (exchanges.system >= 0).any()
        ),
        "addresses were not logged: footprint by address": "address" not in kinds,
        "payments were not given: footprint by payment": "payment" not in kinds,
        "account creation times were not given: lifecycle by creation": (
            accounts.column("created_us").null_count == accounts.num_rows
        ),
        "token counts were not logged: intent by output": not (exchanges.output_tokens >= 0).any(),
    }
    return tuple(sentence for sentence, is_missing in missing.items() if is_missing)

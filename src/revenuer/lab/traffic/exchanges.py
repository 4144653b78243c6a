"""From who, when and what was asked to complete rows of the exchanges table.

A `Draft` holds what a class of traffic decides; `finish` adds what the platform decides:
identifiers, network columns, tokens, refusals and the model's answer. Longer than most files here,
since a draft has a field, and `finish` a line, for nearly every column of the table.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from revenuer import tables
from revenuer.lab.traffic import wording
from revenuer.lab.traffic.people import Roster, token_column
from revenuer.lab.traffic.wording import Texts
from revenuer.lab.traffic.world import MODELS, REASON, World

Indices = NDArray[np.int64]
Seconds = NDArray[np.float64]

FIRST_PARTY, CLOUD, AGGREGATOR = range(3)
ENDPOINTS = ("chat", "responses", "messages", "completions")
PATHWAYS = ("first_party", "cloud", "aggregator")
_REFUSED_SHARE = 0.01
#: Half leave the temperature alone.
_TEMPERATURES = [*[np.nan] * 7, 0.0, 0.0, 0.2, 0.6, 0.7, 0.7, 1.0]
_BYTES_A_TOKEN = 4
#: Tokens that the chat format itself costs.
_FORMAT_TOKENS = 7
_KEPT_TURNS = 3


@dataclass(slots=True, kw_only=True)
class Draft:
    """Exchanges of one roster, in columns; None means the usual.

    Attributes:
        owner: (n,) index into the roster.
        at_s: (n,) seconds from the start of the window.
        prompt: (n,) last user turn.
        address: (n,) where each comes from.
        client: (n,) client programme.
        model: (n,) index into `world.MODELS`.
        out_tokens: (n,) visible tokens of an answer that is not refused.
        conversation: (n,) number of the conversation, for session ids; None: each its own.
        extra_tokens: (n,) tokens of attached text that the log does not keep.
        reason_share: (n,) reasoning tokens as a share of all output, where the model reasons.
        answers: rule -> weight, for made completions.
        refused_share: (n,) chance of a refusal.
        is_harvest: (n,) whether a campaign took it.
        endpoint: Interface used by all; None draws one for each account.
        status: (n,) HTTP status; None where nothing failed.
    """

    owner: Indices
    at_s: Seconds
    prompt: Texts
    address: Indices
    client: Indices
    model: Indices
    out_tokens: Indices
    conversation: Indices | None = None
    turn: Indices | None = None
    system: Texts = None
    history: Texts = None
    completion: Texts = None
    end_user: Texts = None
    key: Indices | None = None
    pathway: Indices | None = None
    endpoint: str | None = None
    extra_tokens: Indices | None = None
    reason_share: NDArray[np.float64] | None = None
    answers: dict[str, float] | None = None
    refused_share: NDArray[np.float64] | None = None
    tool_names: Texts = None
    temperature: NDArray[np.float64] | None = None
    max_tokens: Indices | None = None
    is_stream: bool = False
    is_harvest: NDArray[np.bool_] | None = None
    status: NDArray[np.int64] | None = None

    def take(self, rows: NDArray[np.int64]) -> Draft:
        """Return the draft of the given rows, in their order."""
        columns: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                columns[field.name] = value[rows]
            elif isinstance(value, pa.Array):
                columns[field.name] = value.take(pa.array(rows))
        return dataclasses.replace(self, **columns)


@dataclass(slots=True)
class Scene:
    """A group of accounts and what they sent."""

    roster: Roster
    draft: Draft


def finish(rng: np.random.Generator, world: World, scene: Scene) -> Any:
    """Return the EXCHANGES table of a scene, in the draft's order.

    Rows may lie after the end of the window (conversations run on): the caller drops them.
    """
    draft, roster = scene.draft, scene.roster
    n = len(draft.owner)
    owner = pa.array(draft.owner)
    status = draft.status if draft.status is not None else np.full(n, 200, dtype=np.int64)
    failed = status != 200
    share = draft.refused_share if draft.refused_share is not None else _REFUSED_SHARE
    refused = (rng.random(n) < share) & ~failed
    usage = _usage(rng, draft, refused=refused, failed=failed)
    reasoning = _reasoning(rng, world, draft, ~refused & ~failed)
    completion = (
        draft.completion
        if draft.completion is not None
        else make_answers(rng, world, draft.answers, n)
    )
    values: dict[str, Any] = {
        "exchange_id": token_column(rng, n),
        "requested_at": world.times(draft.at_s),
        "account_id": pa.array(roster.ids, pa.string()).take(owner),
        "credential_id": _keys(rng, roster, draft),
        "end_user_id": draft.end_user,
        "session_id": _sessions(rng, draft, n),
        "model": pa.array(MODELS).take(pa.array(draft.model)),
        "endpoint": _endpoints(rng, draft, len(roster)),
        "pathway": pa.array(PATHWAYS).take(
            pa.array(draft.pathway if draft.pathway is not None else np.zeros(n, dtype=np.int64))
        ),
        **world.internet.columns(draft.address),
        "user_agent": world.clients.user_agents.take(pa.array(draft.client)),
        "ja4": world.clients.ja4.take(pa.array(draft.client)),
        "system_prompt": draft.system,
        "prompt": draft.prompt,
        "history": draft.history,
        "completion": _settled(rng, world, completion, refused=refused, failed=failed),
        "reasoning": reasoning,
        "turns": pa.array(draft.turn if draft.turn is not None else np.ones(n, dtype=np.int64)),
        "tool_names": draft.tool_names,
        "tools": None if draft.tool_names is None else pc.list_value_length(draft.tool_names),
        "max_tokens": draft.max_tokens,
        "temperature": _temperature(rng, draft, len(roster)),
        "logprobs": pa.array((rng.random(len(roster)) < 0.01)[draft.owner]),
        "stream": pa.repeat(pa.scalar(draft.is_stream), n),
        **usage,
        "refused": pa.array(refused),
        "status": pa.array(status),
    }
    return _table(values, n)


def make_answers(
    rng: np.random.Generator, world: World, answers: dict[str, float] | None, n: int
) -> Texts:
    """Return n made completions; prose has one to four sentences."""
    if answers is None:
        return wording.paragraphs(rng, world.grammar, "sentence", 1 + rng.binomial(3, 0.4, size=n))
    return wording.blend(rng, answers, world.grammar, n)


def histories(conversation: Indices, turn: Indices, prompts: Texts, completions: Texts) -> Texts:
    """Return the earlier turns of each row as JSON, the last three at most; null on first turns.

    Rows of a conversation stand together in order of turn. A loop over the turns after the first:
    about 4 µs each.
    """
    later = np.flatnonzero(turn > 1)
    wanted = np.unique(np.concatenate([later - k for k in (1, 2, 3)])) if len(later) else later
    wanted = wanted[wanted >= 0]
    asked = prompts.take(pa.array(wanted)).to_pylist()
    told = completions.take(pa.array(wanted)).to_pylist()
    pieces = {
        int(row): json.dumps([{"role": "user", "content": q}, {"role": "assistant", "content": a}])
        for row, q, a in zip(wanted, asked, told, strict=True)
    }
    out = np.full(len(turn), None, dtype=object)
    for row in later:
        begin = row - min(int(turn[row]) - 1, _KEPT_TURNS)
        out[row] = f"[{', '.join(pieces[i][1:-1] for i in range(begin, row))}]"
    return pa.array(out, pa.string())


def _usage(
    rng: np.random.Generator, draft: Draft, *, refused: NDArray[np.bool_], failed: NDArray[np.bool_]
) -> dict[str, Any]:
    n = len(draft.owner)
    size = np.zeros(n, dtype=np.int64) + sum(
        np.asarray(pc.fill_null(pc.binary_length(text), 0))
        for text in (draft.prompt, draft.system, draft.history)
        if text is not None
    )
    read = size // _BYTES_A_TOKEN + _FORMAT_TOKENS
    if draft.extra_tokens is not None:
        read = read + draft.extra_tokens
    visible = np.where(refused, rng.integers(8, 30, size=n), np.maximum(draft.out_tokens, 1))
    share = draft.reason_share if draft.reason_share is not None else rng.beta(6, 2.2, size=n)
    thought = np.where(draft.model == REASON, visible * share / (1 - np.minimum(share, 0.98)), 0)
    thought = np.where(failed, 0, thought).astype(np.int64)
    return {
        "input_tokens": pa.array(read.astype(np.int64)),
        "output_tokens": pa.array(np.where(failed, 0, visible + thought).astype(np.int64)),
        "reasoning_tokens": pa.array(thought),
    }


def _reasoning(
    rng: np.random.Generator, world: World, draft: Draft, answered: NDArray[np.bool_]
) -> Texts:
    rows = np.flatnonzero((draft.model == REASON) & answered)
    made = wording.paragraphs(rng, world.grammar, "steps", 1 + rng.binomial(2, 0.4, size=len(rows)))
    place = np.full(len(draft.owner), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    return made.take(pa.array(place, mask=place < 0))


def _settled(
    rng: np.random.Generator,
    world: World,
    completion: Texts,
    *,
    refused: NDArray[np.bool_],
    failed: NDArray[np.bool_],
) -> Texts:
    apology = world.grammar.make(rng, "refusal", len(refused))
    said = pc.if_else(pa.array(refused), apology, completion)
    return pc.if_else(pa.array(failed), pa.scalar(None, pa.string()), said)


def _keys(rng: np.random.Generator, roster: Roster, draft: Draft) -> Texts:
    key = draft.key if draft.key is not None else np.zeros(len(draft.owner), dtype=np.int64)
    width = int(key.max(initial=0)) + 1
    names = token_column(rng, width * len(roster))
    return wording.joined("key-", names.take(pa.array(draft.owner * width + key)))


def _sessions(rng: np.random.Generator, draft: Draft, n: int) -> Texts:
    if draft.conversation is None:
        return None
    names = token_column(rng, int(draft.conversation.max(initial=0)) + 1)
    return wording.joined("conv-", names.take(pa.array(draft.conversation)))


def _endpoints(rng: np.random.Generator, draft: Draft, accounts: int) -> Texts:
    if draft.endpoint is not None or draft.is_stream:
        return pa.repeat(pa.scalar(draft.endpoint or "chat"), len(draft.owner))
    usual = rng.choice(len(ENDPOINTS), p=[0.55, 0.2, 0.2, 0.05], size=accounts)
    return pa.array(ENDPOINTS).take(pa.array(usual[draft.owner]))


def _temperature(rng: np.random.Generator, draft: Draft, accounts: int) -> Any:
    if draft.temperature is not None:
        return pa.array(draft.temperature)
    usual = rng.choice(_TEMPERATURES, size=accounts)
    chosen = usual[draft.owner]
    return pa.array(chosen, mask=np.isnan(chosen))


def _table(values: dict[str, Any], n: int) -> Any:
    schema = tables.EXCHANGES.schema
    columns = [
        pa.nulls(n, field.type)
        if values[field.name] is None
        else pa.array(values[field.name])
        if isinstance(values[field.name], np.ndarray)
        else values[field.name].cast(field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)

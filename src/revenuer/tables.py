"""Every table that the parts exchange: column, type, unit, meaning.

Stages meet here and nowhere else. A table is a `Table`; `Table.schema` is its Arrow schema, and
code names columns by attribute of the module constants, so that a renamed column is one edit.
Two kinds exist: what users read (`EXCHANGES`, `ACCOUNTS`, `MEMBERS`, `COORDINATED`, `REJECTS`) and
what stages hand on inside `tables/` of a run folder (the rest).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

#: Raised whenever a column of a stored table changes meaning, type or name.
SCHEMA_VERSION = 1

TIME = pa.timestamp("us", tz="UTC")
STRING, INT, FLOAT, BOOL = pa.string(), pa.int64(), pa.float64(), pa.bool_()
STRINGS = pa.list_(pa.string())


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its name, Arrow type, meaning (with unit) and whether it may be null."""

    name: str
    type: Any
    meaning: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: what a row means, and its columns in order."""

    name: str
    row: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> Any:
        """The Arrow schema."""
        return pa.schema([pa.field(c.name, c.type, nullable=not c.required) for c in self.columns])

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(c.name for c in self.columns)


def _column(name: str, type_: Any, meaning: str, *, required: bool = False) -> Column:
    return Column(name=name, type=type_, meaning=meaning, required=required)


EXCHANGES = Table(
    name="exchanges",
    row="one request and its response",
    columns=(
        _column("exchange_id", STRING, "unique; the record's digest where a log has none"),
        _column("requested_at", TIME, "arrival, UTC", required=True),
        _column("account_id", STRING, "who is billed", required=True),
        _column("credential_id", STRING, "key that acted for the account"),
        _column("end_user_id", STRING, "the customer's own user"),
        _column("session_id", STRING, "conversation"),
        _column("model", STRING, "model asked"),
        _column("endpoint", STRING, "chat, completions, responses, messages or embeddings"),
        _column("pathway", STRING, "first_party, cloud or aggregator"),
        _column("ip", STRING, "address of the request"),
        _column("ip_prefix", STRING, "its /24 (IPv4) or /48 (IPv6)"),
        _column("asn", INT, "autonomous system of the address"),
        _column("country", STRING, "ISO 3166 alpha-2 of the address"),
        _column("network", STRING, "class of the address from --networks: datacentre, vpn, relay"),
        _column("user_agent", STRING, "client string"),
        _column("ja4", STRING, "TLS client fingerprint"),
        _column("system_prompt", STRING, "system or developer message"),
        _column("prompt", STRING, "last user turn"),
        _column("history", STRING, "earlier turns as JSON"),
        _column("completion", STRING, "what the model returned"),
        _column("reasoning", STRING, "reasoning the model returned apart from the completion"),
        _column("turns", INT, "user turns so far, this one included"),
        _column("tools", INT, "tools offered"),
        _column("tool_names", STRINGS, "their names"),
        _column("max_tokens", INT, "requested limit, tokens"),
        _column("temperature", FLOAT, "requested temperature"),
        _column("logprobs", BOOL, "log-probabilities asked for"),
        _column("stream", BOOL, "streamed"),
        _column("input_tokens", INT, "tokens read"),
        _column("output_tokens", INT, "tokens written, reasoning included"),
        _column("reasoning_tokens", INT, "of these, reasoning"),
        _column("refused", BOOL, "declined by safety"),
        _column("status", INT, "HTTP status"),
    ),
)

ACCOUNTS = Table(
    name="accounts",
    row="one account, as the provider's own records have it",
    columns=(
        _column("account_id", STRING, "who is billed", required=True),
        _column("created_at", TIME, "when it was made, UTC"),
        _column("signup_ip", STRING, "address it was made from"),
        _column("signup_prefix", STRING, "its /24 (IPv4) or /48 (IPv6)"),
        _column("payment_id", STRING, "card or payer, as a pseudonym"),
        _column("email_domain", STRING, "domain of its e-mail address"),
        _column("email_pattern", STRING, "shape of the local part, such as `word.word99`"),
        _column("plan", STRING, "plan name"),
        _column("plan_price_usd", FLOAT, "price a month, US dollars"),
        _column("org_id", STRING, "organisation it says it belongs to"),
        _column("country", STRING, "country it claims"),
        _column("is_verified", BOOL, "identity checked by the provider"),
    ),
)

REJECTS = Table(
    name="rejects",
    row="one line or record that could not be read",
    columns=(
        _column("file", STRING, "where it stood", required=True),
        _column("line", INT, "line, or row in a columnar file, counted from 1"),
        _column("reason", STRING, "why it was left out, in words", required=True),
    ),
)

MEMBERS = Table(
    name="members",
    row="one accused account",
    columns=(
        _column("campaign_id", STRING, "the campaign", required=True),
        _column("lineage_id", STRING, "the campaign across windows", required=True),
        _column("account_id", STRING, "the account", required=True),
        _column("role", STRING, "member, carrier or replacement", required=True),
        _column("q_value", FLOAT, "smallest false discovery rate that reports the group"),
        _column("exchanges", INT, "exchanges of the account in the window"),
        _column("harvested_exchanges", INT, "of these, part of the harvest"),
        _column("joined_at", TIME, "first harvested exchange"),
        _column("left_at", TIME, "last harvested exchange"),
    ),
)

COORDINATED = Table(
    name="coordinated",
    row="one account of a group that acts as one but is not accused",
    columns=(
        _column("group_id", STRING, "the group", required=True),
        _column("account_id", STRING, "the account", required=True),
        _column("q_value", FLOAT, "smallest false discovery rate that reports the group"),
        _column("exchanges", INT, "exchanges of the account in the window"),
        _column("signals", STRINGS, "families of ties that bind the group"),
        _column(
            "reason", STRING, "why it is not accused: no_harvest, intent_unavailable, cleared, ..."
        ),
    ),
)

CAMPAIGN_ACTIVITY = Table(
    name="campaign_activity",
    row="one hour of one campaign",
    columns=(
        _column("campaign_id", STRING, "the campaign", required=True),
        _column("hour_at", TIME, "start of the hour", required=True),
        _column("exchanges", INT, "exchanges of its accounts"),
        _column("harvested_exchanges", INT, "of these, part of the harvest"),
        _column("active_accounts", INT, "accounts seen"),
    ),
)

CAMPAIGN_TIES = Table(
    name="campaign_ties",
    row="one tie between two accounts of a campaign, of one family",
    columns=(
        _column("campaign_id", STRING, "the campaign", required=True),
        _column("account_a", STRING, "the smaller account id", required=True),
        _column("account_b", STRING, "the larger account id", required=True),
        _column("family", STRING, "footprint, templates, partition, synchrony or lifecycle"),
        _column(
            "edge_weight", FLOAT, "how rare what they share is, -log10 of its share of accounts"
        ),
    ),
)

LINEAGES = Table(
    name="lineages",
    row="one mark by which a lineage is recognised when its accounts are replaced",
    columns=(
        _column("lineage_id", STRING, "the lineage", required=True),
        _column("kind", STRING, "account, phrase, payer, or name (no mark; the lineage itself)"),
        _column("value", pa.uint64(), "hash of the mark"),
        _column("seen_at", TIME, "end of the last window in which it was found"),
    ),
)

OUTPUTS = (EXCHANGES, ACCOUNTS, REJECTS, MEMBERS, COORDINATED)
INTERNAL = (CAMPAIGN_ACTIVITY, CAMPAIGN_TIES, LINEAGES)

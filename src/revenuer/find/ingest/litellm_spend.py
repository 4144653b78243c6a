"""Rows of LiteLLM's table `LiteLLM_SpendLogs`, as JSON Lines, CSV or Parquet.

`messages` and `response` are `{}` unless the proxy was told to store prompts; both may be JSON in
text. The account is `user`, else the team, the organisation or, at last, the key.
"""

from __future__ import annotations

from revenuer.find.ingest import litellm
from revenuer.find.ingest.fields import Overrides, Record, decoded, first, known, mapping

_MARKS = frozenset({"api_key", "spend", "prompt_tokens", "completion_tokens"})


def matches(record: Record) -> bool:
    """Say whether a record is a row of the table."""
    return {"request_id", "call_type", "startTime"} <= set(record) and bool(_MARKS & set(record))


def exchanges(record: Record, overrides: Overrides) -> list[Record]:
    """Return the exchange of one row."""
    about = mapping(record.get("metadata"))
    asked = mapping(record.get("proxy_server_request"))
    row = litellm.texts({**record, "proxy_server_request": {"body": asked.get("body", asked)}})
    row.update(
        known(
            {
                "exchange_id": record.get("request_id"),
                "requested_at": record.get("startTime"),
                "account_id": litellm.somebody(
                    record.get("user"),
                    about.get("user_api_key_user_id"),
                    first(record, "team_id"),
                    first(record, "organization_id"),
                    record.get("api_key"),
                ),
                "credential_id": first(record, "api_key"),
                "end_user_id": first(record, "end_user"),
                "session_id": first(record, "session_id"),
                "model": first(record, "model_group", "model"),
                "endpoint": litellm.endpoint(record.get("call_type")),
                "ip": first(record, "requester_ip_address"),
                "user_agent": first(about, "user_agent", "requester_custom_headers.user-agent"),
                "input_tokens": record.get("prompt_tokens"),
                "output_tokens": record.get("completion_tokens"),
                "status": litellm.status({**record, "metadata": about}),
            }
        )
    )
    return [overrides.apply(row, {**record, "metadata": decoded(record.get("metadata"))})]

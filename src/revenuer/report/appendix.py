"""What follows the campaigns: groups that are not accused, unread records, and words explained."""

from __future__ import annotations

from typing import Any

from revenuer.html import Column, Html, details, join, log, table, tag
from revenuer.report.run import Run
from revenuer.report.sentences import GLOSSARY, NOT_THEFT, reason, words
from revenuer.tables import COORDINATED, REJECTS
from revenuer.text import count, small

ACCOUNTS_SHOWN, REJECTS_SHOWN = 50, 50


def coordinated(run: Run) -> Html:
    """Return the groups that act as one and are not accused, each with the reason."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in run.table(COORDINATED).to_pylist():
        groups.setdefault(row["group_id"], []).append(row)
    columns = (
        Column("Group"),
        Column("Accounts", is_number=True),
        Column("Exchanges", is_number=True),
        Column("q-value", is_number=True),
        Column("Tied by"),
        Column("Why it is not accused"),
        Column("Which accounts"),
    )
    rows = (
        (
            log(group_id),
            count(len(rows)),
            count(sum(row["exchanges"] or 0 for row in rows)),
            small(rows[0]["q_value"]),
            ", ".join(words(signal) for signal in rows[0]["signals"] or ()),
            reason(rows[0]["reason"]),
            _accounts([row["account_id"] for row in rows]),
        )
        for group_id, rows in groups.items()
    )
    return tag(
        "section",
        tag("h2", "Coordinated, not accused", id="coordinated-title"),
        tag("p", NOT_THEFT),
        table("Coordinated groups", columns, rows) if groups else tag("p", "There is none."),
        aria_labelledby="coordinated-title",
    )


def _accounts(accounts: list[str]) -> Html:
    listed = join((log(account) for account in accounts[:ACCOUNTS_SHOWN]), " ")
    more = len(accounts) - ACCOUNTS_SHOWN
    note = f" and {more:,} more in coordinated.parquet" if more > 0 else ""
    return details(count(len(accounts), "account"), tag("p", listed, note))


def rejects(run: Run) -> Html | None:
    """Return what could not be read; nothing when all could."""
    found = run.table(REJECTS)
    if not found.num_rows:
        return None
    columns = (Column("File"), Column("Line", is_number=True), Column("Reason"))
    rows = (
        (log(row["file"]), count(row["line"]), row["reason"])
        for row in found.slice(0, REJECTS_SHOWN).to_pylist()
    )
    shown = min(REJECTS_SHOWN, found.num_rows)
    note = (
        f"{count(found.num_rows, 'record')} took no part in this scan; {shown:,} "
        f"{'is' if shown == 1 else 'are'} shown here, rejects.parquet has them all."
    )
    return tag(
        "section",
        tag("h2", "What could not be read", id="rejects-title"),
        tag("p", note),
        table("Records left out", columns, rows),
        aria_labelledby="rejects-title",
    )


def glossary() -> Html:
    """Return the words that the page uses, explained."""
    entries = (tag("div", tag("dt", term), tag("dd", meaning)) for term, meaning in GLOSSARY)
    return tag(
        "section",
        tag("h2", "Words used here", id="words-title"),
        tag("dl", *entries, class_="words"),
        aria_labelledby="words-title",
    )

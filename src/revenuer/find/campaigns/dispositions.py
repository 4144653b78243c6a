"""What analysts decided of lineages, carried from run to run.

A cleared lineage is not raised again unless its evidence grows: a rule speaks that did not speak
when it was cleared, or its accounts are half as many again. Until then its accounts are listed with
the reason `cleared`, and the decision is handed on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from revenuer.errors import RunError
from revenuer.records import Campaign

FILE = "dispositions.json"
#: Times the accounts of then from which on a cleared lineage has grown.
GROWN = 1.5


class Cleared(NamedTuple):
    """A lineage that an analyst cleared.

    Attributes:
        lineage_id: The lineage.
        accounts: Accounts that it had then.
        rules: Rules that spoke then, sorted.
        note: Why, in the analyst's words.
    """

    lineage_id: str
    accounts: int
    rules: tuple[str, ...]
    note: str

    def has_grown(self, campaigns: Sequence[Campaign]) -> bool:
        """Whether the evidence against the campaigns of this lineage is more than it was then."""
        accounts = sum(campaign.accounts for campaign in campaigns)
        return not _rules(campaigns) <= set(self.rules) or accounts >= GROWN * self.accounts


def of(lineage_id: str, campaigns: Sequence[Campaign], note: str) -> Cleared:
    """Return the decision to clear a lineage, given its campaigns."""
    accounts = sum(campaign.accounts for campaign in campaigns)
    return Cleared(lineage_id, accounts, tuple(sorted(_rules(campaigns))), note)


def read(run: Path) -> dict[str, Cleared]:
    """Return the decisions of a run folder, by lineage.

    Raises:
        RunError: The file is damaged.
    """
    path = run / FILE
    if not path.exists():
        return {}
    try:
        raw: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cleared"]
        found = [Cleared(**(one | {"rules": tuple(one["rules"])})) for one in raw]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{path} is damaged", hint="mend or remove it; what was cleared in it is then raised"
        ) from error
    return {one.lineage_id: one for one in found}


def write(run: Path, cleared: dict[str, Cleared]) -> None:
    """Write the decisions of a run folder, aside first; no decisions, no file."""
    if not cleared:
        (run / FILE).unlink(missing_ok=True)
        return
    content = {"cleared": [one._asdict() for _, one in sorted(cleared.items())]}
    aside = run / (FILE + ".partial")
    aside.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    aside.replace(run / FILE)


def _rules(campaigns: Sequence[Campaign]) -> set[str]:
    return {item.rule_id for campaign in campaigns for item in campaign.evidence}

"""What an earlier run knew, and what follows from it for the campaigns of this one.

A campaign that continues a lineage takes its id (`lineage`); one whose lineage an analyst cleared
is not raised unless its evidence grew (`dispositions`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from revenuer.find.campaigns import dispositions, lineage
from revenuer.find.campaigns.dispositions import Cleared
from revenuer.find.campaigns.tables import Accused
from revenuer.find.features import Features


class Told(NamedTuple):
    """What a run hands on.

    Attributes:
        innocent: Campaigns of cleared lineages that have not grown.
        lineages: Arrow table of what lineages are recognised by.
        cleared: Decisions that still hold, by lineage.
    """

    innocent: list[Accused]
    lineages: Any
    cleared: dict[str, Cleared]


class Past(NamedTuple):
    """Lineages of an earlier run, and decisions of analysts by lineage."""

    lineages: Sequence[lineage.Trace] = ()
    cleared: Mapping[str, Cleared] = MappingProxyType({})

    def follow(
        self, features: Features, accused: Sequence[Accused], state: Path
    ) -> tuple[list[Accused], Told]:
        """Return the campaigns to be raised, under their lineages, and what is handed on.

        Args:
            features: What was measured.
            accused: Campaigns, strongest first.
            state: Folder of `features.state`.
        """
        traces = lineage.traces(
            features,
            state,
            [(one.campaign.lineage_id, one.members, one.harvested) for one in accused],
        )
        names = [lineage.recognise(one, self.lineages) or one.lineage_id for one in traces]
        traces = [one._replace(lineage_id=name) for one, name in zip(traces, names, strict=True)]
        accused = [
            one._replace(campaign=replace(one.campaign, lineage_id=name))
            for one, name in zip(accused, names, strict=True)
        ]
        grown = {name for name in self.cleared if self._has_grown(name, accused)}
        quiet = self.cleared.keys() - grown
        return [one for one in accused if one.campaign.lineage_id not in quiet], Told(
            [one for one in accused if one.campaign.lineage_id in quiet],
            lineage.table(traces, self.lineages),
            {name: one for name, one in self.cleared.items() if name in quiet},
        )

    def _has_grown(self, name: str, accused: Sequence[Accused]) -> bool:
        own = [one.campaign for one in accused if one.campaign.lineage_id == name]
        return self.cleared[name].has_grown(own)


NOTHING = Past()


def read(run: Path) -> Past:
    """Return what an earlier run knew.

    Raises:
        RunError: Its decisions cannot be read.
    """
    return Past(lineage.read(run), dispositions.read(run))

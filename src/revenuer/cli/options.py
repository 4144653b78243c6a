"""Arguments and options that recur, spelled and explained the same everywhere."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click


class Finite(click.FloatRange):
    """A number in a range, which `nan` passes: it is neither below nor above."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a number that can be used.", param, ctx)
        return number


run = click.argument("run", metavar="DIR", type=click.Path(path_type=Path))
campaign = click.argument("campaign_id", metavar="CAMPAIGN")
out = click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that the results go to.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
fdr = click.option(
    "--fdr",
    type=Finite(0, 1, min_open=True, max_open=True),
    default=0.01,
    show_default=True,
    help="False discovery rate of coordinated groups.",
)
seed = click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of random draws."
)
threads = click.option(
    "--threads",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Threads to use; 0 means as many as the machine has.",
)

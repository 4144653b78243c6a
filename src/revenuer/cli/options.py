"""Arguments and options that recur, spelled and explained the same everywhere."""

from __future__ import annotations

from pathlib import Path

import click

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
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
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

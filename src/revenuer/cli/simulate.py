"""`revenuer simulate`: write made-up logs with the truth beside them."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("simulate")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", default=0, show_default=True, help="Same seed, same files.")
@click.option("--days", default=7, show_default=True, help="Length of the window in days.")
@click.option(
    "--scale",
    default=1.0,
    show_default=True,
    help="1 is about 100,000 exchanges of 8,000 accounts a week.",
)
@click.option(
    "--campaigns",
    "kinds",
    default=None,
    metavar="none|NAME,...",
    help="Kinds of campaign to include; all of them unless given.",
)
def simulate(folder: Path, seed: int, days: int, scale: float, kinds: str | None) -> None:
    """Simulate a provider's logs into DIR, with honest traffic, look-alikes and campaigns."""
    from revenuer.lab import traffic

    names = None if kinds is None else [name.strip() for name in kinds.split(",")]
    made = traffic.simulate(folder, seed=seed, days=days, scale=scale, campaigns=names)
    click.echo(
        f"{made.exchanges:,} exchanges of {made.accounts:,} accounts; {made.campaigns} campaigns, "
        f"{made.guilty_accounts:,} guilty accounts, {made.harvest_exchanges:,} harvested exchanges"
    )

"""`revenuer lab`: distil a model of one's own, and find out what defences are worth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from revenuer.cli import options
from revenuer.errors import InputError

if TYPE_CHECKING:
    from revenuer.lab.distil.settings import Experiment
    from revenuer.lab.sweep.grid import Sweep

config = click.argument(
    "config", required=False, metavar="[CONFIG]", type=click.Path(dir_okay=False, path_type=Path)
)


@click.group("lab")
def lab() -> None:
    """Teach a small model by a large one, and measure what defences are worth.

    Needs `pip install 'revenuer[lab]'`. For models you own, or may distil by contract.
    """


@lab.command("config")
@click.argument("kind", type=click.Choice(["distil", "sweep"]))
def config_command(kind: str) -> None:
    """Print a commented configuration to start from, which is also the default."""
    from revenuer.lab import configs

    click.echo(configs.template(kind), nl=False)


@lab.command("distil")
@config
@options.out
@options.as_json
def distil_command(config: Path | None, out: Path, as_json: bool) -> None:
    """Distil as CONFIG says, or as `lab config distil` prints.

    What was done before in the same folder is not done again.
    """
    from revenuer.lab.distil.config import experiment_of

    experiment: Experiment = experiment_of(*_tables(config, "distil"))
    try:
        from revenuer.lab.distil.run import distil
    except ModuleNotFoundError as error:
        raise _missing(error) from error

    found = distil(experiment, out, tell=_tell)
    _show(found.to_json() if as_json else None, found.sentences(), out)


@lab.command("sweep")
@config
@options.out
@click.option(
    "--workers", type=click.IntRange(1), default=2, show_default=True, help="Processes to use."
)
@click.option("--report-only", is_flag=True, help="Run nothing; report the cells that are done.")
@options.as_json
def sweep_command(
    config: Path | None, out: Path, workers: int, report_only: bool, as_json: bool
) -> None:
    """Distil against each defence as CONFIG says, or as `lab config sweep` prints.

    Cells that were done before in the same folder are not done again.
    """
    from revenuer.lab.sweep.grid import sweep_of

    wanted: Sweep = sweep_of(*_tables(config, "sweep"))
    try:
        from revenuer.lab.sweep.run import sweep
    except ModuleNotFoundError as error:
        raise _missing(error) from error

    found = sweep(wanted, out, workers=workers, report_only=report_only, tell=_tell)
    told = {"verdicts": [each.to_json() for each in found]}
    _show(told if as_json else None, [each.sentence for each in found], out)


def _tables(config: Path | None, kind: str) -> tuple[dict[str, Any], str]:
    """Return the tables of a file, or of the default, and what to call them."""
    from revenuer.lab import configs
    from revenuer.lab.distil.config import tables_of

    if config is None:
        return configs.tables(kind), "the default"
    return tables_of(config), str(config)


def _missing(error: ModuleNotFoundError) -> InputError:
    return InputError(f"the lab needs the package {error.name}", hint="pip install 'revenuer[lab]'")


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)


def _show(told: dict[str, Any] | None, sentences: list[str], out: Path) -> None:
    if told is not None:
        click.echo(json.dumps(told))
        return
    for sentence in sentences:
        click.echo(sentence)
    click.echo(f"Open {out / 'report.html'}", err=True)

"""Run portable SQL and Arrow kernels.

The only part that opens a query engine. Each `.sql` file lies beside the stage that owns it;
`Duck` runs it on DuckDB, in this process and out of core, and `Spark` on a cluster, with tables
bound by name. Values reach a file as `$name` parameters, never by pasting text together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from revenuer.engine import cluster
from revenuer.engine.duck import Duck
from revenuer.engine.spark import Spark
from revenuer.settings import Settings

__all__ = ["Duck", "Engine", "Spark", "check", "start"]


class Engine(Protocol):
    """What a stage may ask of an engine; both give the same answer."""

    def bind_parquet(self, name: str, path: Path) -> None:
        """Make a Parquet file, or a folder of them, readable as `name`."""

    def run(self, file: Path, **values: Any) -> Any:
        """Return the Arrow table that one `.sql` file yields."""

    def rest(self) -> None:
        """Give memory back between two uses; Parquet stays bound."""

    def map_batches(
        self, kernel: Callable[[Any, int], Any], folder: Path, columns: Sequence[str]
    ) -> Iterator[Any]:
        """Yield what a kernel makes of each record batch of a Parquet folder, in row order.

        A kernel takes a batch and the number of its first row, and returns a batch.
        """


def check(settings: Settings) -> None:
    """Refuse before anything is read what `start` would refuse after logs were read for hours.

    Raises:
        InputError: The memory limit is no size; or Spark lacks a part, or nobody answers.
    """
    cluster.mebibytes(settings.memory_limit)
    if settings.engine == "spark":
        cluster.check_installed(needs_java=not settings.master.startswith("sc://"))
        cluster.check_answered(settings.master)


def start(settings: Settings, scratch: Path) -> Duck | Spark:
    """Return the engine that the settings name, to be used in a `with` statement."""
    if settings.engine == "spark":
        return Spark(settings.master, memory_limit=settings.memory_limit)
    return Duck(scratch, threads=settings.threads, memory_limit=settings.memory_limit)

"""Settings of a scan: unit, default, and why that default.

One frozen record; the command line fills it and every stage gets only the values it needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

RetainText = Literal["none", "evidence", "all"]
EngineName = Literal["duckdb", "spark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a scan may be told.

    Attributes:
        fdr: False discovery rate of coordinated groups, in (0, 1). 0.01: one false group in a
            hundred reported, before intent filters them further.
        retain_text: Which texts a run folder keeps. `evidence`: only those of examples, since
            prompts are personal data.
        engine: `duckdb`, in this process, or `spark`, for more than one machine holds.
        master: Where Spark runs: `local[*]` on this machine, `spark://HOST:PORT`, or
            `sc://HOST:PORT` for Spark Connect.
        threads: Threads for the engine. 0: as many as the machine has.
        memory_limit: Memory the engine may use before it spills, such as `2GB`. Half a laptop.
        seed: Seed of every random draw (community search, synchrony null, `--null`).
        is_null: Shift clocks and permute traits first: nothing should then be reported.
        window_days: Days before the last exchange that are looked at; None: all.
        formats: Log format, or `auto` to look at the content.
        column_map: our column -> theirs, for JSONL and CSV of unknown make.
        customer_attribute: Attribute that names the customer in OpenTelemetry spans.
        pseudonym_key: File with the key of keyed hashes; None leaves identifiers as they are.
        ip_ranges, networks: Files that fill asn, country and class where the log lacks them.
    """

    fdr: float = 0.01
    retain_text: RetainText = "evidence"
    engine: EngineName = "duckdb"
    master: str = "local[*]"
    threads: int = 0
    memory_limit: str = "2GB"
    seed: int = 0
    is_null: bool = False
    window_days: float | None = None
    formats: str = "auto"
    column_map: dict[str, str] = field(default_factory=dict)
    customer_attribute: str | None = None
    pseudonym_key: Path | None = None
    ip_ranges: Path | None = None
    networks: Path | None = None

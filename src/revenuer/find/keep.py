"""What a run folder keeps of the exchanges: the numbers of all, the text of few.

Prompts are personal data. Unless all text is to be kept, only the exchanges that evidence points to
keep theirs, so that a finding can be read and contested.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer.settings import RetainText
from revenuer.tables import EXCHANGES

TEXTS = ("system_prompt", "prompt", "history", "completion", "reasoning")


def tables(
    work: Path, made: Path, examples: Sequence[str], retain: RetainText, *, is_null: bool = False
) -> None:
    """Copy the ingested tables to a run folder, without the text that is not kept.

    Args:
        work: Holds `exchanges/`, `accounts.parquet`, `rejects.parquet` and `state/`; the first
            three stay as they are, so that a scan that is killed later need not read the logs
            again.
        made: The run folder that is being made.
        examples: Exchange ids that keep their text under `evidence`.
        retain: `none`, `evidence` or `all`; `none` drops the state too.
        is_null: Nothing continues a null run, so its state is dropped.
    """
    (made / "tables").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(work / "rejects.parquet", made / "rejects.parquet")
    shutil.copyfile(work / "accounts.parquet", made / "tables" / "accounts.parquet")
    if (work / "state").is_dir() and retain != "none" and not is_null:
        shutil.move(work / "state", made / "tables" / "state")
    kept = pa.array(list(examples) if retain == "evidence" else [], pa.string())
    with pq.ParquetWriter(
        made / "tables" / "exchanges.parquet", EXCHANGES.schema, compression="zstd"
    ) as writer:
        for part in sorted((work / "exchanges").glob("*.parquet")):
            with pq.ParquetFile(part) as file:
                for batch in file.iter_batches(65_536):
                    writer.write_batch(batch if retain == "all" else _without_text(batch, kept))


def _without_text(batch: pa.RecordBatch, kept: pa.Array) -> pa.RecordBatch:
    is_kept = pc.is_in(batch.column("exchange_id"), value_set=kept)
    columns = [
        pc.if_else(is_kept, batch.column(name), pa.scalar(None, pa.string()))
        if name in TEXTS
        else batch.column(name)
        for name in EXCHANGES.names
    ]
    return pa.record_batch(columns, schema=EXCHANGES.schema)

"""What an ingest read, as a run says it and as a scan that was killed finds it again."""

from __future__ import annotations

import base64
import dataclasses
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class InputFile(NamedTuple):
    """One input: name, size, SHA-256, and format.

    The format is None where nothing was recognised, `repeated` for a file already read.
    """

    name: str
    bytes: int
    digest: str
    format: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSummary:
    """What was read.

    Attributes:
        files: Every input, in order of reading.
        rows_read: Exchanges met, unusable ones included.
        rows_kept: Exchanges written, within the window.
        rows_old: Exchanges older than the window.
        duplicates: Exchanges whose id had been met before.
        skipped: Records that are no exchange, such as spans of a database.
        rejects: Rows of `rejects.parquet`.
        accounts: Rows of `accounts.parquet`.
        carried: (exchanges of the earlier run,) whether each is still within the window. These
            come first.
    """

    files: tuple[InputFile, ...]
    rows_read: int
    rows_kept: int
    rows_old: int
    duplicates: int
    skipped: int
    rejects: int
    accounts: int
    carried: NDArray[np.bool_] = field(compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, dicts, numbers and strings."""
        bits = base64.b64encode(np.packbits(self.carried).tobytes()).decode()
        return {**dataclasses.asdict(self), "carried": [len(self.carried), bits]}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> IngestSummary:
        """Return the summary that `to_json` wrote."""
        rows, bits = raw["carried"]
        packed = np.frombuffer(base64.b64decode(bits), np.uint8)
        return cls(
            **{
                **raw,
                "files": tuple(InputFile(*file) for file in raw["files"]),
                "carried": np.unpackbits(packed, count=rows).astype(np.bool_),
            }
        )

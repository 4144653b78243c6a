"""What tests of `revenuer prove` share: its key, how it is run, and files of lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from revenuer.cli.main import main
from revenuer.prove.marks.keys import WatermarkKey

KEY = WatermarkKey(bytes(range(32)))


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["prove", *map(str, words)])


def lines(place: Path, rows: list[Any]) -> Path:
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return place

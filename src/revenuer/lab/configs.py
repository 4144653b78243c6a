"""The configurations that are the default, with comments to start from."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any


def template(kind: str) -> str:
    """Return the commented file of a kind: `distil` or `sweep`."""
    folder = resources.files("revenuer.lab") / "templates"
    return (folder / f"{kind}.toml").read_text(encoding="utf-8")


def tables(kind: str) -> dict[str, Any]:
    """Return the tables of a kind's file."""
    return tomllib.loads(template(kind))

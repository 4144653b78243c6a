"""What Spark needs before it starts: packages, Java, a cluster that answers, a size of memory."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
from pathlib import Path

from revenuer.errors import InputError

#: Seconds that a cluster may take to answer.
PATIENCE_S = 10
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BINARY_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def mebibytes(size: str) -> int:
    """Return a size as DuckDB writes it, such as `2GB` or `1.5 GiB`, in whole MiB.

    Example:
        >>> mebibytes("2GB"), mebibytes("1.5 GiB")
        (1907, 1536)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:B|([KMGT])(?:(I)?B)?)\s*", size.upper())
    unit = (_BINARY_UNITS if found[3] else _UNITS)[found[2] or ""] if found else 0
    size_bytes = float(found[1]) * unit if found else 0.0
    # Ten petabytes and more are a slip, and DuckDB counts no further.
    if not 0 < size_bytes < 10**16:
        raise InputError(f"{size!r} is no size of memory", hint="write it as 2GB")
    return int(size_bytes) // 2**20


def java() -> str | None:
    """Return the Java that Spark would start, None where there is none."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")


def check_installed(*, needs_java: bool) -> None:
    """Refuse to start without the packages, or without Java where the driver needs it."""
    if importlib.util.find_spec("pyspark") is None:
        raise InputError(
            "the engine spark needs pyspark, which is not installed",
            hint="pip install 'revenuer[spark]'",
        )
    if needs_java and java() is None:
        raise InputError(
            "the engine spark needs Java 17, which is not installed",
            hint="apt install openjdk-17-jre-headless",
        )


def check_answered(master: str) -> None:
    """Refuse a cluster that is not there at once: Spark would try for a minute or many."""
    found = re.fullmatch(r"(?:spark|sc)://([^/]+).*", master)
    if found and not any(_answers(place) for place in found[1].split(",")):
        raise InputError(
            f"nobody answers at {master}", hint="give --master the HOST:PORT of a running cluster"
        )


def _answers(place: str) -> bool:
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE_S).close()
    except (OSError, ValueError):
        return False
    return True

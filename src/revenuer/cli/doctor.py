"""`revenuer doctor`: what this installation has, what it lacks, and how to get that."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import NamedTuple

import click

PYTHON = (3, 11)
JAVA = 17
JAVA_COMMAND = "apt install openjdk-17-jre-headless"
_NAME, _LEAST, _BELOW = (re.compile(p) for p in (r"[\w.-]+", r">=([\d.]+)", r"<([\d.]+)"))
_EXTRA = re.compile(r"extra == ['\"]([\w-]+)['\"]")


class Requirement(NamedTuple):
    """A package, the oldest version that will do, and the version that no longer will, if any."""

    name: str
    least: str
    below: str


class Finding(NamedTuple):
    """One line: what was looked at, what is there, and what to do where that is not enough."""

    name: str
    state: str
    remedy: str = ""


@click.command("doctor")
def doctor() -> None:
    """Say what is installed, what is missing, and how to get it.

    Exits 1 when a scan cannot run as it is, or an extra is installed that cannot work.
    """
    core = [_python(), *(_package(wanted, "") for wanted in _requirements(""))]
    ailing = [finding for finding in core if finding.remedy]
    _show("Core", core)
    for extra in _extras():
        parts = [_package(wanted, extra) for wanted in _requirements(extra)]
        if extra == "spark":
            parts.append(_java())
        # An extra that nobody installed is a choice; one that lacks a part is ailing.
        is_wanted = any(finding.name == "pyspark" and not finding.remedy for finding in parts)
        ailing += [finding for finding in parts if finding.remedy and is_wanted]
        _show(f"Extra: {extra}", parts)
    if ailing:
        sys.exit(1)


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info < PYTHON:
        return Finding("Python", version, f"install Python {PYTHON[0]}.{PYTHON[1]} or newer")
    return Finding("Python", version)


def _package(requirement: Requirement, extra: str) -> Finding:
    name, least, below = requirement
    remedy = f"pip install 'revenuer[{extra}]'" if extra else "pip install revenuer"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, "missing", remedy)
    if _numbers(version) < _numbers(least):
        return Finding(name, f"{version}, older than {least}", remedy)
    if below and _numbers(version) >= _numbers(below):
        return Finding(name, f"{version}, not older than {below}", remedy)
    return Finding(name, version)


def _java() -> Finding:
    # Looked for as the engine does, which cannot be imported where the core is not whole.
    home = os.environ.get("JAVA_HOME")
    place = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if place is None:
        return Finding("Java", "missing", JAVA_COMMAND)
    told = subprocess.run(  # noqa: S603  # the Java that Spark would start
        [place, "-version"], capture_output=True, text=True, check=False
    )
    found = re.search(r'version "(\d+)', told.stderr)
    if found is None or int(found[1]) < JAVA:
        return Finding("Java", found[1] if found else "does not start", JAVA_COMMAND)
    return Finding("Java", found[1])


def _extras() -> list[str]:
    return sorted(metadata.metadata("revenuer").get_all("Provides-Extra") or [])


def _requirements(extra: str) -> Iterator[Requirement]:
    """Yield what the core, or one extra, requires."""
    for line in metadata.requires("revenuer") or []:
        wanted, _, marker = line.partition(";")
        marked = _EXTRA.search(marker)
        if (marked[1] if marked else "") == extra:
            name, *_ = _NAME.findall(wanted)
            least, below = _LEAST.findall(wanted), _BELOW.findall(wanted)
            yield Requirement(name, least[0] if least else "0", below[0] if below else "")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _show(title: str, findings: list[Finding]) -> None:
    width = max(len(finding.name) for finding in findings)
    click.echo(title)
    for name, state, remedy in findings:
        click.echo(f"  {name:{width}}  {state}" + (f"; try: {remedy}" if remedy else ""))

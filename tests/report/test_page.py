"""Tests of revenuer.report.page, and of the verb that writes it."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from revenuer import report
from revenuer.errors import RunError
from revenuer.records import Campaign
from revenuer.tables import CAMPAIGN_TIES, COORDINATED, MEMBERS, REJECTS

WriteRun = Callable[..., Path]


class Outline(HTMLParser):
    """Headings, ids, links and scripts of a page."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.is_script = False
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element, and room for a script's text."""
        self.elements.append((tag, dict(attrs)))
        self.is_script = tag == "script"
        if self.is_script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        self.is_script = False

    def handle_data(self, data: str) -> None:
        """Keep the text of scripts."""
        if self.is_script:
            self.scripts[-1] += data


def _read(folder: Path) -> str:
    return report.write(folder).read_text(encoding="utf-8")


def test_the_page_lies_in_the_run_folder_and_nothing_else_is_left(run_folder: Path) -> None:
    before = {path.name for path in run_folder.iterdir()}

    assert report.write(run_folder) == run_folder / "report.html"
    assert {path.name for path in run_folder.iterdir()} == before | {"report.html"}


def test_the_same_run_gives_the_same_bytes_in_another_process(run_folder: Path) -> None:
    first = report.write(run_folder).read_bytes()
    code = (
        "import sys, pathlib; from revenuer import report; report.write(pathlib.Path(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}

    subprocess.run(  # noqa: S603  our own interpreter and code
        [sys.executable, "-c", code, str(run_folder)], check=True, env=environment
    )

    assert (run_folder / "report.html").read_bytes() == first


def test_headings_are_in_order_and_links_lead_somewhere(run_folder: Path) -> None:
    outline = Outline(_read(run_folder))
    levels = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch("h[1-6]", tag)]
    ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert len(ids) == len(set(ids))
    targets = {a["href"] for tag, a in outline.elements if tag == "a"}
    assert {"#main", "#campaign-1", "#campaigns"} <= targets
    assert {str(target).removeprefix("#") for target in targets} <= set(ids)


def test_the_page_needs_no_network_and_its_policy_allows_none(run_folder: Path) -> None:
    outline = Outline(_read(run_folder))

    assert not [a for tag, a in outline.elements if tag in {"link", "img", "iframe"} or "src" in a]
    policy = next(str(a["content"]) for _, a in outline.elements if "http-equiv" in a)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    for script in outline.scripts[1:]:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_charts_are_stored_once_and_read_back(run_folder: Path) -> None:
    charts = json.loads(Outline(_read(run_folder)).scripts[0])

    assert list(charts) == ["campaign-1-timeline", "campaign-1-graph", "campaign-1-hours"]


def test_hostile_text_stays_text(
    tmp_path: Path, write_run: WriteRun, made_campaign: Campaign, hostile: str
) -> None:
    everywhere = _replace_strings(made_campaign, hostile)
    folder = write_run(tmp_path / "evil", (everywhere,), unavailable=[hostile])
    calm = Outline(_read(write_run(tmp_path / "calm", (made_campaign,))))

    text = _read(folder)
    outline = Outline(text)

    assert len(outline.scripts) == len(calm.scripts) == 3
    assert "<" not in outline.scripts[0]
    assert not any(a.get("onerror") for _, a in outline.elements)
    assert "alert(1)" in text
    written = text.replace("".join(calm.scripts[1:2]), "")
    assert not set("\x1b\x9b\x00\u202e") & set(written)
    json.loads(outline.scripts[0])


def test_hostile_identifiers_in_tables_stay_text(
    run_folder: Path, write_table: Callable[..., None], hostile: str
) -> None:
    run = report.load(run_folder)
    for table in (MEMBERS, CAMPAIGN_TIES, COORDINATED, REJECTS):
        rows = run.table(table).to_pylist()
        for row in rows:
            for name in {"account_id", "account_a", "role", "family", "file", "reason", "group_id"}:
                row.update({name: hostile} if name in row else {})
        write_table(run_folder, table, rows)

    outline = Outline(_read(run_folder))

    assert len(outline.scripts) == 3
    assert not any(a.get("onerror") for _, a in outline.elements)
    drawn = json.loads(outline.scripts[0])["campaign-1-graph"]["data"]
    assert not any("<img" in f"{trace['name']}{trace.get('text')}" for trace in drawn)


def test_a_run_that_found_nothing_has_a_calm_page(
    tmp_path: Path, write_run: WriteRun, write_table: Callable[..., None]
) -> None:
    folder = write_run(tmp_path / "quiet", (), coordinated_groups=0, rejects=0, unavailable=[])
    write_table(folder, COORDINATED, [])
    write_table(folder, REJECTS, [])

    text = _read(folder)

    assert "does not show that there is none" in text
    assert "There is none." in text
    assert "<script" not in text
    assert "What could not be read" not in text


def test_a_damaged_run_leaves_the_old_page_alone(run_folder: Path) -> None:
    old = report.write(run_folder).read_bytes()
    (run_folder / "members.parquet").unlink()

    with pytest.raises(RunError, match=r"members\.parquet is missing"):
        report.write(run_folder)

    assert (run_folder / "report.html").read_bytes() == old


def _replace_strings(campaign: Campaign, text: str) -> Campaign:
    kept = {"window_start", "window_end", "campaign_id"}
    raw: dict[str, Any] = campaign.to_json()

    def replaced(value: Any) -> Any:
        if isinstance(value, str):
            return text
        if isinstance(value, list | tuple):
            return [replaced(one) for one in value]
        if isinstance(value, dict):
            return {key: replaced(one) for key, one in value.items()}
        return value

    changed = {key: value if key in kept else replaced(value) for key, value in raw.items()}
    return dataclasses.replace(Campaign.from_json(changed), campaign_id=text)

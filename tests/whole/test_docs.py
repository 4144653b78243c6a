"""The documentation says what the program does: nothing is missing, stale or broken."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import click
import pytest

from revenuer import errors, tables
from revenuer.cli.main import COMMANDS, main
from revenuer.find import campaigns, ingest
from revenuer.find.campaigns import indicators, intent, words
from revenuer.find.evidence import finding, shared, timing
from revenuer.find.features import lexicon, shingles
from revenuer.settings import Settings

LINK = re.compile(r"\]\(([^)\s]+)\)")
RULE_ID = re.compile(r"\"([FLSPIMC]\d\d?)\"")
SCRIPT = re.compile(r"`(bench_\w+\.py)`")
#: Programs of the system that a page may tell a reader to run.
SYSTEM = {"openssl", "chmod", "export"}


@pytest.fixture(scope="module")
def generate(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", root / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def reference(root: Path, name: str) -> str:
    return (root / "docs" / "reference" / name).read_text(encoding="utf-8")


def command(name: str) -> click.Command:
    first, _, rest = name.partition(" ")
    found = main.get_command(click.Context(main), first)
    assert found is not None, f"there is no command {first}"
    if not rest:
        return found
    assert isinstance(found, click.Group), f"{first} has no commands"
    assert rest in found.commands, f"there is no command {name}"
    return found.commands[rest]


def names() -> list[str]:
    """Return every command's name, and those of commands within commands."""
    found = []
    for name in COMMANDS:
        one = command(name)
        found += [name, *(f"{name} {inner}" for inner in getattr(one, "commands", ()))]
    return found


def options(name: str) -> set[str]:
    return {spelling for option in command(name).params for spelling in option.opts} | {"--help"}


def test_the_reference_is_what_the_program_says(root: Path, generate: ModuleType) -> None:
    made = cast(dict[str, str], generate.pages())
    stale = [name for name, text in made.items() if reference(root, name) != text]

    assert stale == [], "run `python docs/generate.py`"
    held = {page.name for page in (root / "docs" / "reference").iterdir()}
    assert held == set(made) | generate.BY_HAND


def test_every_command_and_option_is_documented(root: Path) -> None:
    page = reference(root, "cli.md")

    for name in names():
        assert f"## revenuer {name}\n" in page
        for option in command(name).params:
            if isinstance(option, click.Option) and not option.hidden:
                assert f"`{option.opts[0]}" in page
                assert option.help, f"{name} {option.opts[0]} has no help"


def test_every_setting_is_documented_with_its_default(root: Path) -> None:
    page = reference(root, "settings.md")

    for field in dataclasses.fields(Settings):
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{field.name}` |")]
        assert all(cell.strip() for cell in row.strip("|").replace("\\|", "").split("|"))


def test_every_table_and_column_is_documented(root: Path) -> None:
    page = reference(root, "tables.md")

    for table in (*tables.OUTPUTS, *tables.INTERNAL):
        assert f"## {table.name}\n" in page
        section = page.partition(f"## {table.name}\n")[2].partition("\n## ")[0]
        assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == list(table.names)


def test_every_error_is_documented(root: Path) -> None:
    page = reference(root, "errors.md")
    classes = [one for one in vars(errors).values() if isinstance(one, type)]

    assert all(f"| `{one.__name__}` |" in page for one in classes)


def test_every_rule_is_documented(root: Path) -> None:
    page = reference(root, "rules.md")
    source = root / "src" / "revenuer" / "find"
    used = {
        rule_id
        for folder in ("evidence", "campaigns")
        for path in (source / folder).glob("*.py")
        for rule_id in RULE_ID.findall(path.read_text(encoding="utf-8"))
    }

    assert used == set(words.RULES)
    for rule_id in (*words.RULES, *(rule.rule_id for rule in lexicon.load().rules)):
        assert f"| `{rule_id}` |" in page
    nulls = (root / "docs" / "explanation" / "null-models.md").read_text(encoding="utf-8")
    assert all(f"`{rule_id}`" in nulls for rule_id in used if rule_id[0] in "FLSP")


@pytest.mark.parametrize(
    ("page", "sentence", "number"),
    [
        ("null-models.md", "odds ratio below ten", finding.ODDS_FLOOR == 10),
        ("null-models.md", "fewer than eight times the", timing.CROWD_FLOOR == 8),
        ("null-models.md", "at least half of the users must sit", shared.CLUMPED == 0.5),
        ("null-models.md", "ten times as many as expected", finding.ODDS_FLOOR == 10),
        ("null-models.md", "agreements must be a thirtieth of those", shared.FEWER == 30),
        ("null-models.md", "up to four times", timing.MOST_CROWDS == 4),
        ("intent.md", "such a list by ten accounts or more", intent.MANY == 10),
        ("intent.md", "or by twenty, made in", intent.VERY_MANY == 20),
        ("intent.md", "fewer than six accounts", indicators.FEWEST_SWEEPERS == 6),
        ("intent.md", "at least 20 harvested exchanges", intent.FEWEST_HARVESTED == 20),
        ("intent.md", "one in a hundred of their own", intent.SMALLEST_SHARE == 0.01),
        ("intent.md", "four fifths name organisations", campaigns.DECLARED == 0.8),
        ("concepts.md", "at least 20 harvested exchanges", intent.FEWEST_HARVESTED == 20),
        ("limits-and-threat-model.md", "at least three", intent.FEWEST_ACCOUNTS == 3),
        ("limits-and-threat-model.md", "only from six accounts", indicators.FEWEST_SWEEPERS == 6),
        ("decisions/0001-frames-by-recurrence.md", "four exchanges or more", shingles.RECURS == 4),
    ],
)
def test_explanations_have_the_numbers_of_the_program(
    root: Path, page: str, sentence: str, number: bool
) -> None:
    text = (root / "docs" / "explanation" / page).read_text(encoding="utf-8")

    assert sentence in " ".join(text.split())
    assert number, f"{page} says {sentence!r}, the program says otherwise"


def test_every_format_is_described(root: Path) -> None:
    page = (root / "docs" / "how-to" / "read-your-logs.md").read_text(encoding="utf-8")

    assert all(f"\n## {name}\n" in page for name in ingest.SOURCES)


def test_every_link_leads_somewhere(pages: list[Path]) -> None:
    broken = [
        (page.name, link)
        for page in pages
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if not link.startswith(("http", "#"))
        and not (page.parent / link.partition("#")[0]).exists()
    ]

    assert broken == []


def test_every_page_is_reached_from_the_readme(root: Path, pages: list[Path]) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    lost = [
        page.name
        for page in pages
        if page.parent.name != "decisions"
        and page.name != "README.md"
        and f"({page.relative_to(root).as_posix()})" not in readme
    ]

    assert lost == []


def test_python_blocks_run(
    blocks: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    for block in blocks:
        if block.language == "python":
            exec(compile(block.text, str(block.page), "exec"), {})  # noqa: S102  # our own pages


def test_records_shown_are_read(blocks: list[Any], tmp_path: Path) -> None:
    shown = [block.text for block in blocks if block.language == "json"]

    for number, text in enumerate(shown):
        log = tmp_path / f"{number}.jsonl"
        log.write_text(text)
        read = ingest.read([str(log)], out=tmp_path / str(number), settings=Settings())
        assert (read.rows_kept, read.rejects) == (1, 0)
    assert shown


def test_commands_shown_exist(root: Path, blocks: list[Any]) -> None:
    targets = re.findall(r"^(\w+):", (root / "Makefile").read_text(), re.MULTILINE)

    for block in blocks:
        for line in block.commands() if block.language == "console" else ():
            check_command(root, shlex.split(line.partition("<<")[0].partition(">")[0]), targets)


def check_command(root: Path, words_: list[str], targets: list[str]) -> None:
    program, *rest = words_ if "=" not in words_[0] else words_[1:]
    program = Path(program).name
    if program == "make":
        assert set(rest) <= set(targets)
    elif program == "python":
        assert rest[0] == "-" or (root / rest[0]).is_file()
    elif program == "revenuer":
        name = rest[0]
        if len(rest) > 1 and isinstance(command(name), click.Group):
            name = " ".join(rest[:2])
        given = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert given <= options(name), f"revenuer {name} has no {given - options(name)}"
    else:
        assert program in SYSTEM


def test_figures_name_a_script_that_is_there(root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    measured = readme.partition("## Measured\n")[2].partition("<!-- end of Measured -->")[0]
    rows = [line for line in measured.splitlines() if line.startswith("| ")][1:]

    assert rows
    for row in rows:
        (script,) = SCRIPT.findall(row)
        assert (root / "benchmarks" / script).is_file()

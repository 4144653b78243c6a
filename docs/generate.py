"""Write `docs/reference/` from the program, so that it cannot drift.

    python docs/generate.py                 rewrite the reference pages
    python docs/generate.py --demo FOLDER   also rewrite shown output from `make demo`'s folder

`pages` returns what the reference should hold; `tests/whole/test_docs.py` compares it with what is
there. Shown output stands between `<!-- demo: NAME -->` and `<!-- end -->`. Longer than most files
here, since each page has its function.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from revenuer import errors, find, records, tables
from revenuer.cli.main import COMMANDS, main
from revenuer.find.campaigns import intent, words
from revenuer.find.features import lexicon
from revenuer.guard import transforms
from revenuer.lab.distil.settings import (
    FidelitySettings,
    HarvestSettings,
    PriceSettings,
    StudentSettings,
    TeacherSettings,
)
from revenuer.lab.sweep.grid import SweepSettings
from revenuer.lab.tasks.arithmetic import Arithmetic
from revenuer.lab.tasks.chain import Chain
from revenuer.lab.tasks.gym import Gym
from revenuer.lab.tasks.prompts import Prompts
from revenuer.lab.tasks.sentiment import Sentiment
from revenuer.settings import Settings

DOCS = Path(__file__).parent
FIND = Path(find.__file__ or "").parent
#: Pages of the reference that people write: what other programs are written against.
BY_HAND = frozenset({"evidence-bundle.md"})
NOTE = "<!-- Written by docs/generate.py; change the program and run it again. -->"
SHOWN_CAMPAIGNS = 6

#: Fields of a campaign and a template whose name says nearly all, and their types.
PLAIN_FIELDS = {
    "campaign_id": "the campaign, from its accounts alone: same accounts, same id",
    "lineage_id": "the campaign across windows",
    "input_tokens": "tokens read, all exchanges of its accounts",
    "output_tokens": "tokens written, all exchanges of its accounts",
    "capabilities": "what the kinds of harvest are after",
    "templates": "templates it uses, as below",
    "evidence": "evidence items, as below",
    "template_id": "the template, within this run",
    "field": "system_prompt, prompt or history",
    "text": "the template with its slots as ⟨…⟩",
    "exchanges": "exchanges of the campaign that carry it",
    "accounts": "accounts of the campaign that use it",
    "outside_accounts": "other accounts that use it",
    "effect_unit": "the unit of `effect`",
}
INTRO = {
    "cli.md": """# Commands

Data goes to stdout, remarks to stderr. Exit code 0: done, also when nothing was found; 1: an error,
told in a sentence with the next thing to try; 2: wrong usage. `--debug`, before or after the
command's name, shows tracebacks; `--help` and `--version` do what they say.
""",
    "settings.md": """# Settings

One frozen record, `revenuer.settings.Settings`; `revenuer scan` fills it from its options.
""",
    "lab.md": """# The lab

What may stand in the TOML file of `revenuer lab distil` and `revenuer lab sweep`; both have a table
for each heading below, and `revenuer lab config distil|sweep` prints one to start from. A list of
the file is a tuple here. What is below 0, infinite or not known is refused.
""",
    "tables.md": f"""# Tables

Schema version {tables.SCHEMA_VERSION}. Times are UTC, in microseconds. A column marked *required*
is never null.
""",
    "rules.md": """# Rules

Ids are stable: they stand in `campaigns.json`, in dossiers and in appeals. An id is never used
again for something else.
""",
    "thresholds.md": """# Thresholds

The numbers that stand in the code of a scan, where they stand, and why. No option changes them; a
change of one changes findings and is breaking.
""",
    "run-folder.md": """# The run folder

What `revenuer scan --out DIR` writes. The folder appears whole or not at all; an earlier run in its
place is replaced. Columns: [tables](tables.md).

Beside it, while a scan runs, stand `DIR.lock`, by which a second scan to the same place is refused,
and `DIR.partial`, in which the run is made. An error removes both. After a kill `DIR.partial` stays
and the lock holds nobody up: the same command goes on from the tables that were read, and from the
texts if these were worked on, if inputs (by name, size and time of change), settings and versions
are the same, and finds the same bytes; otherwise it starts afresh.

A run says with which `schema_version` it was written. Every command reads its own version, upgrades
an older one where it can, and refuses any other.
""",
}
LAB_TABLES = (
    ("[teacher]", TeacherSettings),
    ("[harvest]", HarvestSettings),
    ("[[student]]", StudentSettings),
    ("[fidelity]", FidelitySettings),
    ("[prices]", PriceSettings),
    ("[sweep]", SweepSettings),
    ('[task] name = "chain"', Chain),
    ('[task] name = "arithmetic"', Arithmetic),
    ('[task] name = "sentiment"', Sentiment),
    ('[task] name = "prompts"', Prompts),
    ('[task] name = "gym"', Gym),
)
DEFENCES = """## Defences

For `defence` and for `defences` of a sweep, as a name or as `name:value`; `none` is no defence.
"""
EVIDENCE = """## Evidence rules

What an evidence item may be, and what innocent traffic would do.
"""
POINTS = """## Points

When a coordinated group is a campaign; [intent](../explanation/intent.md) says why.
"""
LEXICON = """## Lexicon rules

What a prompt asks for, in its words. *strong* asks for training signal by itself (counted by `I1`);
*weak* is said by ordinary users too (counted by `I2`).
"""
LAST = """Every error has a `message` and may have a `hint`, the next thing to try. Anything else
that is raised is a bug and keeps its traceback."""
RUN_FILES = (
    ("report.html", "one self-contained page that opens offline and prints"),
    ("campaigns.json", "the run's numbers and every campaign, as below"),
    ("members.parquet", "table `members`"),
    ("coordinated.parquet", "table `coordinated`"),
    ("rejects.parquet", "table `rejects`"),
    ("run.json", "inputs with digests, settings, versions, row counts; `measured`: what it cost"),
    ("tables/exchanges.parquet", "table `exchanges`, with as much text as `--retain-text` says"),
    ("tables/accounts.parquet", "table `accounts`"),
    ("tables/campaign_activity.parquet", "table `campaign_activity`"),
    ("tables/campaign_ties.parquet", "table `campaign_ties`"),
    ("tables/lineages.parquet", "table `lineages`"),
    ("dispositions.json", "what analysts cleared, by lineage"),
    ("tables/state/", "what a later `scan --since` continues from; not with `--retain-text none`"),
)
RUN_FIELDS = (
    ("schema_version", "raised whenever a stored table changes meaning, type or name"),
    ("window_start, window_end", "half-open span of the exchanges, ISO 8601 UTC"),
    ("fdr", "false discovery rate asked for"),
    ("exchanges, accounts, rejects", "counts of what was read"),
    ("coordinated_groups", "groups listed without an accusation"),
    ("unavailable", "evidence that this log could not give, in words"),
    ("campaigns", "the campaigns, strongest first"),
)


def pages() -> dict[str, str]:
    """Return the text of every reference page, by file name."""
    made = {
        "cli.md": _cli(),
        "settings.md": _settings(),
        "lab.md": _lab(),
        "tables.md": _tables(),
        "rules.md": _rules(),
        "thresholds.md": _thresholds(),
        "errors.md": _errors(),
        "run-folder.md": _run_folder(),
    }
    return {name: "\n".join([NOTE, "", *lines]).rstrip() + "\n" for name, lines in made.items()}


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [[re.sub(r"\s+", " ", cell).replace("|", "\\|") for cell in row] for row in rows]
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in cells), ""]


def _attributes(thing: type) -> dict[str, str]:
    """Return what the Attributes section of a docstring says of each name."""
    section = (inspect.getdoc(thing) or "").partition("Attributes:\n")[2]
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section.splitlines():
        head = re.match(r"    ([a-z_, ]+): (.*)", line)
        if head:
            names = [name.strip() for name in head[1].split(",")]
        text = head[2] if head else line.strip()
        for name in names:
            found[name] = f"{found.get(name, '')} {text}".strip()
    return found


def _cli() -> list[str]:
    lines = [INTRO["cli.md"]]
    for name, command in commands():
        inner = click.Context(command, info_name=f"revenuer {name}")
        usage = f"revenuer {name} {' '.join(command.collect_usage_pieces(inner))}"
        lines += [f"## revenuer {name}", "", "```text", usage, "```", ""]
        lines += [inspect.cleandoc(command.help or ""), ""]
        options = [o for o in command.params if isinstance(o, click.Option) and not o.hidden]
        if options:
            lines += _table(("option", "default", "meaning"), (_option(o, inner) for o in options))
    return lines


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its name; of a command that has commands, those too."""
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        if command is None:
            raise KeyError(name)
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", one) for inner, one in command.commands.items())


def _option(option: click.Option, context: click.Context) -> tuple[str, str, str]:
    value = "" if option.is_flag else f" {option.make_metavar(context)}"
    has_default = isinstance(option.default, str | int | float) and not option.is_flag
    default = f"`{option.default}`" if has_default else "required" if option.required else ""
    return f"`{', '.join(option.opts)}{value}`", default, option.help or ""


def _settings() -> list[str]:
    meaning = _attributes(Settings)
    flags = {str(option.name): f"`{option.opts[-1]}`" for option in dict(commands())["scan"].params}
    flags["column_map"] = flags["maps"]
    rows = []
    for field in dataclasses.fields(Settings):
        default: Any = {} if field.default is dataclasses.MISSING else field.default
        cells = (f"`{field.name}`", str(field.type), f"`{default}`")
        rows.append((*cells, flags[field.name], meaning[field.name]))
    header = ("setting", "type", "default", "option", "meaning and reason")
    return [INTRO["settings.md"], *_table(header, rows)]


def _lab() -> list[str]:
    lines = [INTRO["lab.md"]]
    for title, thing in LAB_TABLES:
        meanings = _attributes(thing)
        lines += [f"## {title}", ""]
        lines += _table(
            ("setting", "type", "default", "meaning"),
            (
                (f"`{each.name}`", str(each.type), _default(each), meanings[each.name])
                for each in dataclasses.fields(thing)
                if each.init
            ),
        )
    lines += [DEFENCES]
    lines += _table(
        ("defence", "what it does", "experimental", "may change the answer"),
        (
            (f"`{name}`", kind.told, _yes(kind.is_experimental), _yes(kind.may_change_answer))
            for name, kind in transforms.TRANSFORMS.items()
        ),
    )
    return lines


def _default(each: dataclasses.Field[Any]) -> str:
    default = each.default
    if default is each.default_factory is dataclasses.MISSING:
        return "required"
    return "" if default is dataclasses.MISSING else f"`{default!r}`"


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def _tables() -> list[str]:
    lines = [INTRO["tables.md"]]
    for table in (*tables.OUTPUTS, *tables.INTERNAL):
        rows = [
            (f"`{c.name}`", str(c.type), c.meaning + (" (*required*)" if c.required else ""))
            for c in table.columns
        ]
        lines += [f"## {table.name}", "", f"A row is {table.row}.", ""]
        lines += _table(("column", "type", "meaning"), rows)
    return lines


def _rules() -> list[str]:
    evidence = [
        (f"`{name}`", rule.signal, rule.inference, rule.unit, rule.null_model)
        for name, rule in words.RULES.items()
    ]
    asked = [
        (f"`{rule.rule_id}`", rule.kind, rule.weight, rule.within, rule.reason)
        for rule in lexicon.load().rules
    ]
    points = (inspect.getdoc(intent) or "").splitlines()[2:]
    lines = [INTRO["rules.md"], EVIDENCE]
    lines += _table(("id", "signal", "inference", "effect in", "null model"), evidence)
    lines += [POINTS, *points, "", LEXICON]
    lines += _table(("id", "kind", "weight", "within one", "the prompt"), asked)
    lines += ["## What would clear a finding", ""]
    return [*lines, *_table(("signal", "what would clear it"), words.CLEARS.items())]


def _thresholds() -> list[str]:
    lines = [INTRO["thresholds.md"]]
    for stage in ("features", "evidence", "campaigns"):
        rows = [row for path in sorted((FIND / stage).glob("*.py")) for row in _numbers(path)]
        lines += [f"## {stage}", "", *_table(("where", "name", "value", "why"), rows)]
    return lines


def _numbers(path: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield the numbers that one module names, with the comment above each."""
    source = path.read_text(encoding="utf-8")
    module = path.parent.name if path.stem == "__init__" else path.stem
    for node in ast.parse(source).body:
        if not isinstance(node, ast.Assign) or not re.search(r"\d", ast.unparse(node.value)):
            continue
        try:
            value = ast.literal_eval(node.value)
        except ValueError:  # computed: no number that somebody chose
            continue
        names = ast.unparse(node.targets[0]).strip("()").split(", ")
        values = value if len(names) > 1 else [value]
        for name, one in zip(names, values, strict=True):
            is_choice = name[0] != "_" and not name.endswith("_US") and type(one) in (int, float)
            if is_choice and name.isupper():
                yield f"`{module}`", f"`{name}`", f"`{one}`", _comment(source, node.lineno)


def _comment(source: str, line: int) -> str:
    above = source.splitlines()[: line - 1]
    kept = []
    while above and above[-1].startswith("#:"):
        kept.append(above.pop()[2:].strip())
    return " ".join(reversed(kept))


def _errors() -> list[str]:
    found: list[type] = [errors.RevenuerError, *errors.RevenuerError.__subclasses__()]
    rows = [(f"`{one.__name__}`", (inspect.getdoc(one) or "").splitlines()[0]) for one in found]
    first, *rest = (inspect.getdoc(errors) or "").splitlines()
    tree = [line[4:] for line in rest if line.startswith("    ")]
    lines = ["# Errors", "", first, "", "```text", *tree, "```", ""]
    return [*lines, *_table(("class", "when"), rows), LAST]


def _run_folder() -> list[str]:
    lines = [INTRO["run-folder.md"]]
    lines += _table(("file", "content"), ((f"`{f}`", what) for f, what in RUN_FILES))
    lines += ["## campaigns.json", ""]
    lines += _table(("field", "meaning"), ((f"`{f}`", what) for f, what in RUN_FIELDS))
    for title, kind in (
        ("A campaign", records.Campaign),
        ("An evidence item", records.EvidenceItem),
        ("A template", records.TemplateUse),
    ):
        told = {**PLAIN_FIELDS, **_attributes(kind)}
        rows = [(f"`{f.name}`", told[f.name]) for f in dataclasses.fields(kind)]
        lines += [f"## {title}", "", *_table(("field", "meaning"), rows)]
    return lines


def _run(folder: Path, *arguments: str) -> list[str]:
    command = [sys.executable, "-m", "revenuer", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603
    shown = f"$ revenuer {' '.join(arguments)}"
    return [shown, *(line.rstrip() for line in done.stdout.splitlines())]


def _many_sided(folder: Path) -> str:
    """Return the strongest campaign among those with evidence of most families."""
    shown = _run(folder, "campaigns", "demo/run", "--json")[1:]
    found = [json.loads(line) for line in shown]
    sides = [len({item["signal"] for item in campaign["evidence"]}) for campaign in found]
    return str(found[sides.index(max(sides))]["campaign_id"])


def _demo(folder: Path) -> dict[str, list[str]]:
    logs = ("demo/logs/exchanges.parquet", "--accounts", "demo/logs/accounts.parquet")
    made = ("--seed", "7", "--days", "7", "--scale", "0.2")
    simulate = _run(folder, "simulate", "demo/logs", *made)
    scan = _run(folder, "scan", *logs, "--out", "demo/run")
    found = _run(folder, "campaigns", "demo/run")
    starts = [place for place, line in enumerate(found) if line.startswith("C-")]
    cut = starts[SHOWN_CAMPAIGNS] if len(starts) > SHOWN_CAMPAIGNS else len(found)
    dossier = _run(folder, "show", "demo/run", _many_sided(folder))
    evidence = dossier.index("Evidence")
    # An empty line stands before each item, so the third ends the second item.
    ends = [place for place, line in enumerate(dossier) if not line and place > evidence]
    return {
        "summary": [*simulate, *scan, *found[:cut], "..."],
        "simulate": simulate,
        "scan": scan,
        "campaigns": [*found[:cut], "..."],
        "show": [*dossier[: ends[2]], "", "..."],
        "null": _run(folder, "scan", *logs, "--out", "demo/null", "--null"),
    }


def _show_output(folder: Path) -> None:
    shown = _demo(folder)
    for page in (DOCS.parent / "README.md", *DOCS.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        for name, lines in shown.items():
            start = f"<!-- demo: {name} -->\n"
            before, mark, rest = text.partition(start)
            if mark:
                rest = rest[rest.index("<!-- end -->") :]
                block = "\n".join(["```console", *lines, "```", ""])
                text = before + mark + block + rest
        page.write_text(text, encoding="utf-8")


def write() -> None:
    """Write the reference; with `--demo`, rewrite the output that pages show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, metavar="FOLDER", help="where demo/ is to be made")
    chosen = parser.parse_args()
    (DOCS / "reference").mkdir(exist_ok=True)
    for name, text in pages().items():
        (DOCS / "reference" / name).write_text(text, encoding="utf-8")
    if chosen.demo:
        _show_output(chosen.demo.resolve())


if __name__ == "__main__":
    write()

"""How is text made by the hundred thousand, without two people saying the same?

A grammar is a set of rules. A rule is a list of words, or a list of lines with slots in braces;
`{goal}` asks rule `goal`. All rows of a batch are expanded together, rule by rule, with Arrow's
string kernels, so that a prompt costs microseconds. A slot that appears twice in one line is drawn
twice. Each row has a field (cooking, databases, ...), and `thing`, `issue`, `goal`, `fact` are
drawn from the words of that field in `words/topics.toml`, so that one text stays on its subject.

Limit: the sentences are well formed and mean little. Similarity, length and repetition behave as
in chat; meaning does not. A few lines over the usual length: the reader of the data files belongs
with the grammar whose form it fixes.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

#: A column of text: `pa.StringArray`, which mypy cannot see.
Texts = Any
Fields = NDArray[np.int64]

_SLOT = re.compile(r"\{([a-z_0-9]+)\}")
_FIELD_WORDS = ("thing", "issue", "goal", "fact")
_FILES = ("asking", "speech", "tongues", "work", "answers", "frames", "public")
_HEADS = (
    "Al Bren Cor Dal Esk Fen Gar Hol Im Jun Kel Lum Mar Nor Ost Pel Quor Ras Sol Tar Ul Ves Wyn Zam"
)
_TAILS = (
    "ba bis dera dix fold gen hart ica kin lane lo mara mont nex ora pine quay ria son tec tis vale"
    " wick zen"
)


@dataclass(frozen=True, slots=True)
class Words:
    """Plain alternatives: those of field f are `column[starts[f] : starts[f] + sizes[f]]`.

    A rule that does not depend on the field has one entry in `starts` and `sizes`.
    """

    column: Texts
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lines:
    """Alternatives with slots: the parts of a line at odd places are rule names."""

    lines: tuple[tuple[str, ...], ...]


class Grammar:
    """Rules by name.

    Args:
        rules: Rule name -> rule.
        fields: How many fields the field words have.

    Example:
        >>> grammar = Grammar.of({"hi": ("Hello {who}.",), "who": ("Ada", "Ada")})
        >>> grammar.one(np.random.default_rng(1), "hi")
        'Hello Ada.'
    """

    def __init__(self, rules: Mapping[str, Words | Lines], *, fields: int = 1) -> None:
        self._rules = dict(rules)
        self.fields = fields

    @classmethod
    def of(
        cls,
        texts: Mapping[str, Sequence[str]],
        by_field: Mapping[str, Sequence[Sequence[str]]] | None = None,
    ) -> Grammar:
        """Return the grammar of plain alternatives: rule name -> its words or lines.

        Args:
            texts: Alternatives of each rule; a slot that names no rule stays as it is.
            by_field: For rules that depend on the field, the words of each field.
        """
        bound = by_field or {}
        known = texts.keys() | bound.keys()
        rules = {name: _rule(alternatives, known) for name, alternatives in texts.items()}
        rules |= {name: _words(lists) for name, lists in bound.items()}
        return cls(rules, fields=max((len(lists) for lists in bound.values()), default=1))

    def size(self, rule: str) -> int:
        """How many alternatives a rule has."""
        found = self._rules[rule]
        return len(found.lines) if isinstance(found, Lines) else len(found.column)

    def words(self, rule: str) -> list[str]:
        """The alternatives of a rule without slots."""
        found = self._rules[rule]
        return list(found.column.to_pylist()) if isinstance(found, Words) else []

    def make(
        self, rng: np.random.Generator, rule: str, n: int, *, fields: Fields | None = None
    ) -> Texts:
        """Return n texts of a rule, drawn independently; `fields` (n,) fixes the field of each."""
        found = self._rules[rule]
        about = rng.integers(self.fields, size=n) if fields is None else fields
        if isinstance(found, Words):
            which = about if len(found.starts) > 1 else np.zeros(n, dtype=np.int64)
            picks = found.starts[which] + rng.integers(found.sizes[which])
            return found.column.take(pa.array(picks))
        picks = rng.integers(len(found.lines), size=n)
        rows = np.argsort(picks, kind="stable")
        edges = np.searchsorted(picks[rows], np.arange(len(found.lines) + 1))
        groups = [rows[a:b] for a, b in itertools.pairwise(edges)]
        pools = self._pools(rng, found.lines, [about[group] for group in groups])
        pieces = [
            _fill(line, len(group), pools)
            for line, group in zip(found.lines, groups, strict=True)
            if len(group)
        ]
        return scatter(pieces, [rows], n)

    def one(self, rng: np.random.Generator, rule: str) -> str:
        """Return one text of a rule."""
        return str(self.make(rng, rule, 1)[0].as_py())

    def narrow(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> Grammar:
        """Return a grammar in which each named rule keeps only that many alternatives."""
        rules = dict(self._rules)
        for name, size in sizes.items():
            old = rules[name]
            keep = np.sort(rng.permutation(self.size(name))[:size])
            rules[name] = (
                Lines(tuple(old.lines[i] for i in keep))
                if isinstance(old, Lines)
                else _words([old.column.take(pa.array(keep)).to_pylist()])
            )
        return Grammar(rules, fields=self.fields)

    def _pools(
        self, rng: np.random.Generator, lines: tuple[tuple[str, ...], ...], about: list[Fields]
    ) -> dict[str, _Pool]:
        needed: dict[str, list[Fields]] = {}
        for line, fields in zip(lines, about, strict=True):
            for name in line[1::2] if len(fields) else ():
                needed.setdefault(name, []).append(fields)
        return {
            name: _Pool(self.make(rng, name, sum(map(len, parts)), fields=np.concatenate(parts)))
            for name, parts in needed.items()
        }


class _Pool:
    """Texts made ahead, handed out from the front."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._used = 0

    def next(self, n: int) -> Texts:
        self._used += n
        return self._texts.slice(self._used - n, n)


def _fill(line: tuple[str, ...], n: int, pools: dict[str, _Pool]) -> Texts:
    if len(line) == 1:
        return pa.repeat(_literal(line[0]), n)
    return joined(*(pools[p].next(n) if i % 2 else p for i, p in enumerate(line) if i % 2 or p))


def _words(lists: Sequence[Sequence[str]]) -> Words:
    sizes = np.array([len(words) for words in lists], dtype=np.int64)
    column = pa.array([word for words in lists for word in words], pa.string())
    return Words(column, np.cumsum(sizes) - sizes, sizes)


def _rule(alternatives: Sequence[str], known: set[str]) -> Words | Lines:
    lines = tuple(_parts(text, known) for text in alternatives)
    return _words([alternatives]) if all(len(line) == 1 for line in lines) else Lines(lines)


def _parts(text: str, known: set[str]) -> tuple[str, ...]:
    parts = [""]
    end = 0
    for match in _SLOT.finditer(text):
        if match[1] in known:
            parts[-1] += text[end : match.start()]
            parts += [match[1], ""]
            end = match.end()
    parts[-1] += text[end:]
    return tuple(parts)


def read_words(name: str) -> dict[str, Any]:
    """Return one data file of `words/`."""
    return tomllib.loads(
        (files("revenuer.lab.traffic") / "words" / f"{name}.toml").read_text("utf-8")
    )


@cache
def english() -> Grammar:
    """Return the grammar of all data files (made once; the rules are never changed)."""
    texts: dict[str, Sequence[str]] = {
        "n9": [str(i) for i in range(2, 10)],
        "n99": [str(i) for i in range(11, 100)],
        "n999": [str(i) for i in range(101, 1000)],
        "n9999": [str(i) for i in range(1000, 10000)],
        "year": [str(i) for i in range(1950, 2026)],
        "brand": [head + tail for head in _HEADS.split() for tail in _TAILS.split()],
    }
    for name in _FILES:
        for rule, table in read_words(name).items():
            texts |= {k: v.split("|") for k, v in table.items() if k != "lines"}
            if "lines" in table:
                lines = table["lines"].replace("\\n", "\r").split("\n")
                texts[rule] = [line.replace("\r", "\n") for line in lines if line]
    fields = read_words("topics").values()
    return Grammar.of(texts, {w: [lists[w].split("|") for lists in fields] for w in _FIELD_WORDS})


@lru_cache(maxsize=8192)
def _literal(text: str) -> Any:
    # Making a scalar looks for an installed pandas each time: 20 times slower than this cache.
    return pa.scalar(text, pa.string())


def joined(*columns: Texts | str) -> Texts:
    """Return the columns written one after another, row by row; plain strings repeat."""
    pieces = [_literal(c) if isinstance(c, str) else c for c in columns]
    return pc.binary_join_element_wise(*pieces, _literal(""))


def paragraphs(
    rng: np.random.Generator, grammar: Grammar, rule: str, sentences: NDArray[np.int64]
) -> Texts:
    """Return one text a row, each of as many sentences of `rule` as `sentences` says."""
    offsets = np.concatenate([[0], np.cumsum(sentences)]).astype(np.int32)
    flat = grammar.make(rng, rule, int(offsets[-1]))
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), flat), _literal(" "))


def blend(rng: np.random.Generator, parts: Mapping[str, float], grammar: Grammar, n: int) -> Texts:
    """Return n texts, each of a rule drawn with the weights of `parts`."""
    weights = np.array(list(parts.values()))
    picks = rng.choice(len(weights), size=n, p=weights / weights.sum())
    pieces = [grammar.make(rng, rule, int((picks == i).sum())) for i, rule in enumerate(parts)]
    return scatter(pieces, [np.flatnonzero(picks == i) for i in range(len(pieces))], n)


def scatter(pieces: list[Texts], places: list[NDArray[np.intp]], n: int) -> Texts:
    """Return a column in which each piece stands at its places; the places cover 0..n-1 once."""
    back = np.empty(n, dtype=np.int64)
    back[np.concatenate(places) if places else []] = np.arange(n)
    return pa.concat_arrays(pieces).take(pa.array(back)) if n else pa.array([], pa.string())

"""The intent lexicon: which words of a prompt ask for training signal.

`rules/concepts.toml` names concepts, each a list of short phrases; `rules/rules.toml` names rules,
each a set of concepts that must (and must not) meet within one sentence or one text. A rule fires
or it does not: it says what the words ask for, never who asked or why. Its weight says how much
that is worth. `strong` alone asks for training signal; `weak` is said by ordinary users too
("step by step"), so it counts only where a group's share is far above the base rate.

This module defines the semantics in plain Python, exactly and slowly; the kernel that reads
millions of prompts is tested against `words` and `match`.

Words: lower case, one code point to one code point. A word is a maximal run of letters, digits and
other numbers, combining marks and underscores of the basic plane, except that each Han, Hiragana,
Katakana, Hangul or Thai character is a word of its own. An apostrophe after such a run vanishes
(don't is dont). A run of nothing but decimal digits is the word `#`. All else separates. A sentence
ends at `! ?`, at their full-width, Arabic and Devanagari forms, at a line end, and at a full stop
before white space or the end of the text; a semicolon joins what belongs together.

Fails on: misspelling, text in another encoding (base64), letters split by zero-width characters,
languages that the concepts do not list, and an operator who never says what is wanted.
"""

from __future__ import annotations

import itertools
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast, get_args

from revenuer.errors import InputError

Within = Literal["sentence", "text"]
Weight = Literal["strong", "weak"]
Kind = Literal[
    "reasoning_elicitation",
    "trace_extraction",
    "jailbreak_wrapper",
    "rubric_grading",
    "preference_labels",
    "trace_cleaning",
    "instruction_harvest",
    "tool_use_harvest",
    "coding_harvest",
    "environment_harvest",
    "safe_rewrite",
]

RULES = Path(__file__).parent / "rules"
#: A set of concepts is one signed 64-bit integer in the kernel, with room for two flags.
MOST_CONCEPTS = 62
MOST_RULES = 64
LONGEST_PHRASE = 6

#: How the names of characters begin that are words of their own. Korean has spaces, but glues
#: particles to its nouns.
UNSPACED = (
    "CJK UNIFIED",
    "CJK COMPATIBILITY IDEOGRAPH",
    "HIRAGANA",
    "KATAKANA",
    "HANGUL",
    "THAI",
)
APOSTROPHES = "'’"
SENTENCE_ENDS = "!?\n！？。؟।\u2028\u2029"


class Phrase(NamedTuple):
    """One wording: its words, and the index of the concept that it stands for."""

    words: tuple[str, ...]
    concept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Concepts that together ask for training signal.

    Attributes:
        rule_id: Stable id, such as `I03`.
        kind: What is asked for.
        within: Whether the concepts must meet in one sentence or anywhere in the text.
        weight: `strong` by itself, `weak` only as a share far above the base rate.
        reason: Why this is training signal, in a sentence an account holder can read.
        all_mask: Bit c is set when concept c must be present.
        none_mask: Bit c is set when concept c must be absent from the same sentence or text.
    """

    rule_id: str
    kind: Kind
    within: Within
    weight: Weight
    reason: str
    all_mask: int
    none_mask: int


# Compared by identity: to hash all phrases at each `match` took longer than to match.
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lexicon:
    """Concepts by index, every phrase of each, and the rules over them.

    A phrase may stand for several concepts; it then occurs once for each.
    """

    concepts: tuple[str, ...]
    phrases: tuple[Phrase, ...]
    rules: tuple[Rule, ...]


def words(text: str) -> list[list[str]]:
    """Return the sentences of a text as lists of words; sentences without a word are left out.

    Example:
        >>> words("Don't skip: 12 steps. 思考 aloud!")
        [['dont', 'skip', '#', 'steps'], ['思', '考', 'aloud']]
    """
    sentences: list[list[str]] = [[]]
    run = ""
    for place, char in enumerate(text):
        kind = _kind(char)
        if kind == "spaced":
            run += _lower(char)
        elif not (run and char in APOSTROPHES):
            sentences[-1] += _word(run)
            run = ""
            if kind == "unspaced":
                sentences[-1].append(char)
            elif _ends_sentence(text, place):
                sentences.append([])
    sentences[-1] += _word(run)
    return [sentence for sentence in sentences if sentence]


def match(text: str, lexicon: Lexicon) -> frozenset[str]:
    """Return the ids of the rules that a text fires.

    A text without words fires nothing, not even a rule that asks for no concept.
    """
    masks = _phrase_masks(lexicon)
    sentences = [_concepts_of(sentence, masks) for sentence in words(text)]
    whole = 0
    for mask in sentences:
        whole |= mask
    scopes: dict[Within, list[int]] = {"sentence": sentences, "text": [whole]}
    return frozenset(
        rule.rule_id
        for rule in lexicon.rules
        if any(
            mask & rule.all_mask == rule.all_mask and not mask & rule.none_mask
            for mask in scopes[rule.within]
        )
    )


def load(folder: Path = RULES) -> Lexicon:
    """Read `concepts.toml` and `rules.toml`.

    Within a phrase, `a|b` stands for either word, `a|` for a word that may be missing, and `#` for
    any number.

    Raises:
        InputError: A file cannot be read, or breaks a limit; the message names file and entry.
    """
    raw_concepts = _read(folder / "concepts.toml")
    raw_rules = _read(folder / "rules.toml")
    if len(raw_concepts) > MOST_CONCEPTS:
        raise InputError(
            f"concepts.toml has {len(raw_concepts)} concepts; at most {MOST_CONCEPTS} fit",
            hint="merge two concepts that every rule uses alike",
        )
    if len(raw_rules) > MOST_RULES:
        raise InputError(
            f"rules.toml has {len(raw_rules)} rules; at most {MOST_RULES} are allowed",
            hint="merge two rules",
        )
    bits = {name: 1 << index for index, name in enumerate(raw_concepts)}
    return Lexicon(
        concepts=tuple(raw_concepts),
        phrases=tuple(
            Phrase(phrase, index)
            for index, (name, raw) in enumerate(raw_concepts.items())
            for phrase in _phrases(name, raw)
        ),
        rules=tuple(_rule(rule_id, raw, bits) for rule_id, raw in raw_rules.items()),
    )


@cache
def _kind(char: str) -> Literal["spaced", "unspaced", "separator"]:
    category = unicodedata.category(char)
    if category[0] not in "LMN" and char != "_":
        return "separator"
    if unicodedata.name(char, "").startswith(UNSPACED):
        return "unspaced"
    # Beyond the basic plane: emoji, ancient scripts, letters styled as mathematics.
    return "spaced" if ord(char) < 0x10000 else "separator"


def _lower(char: str) -> str:
    lower = char.lower()
    return lower if len(lower) == 1 else char


def _ends_sentence(text: str, place: int) -> bool:
    if text[place] == ".":
        return place + 1 == len(text) or text[place + 1] <= " "
    return text[place] in SENTENCE_ENDS


def _word(run: str) -> list[str]:
    if not run:
        return []
    return ["#" if all(unicodedata.category(char) == "Nd" for char in run) else run]


@lru_cache(maxsize=4)
def _phrase_masks(lexicon: Lexicon) -> dict[tuple[str, ...], int]:
    masks: dict[tuple[str, ...], int] = {}
    for phrase in lexicon.phrases:
        masks[phrase.words] = masks.get(phrase.words, 0) | 1 << phrase.concept
    return masks


def _concepts_of(sentence: list[str], masks: dict[tuple[str, ...], int]) -> int:
    found = 0
    for start in range(len(sentence)):
        for length in range(1, LONGEST_PHRASE + 1):
            found |= masks.get(tuple(sentence[start : start + length]), 0)
    return found


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path.name} cannot be read: {error}") from error
    for name, entry in raw.items():
        if not isinstance(entry, dict):
            raise InputError(f"{path.name}: {name} is not a table", hint=f"write [{name}]")
    return raw


def _phrases(name: str, raw: dict[str, Any]) -> list[tuple[str, ...]]:
    texts = raw.get("phrases")
    if not texts or not all(isinstance(text, str) for text in texts):
        raise InputError(f"concepts.toml: {name} has no phrases", hint='write phrases = ["..."]')
    phrases: dict[tuple[str, ...], None] = {}
    for text in texts:
        fresh = [phrase for phrase in _expand(name, text) if phrase not in phrases]
        if not fresh:
            raise InputError(f"concepts.toml: {name} has the phrase '{text}' twice")
        phrases.update(dict.fromkeys(fresh))
    return list(phrases)


def _expand(name: str, text: str) -> list[tuple[str, ...]]:
    # Each alternative is split once: their product runs to thousands of phrases.
    choices = [[_one_run(choice) for choice in piece.split("|")] for piece in text.split()]
    phrases = [sum(chosen, ()) for chosen in itertools.product(*choices)]
    lengths = {len(phrase) for phrase in phrases}
    if len(words(text)) != 1 or min(lengths) < 1 or max(lengths) > LONGEST_PHRASE:
        raise InputError(
            f"concepts.toml: {name} has the phrase '{text}'; "
            f"a phrase is 1 to {LONGEST_PHRASE} words of one sentence"
        )
    return phrases


def _one_run(choice: str) -> tuple[str, ...]:
    return tuple(word for sentence in words(choice.replace("#", "0")) for word in sentence)


def _rule(rule_id: str, raw: dict[str, Any], bits: dict[str, int]) -> Rule:
    unknown = [key for key in (*raw.get("all", ()), *raw.get("none", ())) if key not in bits]
    if unknown:
        raise InputError(f"rules.toml: {rule_id} names the unknown concept '{unknown[0]}'")
    if not raw.get("all") or not raw.get("reason"):
        raise InputError(f"rules.toml: {rule_id} needs `all` and `reason`, and both filled")
    return Rule(
        rule_id=rule_id,
        kind=cast(Kind, _choice(rule_id, raw, "kind", get_args(Kind))),
        within=cast(Within, _choice(rule_id, raw, "within", get_args(Within))),
        weight=cast(Weight, _choice(rule_id, raw, "weight", get_args(Weight))),
        reason=raw["reason"],
        all_mask=sum(bits[name] for name in set(raw["all"])),
        none_mask=sum(bits[name] for name in set(raw.get("none", ()))),
    )


def _choice(rule_id: str, raw: dict[str, Any], key: str, allowed: tuple[str, ...]) -> str:
    value = raw.get(key)
    if value not in allowed:
        raise InputError(
            f"rules.toml: {rule_id} has {key} {value!r}", hint=f"use one of {', '.join(allowed)}"
        )
    return str(value)

"""Computing a bundle again, as far as it lets a stranger.

    signature   the bundle says what its signer signed, and what it concludes follows from it
    tokens      with the scored token ids: what was seen, scored and dropped is as it says
    key         with the key: statistic, p-value and e-value are as it says, and the key is the one
                that was committed to

Whoever has the key can make marked text. So the last level shows that the numbers are right, and
the date of the commitment, vouched for by whoever published it, that they mean anything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from revenuer.errors import EvidenceError, InputError
from revenuer.prove.audit import tokens
from revenuer.prove.audit.bundle import EvidenceBundle, Statement
from revenuer.prove.audit.bundle import load as load_bundle
from revenuer.prove.audit.detect import Mark, judge, seed_of, units_of
from revenuer.prove.audit.evidence import Evidence
from revenuer.prove.audit.fields import Plain
from revenuer.prove.audit.windows import Seen, Unit
from revenuer.prove.marks import prf
from revenuer.prove.marks.green import GreenMark
from revenuer.prove.marks.gumbel import GumbelMark
from revenuer.prove.marks.keys import WatermarkKey
from revenuer.prove.marks.vllm import dual_keys

#: Numbers that two programs compute from the same tokens agree so far, absolutely below 1 and
#: relatively above; sums of a million logarithms in other orders differ by some 1e-10.
AGREES = 1e-8
_KEY = re.compile(
    rb'\{\n  "kind": "revenuer watermark key",\n  "format": 1,\n  "secret": "([0-9a-f]{64})"\n\}\n'
)
_SEED = re.compile(rb"(0|[1-9][0-9]{0,19})\n?")
#: Which number a mark was read with: the key's own, or that of vLLM's first key.
OWN, KEY_A = "key", "vllm key a"


class Level(StrEnum):
    """How much was computed again."""

    SIGNATURE = "signature"
    TOKENS = "tokens"
    KEY = "key"


@dataclass(frozen=True)
class Verified:
    """A bundle that was not refused.

    Attributes:
        bundle: The bundle.
        level: How much of its statements was computed again, by the least of them.
        is_committed: Whether the key given is the one that was committed to.
    """

    bundle: EvidenceBundle
    level: Level
    is_committed: bool


def described(scheme: Mark, *, unit: Unit = "window", seed: str = OWN) -> dict[str, Plain]:
    """Return what a bundle says of a mark, enough to compute its test again.

    Args:
        scheme: A Gumbel mark or a green-list mark.
        unit: What is scored once.
        seed: `OWN`, or `KEY_A` where the mark was read with the first of vLLM's two keys.
    """
    told: dict[str, Plain] = {
        "name": scheme.name, "prf": prf.NAME, "seed": seed, "unit": unit, "window": scheme.window
    }  # fmt: skip
    return {**told, "gamma": float(scheme.gamma)} if isinstance(scheme, GreenMark) else told


def verify(
    data: bytes,
    *,
    public_key: str | None = None,
    token_ids: Sequence[bytes] = (),
    key: WatermarkKey | int | None = None,
) -> Verified:
    """Check a bundle, with as much as there is to check it with.

    Args:
        data: The bytes of the bundle.
        public_key: The signer's, from elsewhere.
        token_ids: Texts of token ids as `tokens.dump` writes them, in any order.
        key: The key, or its seed, once it may be told.

    Raises:
        EvidenceError: The bundle is refused, and why.
    """
    bundle = load_bundle(data, public_key=public_key)
    given = {tokens.digest(one): one for one in token_ids}
    wanted = {one.tokens for one in bundle.statements}
    for name in given:
        if name not in wanted:
            raise EvidenceError(f"the bundle is not about these token ids (SHA-256 {name})")
    is_committed = _is_committed(bundle, key)
    levels = [_level(one, given.get(one.tokens or ""), key) for one in bundle.statements]
    least = next(level for level in Level if level in levels)
    return Verified(bundle, least, is_committed)


def _is_committed(bundle: EvidenceBundle, key: WatermarkKey | int | None) -> bool:
    if key is None:
        return False
    # Nobody commits to a number: beside a commitment it would be one chosen after the text.
    digest = key.digest if isinstance(key, WatermarkKey) else None
    for statement in bundle.statements:
        if statement.evidence.details.get("key", digest) != digest:
            raise EvidenceError("this is not the key that the bundle names")
    if bundle.commitment is None:
        return False
    if bundle.commitment.digest != digest:
        raise EvidenceError("this is not the key that was committed to")
    return True


def _level(statement: Statement, token_ids: bytes | None, key: WatermarkKey | int | None) -> Level:
    if token_ids is None or not statement.scheme:
        return Level.SIGNATURE
    again = _again(statement, token_ids, 0 if key is None else key)
    _compare(statement.evidence, again, with_key=key is not None)
    return Level.TOKENS if key is None else Level.KEY


def _again(statement: Statement, token_ids: bytes, key: WatermarkKey | int) -> Evidence:
    scheme, unit, is_first_of_two = _scheme(statement)
    try:
        seed = dual_keys(seed_of(key)).a if is_first_of_two else seed_of(key)
        units = units_of(tokens.scored(tokens.load(token_ids)), scheme.window, Seen(unit))
    except InputError as error:
        raise EvidenceError(f"the bundle is refused: {error.message}") from error
    judged = judge(units, seed, scheme)
    return replace(
        statement.evidence, seen=units.seen, scored=len(units.tokens), statistic=judged.total,
        log10_p=judged.log10_p, log10_e=judged.log10_e, dropped=units.dropped,
        details={"highest_log10_e": judged.highest_log10_e},
    )  # fmt: skip


def _scheme(statement: Statement) -> tuple[Mark, Unit, bool]:
    """Return the mark, what is scored once, and whether vLLM's first key of two reads it."""
    told = dict(statement.scheme)
    window, gamma = told.get("window"), told.get("gamma")
    unit: Unit = "window" if told.get("unit") == "window" else "window and token"
    part = KEY_A if told.get("seed") == KEY_A else OWN
    if isinstance(window, int) and isinstance(gamma, float | None):
        try:
            mark = GumbelMark(window) if gamma is None else GreenMark(gamma, window=window)
        except InputError as error:
            raise EvidenceError(f"the bundle is refused: {error.message}") from error
        # What was left aside above, or is not known, shows here.
        if described(mark, unit=unit, seed=part) == told:
            return mark, unit, part == KEY_A
    raise EvidenceError(f"the scheme of {statement.evidence.test} cannot be computed again")


def key_of(content: bytes) -> WatermarkKey | int:
    """Return the key in a file that was handed over: as `WatermarkKey.save` wrote it, or a seed.

    Raises:
        InputError: It is neither, to the byte.
    """
    found, number = _KEY.fullmatch(content), _SEED.fullmatch(content)
    if found:
        return WatermarkKey(bytes.fromhex(found[1].decode()))
    if number is None or int(number[1]) >= 1 << 64:
        raise InputError(
            "the key's file is neither a key of revenuer nor a number in 0 .. 2^64 - 1",
            hint="give it as it was written; no byte may differ",
        )
    return int(number[1])


def _compare(told: Evidence, again: Evidence, *, with_key: bool) -> None:
    pairs: list[tuple[str, object, object]] = [
        ("seen", told.seen, again.seen),
        ("scored", told.scored, again.scored),
        ("dropped", told.dropped, again.dropped),
    ]
    wrong = [name for name, ours, theirs in pairs if ours != theirs]
    if with_key:
        highest = "highest_log10_e"
        numbers = {
            "statistic": (told.statistic, again.statistic),
            "log10_p": (told.log10_p, again.log10_p),
            "log10_e": (told.log10_e, again.log10_e),
            highest: (told.details.get(highest), again.details.get(highest)),
        }
        wrong += [name for name, pair in numbers.items() if not _agree(*pair)]
    if wrong:
        raise EvidenceError(
            f"computed again, {', '.join(wrong)} of {told.test} is not what the bundle says"
        )


def _agree(told: object, again: object) -> bool:
    if told is None:
        return True
    if not isinstance(told, float) or not isinstance(again, float):
        return False
    return math.isclose(told, again, rel_tol=AGREES, abs_tol=AGREES)

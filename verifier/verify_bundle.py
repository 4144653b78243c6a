"""Check an evidence bundle without the program that made it.

    python verify_bundle.py BUNDLE [--public-key HEX] [--tokens FILE ...] [--key FILE]

Needs numpy. Sections are those of `docs/reference/evidence-bundle.md`. Exits with 1 if it refuses.
"""

import argparse
import hashlib
import json
import math
import re
import sys
from datetime import datetime
from pathlib import Path

import numpy as np

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
TOO_LITTLE = "Too little to tell: no test had the units that it needs."
NONE = "No evidence was found. This does not show innocence: marks can be removed, tests can miss."
FOUND = """{0} against the null hypothesis of the test {1}: under it, a result at least this \
extreme has a chance of at most {2}."""
RANK = """No evidence by itself: the test {1} ranks against what its owner says was random, and \
never flags alone. If it was, a result at least this extreme has a chance of at most {2}. This \
does not show innocence."""
RANKS = ("agreement", "order", "renumbered units")
FEW = dict.fromkeys(("agreement", "canary", "renumbered units", "same units"), 20)
KEY = r'\{\n  "kind": "revenuer watermark key",\n  "format": 1,\n  "secret": "([0-9a-f]{64})"\n\}\n'
LINE = r"(text|context|read|said)((?: (?:0|[1-9][0-9]{0,9}))*)\n"
# Section "Fields": every body is a word of one regular language.
UNSEEN = (
    "\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)
TEXT, DIGEST = rf'"(?:[^"\\{UNSEEN}]|\\["\\])*"', '"[0-9a-f]{64}"'
COUNT, REAL = "(?:0|[1-9][0-9]{0,14})", r"-?[0-9]\.[0-9]{12}e[+-][0-9]{2,3}"
MAYBE_REAL, WHOLE = f"(?:{REAL}|null)", "(?:0|-?[1-9][0-9]{0,14})"
TIME = '"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"'


def record(**fields):
    return r"\{" + ",".join(f'"{name}":{form}' for name, form in fields.items()) + r"\}"


def map_of(form):
    return rf"\{{(?:{TEXT}:{form}(?:,{TEXT}:{form})*)?\}}"


PLAIN = map_of(f"(?:{TEXT}|{REAL}|{WHOLE})")
COMMITMENT, INPUT = record(at=TIME, digest=DIGEST), record(bytes=COUNT, name=TEXT, sha256=DIGEST)
EVIDENCE = record(
    details=PLAIN, dropped=map_of(COUNT), fewest=COUNT, log10_e=MAYBE_REAL, log10_p=REAL,
    null=TEXT, scheme=PLAIN, scored=COUNT, seen=COUNT, smallest_log10_p=MAYBE_REAL,
    statistic=REAL, test=TEXT, tokens=f"(?:{DIGEST}|null)", verdict=TEXT,
)  # fmt: skip
BODY = record(
    code=TEXT, commitment=f"(?:{COMMITMENT}|null)", conclusion=TEXT,
    created=TIME, evidence=rf"\[{EVIDENCE}(?:,{EVIDENCE})*\]", format="1",
    inputs=rf"\[(?:{INPUT}(?:,{INPUT})*)?\]", kind='"revenuer evidence bundle"', public_key=DIGEST,
)  # fmt: skip
FILE = re.compile(rf'\{{"bundle":({BODY}),"signature":"([0-9a-f]{{128}})"\}}\n')


def need(holds, why):
    if not holds:
        raise ValueError(why)


# Section "Signature": Ed25519 (RFC 8032, 5.1), points as (X, Y, Z, T) with x = X/Z, xy = T/Z.
def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    rest = times(number >> 1, add(point, point)) if number else (0, 1, 1, 0)
    return add(rest, point) if number & 1 else rest


def decoded(data):
    """Read 32 bytes as a point; None if they are none, or a second spelling of one."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number % 2**255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def encoded(point):
    x, y = (part * pow(point[2], -1, P) % P for part in point[:2])
    return (y | (x & 1) << 255).to_bytes(32, "little")


def is_signed(public, message, signature):
    """Tell whether an Ed25519 signature holds, without cofactor, S < L, no key of small order."""
    key, s = decoded(public), int.from_bytes(signature[32:], "little")
    if key is None or s >= L or encoded(times(8, key)) == (1).to_bytes(32, "little"):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    base = decoded((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    minus = (P - key[0], key[1], key[2], P - key[3])
    return encoded(add(times(s, base), times(k, minus))) == signature[:32]


# Sections "File" and "Spelling".
def ordered(pairs):
    need(list(dict(pairs)) == sorted(name for name, _ in pairs), "keys are doubled or disordered")
    return dict(pairs)


def real(text):
    need(f"{float(text) + 0.0:.12e}" == text, f"{text} is no spelling of a number")
    return float(text)


def read_bundle(data):
    """Return the body of a bundle, after its signature and its sense were checked."""
    need(len(data) <= 2**24, "the bundle is too long")
    need(found := FILE.fullmatch(data.decode()), "it is no bundle, or a byte of it was changed")
    body = json.loads(found[1], object_pairs_hook=ordered, parse_float=real)
    message, key = b"revenuer evidence bundle 1\0" + found[1].encode(), body["public_key"]
    need(is_signed(bytes.fromhex(key), message, bytes.fromhex(found[2])), "the signature fails")
    at = body["commitment"]["at"] if body["commitment"] else body["created"]
    times = [datetime.strptime(one, "%Y-%m-%dT%H:%M:%S%z") for one in (at, body["created"])]
    need(times[0] <= times[1], "the key was committed to after the evidence was made")
    for one in body["evidence"]:
        need(one["seen"] >= one["scored"] + sum(one["dropped"].values()), "counts do not add up")
        few = one["fewest"] < (200 if one["scheme"] else FEW.get(one["test"], 200))
        need(not few and -1e15 <= one["log10_p"] <= 0, "too few units asked for, or no p-value")
        need(one["verdict"] == verdict(one), "a verdict does not follow")
    need(body["conclusion"] == conclusion(body["evidence"]), "the conclusion does not follow")
    return body


def verdict(one):
    found = "strong evidence" if one["log10_p"] <= -6 else "evidence"
    told = "no evidence" if one["test"] in RANKS or one["log10_p"] > -4 else found
    return "too little to tell" if one["scored"] < one["fewest"] else told


# Section "Conclusion".
def conclusion(tests):
    told = [one for one in tests if one["scored"] >= one["fewest"]]
    for one in sorted(told, key=lambda one: (one["test"] in RANKS, one["log10_p"])):
        log10_p = min(0.0, one["log10_p"] + math.log10(len(tests)))
        if log10_p <= -4:
            degree = "Strong evidence" if log10_p <= -6 else "Evidence"
            at_most = f"10^{math.ceil(log10_p * 10) / 10:.1f}"
            at_most += f", corrected for {len(tests)} tests by Bonferroni" * (len(tests) > 1)
            return (RANK if one["test"] in RANKS else FOUND).format(degree, one["test"], at_most)
    return NONE if told else TOO_LITTLE


# Section "Computing again": Philox4x32-10 on arrays of uint64 that hold 32 bits each.
def philox(counter, key):
    (a, b, c, d), (j, k), low = counter, key, 0xFFFFFFFF
    for _ in range(10):
        x, y = a * np.uint64(0xD2511F53), c * np.uint64(0xCD9E8D57)
        a, b, c, d = (y >> 32) ^ b ^ j, y & low, (x >> 32) ^ d ^ k, x & low
        j, k = (j + 0x9E3779B9) & low, (k + 0xBB67AE85) & low
    return a, b, c, d


def uniforms(seed, windows, tokens):
    """Return the number in (0, 1) of each token in its window."""
    n, width = windows.shape
    low, high = (np.full(n, half, np.uint64) for half in (seed % 2**32, seed >> 32))
    state = [np.full(n, word, np.uint64) for word in (0x574D4358, width, 0, 0)]
    ids = [*(windows % 2**32).astype(np.uint64).T]
    ids += [np.full(n, 0xFFFFFFFF - i, np.uint64) for i in range(width % 4 or 4, 4)]
    for start in range(0, width, 4):
        block = [s ^ b for s, b in zip(state, ids[start : start + 4], strict=True)]
        state = philox(block, (low ^ start, high))
    words = philox((tokens.astype(np.uint64) >> 2, *state[:3]), (low ^ state[3], high ^ 0x574D544B))
    return (((np.choose(tokens % 4, words) >> 8) + 1.0) / (2.0**24 + 1.0)).astype(np.float32)


def units(lines, width, unit):
    """Return windows and tokens scored, the number seen, and what was dropped."""
    barred, kept, before, seen, met, in_context = set(), {}, (), 0, 0, 0
    for kind, ids in lines:
        for held in range(min(width, len(ids)) + 1 if kind == "context" and ids else 0):
            pieces = (ids[i : i + held] for i in range(len(ids) - held + 1))
            barred.update((-1,) * (width - held) + piece for piece in pieces)
        before = ids if kind in ("text", "read") else before
        need(kind != "said" or len(ids) == len(before), "what was said does not fit what was read")
        said, padded = ids if kind in ("text", "said") else (), (-1,) * width + before
        for window, token in ((padded[i : i + width], token) for i, token in enumerate(said)):
            name, seen = window if unit == "window" else (*window, token), seen + 1
            in_context += window in barred
            met += window not in barred and name in kept
            if window not in barred:
                kept.setdefault(name, (*window, token))
    rows = np.array(list(kept.values()), np.int64).reshape(-1, width + 1)
    dropped = {f"{unit} met before": met, "window in a context": in_context}
    return rows[:, :-1], rows[:, -1], seen, {why: n for why, n in dropped.items() if n}


def judged(numbers, gamma):
    """Return statistic, log10 p, log10 e and its highest value; `gamma` None for Gumbel marks."""
    n, strengths = len(numbers), 0.9 * 2.0 ** (-np.arange(16) / 2)
    if not n:
        return (0.0,) * 4
    scores = -np.log1p(-numbers.astype(float)) if gamma is None else numbers < np.float32(gamma)
    sums, counts = np.cumsum(scores, dtype=float)[:, None], np.arange(1.0, n + 1)[:, None]
    total, factorials = float(sums[-1, 0]), np.array([math.lgamma(k + 1.0) for k in range(n + 1)])
    if gamma is None:
        tail = np.arange(n) * math.log(total) - total - factorials[:-1]
        bets = counts * np.log(1 - strengths) + (sums - 6.0e-8 * counts) * strengths
    else:
        share = min(math.ceil(float(np.float32(gamma)) * 2**24) / 2**24, 1 - 2**-24)
        k, chances = np.arange(int(total), n + 1), share + (1 - share) * strengths
        tail = factorials[n] - factorials[k] - factorials[n - k] + k * math.log(share)
        tail, misses = tail + (n - k) * math.log1p(-share), counts - sums
        bets = sums * np.log(chances / share) + misses * np.log((1 - chances) / (1 - share))
    path = np.logaddexp.reduce(bets, axis=1) / math.log(10) - math.log10(16)
    log10_p = float(np.logaddexp.reduce(tail)) / math.log(10)
    return total, min(log10_p, 0.0), float(path[-1]), max(float(path.max()), 0.0)


def check_again(one, data, seed):
    """Count the tokens of a test again and, given a seed, compute its numbers again."""
    gamma, width, unit, of = map(one["scheme"].get, ("gamma", "window", "unit", "seed"))
    told = {"prf": "philox4x32-10-v1", "unit": unit, "window": width, "seed": of}
    told |= {"name": "gumbel"} if gamma is None else {"name": "green", "gamma": gamma}
    known = unit in ("window", "window and token") and of in ("key", "vllm key a")
    known &= gamma is None or (type(gamma) is float and 0 < gamma < 1 and np.float32(gamma) > 0)
    known &= type(width) is int and 0 < width <= 16 and one["scheme"] == told
    need(known, f"the scheme of {one['test']} is not known")
    if seed is not None and of == "vllm key a":
        seed = int.from_bytes(hashlib.sha256(b"key_a" + seed.to_bytes(8)).digest()[:8])
    found = [re.fullmatch(LINE, line) for line in data.decode().splitlines(keepends=True)]
    need(all(found), "a line of the token ids is none")
    lines = [(line[1], tuple(map(int, line[2].split()))) for line in found]
    need(max((max(ids, default=0) for _, ids in lines), default=0) < 2**32 - 1, "no token id")
    windows, tokens, seen, dropped = units(lines, width, unit)
    told = (one["seen"], one["scored"], one["dropped"])
    need(told == (seen, len(tokens), dropped), f"the counts of {one['test']} are wrong")
    names = ("statistic", "log10_p", "log10_e", "highest_log10_e")
    values = () if seed is None else judged(uniforms(seed, windows, tokens), gamma)
    for name, value in zip(names, values, strict=seed is not None):
        held = (one["details"] | one).get(name)
        near = type(held) is float and math.isclose(held, value, rel_tol=1e-8, abs_tol=1e-8)
        need(held is None or near, f"{name} of {one['test']} is wrong")


def seed_of(body, text):
    """Return the seed in a key's file, and refuse another key than was committed to."""
    found, number = re.fullmatch(KEY, text), re.fullmatch(r"(0|[1-9][0-9]{0,19})\n?", text)
    need(found or (number and int(number[1]) < 2**64), "this is no key")
    secret = bytes.fromhex(found[1] if found else "")
    digest = found and hashlib.sha256(b"revenuer key commitment 1\0" + secret).hexdigest()
    named = {one["details"].get("key") for one in body["evidence"]}
    named.add(body["commitment"] and body["commitment"]["digest"])
    need(named <= {None, digest}, "this is not the key that was committed to")
    seed = int.from_bytes(hashlib.sha256(b"revenuer mark 1\0" + secret).digest()[:8])
    return seed if found else int(number[1])


def check(data, public_key=None, token_files=(), key=None):
    """Return what was checked, in lines; raises ValueError where something is refused."""
    body = read_bundle(data)
    need(public_key in (None, body["public_key"]), f"it is signed by {body['public_key']}")
    seed = None if key is None else seed_of(body, key.decode())
    given = {hashlib.sha256(one).hexdigest(): one for one in token_files}
    need(given.keys() <= {one["tokens"] for one in body["evidence"]}, "not these token ids")
    again = [one for one in body["evidence"] if one["tokens"] in given and one["scheme"]]
    for one in again:
        check_again(one, given[one["tokens"]], seed)
    signer = f"Signed by {body['public_key']} at {body['created']}."
    key_is = f"Key committed to: {body['commitment']['at'] if body['commitment'] else 'never'}."
    which = "counts" if seed is None else "counts and numbers"
    tests = f"Computed again: {which} of {len(again)} of {len(body['evidence'])} tests."
    return "\n".join([signer, key_is, tests, body["conclusion"], ""])


def main():
    parser = argparse.ArgumentParser(description="Check an evidence bundle.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--public-key", metavar="HEX", type=str.lower)
    parser.add_argument("--tokens", metavar="FILE", type=Path, action="append", default=[])
    parser.add_argument("--key", metavar="FILE", type=Path)
    args = parser.parse_args()
    try:
        data, *tokens = [path.read_bytes() for path in (args.bundle, *args.tokens)]
        sys.stdout.write(check(data, args.public_key, tokens, args.key and args.key.read_bytes()))
    except (ValueError, OSError) as error:
        sys.exit(f"refused: {error}")


if __name__ == "__main__":
    main()

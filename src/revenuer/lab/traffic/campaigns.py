"""Which campaigns harvest the model?

Fifteen kinds cover the eleven reported behaviours (the numbers in `KINDS`). Each fixes the dials of
`stealth.Dials` that make it what it is, and with them families of ties that it always leaves;
the other dials, and so further families, are drawn with the campaign's stealth. `truth.parquet`
lists what each campaign really leaves.

| kind | always leaves | what it does |
|---|---|---|
| hydra | footprint, lifecycle | many accounts behind a proxy pool, several pathways |
| failover | synchrony, lifecycle | all banned at once, a new pool within hours |
| load_balance | footprint, synchrony, lifecycle | even volumes, round-robin, shared cards |
| template_slots | templates, partition | one frame around a grid of tasks, or verbatim |
| paraphrased_frames | partition, synchrony | the frame is worded anew each time |
| injected_prompt | templates, footprint | one fixed prompt before every request |
| reasoning_elicitation | templates, synchrony | wrappers and wishes for the reasoning |
| technique_search | templates, synchrony | many bypasses, mostly refused, then the winner |
| trace_replay | templates, footprint | reasoning references replayed in new conversations |
| reward_model | templates, lifecycle | grades, preferences, traces to be cleaned |
| model_pivot | synchrony, footprint | half the traffic moves to a new model within a day |
| relay | templates, partition | mixed into ordinary customers' traffic (`relays`) |
| subscription_abuse | footprint, lifecycle | small plans at full use round the clock |
| instruction_harvest | templates, partition | instructions and tool trajectories |
| no_frame | nothing | diverse questions, nothing shared, no rhythm |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from revenuer.errors import InputError
from revenuer.lab.traffic import stealth
from revenuer.lab.traffic.stealth import Dials

_STYLES = ("reasoning", "instruct", "rubric")
#: kind -> (numbers of the reported behaviours, fixed dials; a tuple is drawn from)
KINDS: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "hydra": (
        (1,),
        {"pool": ("datacentre", "residential"), "made": "batch", "style": _STYLES},
    ),
    "failover": (
        (2,),
        {
            "has_common_ban": True,
            "made": "batch",
            "timing": ("bursts", "round_robin"),
            "style": _STYLES,
        },
    ),
    "load_balance": (
        (3,),
        {
            "cards": "shared",
            "timing": "round_robin",
            "made": "batch",
            "volumes": "even",
            "mail": "throwaway",
            "style": _STYLES,
        },
    ),
    "template_slots": (
        (4,),
        {
            "text": ("verbatim", "slots", "slots"),
            "is_swept": True,
            "style": ("reasoning", "instruct"),
        },
    ),
    "paraphrased_frames": (
        (4,),
        {
            "text": "paraphrased",
            "is_swept": True,
            "timing": ("bursts", "round_robin"),
            "style": ("reasoning", "instruct"),
        },
    ),
    "injected_prompt": (
        (4,),
        {"text": "verbatim", "pool": ("datacentre", "residential"), "style": "reasoning"},
    ),
    "reasoning_elicitation": (
        (5,),
        {
            "text": "slots",
            "timing": ("bursts", "round_robin"),
            "has_wrapper": (True, False),
            "style": "reasoning",
        },
    ),
    "technique_search": (
        (6,),
        {
            "text": "slots",
            "has_search": True,
            "has_wrapper": True,
            "style": "reasoning",
            "replaced_share": 0.0,
        },
    ),
    "trace_replay": (
        (7,),
        {
            "text": "slots",
            "pool": ("datacentre", "residential"),
            "style": "replay",
            "is_swept": False,
        },
    ),
    "reward_model": (
        (8,),
        {
            "text": "slots",
            "made": "batch",
            "style": ("rubric", "rubric", "clean"),
            "is_swept": False,
        },
    ),
    "model_pivot": (
        (9,),
        {"pivot_share": 0.48, "cards": ("shared", "few"), "style": _STYLES},
    ),
    "relay": (
        (10,),
        {
            "text": "slots",
            "is_swept": True,
            "style": ("reasoning", "instruct"),
            "cards": "own",
            "pool": "unique",
            "made": "spread",
            "timing": ("flat", "bursts"),
            "replaced_share": 0.0,
        },
    ),
    "subscription_abuse": (
        (11,),
        {
            "pool": "residential",
            "made": "batch",
            "timing": "flat",
            "volumes": "even",
            "client": "own",
            "style": _STYLES,
        },
    ),
    "instruction_harvest": (
        (4,),
        {"text": "slots", "is_swept": True, "style": ("instruct", "tools")},
    ),
    "no_frame": (
        (),
        {
            "text": "none",
            "cards": "own",
            "pool": "unique",
            "is_swept": False,
            "timing": "flat",
            "made": "spread",
            "volumes": "uneven",
            "mail": "mixed",
            "client": "own",
            "replaced_share": 0.0,
            "cover_share": 0.15,
        },
    ),
}
#: Share of all exchanges that the campaigns of a default run may take together.
LARGEST_SHARE = 0.22
_FEWEST_ACCOUNTS, _MOST_ACCOUNTS = 8, 80
_FEWEST_EACH, _MOST_EACH = 40, 400


def checked(names: Sequence[str] | None) -> tuple[str, ...]:
    """Return the kinds asked for: all of them for None, none for `["none"]`.

    Raises:
        InputError: A name is not that of a kind.
    """
    if names is None:
        return tuple(KINDS)
    if list(names) == ["none"]:
        return ()
    for name in names:
        if name not in KINDS:
            raise InputError(
                f"there is no campaign kind {name!r}; the kinds are {', '.join(KINDS)}",
                hint="name some of them, separated by commas, or say none",
            )
    return tuple(dict.fromkeys(names))


def plan(
    rng: np.random.Generator, kinds: Sequence[str], *, exchanges: float, scale: float
) -> list[Dials]:
    """Return the dials of the campaigns of a run: one or two of each kind, at random stealth.

    Sizes are heavy-tailed, 8 to 80 accounts with 40 to 400 exchanges each at scale 1, and shrink
    together until all campaigns take at most 22 % of `exchanges`.
    """
    growth = max(scale, 1.0) ** 0.5
    drawn = [
        (kind, int(np.clip((rng.pareto(1.5) + 1) * 9, _FEWEST_ACCOUNTS, _MOST_ACCOUNTS) * growth),
         float(np.clip(rng.lognormal(4.5, 0.6), _FEWEST_EACH, _MOST_EACH)))
        for kind in kinds
        for _ in range(int(np.ceil(rng.integers(1, 3) * growth)))
    ]  # fmt: skip
    return [
        stealth.draw(
            rng, kind, KINDS[kind][1], stealth=float(rng.beta(1.4, 1.0)), seats=seats, each=each
        )
        for kind, seats, each in _fit(drawn, LARGEST_SHARE * exchanges)
    ]


def _fit(drawn: list[tuple[str, int, float]], most: float) -> list[tuple[str, int, int]]:
    for shrink in np.linspace(1.0, 0.0, 41):
        sizes = [
            (
                kind,
                max(_FEWEST_ACCOUNTS, round(seats * (0.3 + 0.7 * shrink))),
                max(_FEWEST_EACH, round(each * shrink)),
            )
            for kind, seats, each in drawn
        ]
        # Replacements double a third of the seats: hence the factor.
        if sum(seats * each for _, seats, each in sizes) * 1.35 <= most:
            return sizes
    return [(kind, _FEWEST_ACCOUNTS, _FEWEST_EACH) for kind, _, _ in drawn]

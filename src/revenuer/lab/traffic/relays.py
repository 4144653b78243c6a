"""How does a harvest hide in other people's traffic?

A relay's accounts are those of resellers with many ordinary customers; they are old, pay for
themselves and share nothing. The campaign's jobs are spread over them and make up 3 to 30 % of what
each sends. Only the harvested requests are alike: one frame, a grid swept once, and at times a
common queue. All accounts have the role `carrier`.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer.lab.traffic import dispatch, frames, harvests, operators, people, wording
from revenuer.lab.traffic.exchanges import Draft, Scene, make_answers
from revenuer.lab.traffic.stealth import Dials
from revenuer.lab.traffic.world import World

#: Ordinary exchanges of a carrier at most, per harvested exchange: most carriers, some carriers.
_MOST_ORDINARY = np.array([6, 20])


def relay(rng: np.random.Generator, world: World, dials: Dials, campaign_id: str) -> Scene:
    """Return the carriers of one relayed campaign with all that they send."""
    n = dials.seats
    roster = people.enrol(
        rng, world, n, kind="relay", plan="team", is_programme=True, new_share=0.0
    )
    people.company_mail(rng, world, roster)
    roster.campaign[:] = campaign_id
    roster.role[:] = "carrier"
    roster.group[:] = campaign_id
    roster.families = [list(dials.families) for _ in range(n)]
    owner, at_s = dispatch.jobs(rng, world, dials, dispatch.seat(rng, world, dials))
    taken = np.bincount(owner, minlength=n)
    share = rng.uniform(0.03, 0.3, size=n) if dials.stealth > 0.5 else rng.uniform(0.1, 0.5, size=n)
    most = dials.each * rng.choice(_MOST_ORDINARY, p=[0.7, 0.3], size=n)
    ordinary = np.clip(taken * (1 - share) / share, 5, most).astype(np.int64)
    draft = operators.resold(rng, world, roster, ordinary + taken)
    # The first requests of each account give way to its jobs; times are replaced, so which ones
    # they are does not matter.
    rows = np.argsort(draft.owner, kind="stable")
    ends = np.cumsum(ordinary + taken)
    ordinal = np.arange(len(rows)) - np.repeat(ends - ordinary - taken, ordinary + taken)
    rows = rows[ordinal < np.repeat(taken, ordinary + taken)]
    order = np.argsort(owner, kind="stable")
    draft.at_s[rows] = at_s[order]
    _fill(rng, world, dials, draft, rows)
    return Scene(roster, draft)


def _fill(
    rng: np.random.Generator,
    world: World,
    dials: Dials,
    draft: Draft,
    rows: NDArray[np.int64],
) -> None:
    """Put the harvest's texts, models and lengths at the given rows."""
    n, total = len(rows), len(draft.owner)
    frame = frames.compose(rng, world, mode=dials.text, style=dials.style, has_wrapper=False)
    cells = frames.sweep(rng, frame, n) if dials.is_swept else None
    asked = frames.ask(rng, world, frame, n, grid=cells)
    rest = np.setdiff1d(np.arange(total), rows)
    places = [rows, rest]
    draft.prompt = wording.scatter([asked.prompt, draft.prompt.take(pa.array(rest))], places, total)
    draft.completion = wording.scatter(
        [
            wording.blend(rng, harvests.ANSWERS[dials.style], world.grammar, n),
            make_answers(rng, world, None, len(rest)),
        ],
        places,
        total,
    )
    draft.model[rows] = harvests.target_models(rng, world, dials, draft.at_s[rows])
    draft.out_tokens[rows] = harvests.harvest_lengths(rng, dials, n)
    draft.is_harvest = np.isin(np.arange(total), rows)

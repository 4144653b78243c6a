"""Made traffic for measuring: `simulate` writes logs with the truth beside them.

The parts, in the order data flows: `wording` makes text from the grammars in `words/`; `world` is
what everybody shares; `internet` gives addresses and client programmes, `people` the accounts, and
`clock` the times. `chat`, `programmes` and `lookalikes` are honest; `campaigns` plans harvests from
the dials of `stealth`, which `dispatch`, `frames`, `harvests` and `relays` carry out. `failures`
says what goes wrong, `exchanges` completes the rows and `sink` sorts and writes them.

Nothing that detects may import this part or share its words, templates or constants.
"""

from revenuer.lab.traffic.week import EXCHANGES_A_WEEK, Truth, simulate

__all__ = ["EXCHANGES_A_WEEK", "Truth", "simulate"]

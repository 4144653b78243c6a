"""What later stages know of a log: numbers and sets, no text and no engine."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from revenuer.find.features.exchanges import Exchanges
from revenuer.find.features.hits import Matcher
from revenuer.find.features.sets import Sets

#: Layers of templates (`frames.Frames`), and those whose slots are filled.
LAYERS, SLOT_LAYERS = 3, (0, 1)
EVERY = slice(None)


class Texts(NamedTuple):
    """One row a distinct text.

    Attributes:
        templates: (texts, 3) template by layer (`frames.Frames`), -1 for none.
        place: (texts,) row of each in `slots` and `layouts`; -1, the empty last row, where its
            templates have no slots.
        slots: (rows, 2, 4) hashes of what stands in the slots of its template of each of the
            `SLOT_LAYERS`.
        layouts: (rows, 2) hash of the wording around those slots.
    """

    templates: NDArray[np.int32]
    place: NDArray[np.int32]
    slots: NDArray[np.uint64]
    layouts: NDArray[np.uint64]


class Features(NamedTuple):
    """All that later stages know.

    Attributes:
        accounts: One row an account, as `accounts.sql` says; the row is the account number.
        exchanges: One row an exchange.
        texts: One row a distinct text.
        models: Model names by model number.
        template_use: (templates, accounts) sparse counts of exchanges; row r is `template_ids[r]`.
        template_ids: Template number of each row; templates of under four exchanges are left out.
        template_sets, footprint_sets: Sets of accounts by family.
        matcher: The intent rules behind the hits.
        order, starts: Exchange rows by account, and (accounts + 1,) where each account begins.
        unavailable: Evidence that this log cannot give, in words.
    """

    accounts: Any
    exchanges: Exchanges
    texts: Texts
    models: list[str]
    template_use: sparse.csr_array
    template_ids: NDArray[np.int64]
    template_sets: Sets
    footprint_sets: Sets
    matcher: Matcher
    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    unavailable: tuple[str, ...]

    def without_slots(self) -> Features:
        """Return the same less what only evidence looks at: 80 bytes a text with slots."""
        place, few = np.full_like(self.texts.place, -1), slice(-1, None)
        texts = Texts(
            self.texts.templates,
            place,
            self.texts.slots[few].copy(),
            self.texts.layouts[few].copy(),
        )
        return self._replace(texts=texts)

    def rows_of(self, accounts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the exchange rows of some accounts, ascending."""
        parts = [self.order[self.starts[a] : self.starts[a + 1]] for a in accounts.tolist()]
        return np.sort(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def carries(self, rows: NDArray[np.int64], template: int) -> NDArray[np.bool_]:
        """Return (rows,) whether an exchange carries a template in any field."""
        found = np.zeros(len(rows), np.bool_)
        templates = self.texts.templates[:, template // len(self.texts.templates)]
        for texts in (self.exchanges.system, self.exchanges.prompt, self.exchanges.opening):
            own = texts[rows]
            found |= (own >= 0) & (templates[own] == template)
        return found


def carried_templates(
    exchanges: Exchanges, texts: Texts, rows: NDArray[np.int64] | slice = EVERY
) -> NDArray[np.int32]:
    """Return (rows, 9) templates of system prompt, prompt and opening; -1 for none."""
    fields = [field[rows] for field in (exchanges.system, exchanges.prompt, exchanges.opening)]
    carried = np.full((len(fields[0]), len(fields) * LAYERS), np.int32(-1))
    for number, own in enumerate(fields):
        held = np.flatnonzero(own >= 0)
        carried[held, number * LAYERS : (number + 1) * LAYERS] = texts.templates[own[held]]
    return carried

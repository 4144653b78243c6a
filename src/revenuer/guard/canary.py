"""A planted answer to a planted question.

The only transform that needs the prompt, and the only one that changes the answer. Whether a model
learnt what was served is tested by `prove.audit.canary_test`.
"""

from __future__ import annotations

import numpy as np

from revenuer.guard.transforms import Response, Transform
from revenuer.prove.marks.canaries import CanarySet


def canary(planted: CanarySet, prompt: str) -> Transform:
    """Answer what a prompt asks of the planted questions as the set says, without steps.

    Args:
        planted: The set of the campaign that the account belongs to; nobody else may be served it.
        prompt: What was asked. A question counts as asked where it stands in the prompt word for
            word, whatever surrounds it, in any case and spacing; if none does, the response stays
            as it is.
    """
    asked = _plain(prompt)
    found = [one.statement for one in planted.canaries if _plain(one.question) in asked]

    def transform(response: Response, rng: np.random.Generator) -> Response:
        # The model's own steps do not lead to what is planted.
        return Response("", " ".join(found)) if found else response

    return transform


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()

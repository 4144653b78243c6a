"""What a provider may do to a response before it leaves.

A transform is pure: a response and a random stream in, a response out. The lab measures what each
is worth to a distiller and what it costs an honest reader; the gateway applies the same functions.

Reasoning is text with one step a line. A model's own form is read into that and written back by
whoever speaks to the model.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Response:
    """What a model answers.

    Attributes:
        reasoning: Its steps, one a line; empty where there are none or none are shown.
        answer: What it concludes.
    """

    reasoning: str
    answer: str

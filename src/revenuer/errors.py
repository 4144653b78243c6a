"""What can go wrong, in one tree.

    RevenuerError            printed as one sentence and a hint; exit code 1
    ├── InputError           an argument, file or line that cannot be used (also a ValueError)
    ├── RunError             a run folder that is missing, newer, busy or damaged
    └── EvidenceError        a claim that cannot be made from what was given

Anything else that is raised is a bug and keeps its traceback.
"""

from __future__ import annotations


class RevenuerError(Exception):
    """Something a user can mend.

    Args:
        message: What is wrong, with the value and the place.
        hint: The next thing to try, as an imperative.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(RevenuerError, ValueError):
    """An argument, a file or a line cannot be used."""


class RunError(RevenuerError):
    """A run folder is missing, was written by a newer version, is busy or is damaged."""


class EvidenceError(RevenuerError):
    """The claim cannot be made from what was given."""

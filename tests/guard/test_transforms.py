"""Tests of revenuer.guard.transforms."""

from __future__ import annotations

from revenuer.guard.transforms import Response


def test_a_response_is_what_it_says() -> None:
    assert Response("1\n2", "3") == Response(reasoning="1\n2", answer="3")

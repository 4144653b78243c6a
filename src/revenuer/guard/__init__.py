"""Decisions about campaigns, and what they do to a response."""

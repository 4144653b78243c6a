"""Traces that only a key reads: what is put into outputs when they are made."""

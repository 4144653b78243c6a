"""Our outputs, marked, and tests that hold up."""

"""Was this text marked, was that model trained on it? Tests with error rates that hold."""

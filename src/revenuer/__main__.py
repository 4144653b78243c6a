"""`python -m revenuer` does what `revenuer` does."""

from __future__ import annotations

from revenuer.cli.main import main

if __name__ == "__main__":
    main(prog_name="revenuer")

#!/bin/sh
# The full grid of `runs/sweep_full.toml`: some ten hours on two processors, in as many pieces as you like.
# Every cell is kept when it is done; stop it whenever you want, and run it again to go on.
#
#   runs/sweep_full.sh DIR [WORKERS]
#   revenuer lab sweep runs/sweep_full.toml --out DIR --report-only   # what is done so far
set -eu
exec revenuer lab sweep "$(dirname "$0")/sweep_full.toml" --out "${1:?give a folder}" --workers "${2:-2}"

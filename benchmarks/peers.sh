#!/bin/sh
# Make a throwaway environment for each program that bench_peers.py compares revenuer with.
# None of them is a dependency of revenuer, and none may constrain what revenuer installs.
#
#   sh benchmarks/peers.sh [FOLDER]      FOLDER is made when missing; a new temporary one by default
set -eu

folder=${1:-$(mktemp -d)}
for peer in coordination-network-toolkit rensa datasketch; do
  "${PYTHON:-python3}" -m venv "$folder/$peer"
  "$folder/$peer/bin/pip" install --quiet --disable-pip-version-check "$peer"
  "$folder/$peer/bin/pip" freeze --disable-pip-version-check | grep -i "^$peer=="
done
echo "Now run: python benchmarks/bench_peers.py --peers $folder"

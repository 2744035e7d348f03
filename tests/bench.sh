#!/usr/bin/env bash
# Runs the benchmarks and prints their tables. They inform; nothing waits for their numbers.
#   bench.sh [NAME...]          NAME is a folder of tests/bench
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/bench"
names=("$@") failed=0
if [ ${#names[@]} -eq 0 ]; then
    for run in */run; do if [ -x "$run" ]; then names+=("${run%/run}"); fi; done
fi
for name in "${names[@]}"; do
    printf '\n== %s\n' "$name"
    "./$name/run" || { printf '%s could not be measured\n' "$name" >&2; failed=1; }
done
exit $failed

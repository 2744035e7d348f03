# shellcheck shell=bash disable=SC2034 # what the benchmarks use
# What every benchmark starts with: . "$(dirname "$0")/../lib.sh"
set -euo pipefail
SOURCE_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# What users run is what is measured: the release build, unless PILOTPROS names another binary.
if [ -z "${PILOTPROS:-}" ]; then
    PILOTPROS=$SOURCE_DIR/build/release/docker-pilotpros
    cmake --preset release -S "$SOURCE_DIR" >/dev/null
    cmake --build "$SOURCE_DIR/build/release" --target docker-pilotpros >/dev/null
fi
scratch=$(mktemp -d "${TMPDIR:-/tmp}/pilotpros-bench.XXXXXX")
export XDG_STATE_HOME=$scratch/state NO_COLOR=1
at_end=()
finally() { at_end+=("$*"); } # COMMAND…: run when the benchmark ends, last first
finish() {
    local status=$? i
    set +e
    for ((i = ${#at_end[@]} - 1; i >= 0; i--)); do eval "${at_end[i]}"; done
    rm -rf "$scratch"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

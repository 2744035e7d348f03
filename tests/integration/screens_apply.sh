#!/usr/bin/env bash
# beside: it judges no time
# What is said while something is applied, taken back, interrupted or refused, and afterwards, on terminals of three widths and piped, is as tests/screens keeps it.
# After a change that is meant: run with KEEP=write in the environment.
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=600
name=pilotpros-screens-$$
service() { # PROBE [MORE]: each has its own lines, so that it can be changed in place
    printf '\n    %s' 'image: debian:trixie-slim' 'init: true' 'stop_grace_period: 1s' "healthcheck: $1" 'command: sleep infinity' 'volumes: [/kept]' \
        'x-pilotpros: {pin: {memory: 96m}}' ${2:+"$2"}
}
project() { # FOLDER PROBE: two services
    mkdir "$scratch/$1"
    cat >"$scratch/$1/compose.yaml" <<Y
name: $name-$1
services:
  db: $(service "$2")
  web: $(service "$2" "depends_on: [db]")
Y
    finally "docker compose -p $name-$1 down -v -t 0 >/dev/null 2>&1"
    (cd "$scratch/$1" && docker compose --progress quiet up -d --wait)
}
project sound '{test: [CMD, "true"], interval: 10s, start_period: 30s, start_interval: 300ms}'
# Its probe passes as long as nobody sets the limit that is advised: what is applied cannot hold.
project failing '{test: [CMD-SHELL, "! grep -qsx 100663296 /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max"], interval: 1s, retries: 3, start_period: 2s, start_interval: 300ms}'

shows() { # FOLDER PLUGIN WHAT…: with nothing known but a profile
    rm -rf "$XDG_STATE_HOME"
    cd "$scratch/$1" && "$PILOTPROS" pilotpros profile --duration 2s >/dev/null 2>&1 || return
    python3 "$SOURCE_DIR/tests/tools/screens_apply.py" "$2" "$name-$1" "${@:3}"
}
expect "applied: what is said while it works, and afterwards" shows sound "$PILOTPROS" "${KEEP:-check}" applied applied-in-place applied-live locked exact-refused not-restored
expect "not applied: what is said of it, and afterwards" shows failing "$PILOTPROS" "${KEEP:-check}" apply-fails apply-interrupted apply-killed
# Planted: a plugin that says one thing more.
printf '#!/bin/sh\necho "one thing more" >&2\nexec "%s" "$@"\n' "$PILOTPROS" >"$scratch/talks"
chmod +x "$scratch/talks"
planted "a line more" shows sound "$scratch/talks" check applied first
expect "which is not the project's doing" shows sound "$PILOTPROS" check applied first

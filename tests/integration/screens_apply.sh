#!/usr/bin/env bash
# beside: it judges no time
# What an apply, the status after it and a rollback say while they work and afterwards, on terminals of three widths and piped, is as tests/screens/applied.txt keeps it.
# After a change that is meant: run with KEEP=write in the environment.
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=300
project=pilotpros-screens-$$
mkdir "$scratch/project"
cd "$scratch/project" || exit
cat >compose.yaml <<Y
name: $project
services:
  db: &sleeps
    image: debian:trixie-slim
    init: true
    stop_grace_period: 1s
    healthcheck: {test: [CMD, "true"], interval: 10s, start_period: 30s, start_interval: 300ms}
    command: sleep infinity
    volumes: [/kept]
    x-pilotpros: {pin: {memory: 96m}}
  web: {<<: *sleeps, depends_on: [db]}
Y
finally "docker compose -p $project down -v -t 0 >/dev/null 2>&1"
docker compose --progress quiet up -d --wait
shows() { # PLUGIN WHAT…: with nothing known but a profile
    rm -rf "$XDG_STATE_HOME"
    "$PILOTPROS" pilotpros profile --duration 2s >/dev/null 2>&1 || return
    python3 "$SOURCE_DIR/tests/tools/screens_apply.py" "$1" "$project" "${@:2}"
}
expect "what is said while it works, and afterwards" shows "$PILOTPROS" "${KEEP:-check}"
# Planted: a plugin that says one thing more.
printf '#!/bin/sh\necho "one thing more" >&2\nexec "%s" "$@"\n' "$PILOTPROS" >"$scratch/talks"
chmod +x "$scratch/talks"
planted "a line more" shows "$scratch/talks" check first
expect "which is not the project's doing" shows "$PILOTPROS" check first

#!/usr/bin/env bash
# beside one: an end may come late, and only so late
# Whatever an engine does wrong, a profile ends in time, in our own words and with a status of ours; what could not be learned is named. Every fault of
# the fake engine at every path that a profile asks for: every EVERY-th of them (2), from one of the first by chance; EVERY=1: all.
# shellcheck disable=SC2016 # stand-ins are expanded where they run
. "$(dirname "$0")/lib.sh"
export DOCKER_CONFIG=$scratch HOME=$scratch
tool=$SOURCE_DIR/tests/fake_engine/fake_engine.py
paths=(/_ping /version /info '/containers/json' '/containers/[0-9a-f]+/json' /top /changes '/stats\?.*one-shot' '/stats' /events /images/ '/exec' /archive)
kinds=(hang close drop nonsense truncate garbage endless 500 403)

# one NAME SECONDS OPTIONS…: a profile of two services on an engine of its own; prints what is wrong with the way it ended, or nothing
one() {
    local name=$1 seconds=$2 directory=$scratch/one-$1 status=0 begin=$SECONDS
    shift 2
    mkdir -p "$directory/project" "$directory/state"
    python3 "$tool" --socket "$directory/sock" --services 2 --directory "$directory/project" --log "$directory/log" "$@" >"$directory/ready" 2>"$directory/complaints" &
    local engine=$!
    for _ in $(seq 200); do [ ! -s "$directory/ready" ] || break; sleep 0.05; done
    (cd "$directory/project" && ulimit -v 4000000 && XDG_STATE_HOME=$directory/state DOCKER_HOST=unix://$directory/sock timeout -k 2 "$seconds" \
        "$PILOTPROS" pilotpros profile --duration 2s --format json) >"$directory/out" 2>"$directory/err" </dev/null || status=$?
    kill "$engine"
    wait "$engine" 2>/dev/null || true
    echo "$status" >"$directory/status"
    case $status in
        0 | 2) [ "$(jq '.services | length' "$directory/out" 2>/dev/null)" = 2 ] || echo "$name: exit $status without its two services" ;;
        5)
            { [ "$(grep -c '^docker pilotpros: ' "$directory/err")" = 1 ] && [ "$(grep -c '^  next: ' "$directory/err")" -le 1 ]; } ||
                echo "$name: exit 5 without a line of why: $(head -c 300 "$directory/err")" ;;
        124 | 137) echo "$name: still there after $seconds s" ;;
        *) echo "$name: exit $status: $(head -c 300 "$directory/err")" ;;
    esac
    [ -z "$(LC_ALL=C tr -d '[:print:]\n\t\200-\377' <"$directory/err")" ] || echo "$name: raw bytes in its error"
    if grep -qE 'our own error|Traceback|Sanitizer|terminate called' "$directory/err" "$directory/complaints"; then echo "$name: $(grep -hE 'our own error|Traceback|Sanitizer|terminate' "$directory/err" "$directory/complaints" | head -2)"; fi
    [ $((SECONDS - begin)) -le 60 ] || echo "$name: took $((SECONDS - begin)) s"
}
said() { jq -c '[.gaps[] | "\(.subject): \(.what): \(.why)"]' "$scratch/one-$1/out"; }

# Sixteen at a time: they mostly wait.
index=0 every=${EVERY:-2}
first=$((RANDOM % every))
for kind in "${kinds[@]}"; do
    for path in "${paths[@]}"; do
        index=$((index + 1))
        [ $((index % every)) = "$first" ] || continue
        one "$index" 75 --fault "$kind:$path" >"$scratch/wrong-$index" 2>&1 &
        printf '%s at %s' "$kind" "$path" >"$scratch/name-$index"
        while [ "$(jobs -rp | wc -l)" -ge 16 ]; do wait -n || true; done
    done
done
wait
for ((i = 1; i <= index; i++)); do
    [ -e "$scratch/name-$i" ] || continue
    if [ -s "$scratch/wrong-$i" ]; then fail "$(cat "$scratch/name-$i"): $(cat "$scratch/wrong-$i")"; else ok "$(cat "$scratch/name-$i"): exit $(cat "$scratch/one-$i/status")"; fi
done

# ---- what each of these must say ---------------------------------------------------------------------------------
judge() { # NAME STATUS OPTIONS…
    local wrong
    wrong=$(one "$1" 75 "${@:3}")
    if [ -z "$wrong" ] && [ "$(cat "$scratch/one-$1/status")" = "$2" ]; then ok "$1: exit $2"; else fail "$1: exit $(cat "$scratch/one-$1/status"), not $2: $wrong"; fi
}
field() { jq -r "$2" "$scratch/one-$1/out"; } # NAME FILTER
judge healthy 0
expect_in "healthy: measured" '^[1-9]' "$(field healthy '[.services[].containers[].usage.samples] | min')"
judge vanished 0 --vanish svc0002
expect_in "a container that is gone meanwhile is left out" '^\[1,0\]$' "$(field vanished '[.services | sort_by(.name)[] | .containers | length]|tojson')"
judge no-statistics 0 --fault '500:/stats'
for service in svc0001 svc0002; do expect_in "no statistics: named for $service" "$service: use: the engine answers 500" "$(said no-statistics)"; done
# What ends the stream of events is not taken for the engine's end.
judge no-events 0 --fault '403:/events'
expect_in "no events: told" 'engine: restarts and OOM kills since then: .*403' "$(said no-events)"
expect_in "no events: measured all the same" '^[1-9]' "$(field no-events '[.services[].containers[].usage.samples] | min')"
judge closed-events 0 --fault 'close:/events'
expect_in "events that are closed at once: told" 'engine: restarts and OOM kills since then' "$(said closed-events)"
judge cut-events 0 --fault 'cut:/events'
expect_not_in "events that are cut: opened again" 'restarts and OOM kills' "$(said cut-events)"
expect_in "events that are cut: from then on" '/events\?.*since=' "$(grep /events "$scratch/one-cut-events/log" | grep -v 'until=' | tail -n 1)"
judge cut-statistics 0 --fault 'cut:/stats'
for service in svc0001 svc0002; do expect_in "statistics that are cut: told of $service" "$service: use since then|$service: use:" "$(said cut-statistics)"; done
judge second-version 0 --cgroup 2
expect_in "control groups 2: recognised, and memory that cannot be reclaimed" '^2 [1-9]' "$(field second-version '"\(.engine.cgroup_version) \([.services[].containers[].usage.unreclaimable_bytes.max] | min)"')"
judge all-end 0 --die-after 2
expect_in "containers that end meanwhile: what was measured stays" '^[1-9]' "$(field all-end '[.services[].containers[].usage.samples] | max')"
expect_in "probe commands come from the recorded files" '/bin/sh' "$(field healthy '[.services[].probe_commands.sh] | tojson')"
judge ancient 0 --api-version 1.24
judge never-ending 0 --exec-hang
judge gone-in-the-middle 5 --fault 'drop:/containers/json'

# An engine that dies while a profile runs: what was measured until then is kept.
mkdir -p "$scratch/dying"
python3 "$tool" --socket "$scratch/dying.sock" --services 2 --directory "$scratch/dying" >"$scratch/dying.ready" &
engine=$!
until [ -s "$scratch/dying.ready" ]; do sleep 0.05; done
(sleep 5; kill "$engine") &
status=0
(cd "$scratch/dying" && DOCKER_HOST=unix://$scratch/dying.sock timeout 60 "$PILOTPROS" pilotpros profile --duration 30s --format json) >"$scratch/out" 2>"$scratch/err" </dev/null || status=$?
expect_status "an engine that dies meanwhile" 0 5
expect "an engine that dies meanwhile: what was measured is kept" bash -c 'find "$XDG_STATE_HOME" -type f -path "*profiles*" -size +0 | grep -q .'

# The judge itself: a program that crashes, hangs or says nothing must not pass.
stand_in() { printf '#!/bin/sh\n%s\n' "$1" >"$scratch/stand-in"; chmod +x "$scratch/stand-in"; (PILOTPROS=$scratch/stand-in; one "stand-in-$RANDOM" 3); }
for script in 'kill -SEGV $$' 'sleep 60' 'exit 0' 'exit 5' 'echo "docker pilotpros: our own error: x" >&2; exit 5' 'printf "docker pilotpros: \033[2J\n" >&2; exit 5' 'echo "{\"services\":[]}"'; do
    planted "$script" test -z "$(stand_in "$script" 2>/dev/null)"
done

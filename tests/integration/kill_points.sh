#!/usr/bin/env bash
# beside: it judges no time
# At any request to the engine, ours or Compose's, a kill -9 of us, of what we started, or of both, a connection that ends or a 500: one further command
# leaves what was there before or what was to be there after. What is there is judged by sha256sum and docker inspect, never by our own snapshot.
# ALL=1: every point with every kind of kill. Otherwise POINTS of them (4), chosen by SEED. DO="reset 500": other kinds.
. "$(dirname "$0")/lib.sh"
. "$SOURCE_DIR/tests/tools/sleeping_project.sh"
. "$SOURCE_DIR/tests/tools/walk.sh"
strike() { # AT KIND: an apply of both services, struck there
    timeout 150 python3 "$SOURCE_DIR/tests/tools/fault_proxy.py" --at "$1" --do "$2" -- "$driver" apply db,web 128m >"$scratch/struck" 2>&1 || true
}
recover() { # the next command, which waits while an orphan still holds the lock
    for _ in 1 2 3 4; do
        ours status
        [ "$status" = 3 ] || break
    done
}
back() { # to where nothing was ever applied
    if same before now >/dev/null; then rm -rf "$XDG_STATE_HOME"; else ours rollback --all --purge --yes; fi
}

strike 0 both
total=$(sed -n 's/ points, .*//p' "$scratch/struck")
expect "an apply through the proxy: $(tail -n 1 "$scratch/struck")" test "$total" -ge 15
seen >"$scratch/after"
planted "what there is after it is not what there was before" same before after
ours rollback --all --purge --yes
expect_status "purge" 0
seen >"$scratch/now"
expect "purge: as before" same before now

kinds=${DO:-us children both}
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
chosen() {
    local at kind
    for ((at = 1; at <= total; at++)); do for kind in $kinds; do echo "$at $kind"; done; done |
        if [ "${ALL:-}" = 1 ]; then cat; else shuf -n "${POINTS:-4}" --random-source=<(yes "$SEED"); fi
}
points=0 third=0 unrecovered=0 befores=0
while read -r at kind; do
    strike "$at" "$kind"
    points=$((points + 1))
    seen >"$scratch/struck-state"
    if ! same before struck-state >/dev/null && ! same after struck-state >/dev/null; then unrecovered=$((unrecovered + 1)); fi
    recover
    seen >"$scratch/now"
    if same before now >/dev/null; then befores=$((befores + 1)); fi
    if [ "$status" != 0 ] || { ! same before now >/dev/null && ! same after now >/dev/null; }; then
        third=$((third + 1))
        fail "$kind at point $at: exit $status $(head -c 400 <<<"$err") $(tail -n 4 "$scratch/struck") $(same before now || true)"
        docker compose up -d # and on with the others
        seen >"$scratch/now"
    fi
    back
done < <(chosen)
expect "$((points - third)) of $points points of $total with $kinds: before ($befores) or after; seed $SEED" test "$third" = 0
echo "without the next command $unrecovered of $points were a third state"
if [ "${ALL:-}" = 1 ]; then planted "without the next command there are third states ($unrecovered)" test "$unrecovered" = 0; fi
seen >"$scratch/now"
expect "at the end everything is as it was" same before now

# The comparison can fail: one mode, one limit, one container.
chmod 600 compose.yaml && seen >"$scratch/now" && chmod 644 compose.yaml
planted "a file's mode" same before now
docker update --memory 200m --memory-swap 200m "$name-web-1" >/dev/null && seen >"$scratch/now"
planted "a limit" same before now
docker create --name "pilotpros-keep-$name-0001" --network none debian:trixie-slim true >/dev/null && seen >"$scratch/now"
planted "a container that was left behind" same before now

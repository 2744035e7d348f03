#!/usr/bin/env bash
# beside: it judges no time
# A kill -9 before each of our own steps, in the middle of each writing, and while Compose works leaves what was there before or what was to be there
# after, and the next command finishes. What is there is judged by sha256sum and docker inspect, never by our own snapshot.
# Every STRIDE-th step (7) from one of the first on, by chance; STRIDE=1: every one.
. "$(dirname "$0")/lib.sh"
. "$SOURCE_DIR/tests/tools/walk.sh"
stride=${STRIDE:-7} first=$((RANDOM % ${STRIDE:-7} + 1))
run "$driver" apply web 128m
expect_status "apply" 0
seen >"$scratch/after"
ours rollback --all --purge --yes
expect_status "purge" 0

# ---- kill -9 before each of our own steps, and in the middle of each writing -------------------------------------------
run "$driver" apply web 128m
total=$(sed -n 's/ steps$//p' <<<"$out")
ours rollback --all --purge --yes
killed_services=web
for ((at = first; at <= total; at += stride)); do kill_apply "$at"; done
for ((at = 1 + first; at <= total; at += 3 * stride)); do kill_apply "$at" inside; done
expect "killed applies, every $stride from $first of $total steps: never a third state, $((points - third)) of $points" test "$third" = 0
planted "without the recovery there are third states ($unrecovered)" test "$unrecovered" = 0

run "$driver" apply web 128m
run "$driver" rollback web 0
total=$(sed -n 's/ steps$//p' <<<"$out")
points=0 third=0
for ((at = first; at <= total; at += stride)); do
    run "$driver" apply web 128m
    timeout 60 "$driver" rollback web 0 "$at" >/dev/null 2>&1 || true
    ours rollback --yes
    points=$((points + 1))
    seen >"$scratch/now"
    if [ "$status" != 0 ] || ! same before now >/dev/null; then
        third=$((third + 1))
        fail "rollback killed at step $at: exit $status $err $(same before now || true)"
    fi
done
expect "killed rollbacks, every $stride from $first of $total steps: finished by the next one, $((points - third)) of $points" test "$third" = 0
forget

# ---- killed while Compose works: its orphan holds the lock, and what it asked the engine for is waited for ------------------
for delay in 0.2 0.5 0.8 1.2 2; do
    : >"$scratch/steps" # what the one before said is not this one's
    "$driver" apply web 128m >/dev/null 2>"$scratch/steps" &
    pid=$!
    until grep -q recreating "$scratch/steps" || ! kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
    grep -q recreating "$scratch/steps" || fail "it ended before it was killed: $(tail -n 1 "$scratch/steps")"
    sleep "$delay"
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    for _ in 1 2 3 4 5; do
        ours status
        [ "$status" = 3 ] || break
    done
    expect_status "killed $delay s into Compose's work" 0
    sleep 3
    seen >"$scratch/now"
    if same before now >/dev/null || same after now >/dev/null; then ok "killed $delay s into it: before or after"; else fail "killed $delay s into it: $(same before now)"; fi
    ours rollback --all --purge --yes
done
seen >"$scratch/now"
expect "at the end everything is as it was" same before now

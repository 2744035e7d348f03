#!/usr/bin/env bash
# beside: it judges no time
# At requests of an apply to the real engine, ours or Compose's, the connection ends once, the answer is 500 once, or the engine is gone from then on. It
# ends applied (0), refused before the first change (3), rolled back by itself (4), or pending, which the next command finishes (5): never something in between, and never another exit code.
# POINTS of each kind (2), chosen by SEED; after an apply's first change.
. "$(dirname "$0")/../integration/lib.sh"
. "$SOURCE_DIR/tests/tools/sleeping_project.sh"
. "$SOURCE_DIR/tests/tools/walk.sh"
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
strike() { # AT KIND: an apply of both services, struck there
    status=0
    timeout -k 5 300 python3 "$SOURCE_DIR/tests/tools/fault_proxy.py" --from 'pilotpros-(lock|keep)-' --at "$1" --do "$2" -- "$driver" apply db,web 128m >"$scratch/struck" 2>&1 || status=$?
}
known() { # FILE: before, after or neither
    if same before "$1" >/dev/null; then echo before; elif same after "$1" >/dev/null; then echo after; else echo neither; fi
}
back() { # to where nothing was ever applied
    if same before now >/dev/null; then rm -rf "$XDG_STATE_HOME"; else ours rollback --all --purge --yes; fi
}
strike 0 reset
expect_status "an apply through the proxy: $(tail -n 1 "$scratch/struck")" 0
total=$(sed -n 's/ points, .*//p' "$scratch/struck")
seen >"$scratch/after"
planted "what is there after it is not what was there before" same before after
ours rollback --all --purge --yes
expect_status "purge" 0

struck=0 third=0 in_between=0
declare -A ends=()
while read -r at kind; do
    strike "$at" "$kind"
    struck=$((struck + 1)) code=$status
    seen >"$scratch/now"
    left=$(known now)
    ends[$code]=$((${ends[$code]:-0} + 1))
    [ "$left" != neither ] || in_between=$((in_between + 1))
    echo "      $(sed -n 's/^struck: //p' "$scratch/struck"): exit $code, $left"
    case $code:$left in 0:after | 3:before | 4:before | 5:*) ;; *) fail "$kind at point $at: exit $code, and it is $left: $(tail -n 6 "$scratch/struck") $(same before now)" ;; esac
    if [ "$kind:$code" = gone:4 ]; then fail "gone at point $at: exit 4 without an engine"; fi
    for _ in 1 2 3 4; do # the next command, which waits while an orphan still holds the lock
        ours status
        [ "$status" = 3 ] || break
    done
    seen >"$scratch/now"
    if [ "$status" != 0 ] || [ "$(known now)" = neither ]; then
        third=$((third + 1))
        fail "$kind at point $at, then status: exit $status $(head -c 400 <<<"$err") $(tail -n 4 "$scratch/struck") $(same before now || true)"
    fi
    back
done < <(for kind in reset 500 gone; do seq "$total" | shuf -n "${POINTS:-2}" --random-source=<(yes "$SEED$kind") | sed "s/$/ $kind/"; done)
told=''
for code in "${!ends[@]}"; do told+="${ends[$code]} with exit $code, "; done
expect "$((struck - third)) of $struck faults of $total points: ${told}and after the next command never a third state; seed $SEED" test "$third" = 0
planted "without the next command some are in between ($in_between)" test "$in_between" = 0
seen >"$scratch/now"
expect "at the end everything is as it was" same before now

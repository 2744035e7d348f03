#!/usr/bin/env bash
# beside: it compares answers
# One contract, two engines: what applies and rollbacks ask of an engine is answered alike by the real one and by the one in memory on which their own
# tests rest, or that one has drifted. What is kept was answered by the real one; tests/unit/apply/engine_contract.cpp holds the one in memory to it.
# After a change that is meant: this test with PILOTPROS_RECORD=1, and a look at the difference.
. "$(dirname "$0")/lib.sh"
driver=${BINARY_DIR:-$SOURCE_DIR/build/dev}/tests/engine_contract/pilotpros-contract-driver
kept=$SOURCE_DIR/tests/engine_contract/answers.txt
name=pp-engine-contract

clear() {
    docker ps -aq --filter "name=$name" | xargs -r docker rm -fv
    docker network rm "$name-front" "$name-back"
    docker volume rm "$name-named"
    docker rmi -f "$name:web" "$name:lean" "$name:moving"
} >/dev/null 2>&1 </dev/null
finally clear
clear || true
printf 'FROM debian:trixie-slim\nVOLUME /data\n' | docker build -q -t "$name:web" - >/dev/null
printf 'FROM debian:trixie-slim\nLABEL lean=yes\n' | docker build -q -t "$name:lean" - >/dev/null
docker network create "$name-front" >/dev/null
docker network create "$name-back" >/dev/null

RUN_SECONDS=120
run "$driver" real
expect_status "the real engine is asked" 0
cp "$scratch/out" "$scratch/real"
if [ -n "${PILOTPROS_RECORD:-}" ]; then cp "$scratch/real" "$kept"; fi
run "$driver" small
expect_status "the one in memory is asked" 0
cp "$scratch/out" "$scratch/small"
expect "nothing is left of it" test -z "$(docker ps -aq --filter "name=$name")"

expect "they are asked $(grep -vc '^==' "$kept") questions in $(grep -c '^==' "$kept") scenarios" test "$(wc -l <"$kept")" -gt 100
expect "the real engine answers as it did" diff "$kept" "$scratch/real"
expect "the one in memory answers as the real one" diff "$scratch/real" "$scratch/small"

# Each kept line that says something else must be noticed.
doctored() { # WHAT SED-SCRIPT
    sed "$2" "$kept" >"$scratch/doctored"
    if cmp -s "$kept" "$scratch/doctored"; then fail "not planted: $1"; fi
    planted "$1" diff "$scratch/doctored" "$scratch/real"
}
doctored "a start again that is done again" '/^start again: /s/304/204/'
doctored "an end with another code" '/^stopped: /s/"ended with":143/"ended with":0/'
doctored "a name that is given twice" '/^rename to a name that is given: /s/409.*/204/'
doctored "a list of all where the running were asked for" '/^the running: /s/\[.*\]/[]/'
doctored "a network's name that is lost" '/^made again, further networks: /s/"shop"/"web"/'
doctored "an image that moves along with its name" '/^its container keeps the image: /s/<web>/<lean>/'

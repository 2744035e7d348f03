#!/usr/bin/env bash
# beside: it judges no time
# Values put into the user's own file: nothing else in it changes, Compose makes of it what it makes of an override, a kill -9 at any step and a rollback
# give it back byte for byte. Over the corpus Compose itself is asked whether both are the same.
. "$(dirname "$0")/lib.sh"
write_project() { # FILE: with what a careless writer would lose: comments, an anchor, a variable, blanks, a last line without its end
    printf '%s' "# the shop
name: $name
x-sleeps: &sleeps
    image: debian:trixie-slim
    init: true
    stop_grace_period:   1s   # it sleeps
    healthcheck: {test: [CMD, \"true\"], interval: 10s, start_period: 30s, start_interval: 300ms}
    command: sleep infinity

services:
    web:
        <<: *sleeps
        environment: {TOKEN: \"\${TOKEN:-canary}\"} # from outside
        depends_on: [db]
        volumes: [/anonymous, \"named:/named\"]
        # nothing more
    db: {<<: *sleeps, volumes: [\"named:/named\"]}
volumes: {named: {}}" >"$1"
}
. "$SOURCE_DIR/tests/tools/walk.sh"
export DRIVER_IN_PLACE=1
cp compose.yaml "$scratch/original.yaml"

# ---- applied -----------------------------------------------------------------------------------------------------------
run "$driver" apply db,web 128m
expect_status "an apply in place" 0
seen >"$scratch/after"
expect_same "the two values, and nothing else" "15a16
>         mem_limit: 128m
17c18
<     db: {<<: *sleeps, volumes: [\"named:/named\"]}
---
>     db: {<<: *sleeps, volumes: [\"named:/named\"], mem_limit: 128m}" "$(diff "$scratch/original.yaml" compose.yaml)"
expect "no file of ours" test ! -e .pilotpros
expect_same "the limit" 134217728 "$(memory)"
printf 'services: {web: {mem_limit: 128m}, db: {mem_limit: 128m}}\n' >"$scratch/override.yaml"
model() { docker compose --project-directory . "$@" config --format json | jq -cS .; }
expect_same "Compose makes of it what it makes of an override" "$(model -f "$scratch/original.yaml" -f "$scratch/override.yaml")" "$(model -f compose.yaml)"
planted "the comparison can fail" test "$(model -f "$scratch/original.yaml")" = "$(model -f compose.yaml)"
keeps "plain up" docker compose up -d
ours status
expect_status "status" 0
expect_in "status tells of the file" "compose.yaml" "$out"

# ---- back --------------------------------------------------------------------------------------------------------------
ours rollback --yes web
expect_status "one service alone" 3
expect_in "why" "your own files" "$err"
echo "# mine" >>compose.yaml
sha256sum compose.yaml >"$scratch/edited"
ours rollback --yes
expect_status "a rollback over an edit of the user's" 3
expect "the edit stands" sha256sum -c "$scratch/edited"
expect_not_in "nothing of the file is shown" "canary" "$out$err"
head -c -7 compose.yaml >"$scratch/without" && cp "$scratch/without" compose.yaml
ours rollback --yes
expect_status "a rollback" 0
expect "byte for byte" cmp compose.yaml "$scratch/original.yaml"
ours rollback --all --purge --yes
seen >"$scratch/now"
expect "everything is as it was" same before now

# ---- refused -----------------------------------------------------------------------------------------------------------
refused() { # WHAT WHY SED-SCRIPT
    sed "$3" "$scratch/original.yaml" >compose.yaml
    sha256sum compose.yaml >"$scratch/edited"
    run "$driver" apply web 128m
    expect_status "$1" 3
    expect_in "$1: why" "$2" "$err"
    expect "$1: the file stands" sha256sum -c "$scratch/edited"
}
refused "a service that another one merges" "web carries &web" 's/^    web:/    web: \&web/; s/^    db: .*/    db: *web/; /depends_on/d'
refused "a service that another one extends" "db extends it" 's/^    db: .*/    db: {extends: web}/; /depends_on/d'
# shellcheck disable=SC2016 # the variable is the file's
refused "a value that a variable gives" 'mem_limit is .{MEMORY:-1g}' 's/^        # nothing more/        mem_limit: ${MEMORY:-1g}/'
cp "$scratch/original.yaml" compose.yaml
mv compose.yaml real.yaml && ln -s real.yaml compose.yaml
run "$driver" apply web 128m
expect_status "a link" 3
rm compose.yaml && mv real.yaml compose.yaml
(unset DRIVER_IN_PLACE && "$driver" apply web 128m >/dev/null 2>&1)
run "$driver" apply web 256m
expect_status "an override of ours stands" 3
ours rollback --all --purge --yes
seen >"$scratch/now"
expect "everything is as it was" same before now

# ---- kill -9 before each of our own steps, and in the middle of a writing, with a value in each of two files -----------------
printf 'services: {db: {mem_limit: 200m}} # mine' >compose.override.yaml
cp compose.override.yaml "$scratch/second.yaml"
docker compose up -d --wait
seen >"$scratch/before"
run "$driver" apply db,web 128m
seen >"$scratch/after"
expect_same "the second file has its value" "services: {db: {mem_limit: 128m}} # mine" "$(cat compose.override.yaml)"
expect_in "and the first the other" "^        mem_limit: 128m$" "$(cat compose.yaml)"
total=$(sed -n 's/ steps$//p' <<<"$out")
expect "an apply has steps ($total)" test "${total:-0}" -gt 10
ours rollback --all --purge --yes
killed_services=db,web
for ((at = 1; at <= total; at += ${STRIDE:-8})); do kill_apply "$at"; done
for ((at = 2; at <= total; at += 3 * ${STRIDE:-8})); do kill_apply "$at" inside; done
expect "killed: never a third state, $((points - third)) of $points" test "$third" = 0
planted "without the recovery there are third states ($unrecovered)" test "$unrecovered" = 0
expect "byte for byte" cmp compose.yaml "$scratch/original.yaml"
expect "the second one, too" cmp compose.override.yaml "$scratch/second.yaml"
rm compose.override.yaml
docker compose up -d --wait

# ---- the command itself ------------------------------------------------------------------------------------------------
unset DRIVER_IN_PLACE
ours tune --in-place
expect_status "--in-place without --apply" 64
RUN_SECONDS=150 ours tune --only logging --duration 5s --apply --in-place --yes --watch 1s
expect_status "tune --apply --in-place" 0
expect_in "it says what it changes" "compose.yaml, line [0-9]+" "$err"
expect_in "it is in the file" "max-size" "$(cat compose.yaml)"
expect "no file of ours" test ! -e .pilotpros
expect_same "nothing went from the file" "" "$(diff "$scratch/original.yaml" compose.yaml | grep '^<' | grep -v 'db: {')"
ours rollback --yes
expect_status "its rollback" 0
expect "byte for byte" cmp compose.yaml "$scratch/original.yaml"

# ---- over the corpus: is it what an override gives? ---------------------------------------------------------------------
# Every sixth project, from one of the first by chance; EVERY=1: all.
projects=0 changes=0 not_done=0 every=${EVERY:-6}
for folder_of_corpus in $(find "$SOURCE_DIR"/tests/corpus -mindepth 1 -maxdepth 1 -type d | sort | awk -v every="$every" -v first=$((RANDOM % every)) 'NR % every == first % every'); do
    cp -R "$folder_of_corpus" "$scratch/corpus"
    cd "$scratch/corpus"
    run "$driver" same-in-place - -
    if [ "$status" = 0 ]; then
        projects=$((projects + 1))
        read -r same _ refusals _ <<<"$out"
        changes=$((changes + same)) not_done=$((not_done + refusals))
    else
        fail "$(basename "$folder_of_corpus"): exit $status $err"
    fi
    cd "$folder"
    rm -rf "$scratch/corpus"
done
expect "$projects projects of the corpus: $changes changes are what an override gives, $not_done are refused" test "$projects" -ge $((60 / every)) -a "$changes" -ge $((800 / every))

#!/usr/bin/env bash
# beside one: an end after a signal is soon enough within seconds
# The plugin as docker runs it: how it is listed and asked for help, how a run is interrupted in every way that docker knows, what completion answers.
# shellcheck disable=SC2016 # filters of jq
. "$(dirname "$0")/lib.sh"
export DOCKER_CONFIG=$scratch/config HOME=$scratch
mkdir -p "$DOCKER_CONFIG/cli-plugins" "$scratch/shop" "$scratch/empty"
ln -s "$PILOTPROS" "$DOCKER_CONFIG/cli-plugins/docker-pilotpros"

# ---- listed, and asked for help ----------------------------------------------------------------------------------
run docker --help
expect_in "docker --help lists it" '^  pilotpros\* ' "$out"
run docker info
expect_not_in "docker finds nothing wrong with it" 'Invalid Plugins|pilotpros.*(failed|invalid)' "$out$err"
run "$PILOTPROS" docker-cli-plugin-metadata
expect_status "metadata" 0
expect "metadata is one JSON object of the schema" jq -e '.SchemaVersion == "0.1.0" and .Vendor != "" and .Version != "" and .ShortDescription != ""' "$scratch/out"
run docker pilotpros --help
expect_status "docker pilotpros --help" 0
expect_in "help names the command" '^ *profile ' "$out"
help=$out
for words in "pilotpros -h" "help pilotpros" "--help pilotpros" "pilotpros help" "pilotpros"; do
    # shellcheck disable=SC2086
    run docker $words
    expect_status "docker $words" 0
    if [ "$out" = "$help" ]; then ok "docker $words says the same"; else fail "docker $words says something else"; fi
done
run docker pilotpros profile --help
expect_in "help of a command" 'Usage: docker pilotpros profile' "$out"
help=$out
for words in "help pilotpros profile" "pilotpros help profile" "--help pilotpros profile"; do
    # shellcheck disable=SC2086
    run docker $words
    if [ "$status" = 0 ] && [ "$out" = "$help" ]; then ok "docker $words says the same"; else fail "docker $words: exit $status, or something else"; fi
done

# ---- its status is docker's --------------------------------------------------------------------------------------
run docker pilotpros nosuch
expect_status "an unknown command" 64
run docker pilotpros profile --nosuch
expect_status "an unknown flag" 64
expect_in "and says where help is" 'next: docker pilotpros profile --help' "$err"
printf 'services: [\n' >"$scratch/empty/broken.yaml"
run docker pilotpros profile -f "$scratch/empty/broken.yaml"
expect_status "a broken file" 65

# ---- global flags ------------------------------------------------------------------------------------------------
fake engine --services 3 --project shop --directory "$scratch/shop" --log "$scratch/engine.log"
engine=unix://$scratch/engine.sock
for flags in "-H $engine" "--host=$engine" "-DH $engine" "--debug -l debug --host $engine"; do
    : >"$scratch/engine.log"
    # shellcheck disable=SC2086
    run docker $flags pilotpros profile -p shop --duration 1s
    expect_status "docker $flags pilotpros" 0
    expect "and reached that engine" grep -q stats "$scratch/engine.log"
done

# ---- interrupted -------------------------------------------------------------------------------------------------
cd "$scratch/shop"
long=(pilotpros profile --duration 60s --format json)
measuring() { # waits until every stream has brought a few samples
    local deadline=$((SECONDS + 20))
    until [ "$(grep -c 'stats?stream=1\|/stats ' "$scratch/engine.log")" -ge 3 ]; do
        [ "$SECONDS" -lt "$deadline" ] || { fail "nothing was measured"; return; }
        sleep 0.1
    done
    sleep 2.5
}
kept() { find "$XDG_STATE_HOME" -type f -path '*profiles*' -size +0 | grep -q .; }
fresh() { rm -rf "$XDG_STATE_HOME"; : >"$scratch/engine.log"; }
result_of_cut() { # WHAT FILE: the JSON says that it was cut short and what was measured
    expect "$1: says so and what was measured" jq -e '.interrupted == true and ([.services[].containers[].usage | select(. != null and .samples > 0)] | length) == 3' "$2"
    expect "$1: kept" kept
}
cut() { # WHAT COMMAND…: runs it in the background, then calls `strike PID` and judges the end
    local what=$1 pid status=0 begin
    shift
    fresh
    "$@" >"$scratch/cut.out" 2>"$scratch/cut.err" </dev/null &
    pid=$!
    measuring
    begin=$SECONDS
    strike "$pid"
    wait "$pid" || status=$?
    if [ "$status" = 130 ] && [ $((SECONDS - begin)) -le 5 ]; then ok "$what: exit 130 after $((SECONDS - begin)) s"
    else fail "$what: exit $status after $((SECONDS - begin)) s: $(head -c 500 "$scratch/cut.err")"; fi
    result_of_cut "$what" "$scratch/cut.out"
}
export DOCKER_HOST=$engine
for signal in INT TERM HUP; do
    strike() { kill -s "$signal" "$1"; }
    cut "SIG$signal to the plugin alone" "$PILOTPROS" "${long[@]}"
done
for signal in INT TERM; do
    # A shell starts what it puts in the background with SIGINT ignored, and docker would leave it so.
    cut "SIG$signal to docker, no terminal" env --default-signal=INT docker "${long[@]}"
done
strike() { kill -s INT "$1"; sleep 0.3; kill -s INT "$1" 2>/dev/null || true; }
cut "SIGINT twice" env --default-signal=INT docker "${long[@]}"

fresh
env docker "${long[@]}" >"$scratch/orphan.out" 2>/dev/null </dev/null &
docker=$!
measuring
plugin=$(pgrep -P "$docker" -f pilotpros)
{ kill -KILL "$docker" && wait "$docker"; } 2>/dev/null || true
for _ in $(seq 50); do kill -0 "$plugin" 2>/dev/null || break; sleep 0.1; done
if kill -0 "$plugin" 2>/dev/null; then fail "docker killed: the plugin lives on"; kill -KILL "$plugin"; else ok "docker killed: the plugin ends itself"; fi
result_of_cut "docker killed" "$scratch/orphan.out"

on_terminal() { run python3 "$SOURCE_DIR/tests/tools/on_terminal.py" "$@"; }
fresh
on_terminal --press-after '[0-9]+ s' 2.5 ^C docker pilotpros profile --duration 60s
expect_status "Ctrl-C on a terminal" 130
expect_in "Ctrl-C on a terminal: shows what was measured" 'KERNEL PEAK' "$out"
expect_in "a terminal has a live table" 'CPU NOW' "$out"
expect_in "and the way out of it" 'Measuring: .*Ctrl-C' "$out"
expect "Ctrl-C on a terminal: kept" kept
fresh
on_terminal --kill-after '[0-9]+ s' 2.5 TERM "$PILOTPROS" pilotpros profile --duration 60s
expect_status "SIGTERM on a terminal" 130
expect "SIGTERM on a terminal: kept" kept
# What ends a run must also end one that still waits for its first answer.
fake hanging --services 3 --project shop --fault 'hang:/info'
begin=$SECONDS status=0
timeout --preserve-status -s INT 1 docker -H "unix://$scratch/hanging.sock" "${long[@]}" >/dev/null 2>&1 || status=$?
if [ "$status" = 130 ] && [ $((SECONDS - begin)) -le 4 ]; then ok "interrupted before the first answer"; else fail "interrupted before the first answer: exit $status after $((SECONDS - begin)) s"; fi
unset DOCKER_HOST

# ---- completion --------------------------------------------------------------------------------------------------
completes() { # WHAT REGEX WORDS…
    run docker __complete pilotpros "${@:3}"
    expect_status "completion of $1" 0
    expect_in "completion of $1" "$2" "$out"
    expect_in "completion of $1: the last line is the directive" '^:[0-9]+$' "$(tail -1 <<<"$out")"
}
completes "commands" '^profile(	|$)' ''
completes "a command's start" '^profile(	|$)' prof
completes "flags" '^--format(	|$)' profile --fo
completes "a flag's values" '^json(	|$)' profile --format ''
expect_not_in "no form that a command does not have" '^sarif' "$out"
completes "forms of findings" '^sarif(	|$)' tune --format s
completes "a value behind its flag" '^json(	|$)' profile --format=j
completes "an advisor behind its flag" '^limits(	|$)' tune --only=li
completes "advisors" '^healthcheck(	|$)' tune --only ''
completes "an advisor after a comma" '^limits,node(	|$)' tune --skip limits,no
expect_not_in "no advisor that does not begin so" '^limits,healthcheck' "$out"
completes "services" '^svc0001(	|$)' profile ''
expect_not_in "no service twice" '^svc0001' "$(docker __complete pilotpros profile svc0001 '')"
completes "services of a named file" '^svc0003(	|$)' profile -f compose.yaml svc
completes "services of a named file, in one word" '^svc0003(	|$)' profile --file=compose.yaml svc
completes "services of a named file, its name at the flag" '^svc0003(	|$)' profile -fcompose.yaml svc
cd "$scratch/empty"
DOCKER_HOST=$engine completes "services of a running project" '^svc0003(	|$)' profile -p shop svc
mv "$scratch/shop/compose.yaml" "$scratch/shop/other.yaml"
mkdir -p "$scratch/shop/below"
cd "$scratch/shop/below"
DOCKER_HOST=$engine completes "services of the project that was started from a folder above" '^svc0003(	|$)' profile svc
mv "$scratch/shop/other.yaml" "$scratch/shop/compose.yaml"
cd "$scratch/empty"
fake mute --services 3 --project shop --fault 'hang:/containers/json'
begin=$SECONDS
DOCKER_HOST=unix://$scratch/mute.sock completes "an engine that says nothing" '^:[0-9]+$' profile -p shop ''
# The fault holds far longer: 10 s is no wait for a person at a prompt, 30 s would be that of a question.
if [ $((SECONDS - begin)) -le 10 ]; then ok "which is not waited for"; else fail "which was waited for: $((SECONDS - begin)) s"; fi
for fault in '403:/images/' '500:/stats'; do
    fake "denied${fault%%:*}" --services 1 --project shop --fault "$fault"
    run docker -H "unix://$scratch/denied${fault%%:*}.sock" pilotpros profile -p shop --duration 3s --format json
    expect_status "an engine that denies ${fault#*:}" 0
    expect "is no engine without images, and no stream that ended: it answers ${fault%%:*}" \
        jq -e --arg code "${fault%%:*}" 'any(.gaps[]; .why | contains("the engine answers " + $code)) and all(.gaps[]; .why | test("no longer has|stream ended|could not be read") | not)' "$scratch/out"
done
expect_not_in "none of a project that does not run" svc "$(DOCKER_HOST=$engine docker __complete pilotpros profile -p other svc)"
XDG_STATE_HOME=$scratch/nothing run docker -H "$engine" pilotpros profile --show -p shop --format json
expect "where nothing is kept, --show says so" jq -e 'any(.gaps[]; .what == "use" and (.why | contains("nothing is kept of it")))' "$scratch/out"
completes "services where there is no project" '^:[0-9]+$' profile ''

#!/usr/bin/env bash
# beside: an end within 5 s is soon enough
# Ctrl-C at every stage of the plugin: it ends with 130 and soon, says so in two lines, and leaves nothing: no file but what was measured, no process, no
# container. Compose is stood in for by a script that hangs, the engine is the fake one; with the real one, while something is changed: interrupted_apply.sh.
# shellcheck disable=SC2016,SC2317 # conditions are expanded where they run; functions that `expect` calls
. "$(dirname "$0")/lib.sh"
. "$SOURCE_DIR/tests/tools/traces.sh"
export DOCKER_CONFIG=$scratch/config HOME=$scratch
mkdir -p "$DOCKER_CONFIG/cli-plugins"
for directory in /usr/local/lib /usr/local/libexec /usr/lib /usr/libexec ~root/.docker; do
    compose=$directory/docker/cli-plugins/docker-compose
    [ ! -x "$compose" ] || break
done
expect "there is a Compose to stand in for" test -x "$compose"

# stands_in WHEN HOW: Compose answers until WHEN, of its $calls and its words, and then hangs as HOW says
stands_in() {
    rm -f "$scratch"/{calls,hung}
    cat >"$DOCKER_CONFIG/cli-plugins/docker-compose" <<S
#!/bin/bash
echo "\$*" >>"$scratch/calls"
calls=\$(wc -l <"$scratch/calls")
if ! [[ $1 ]]; then exec "$compose" "\$@"; fi
touch "$scratch/hung"
$2
S
    chmod 755 "$DOCKER_CONFIG/cli-plugins/docker-compose"
}
no_result() { [ ! -s "$scratch/out" ]; }
does_not() { rm -f "$DOCKER_CONFIG/cli-plugins/docker-compose"; }
hung() { [ -e "$scratch/hung" ]; }
asked() { grep -qE "$1" "$scratch/$engine.log"; } # REGEX: of the engine
no_container() { # as many were deleted as were made
    [ "$(grep -c 'POST /containers/create' "$scratch/$engine.log")" = "$(grep -c 'DELETE /containers/' "$scratch/$engine.log")" ]
}
before_long() { for _ in {1..1200}; do ! "$@" || return 0; sleep 0.05; done; return 1; }

# cut WHAT READY COMMAND…: SIGINT once READY succeeds
cut() {
    local what=$1 ready=$2 begin pid
    shift 2
    rm -rf "$scratch/state" && mkdir "$scratch/state"
    [ -z "${begins_with:-}" ] || cp -a "$begins_with/." "$scratch/state"
    [ -z "$engine" ] || : >"$scratch/$engine.log"
    listing "${watched[@]}" >"$scratch/listed"
    status=0
    env --default-signal=INT "TRACES=$mark" "$@" >"$scratch/out" 2>"$scratch/err" <"${input:-/dev/null}" &
    pid=$!
    # shellcheck disable=SC2086 # a command and its words
    expect "$what: it comes that far" before_long $ready
    sleep "${after:-0.2}"
    expect "$what: it is still at it" kill -0 "$pid"
    begin=$SECONDS
    kill -INT "$pid" 2>/dev/null || true
    for _ in {1..100}; do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    if kill -0 "$pid" 2>/dev/null; then kill -KILL "$pid"; fi
    wait "$pid" || status=$?
    out=$(tr -d '\0' <"$scratch/out") err=$(tr -d '\0' <"$scratch/err")
    expect_status "$what" 130
    expect "$what: within $((SECONDS - begin)) s" test $((SECONDS - begin)) -le 5
    expect "$what: a line of what, a line of what next" two_lines "$scratch/err"
    expect "$what: no result" no_result
    left_nothing "$what"
    [ -z "$engine" ] || expect "$what: no container is left" no_container
}
serve() { # NAME OPTIONS…: an engine of a project of two services, and to its folder
    engine=$1
    shift
    mkdir -p "$scratch/projects/shop"
    fake "$engine" --services 2 --project shop --directory "$scratch/projects/shop" --log "$scratch/$engine.log" "$@"
    cd "$scratch/projects/shop"
    write_advised compose.yaml
    export DOCKER_HOST=unix://$scratch/$engine.sock
}
ours=("$PILOTPROS" pilotpros)

# ---- finding the project -----------------------------------------------------------------------------------------
engine=''
mkdir -p "$scratch/projects/shop" && cd "$scratch/projects/shop"
printf 'services: {web: {image: x}}\n' >compose.yaml
export DOCKER_HOST=unix:///nowhere.sock
mkfifo "$scratch/never"
sleep 300 >"$scratch/never" &
finally "kill $! 2>/dev/null"
input=$scratch/never after=1 cut "reading standard input" true "${ours[@]}" tune --lint -f -
for how in "exec sleep 100" "exec >&- 2>&-; exec sleep 100" "trap '' INT TERM; sleep 100 & sleep 100" "yes"; do
    stands_in '$calls -ge 1' "$how"
    for words in tune "tune --lint"; do
        rm -f "$scratch/hung"
        # shellcheck disable=SC2086 # words
        cut "Compose hangs in '$how': $words" hung "${ours[@]}" $words
    done
done
does_not

# ---- asking the engine -------------------------------------------------------------------------------------------
stage() { # WHAT FAULT READY
    serve "engine-$((stages += 1))" --fault "$2"
    cut "$1" "asked $3" "${ours[@]}" tune --duration 60s
}
stages=0
stage "connecting" hang:/_ping /_ping
stage "asking what the engine is" hang:/info /info
stage "asking which containers there are" hang:/containers/json /containers/json
stage "looking at containers" 'hang:/containers/[0-9a-f]+/json' '/containers/[0-9a-f]+/json'
stage "looking at images" hang:/images/ /images/
for words in status "rollback --yes" "rollback --list" "limits --apply --yes"; do
    serve "engine-$((stages += 1))" --fault hang:/info
    # shellcheck disable=SC2086 # words
    cut "$words" "asked /info" "${ours[@]}" $words
done

# ---- measuring, which keeps what it measured; what is asked beside it, and afterwards ----------------------------
untouched() { # from here on: but for what is known of the services
    diff <(grep -v "$scratch/state" "$scratch/listed") <(listing "${watched[@]}" | grep -v "$scratch/state") &&
        [ -z "$(find "$scratch/state" -type f ! -path '*/profiles/*' ! -path '*/images/*' ! -name advised.json ! -name layers.json)" ] &&
        [ -z "$(find "$scratch/state" -name '*.pilotpros-tmp-??????')" ]
}
mkdir -p "$scratch/state/x" && touch "$scratch/state/x/compose.yaml.pilotpros-tmp-abcdef"
planted "a temporary file that is left" untouched
serve measuring
after=2.5 cut "measuring" 'asked /stats' "${ours[@]}" tune --duration 60s
expect "measuring: what was measured is kept" bash -c 'find "$0" -path "*/profiles/*" -size +0 | grep -q .' "$scratch/state"
serve execs --exec-hang
cut "asking in containers" 'asked /exec/.*/start' "${ours[@]}" tune --duration 60s
serve files --fault 'hang:HEAD /containers/[0-9a-f]+/archive'
cut "looking for commands in a container" 'asked HEAD./containers/[0-9a-f]+/archive' "${ours[@]}" tune --duration 60s
serve images --fault 'hang:HEAD /containers/[0-9a-f]+/archive'
sed -i 's/^  svc0002: {/&healthcheck: {test: curl -f localhost}, /' compose.yaml
cut "looking for commands in an image" 'asked HEAD./containers/[0-9a-f]+/archive' "${ours[@]}" tune --lint
expect "looking for commands in an image: there was a container to remove" asked 'POST /containers/create'
serve makes --fault late:/containers/create
cut "making a container of its own" 'asked POST./containers/create' "${ours[@]}" tune --duration 1s
serve never --fault hang:/containers/create
no_container() { ! asked DELETE; } # none was made
cut "making one, which is never answered" 'asked POST./containers/create' "${ours[@]}" tune --duration 1s
no_container() { [ "$(grep -c 'POST /containers/create' "$scratch/$engine.log")" = "$(grep -c 'DELETE /containers/' "$scratch/$engine.log")" ]; }
serve waits --fault hang:/wait
cut "asking in a container of its own" 'asked /wait' "${ours[@]}" tune --duration 1s
serve trials --fault hang@1:/wait # what node is asked comes first
verifying() { grep -q 'about the health check' "$scratch/err" && [ "$(grep -c /wait "$scratch/$engine.log")" = 2 ]; }
cut "verifying in a container of its own" verifying "${ours[@]}" tune --duration 1s
serve logs --fault 'hang:/containers/[0-9a-f]+/logs'
cut "reading logs" 'asked logs' "${ours[@]}" tune --duration 1s
serve layers --fault 'hang:/containers/[0-9a-f]+/changes'
measured() { asked '/changes' && asked '/logs.*since='; } # logs are read once that is over; what is compared is waited for last
cut "comparing what changed in writable layers" measured "${ours[@]}" tune --duration 1s
serve compose
for how in "exec sleep 100" "exec >&- 2>&-; exec sleep 100"; do
    stands_in '$calls -ge 3' "$how"
    cut "verifying, where Compose hangs in '$how'" hung "${ours[@]}" tune --duration 1s
done
does_not

# ---- what a killed apply left is taken back before all else: stopped there, the next command goes on -----------------------
serve killed
stands_in '" $* " == *" up "*' "exec sleep 100"
cp -a . "$scratch/as-before"
rm -rf "$scratch/state" && mkdir "$scratch/state"
env "TRACES=$mark" "${ours[@]}" tune --duration 1s --only limits --apply --yes >/dev/null 2>&1 &
killed=$!
expect "a killed apply: it comes that far" before_long hung
kill -KILL "$killed"
wait "$killed" 2>/dev/null || true
does_not
expect "a killed apply: nobody is left running" nobody_left
as_before() { diff <(cd "$scratch/as-before" && listing .) <(listing .); }
planted "what it wrote" as_before
begins_with=$scratch/killed-state
cp -a "$scratch/state" "$begins_with"
cp -a . "$scratch/killed-shop"
nothing_pending() { # nothing is finished first
    run "${ours[@]}" status
    [ "$status" = 0 ] && ! grep -q 'cut short' <<<"$out$err"
}
goes_on() { # WHAT: another engine of the same containers, which answers
    serve "goes-on-$((stages += 1))"
    planted "$1: what is pending" nothing_pending
    expect_status "$1: the next command finishes" 0
    expect "$1: then the files are as before" as_before
    expect "$1: and nothing is pending" nothing_pending
}
half_way() { # LISTS COMMAND…: stopped while it waits for that list of containers
    local lists=$1
    shift
    find . -mindepth 1 -delete
    cp -a "$scratch/killed-shop/." .
    serve "half-way-$((stages += 1))" --fault "hang@$((lists - 1)):GET /containers/json"
    listed() { [ "$(grep -c 'GET /containers/json' "$scratch/$engine.log")" = "$lists" ]; }
    cut "finishing, at list $lists: $*" listed "${ours[@]}" "$@"
    goes_on "finishing, at list $lists: $*"
}
untouched() { diff "$scratch/listed" <(listing "${watched[@]}"); }
for words in status "rollback --yes" "tune --apply --yes"; do
    # shellcheck disable=SC2086 # words
    half_way 1 $words
done
untouched() { as_before; } # the files have gone back, which the journal tells
for words in status "rollback --yes"; do
    # shellcheck disable=SC2086 # words
    half_way 3 $words
done
begins_with=''

# ---- applying: it is taken back, and says so itself ----------------------------------------------------------------
stands_in '" $* " == *" up "*' "trap '' INT TERM; sleep 100 & sleep 100"
two_lines() { grep -qi 'interrupted\|taken back\|taking it back' "$1" "$scratch/out"; }
no_result() { true; }
no_container() { true; } # the fake does not play the lock, which is a container by its name; simultaneous.sh and killed.sh ask the real one
untouched() { diff <(grep -v "$scratch/state" "$scratch/listed") <(listing "${watched[@]}" | grep -v "$scratch/state"); }
cut "applying, where Compose hangs" hung "${ours[@]}" tune --duration 1s --only limits --apply --yes
does_not

# ---- on a terminal, before the change ------------------------------------------------------------------------------
listing "${watched[@]}" >"$scratch/listed"
run env "TRACES=$mark" python3 "$SOURCE_DIR/tests/tools/on_terminal.py" --press-after 'y/N' 0.3 ^C "${ours[@]}" tune --duration 1s --only limits --apply
expect_in "asked for leave: it comes that far" 'y/N' "$out"
expect_status "asked for leave" 130
left_nothing "asked for leave"

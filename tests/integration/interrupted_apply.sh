#!/usr/bin/env bash
# beside: it judges no time
# Ctrl-C while a change is put on or taken back, with the real engine: before anything is begun, while Compose works, while what was replaced is watched,
# while limits are given to a running container, with values in the user's own file. Each time 130, in words what becomes of it, nobody left running, and
# what is there is what was there before or what was to be there after; where docs/rollback.md has the next command finish, it does. What is there is judged
# by sha256sum and docker inspect, and seen to be something else while the command is at it.
# shellcheck disable=SC2317 # functions that `expect` calls
. "$(dirname "$0")/lib.sh"
. "$SOURCE_DIR/tests/tools/traces.sh"
write_project() { # FILE: db is started a second time beside the first, web is stopped before it is started again
    cat >"$1" <<YAML
name: $name
x-sleeps: &sleeps
  image: debian:trixie-slim
  init: true
  mem_limit: 200m
  stop_grace_period: 1s
  healthcheck: {test: [CMD, "true"], interval: 10s, start_period: 30s, start_interval: 300ms}
  command: sleep infinity
  configs: [greeting]
  x-pilotpros: {pin: {memory: 96m}}
services:
  db: {<<: *sleeps}
  web: {<<: *sleeps, volumes: [/anonymous, "named:/named"], depends_on: [db]}
volumes: {named: {}}
configs: {greeting: {content: "hello"}}
YAML
}
anonymous='' # what was made again names it, and `down -v` leaves what has a name
forget_volume() { [ -z "$anonymous" ] || docker volume rm "$anonymous" >/dev/null 2>&1; }
finally forget_volume
. "$SOURCE_DIR/tests/tools/walk.sh"
anonymous=$(docker inspect "$name-web-1" | jq -r '.[].Mounts[] | select(.Destination == "/anonymous").Name')

# ---- what hangs --------------------------------------------------------------------------------------------------------
compose=$(compose_program)
config=$scratch/config
mkdir -p "$config/cli-plugins"
cp "${DOCKER_CONFIG:-$HOME/.docker}/config.json" "$config/" 2>/dev/null || true
ln -s "$PILOTPROS" "$config/cli-plugins/docker-pilotpros"
stands_in() { # SERVICE before|after: Compose, which hangs at `up SERVICE` before or after it has done all of it
    rm -f "$scratch/hung"
    cat >"$config/cli-plugins/docker-compose" <<S
#!/bin/bash
if [[ " \$* " != *" up "* || \${*: -1} != $1 ]]; then exec "$compose" "\$@"; fi
[ $2 = before ] || "$compose" "\$@"
touch "$scratch/hung"
exec sleep 1000
S
    chmod 755 "$config/cli-plugins/docker-compose"
    around=("DOCKER_CONFIG=$config")
}
hung() { [ -e "$scratch/hung" ]; }
holders=0
holds() { # REGEX [done]
    local socket=$scratch/hold-$((holders += 1)).sock
    rm -f "$scratch/held"
    python3 "$SOURCE_DIR/tests/tools/hold.py" "$socket" "$scratch/held" "$@" &
    finally "kill $! 2>/dev/null"
    before_long test -S "$socket"
    around=("DOCKER_HOST=unix://$socket")
}
held() { [ -e "$scratch/held" ]; }
before_long() { for _ in {1..3600}; do ! "$@" || return 0; sleep 0.05; done; return 1; }
said() { grep -q "$1" "$scratch/err"; } # REGEX: so far

# ---- the cut, and what is there then -----------------------------------------------------------------------------------
either() { same before "$1" || same after "$1"; } # FILE
# cut WHAT READY COMMAND…: SIGINT once READY succeeds, and with again=READY a second one; begun='': it has changed nothing by then; through=yes: it may be done
cut() {
    local what=$1 ready=$2 pid
    shift 2
    status=0
    : >"$scratch/err" # what the one before said is not this one's
    env --default-signal=INT "TRACES=$mark" "${around[@]}" "$PILOTPROS" pilotpros "$@" >"$scratch/out" 2>"$scratch/err" </dev/null &
    pid=$!
    # shellcheck disable=SC2086 # a command and its words
    expect "$what: it comes that far" before_long $ready
    meanwhile "$what"
    expect "$what: it is still at it" kill -0 "$pid"
    kill -INT "$pid" 2>/dev/null || true
    if [ -n "${again:-}" ]; then
        # shellcheck disable=SC2086 # a command and its words
        expect "$what: it comes to the second" before_long $again
        kill -INT "$pid" 2>/dev/null || true
    fi
    for _ in {1..1200}; do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    if kill -0 "$pid" 2>/dev/null; then kill -KILL "$pid"; fi
    wait "$pid" || status=$?
    out=$(cat "$scratch/out") err=$(cat "$scratch/err")
    [ -n "${through:-}" ] || ended "$what"
}
meanwhile() { # WHAT
    if [ -n "${begun:-}" ]; then
        seen >"$scratch/meanwhile"
        planted "$1: what is there meanwhile" either meanwhile
    fi
}
ended() { # WHAT
    expect_status "$1" 130
    expect "$1: nobody is left running" nobody_left
    seen >"$scratch/now"
}
nothing_pending() {
    ours status
    [ "$status" = 0 ] && ! grep -qE 'cut short|pending|taking .* back' <<<"$out$err"
}
no_stump() { # what was kept of a transaction before its journal began
    local transaction
    for transaction in "$XDG_STATE_HOME"/pilotpros/*/"$name"/transactions/*/; do [ ! -d "$transaction" ] || [ -e "$transaction/journal.json" ] || return 1; done
}
settled() { # WHAT STATE: at once, and the next command has nothing to finish
    expect "$1: what is there is what was there $2" same "$2" now
    expect "$1: nothing is kept that nobody needs" no_stump
    expect "$1: nothing is pending" nothing_pending
    seen >"$scratch/now"
    expect "$1: and so it stays" same "$2" now
}
finished() { # WHAT STATE [COMMAND…]: by the next command, which is `status` where none is named
    local what=$1 state=$2
    shift 2
    if [ $# = 0 ]; then planted "$what: what is pending" nothing_pending; else ours "$@"; fi
    expect_status "$what: the next command finishes" 0
    seen >"$scratch/now"
    expect "$what: then what is there is what was there $state" same "$state" now
    expect "$what: and nothing is pending" nothing_pending
}
put_on() { # it is applied
    around=()
    ours "${change[@]}" --watch 1s
    expect_status "applied" 0
    seen >"$scratch/now"
    [ -e "$scratch/after" ] || cp "$scratch/now" "$scratch/after"
    expect "applied: as the first time" same after now
}
stopped() { # WHAT: a line of what, a line of what next
    expect "$1: a line of what, a line of what next" two_lines "$scratch/err"
    expect_in "$1: says what" '^docker pilotpros: interrupted' "$err"
}
begun=yes around=()
change=(tune --duration 1s --apply --yes)

put_on
planted "what there is after it is not what there was before" same before after
ours rollback --yes
expect_status "taken back" 0
seen >"$scratch/now"
expect "taken back: as before" same before now

# ---- put on: it is taken back --------------------------------------------------------------------------------------------
taken_back() { # WHAT
    expect_in "$1: says that it is taken back" 'taking it back: interrupted' "$err$out"
    expect_in "$1: a line of what" '^interrupted: what was changed is taken back' "$out"
    expect_in "$1: a line of what next" '^next: run the same command again' "$out"
    settled "$1" before
}
holds '^GET .*/archive\?path=' # the text that Compose put into it
cut "keeping what is there" held "${change[@]}"
stopped "keeping what is there"
settled "keeping what is there" before
holds "create\\?name=pilotpros-lock-" 'done'
cut "taking the lock" held "${change[@]}"
stopped "taking the lock"
settled "taking the lock" before
mkdir "$XDG_STATE_HOME/pilotpros/$(docker info --format '{{.ID}}')/$name/transactions/9999"
planted "what is kept of a transaction without a journal" no_stump
expect "the next command removes that" nothing_pending
expect "so that it is gone" no_stump
stands_in db after
cut "Compose has started a second db" hung "${change[@]}"
taken_back "Compose has started a second db"
stands_in web before
cut "Compose is to begin with web" hung "${change[@]}"
taken_back "Compose is to begin with web"
holds "rename\\?name=$name-web-1\$"
cut "Compose has removed web" held "${change[@]}"
taken_back "Compose has removed web"
around=()
cut "watching what was replaced" 'said watching' "${change[@]}" --watch 60s
taken_back "watching what was replaced"

# Once it is through it is not taken back any more: it is done, or else it was taken back, and it ends as either does.
holds "rename\\?name=pilotpros-keep-"
through=yes cut "keeping what was applied" held "${change[@]}" --watch 1s
expect_status "keeping what was applied" 0 130
expect "keeping what was applied: nobody is left running" nobody_left
seen >"$scratch/now"
if [ "$status" = 0 ]; then state=after; else state=before; fi
settled "keeping what was applied, exit $status" "$state"
around=()
ours rollback --yes

# On a terminal, as a person stops it.
on_terminal() { # PATTERN COMMAND…: Ctrl-C half a second after PATTERN is shown
    local pattern=$1
    shift
    run env "TRACES=$mark" "DOCKER_CONFIG=$config" python3 "$SOURCE_DIR/tests/tools/on_terminal.py" --press-after "$pattern" 0.5 ^C docker pilotpros "$@"
    err=$out
}
RUN_SECONDS=300
rm -f "$config/cli-plugins/docker-compose"
on_terminal 'watching what' "${change[@]}" --watch 60s
ended "on a terminal, watching"
taken_back "on a terminal, watching"

# Asked twice, it leaves what it is at, and the next command goes on.
holds "create\\?name=$name-web-1\$" 'done'
again=held cut "taking it back" 'said watching' "${change[@]}" --watch 60s
stopped "taking it back"
finished "taking it back" before

# ---- limits for containers that go on running ---------------------------------------------------------------------------
holds "$(id_of web)/update" 'done'
cut "limits are set" held limits --duration 1s --apply --live --yes
taken_back "limits are set"
# Of a limit that was not there before, what docs/rollback.md says.
sed -i '/mem_limit/d' compose.yaml
docker compose up -d
holds "$(id_of web)/update" 'done'
cut "limits where there were none" held limits --duration 1s --apply --live --yes
expect_in "limits where there were none: says what stays" 'web-1 had no limit of memory, and has one as large as the machine' "$(tr -s '\n ' ' ' <<<"$err")"
expect_same "limits where there were none: no other stays" "$(memory)" "$(docker info --format '{{.MemTotal}}')"
expect "limits where there were none: nothing is pending" nothing_pending
write_project compose.yaml
docker compose up -d
seen >"$scratch/now"
expect "and on with those" same before now

# ---- values in the user's own file ----------------------------------------------------------------------------------------
in_place=("${change[@]}" --in-place)
stands_in db before
cut "in place, Compose is to begin" hung "${in_place[@]}"
taken_back "in place, Compose is to begin"
around=()
cut "in place, watching" 'said watching' "${in_place[@]}" --watch 60s
taken_back "in place, watching"

# ---- taken back ----------------------------------------------------------------------------------------------------------
put_on
holds '/changes$'
begun='' cut "back: looking for data" held rollback --yes
stopped "back: looking for data"
settled "back: looking for data" after
stands_in web before
cut "back, one service: Compose is to begin" hung rollback web --yes
expect_in "back, one service: says that all stays" 'leaving all as it was: interrupted' "$err"
settled "back, one service: Compose is to begin" after
holds '^GET .*/archive\?path='
begun='' cut "back, one service: keeping what is there" held rollback web --yes
stopped "back, one service: keeping what is there"
settled "back, one service: keeping what is there" after
stands_in db before
cut "back: Compose is to begin" hung rollback --yes
stopped "back: Compose is to begin"
finished "back: Compose is to begin" before
put_on
holds "rename\\?name=$name-web-1\$"
cut "back: Compose has removed web" held rollback --yes
stopped "back: Compose has removed web"
around=()
finished "back: Compose has removed web" before rollback --yes
put_on
holds "create\\?name=$name-web-1\$" 'done'
cut "back, the old containers: web is made" held rollback --exact --yes
stopped "back, the old containers: web is made"
finished "back, the old containers: web is made" before
put_on
stands_in web after
on_terminal 'recreating web' rollback --yes
ended "back, on a terminal"
finished "back, on a terminal" before

# ---- what a killed one left -------------------------------------------------------------------------------------------
stands_in web after
env "${around[@]}" "$PILOTPROS" pilotpros "${change[@]}" >/dev/null 2>&1 &
killed=$!
expect "killed: it comes that far" before_long hung
kill -KILL "$killed"
wait "$killed" 2>/dev/null || true
holds "create\\?name=$name-web-1\$" 'done'
cut "finishing what was killed" held status
stopped "finishing what was killed"
finished "finishing what was killed" before
around=()
ours rollback --all --purge --yes
expect_status "no trace" 0
seen >"$scratch/now"
expect "at the end everything is as it was" same before now
expect_same "and so are its data" "$(docker exec "$name-web-1" cat /anonymous/row /named/row | xargs)" "row row"

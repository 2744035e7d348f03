#!/usr/bin/env bash
# alone: twenty at once need all of the machine, or Compose is cut off for its time
# Twenty commands on one project at the same time, from two checkouts of it: one works at a time, who does not get his turn says why and ends with 3, and
# at the end the project is as the history says. With one state directory, where a file is the lock; then ten with two, where the engine keeps it.
. "$(dirname "$0")/lib.sh"
. "$SOURCE_DIR/tests/tools/sleeping_project.sh"
. "$SOURCE_DIR/tests/tools/walk.sh"
here=$folder there=$scratch/checkout
# Containers are the same whichever checkout they were started from.
look() { seen | sed -E 's/"com.docker.compose.project.working_dir":"[^"]*",//'; }
look >"$scratch/before"
cp -a "$here" "$there"
export COMPOSE_PROJECT_NAME=$name

one() { # NUMBER FOLDER STATE COMMAND…
    local number=$1 folder=$2 state=$3 status=0
    shift 3
    env -C "$folder" XDG_STATE_HOME="$state" timeout 100 "$@" >"$scratch/one-$number.out" 2>"$scratch/one-$number.err" </dev/null || status=$?
    echo "$status $*" >"$scratch/one-$number.status"
}
launch() { # FOLDER STATE COMMAND…
    one ${#waiting[@]} "$@" &
    waiting+=($!)
}
at_once() { # TIMES STATE-HERE STATE-THERE: so many times ten commands
    rm -f "$scratch"/one-*
    waiting=()
    for ((time = 0; time < $1; time++)); do
        for at in "$here $2" "$there $3"; do
            read -r folder state <<<"$at"
            launch "$folder" "$state" "$driver" apply db,web 128m
            launch "$folder" "$state" "$driver" apply web 192m
            launch "$folder" "$state" "$PILOTPROS" pilotpros rollback --yes
            launch "$folder" "$state" "$PILOTPROS" pilotpros status
            launch "$folder" "$state" "$PILOTPROS" pilotpros tune
        done
    done
    wait "${waiting[@]}"
}
judge() { # WHAT
    local file status done=0 refused=0 silent=0 others=0
    for file in "$scratch"/one-*.status; do
        read -r status _ <"$file"
        case $status in
            0) done=$((done + 1)) ;;
            3) refused=$((refused + 1)); [ -s "${file%.status}.err" ] || silent=$((silent + 1)) ;;
            *) others=$((others + 1)); fail "$1: exit $(cat "$file"): $(tail -n 3 "${file%.status}.err")" ;;
        esac
    done
    expect "$1: $done of $((done + refused + others)) were done, $refused say why not" test $((done + refused)) = ${#waiting[@]} -a "$silent" = 0
    expect "$1: at least one worked" grep -lE '^0 .*apply' "$scratch"/one-*.status
    cat "$scratch"/one-*.err | grep -E 'another command|works on|began to work|cut short|changed since|plan' | sed -E 's/[0-9]+/N/g' | sort | uniq -c | sort -rn | head -n 6
}
no_lock() { test -z "$(docker ps -aq --filter "name=pilotpros-lock-$name")"; }
consistent() { # WHAT STATE: what runs is what the history says, and all of it can be taken back
    local what=$1
    export XDG_STATE_HOME=$2
    ours status
    expect_status "$what: status" 0
    expect_not_in "$what: nothing is pending" 'pending' "$out"
    expect "$what: no lock is left" no_lock
    expect "$what: one container a service, and both run" test "$(docker ps -q --filter "label=com.docker.compose.project=$name" | wc -l) $(docker ps -aq --filter "label=com.docker.compose.project=$name" | wc -l)" = "2 2"
}
cleared() { # WHAT
    look >"$scratch/now"
    expect "$1: taken back, everything here is as it was" same before now
    expect "$1: and in the other checkout" diff -r "$here" "$there"
}

at_once 2 "$scratch/state" "$scratch/state"
judge "one state directory"
consistent "one state directory" "$scratch/state"
ours rollback --all --purge --yes
expect_status "one state directory: purge" 0
cleared "one state directory"

at_once 1 "$scratch/state" "$scratch/state-there"
judge "two state directories"
consistent "two state directories" "$scratch/state"
cd "$there"
consistent "two state directories, there" "$scratch/state-there"

# ---- a lock that is held: exit 3, and by whom ----------------------------------------------------------------------------
cd "$here"
export XDG_STATE_HOME=$scratch/state
refused_by() { # WHAT WHOM COMMAND…: refused, and told who holds the lock
    local what=$1 whom=$2
    shift 2
    run "$@"
    expect_status "$what: $2 $3" 3
    expect_in "$what: it says who" "$whom" "$err"
}
holders() { # of that file, one process a line: whose descriptor of it tells of a lock
    local descriptor
    for descriptor in /proc/[0-9]*/fd/*; do
        if [ "$descriptor" -ef "$1" ] && grep -q FLOCK "${descriptor/fd/fdinfo}" 2>/dev/null; then cut -d/ -f3 <<<"$descriptor"; fi
    done | sort -un
}
ours rollback --all --purge --yes
# One after the other, each with its own 0001. Here the database stands as the other one left it, so web is recreated alone, and Compose has it without its
# dependency until the next up.
other_state=(env -C "$there" XDG_STATE_HOME="$scratch/state-there")
run "${other_state[@]}" "$PILOTPROS" pilotpros rollback --all --purge --yes
expect_status "two state directories, there: purge" 0
docker compose up -d 2>/dev/null
limits() { docker inspect --format '{{.HostConfig.Memory}}' "$name-web-1" "$name-db-1" | xargs; }
run "$driver" apply web 192m
expect_status "one after the other: here" 0
run "${other_state[@]}" "$driver" apply db 128m
expect_status "one after the other: there" 0
expect "one after the other: no lock is left" no_lock
expect_same "one after the other: both are in force" "$(limits)" "201326592 134217728"
run "$PILOTPROS" pilotpros rollback --yes
expect_status "one after the other: back here" 0
expect_same "one after the other: the other one's stays" "$(limits)" "0 134217728"
run "${other_state[@]}" "$PILOTPROS" pilotpros rollback --yes
expect_status "one after the other: back there" 0
expect_same "one after the other: both are back" "$(limits)" "0 0"
expect "one after the other: no lock is left at the end" no_lock
expect_not_in "web was recreated alone" db "$(docker inspect --format '{{index .Config.Labels "com.docker.compose.depends_on"}}' "$name-web-1")"
docker compose up -d 2>/dev/null
cleared "the next up"
# From one state directory the database goes back first, whichever was applied last.
for service in db web; do
    run "$driver" apply "$service" 128m
    expect_status "one state directory, $service" 0
done
ours rollback --all --purge --yes
expect_status "one state directory, both back" 0
cleared "one state directory, both back"
# What a killed apply started may go on: Compose itself ends with it, a program that Compose started, say for another engine, does not.
mkdir -p "$scratch/config/cli-plugins"
cp "${DOCKER_CONFIG:-$HOME/.docker}"/config.json "$scratch/config/" 2>/dev/null || true
cat >"$scratch/config/cli-plugins/docker-compose" <<SH
#!/bin/sh
case " \$* " in *" up "*) sleep 600 & ;; esac
exec $(compose_program) "\$@"
SH
chmod +x "$scratch/config/cli-plugins/docker-compose"
DOCKER_CONFIG="$scratch/config" "$driver" apply web 128m >/dev/null 2>"$scratch/steps" &
killed=$!
for _ in {1..600}; do
    if orphan=$(pgrep -x sleep -g "$(pgrep -P "$killed" -f ' up ' | head -n 1)" 2>/dev/null); then break; fi
    sleep 0.05
done
finally "kill $orphan 2>/dev/null"
lock=$(find "$XDG_STATE_HOME" -path "*/$name/lock")
kill -9 "$killed"
wait "$killed" 2>/dev/null || true
expect "killed: what it started holds the lock" grep -qx "$orphan" <(holders "$lock")
refused_by "held by an orphan" "what it started does: $lock is held by .*[(]process ${orphan}[)]" "$PILOTPROS" pilotpros status
refused_by "held by an orphan" "is held by .*[(]process ${orphan}[)]" "$PILOTPROS" pilotpros rollback --yes
refused_by "held by an orphan" "is held by .*[(]process ${orphan}[)]" "$driver" apply web 192m
kill "$orphan"
until [ -z "$(holders "$lock")" ]; do sleep 0.1; done
ours status
planted "the same once it has ended" test "$status" = 3
ours rollback --all --purge --yes
cleared "held by an orphan"

docker create --name "pilotpros-lock-$name" --label io.pilotpros.owner=another-machine:/state --network none debian:trixie-slim true >/dev/null
planted "a lock that is left" no_lock
refused_by "held on the engine" "another-machine:/state works on $name \\(container pilotpros-lock-$name\\)" "$driver" apply web 128m
docker rm "pilotpros-lock-$name" >/dev/null
run "$driver" apply web 128m
expect_status "held by nobody" 0

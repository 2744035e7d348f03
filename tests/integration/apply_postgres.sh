#!/usr/bin/env bash
# beside: judges no time
# PostgreSQL goes by what is applied, as its own SHOW says: a value that it can reload without an interruption, one that it cannot with a new container;
# and back again.
# shellcheck disable=SC2016 # what is in single quotes is for other shells
. "$(dirname "$0")/lib.sh"
. "$SOURCE_DIR/tests/tools/traces.sh"
RUN_SECONDS=300
"$SOURCE_DIR/tests/stack/stack.sh" images >/dev/null 2>&1
project=pilotpros-reload-$$ dir=$scratch/project
mkdir -p "$dir"
cd "$dir"
write() { # PIN: the project, with this wish
    cat >compose.yaml <<Y
name: $project
services:
  db:
    image: postgres:17
    environment: {POSTGRES_PASSWORD: word}
    volumes: [data:/var/lib/postgresql/data]
    x-pilotpros: {pin: {$1}}
volumes: {data: {}}
Y
}
write 'work_mem: 5MB'
compose() { docker compose --progress quiet "$@"; }
finally 'cd "$dir"; compose down -v -t 5 >/dev/null 2>&1'
compose up -d
# The image's entrypoint starts a first server of its own, which ends.
until compose exec -T db sh -c 'test "$(cat /proc/1/comm)" = postgres && pg_isready -q'; do sleep 0.3; done
id() { compose ps -q db; }
show() { compose exec -T db psql -U postgres -Atc "SHOW $1"; }
apply() { # WHAT
    run "$PILOTPROS" pilotpros tune --apply --yes --only postgres --duration 1s --watch 1s
    expect_status "$1" 0
}

# ---- Ctrl-C while the files of a trial are put into a container of its own ------------------------------------------------
throwaways() { docker ps -aq --filter label=io.pilotpros.throwaway; }
there=$(throwaways)
nothing_new() { [ "$(throwaways)" = "$there" ]; }
held() { [ -e "$scratch/held" ]; }
before_long() { for _ in {1..1200}; do ! "$@" || return 0; sleep 0.1; done; return 1; }
python3 "$SOURCE_DIR/tests/tools/hold.py" "$scratch/hold.sock" "$scratch/held" '^PUT .*/archive\?' &
finally "kill $! 2>/dev/null"
expect "somebody holds the files" before_long test -S "$scratch/hold.sock"
env --default-signal=INT "TRACES=$mark" "DOCKER_HOST=unix://$scratch/hold.sock" "$PILOTPROS" pilotpros tune --only postgres --duration 1s >"$scratch/out" 2>"$scratch/err" </dev/null &
pid=$! status=0
expect "files are put into a container" before_long held
planted "that container" nothing_new
kill -INT "$pid"
wait "$pid" || status=$?
err=$(cat "$scratch/err")
expect_status "stopped while files are put into a container" 130
expect "a line of what, a line of what next" two_lines "$scratch/err"
expect_same "no result" "" "$(cat "$scratch/out")"
expect "nobody is left running" nobody_left
expect "no container is left" nothing_new

compose exec -T db psql -q -U postgres -c 'CREATE TABLE kept AS SELECT 7 AS row' -c 'CREATE TABLE numbered (n int)'
# Two write numbered rows until the end, and say which of them the server acknowledged. Each keeps its connection for as long as the server does: a new
# one for each row would take more of the machine than all else here.
for writer in 1 2; do
    docker run -d --name "$project-writer-$writer" --network "${project}_default" -e PGPASSWORD=word postgres:17 sh -c "
        echo $writer >/tmp/next
        while :; do
            while read -r n </tmp/next; do echo \"INSERT INTO numbered VALUES (\$n) RETURNING n;\"; echo \$((n + 2)) >/tmp/next; sleep 0.3; done |
                psql -X -q -At -h db -U postgres 2>/dev/null
            sleep 0.3
        done" >/dev/null
    finally "docker rm -f $project-writer-$writer >/dev/null 2>&1"
done
writers=(1 2)
acknowledged() { for writer in "${writers[@]}"; do docker logs "$project-writer-$writer"; done | sort; }
rows() { compose exec -T db psql -U postgres -Atc 'SELECT n FROM numbered' | sort; }
lost() { # none of what was acknowledged, as far as the writers had come, is missing
    acknowledged >"$scratch/acknowledged"
    rows >"$scratch/rows"
    test -z "$(comm -23 "$scratch/acknowledged" "$scratch/rows")"
}

before=$(id)
apply "a first apply"
expect "mounts the directory, so another container has it" test "$(id)" != "$before"
expect_same "the server says so" "$(show work_mem)" 5MB
first=$(id)

write 'work_mem: 7MB'
apply "a value that can be reloaded"
expect_in "which is said" 'read its files again.*not interrupted' "$out"
expect_same "is in force in the same container" "$(show work_mem) $(id)" "7MB $first"
compose up -d
expect_same "the next up finds nothing to do" "$(id)" "$first"
run "$PILOTPROS" pilotpros rollback --yes
expect_status "it is taken back" 0
expect_same "and so is the value, in the same container" "$(show work_mem) $(id)" "5MB $first"

write 'work_mem: 5MB, max_connections: "60"'
apply "a value that takes a restart"
expect_same "is in force, too" "$(show max_connections)" 60
second=$(id)
expect "in another container" test "$second" != "$first"
compose up -d
expect_same "the next up finds nothing to do" "$(id)" "$second"

write 'work_mem: 5MB, max_connections: "70"'
stopped_half_way() { # once the old container is gone
    local pid status=0
    "$PILOTPROS" pilotpros tune --apply --yes --only postgres --duration 1s --watch 1s >"$scratch/stopped" 2>&1 &
    pid=$!
    while [ "$(id)" = "$second" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" || status=$?
    cat "$scratch/stopped"
    [ "$status" = 130 ]
}
expect "one that is stopped half way says so" stopped_half_way
expect_same "is taken back" "$(show max_connections)" 60
expect "under it no acknowledged row was lost" lost

# Its server is told otherwise once it answers, under the same writers: the gate does not let that pass.
second=$(id)
told_otherwise() {
    local pid status=0
    "$PILOTPROS" pilotpros tune --apply --yes --only postgres --duration 1s --watch 1s >"$scratch/stopped" 2>&1 &
    pid=$!
    while [ "$(id)" = "$second" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    until compose exec -T db psql -q -U postgres -c "ALTER SYSTEM SET work_mem = '9MB'" -c 'SELECT pg_reload_conf()' >/dev/null 2>&1 || ! kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    wait "$pid" || status=$?
    cat "$scratch/stopped"
    [ "$status" = 4 ]
}
expect "a server that goes by something else is not kept" told_otherwise
expect_in "and its word is said" 'gate "agreement": .*work_mem' "$(cat "$scratch/stopped")"
expect_same "it is taken back" "$(show max_connections)" 60
expect "under that no acknowledged row was lost either" lost
compose exec -T db psql -q -U postgres -c 'ALTER SYSTEM RESET work_mem' -c 'SELECT pg_reload_conf()' >/dev/null

# Planted: ALTER SYSTEM wins over every file that is included, so that the server does not go by what is written.
compose exec -T db psql -q -U postgres -c "ALTER SYSTEM SET work_mem = '9MB'" -c 'SELECT pg_reload_conf()' >/dev/null
write 'work_mem: 11MB, max_connections: "60"'
run "$PILOTPROS" pilotpros tune --only postgres --format json
expect "a value that would not win is not advised" jq -e '[.changes[] | select(.key == "work_mem")] == []' "$scratch/out"
compose exec -T db psql -q -U postgres -c 'ALTER SYSTEM RESET work_mem' -c 'SELECT pg_reload_conf()' >/dev/null

mkdir "$scratch/applied"
cp -a .pilotpros compose.override.yaml "$scratch/applied/"
run "$PILOTPROS" pilotpros rollback --all --yes
expect_status "all of it is taken back" 0
expect_same "the server has its own values again" "$(show work_mem) $(show max_connections)" "4MB 100"
expect "no acknowledged row is lost" lost
expect "and there were many" test "$(wc -l <"$scratch/acknowledged")" -gt 200
docker rm -f "$project-writer-1" >/dev/null
writers=(2)
compose exec -T db psql -q -U postgres -c "DELETE FROM numbered WHERE n = $(awk '$1 % 2 == 0 { print; exit }' "$scratch/acknowledged")"
planted "an acknowledged row that is gone" lost
docker rm -f "$project-writer-2" >/dev/null
expect_same "no row is lost" "$(compose exec -T db psql -U postgres -Atc 'SELECT row FROM kept')" 7
nothing_left() { test -z "$(find . -mindepth 1 -not -name compose.yaml)"; }
expect "no file is left" nothing_left

# ---- by hand, as docs/rollback.md says it: the files as they were before, transaction by transaction -------------------
cp -a "$scratch/applied/." .
compose up -d
answers() { until compose exec -T db psql -U postgres -c '' >/dev/null 2>&1; do sleep 0.2; done; }
becomes() { # WORK_MEM: who was told to read its files again does so in a moment
    local i
    for ((i = 0; i < 30; i++)); do
        if [ "$(show work_mem)" = "$1" ]; then return 0; fi
        sleep 0.1
    done
    return 1
}
answers
expect_same "it is applied again" "$(show work_mem) $(show max_connections)" "5MB 60"
sed -n '/^```sh$/,/^```$/p' "$SOURCE_DIR/docs/rollback.md" | sed '/^```/d' >"$scratch/by-hand"
transactions=("$XDG_STATE_HOME"/pilotpros/*/"$project"/transactions/*)
by_hand() { (cd "${transactions[$1]}" && bash -eu "$scratch/by-hand"); }
expect "by hand: one that was taken back already" by_hand 3
expect "by hand: one that took a restart" by_hand 2
answers
expect_same "by hand: the server has the value from before" "$(show work_mem) $(show max_connections)" "5MB 100"
sed -i 's/5MB/7MB/' .pilotpros/postgres/db/pilotpros.conf
compose exec -T db psql -q -U postgres -c 'SELECT pg_reload_conf()' >/dev/null
expect "by hand: what a later one wrote is in force" becomes 7MB
third=$(id)
expect "by hand: one that was a reload" by_hand 1
expect "by hand: the server reads its files again" becomes 5MB
expect_same "by hand: in the same container" "$(id)" "$third"
expect "by hand: the first one" by_hand 0
answers
expect_same "by hand: the server has its own values" "$(show work_mem) $(show max_connections)" "4MB 100"
expect_same "by hand: no row is lost" "$(compose exec -T db psql -U postgres -Atc 'SELECT row FROM kept')" 7
expect "by hand: no file is left" nothing_left
rm -r "$XDG_STATE_HOME"/pilotpros/*/"$project"
run "$PILOTPROS" pilotpros status
expect_in "by hand: and nothing is known of it" 'nothing was applied' "$out"

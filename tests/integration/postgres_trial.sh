#!/usr/bin/env bash
# beside: judges no time
# PostgreSQL's own word on its settings, and its life under the advised limit: each check with a fault that it is there for, and the same fault
# with the check left out, which then passes.
. "$(dirname "$0")/lib.sh"
driver=${BINARY_DIR:-$SOURCE_DIR/build/dev}/tests/pilotpros-postgres-driver
export RUN_SECONDS=150
modest=(work_mem=1MB shared_buffers=32MB maintenance_work_mem=16MB)

for image in postgres:17 postgres:15; do
    run "$driver" trial "$image" 512m 64m "present:max_connections=40" "${modest[@]}"
    expect_status "$image: a modest set" 0
    expect_in "$image: a modest set lives" '^shared_buffers accepted .*touched, 38 sorts at once, peak .* of 512 MiB' "$out"
    expect_in "$image: its files load" '^include accepted' "$out"

    over=(work_mem=1MB shared_buffers=4GB)
    run "$driver" trial "$image" 256m 64m "present:max_connections=20" "${over[@]}"
    expect_in "$image: 4 GB of buffers within 256 MiB fall when they are touched" '^shared_buffers refused .*buffers' "$out"
    run "$driver" trial "$image" 256m 64m without=buffers "present:max_connections=20" "${over[@]}"
    expect_in "$image: untouched they pass, so touching is what notices" '^shared_buffers accepted' "$out"

    run "$driver" trial "$image" 512m 64m nosuch_setting=1 work_mem=1MB
    expect_in "$image: an unknown name is refused by itself" '^nosuch_setting refused unrecognized' "$out"
    run "$driver" trial "$image" 512m 64m without=names without=whole without=server nosuch_setting=1
    expect_in "$image: unasked it passes" '^nosuch_setting accepted' "$out"
done

run "$driver" trial postgres:17 512m 64m without=server shared_buffers=3kB work_mem=1MB
expect_in "a value out of range is refused" '^shared_buffers refused .*outside the valid range' "$out"
run "$driver" trial postgres:17 512m 64m without=server present:superuser_reserved_connections=50 max_connections=20
expect_in "what only fails together is refused" '^max_connections refused .*superuser_reserved_connections' "$out"
run "$driver" trial postgres:17 512m 64m without=server without=whole present:superuser_reserved_connections=50 max_connections=20
expect_in "one by one it passes" '^max_connections accepted' "$out"

# The other cross-checks that PostgreSQL makes of a whole set; each value passes by itself.
together() { # WHAT KEY SAID NAME=VALUE…
    run "$driver" trial postgres:17 512m 64m without=server "${@:4}"
    expect_in "$1 is refused" "^$2 refused .*$3" "$out"
    run "$driver" trial postgres:17 512m 64m without=server without=whole "${@:4}"
    expect_in "one by one it passes: $1" "^$2 accepted" "$out"
}
together "replication without its WAL" wal_level wal_senders wal_level=minimal max_wal_senders=4
together "archiving without its WAL" wal_level 'rchiv' wal_level=minimal max_wal_senders=0 archive_mode=on
together "a library that is not there" shared_preload_libraries 'could not access file' shared_preload_libraries=nosuch
# This one PostgreSQL makes whenever it is given the value: it counts all other processes then.
run "$driver" trial postgres:17 512m 64m without=server max_worker_processes=262143
expect_in "more workers than processes can be are refused" '^max_worker_processes refused invalid value' "$out"
run "$driver" trial postgres:17 512m 64m without=server max_worker_processes=64
expect_in "fewer are not" '^max_worker_processes accepted' "$out"

run "$driver" trial postgres:17 384m 64m present:max_connections=60 work_mem=16MB shared_buffers=32MB
expect_in "sorts of all connections are counted" '^work_mem refused .*sorts' "$out"
run "$driver" trial postgres:17 384m 64m without=sorts present:max_connections=60 work_mem=16MB shared_buffers=32MB
expect_in "without sorting it passes" '^work_mem accepted' "$out"

# A limit that comes without settings is tried with those in force, and is not accepted before that.
in_force=(present:max_connections=60 present:shared_buffers=32MB)
run "$driver" trial postgres:17 512m 64m "${in_force[@]}" present:work_mem=1MB memory=512m
expect_in "a limit alone is lived in" '^memory accepted 32.0 MiB of buffers touched, 58 sorts at once, peak .* of 512 MiB' "$out"
run "$driver" trial postgres:17 384m 64m "${in_force[@]}" present:work_mem=16MB memory=384m
expect_in "one that the sorts do not fit in is refused" '^memory refused under 384 MiB the server fell: sorts' "$out"
for check in sorts server; do
    run "$driver" trial postgres:17 384m 64m without=$check "${in_force[@]}" present:work_mem=16MB memory=384m
    expect_in "without $check nothing is claimed of it" '^memory not asked' "$out"
done

run "$driver" trial nginx:1.26 256m 64m work_mem=1MB
expect_in "an image without PostgreSQL is not asked" '^work_mem not asked' "$out"

# Those of a test beside this one go within seconds.
nothing_left() { for _ in $(seq 30); do [ -n "$(docker ps -aq --filter label=io.pilotpros.throwaway)" ] || return 0; sleep 1; done; return 1; }
expect "no trial is left behind" nothing_left

# A server with what we wrote mounted: the user's flags win, later values win, nothing moves.
name=postgres-trial-$$
docker run -d --name "$name" -m 1500m -e POSTGRES_PASSWORD=x postgres:17 postgres -c random_page_cost=1.5 >/dev/null
finally "docker rm -fv $name >/dev/null"
for ((i = 0; i < 120; i++)); do
    if docker exec "$name" pg_isready -q -h 127.0.0.1; then break; fi
    sleep 0.5
done
run "$driver" advise "$name" 1500m
expect_in "an anonymous volume at the data stops the rest" 'finding postgres-data-not-on-a-named-volume' "$out"
expect_not_in "and nothing is changed" '^change ' "$out"

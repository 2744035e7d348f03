#!/usr/bin/env bash
# beside: judges no time
# What a program refuses goes out of the Plan and is named with its words; what was only computed is called that; a limit is accepted only where a
# PostgreSQL has lived in it, also when nothing but the limit changes.
# shellcheck disable=SC2016 # filters of jq
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=200
"$SOURCE_DIR/tests/stack/stack.sh" images >/dev/null 2>&1
project=pilotpros-refused-$$ dir=$scratch/project
mkdir -p "$dir"
echo "COMPOSE_PROJECT_NAME=$project" >"$dir/.env"
files() { # PINS
    cat >"$dir/compose.yaml" <<Y
services:
  store:
    image: postgres:17
    command: [postgres, -c, max_connections=20]
    environment: {POSTGRES_PASSWORD: only-for-this-test}
    volumes: ["data:/var/lib/postgresql/data"]
    x-pilotpros:
      pin: {$1}
volumes: {data: {}}
Y
}
compose() { docker compose --project-directory "$dir" --progress quiet "$@"; }
finally 'compose --profile debug down -v -t 1 >/dev/null 2>&1'
cd "$dir"
files 'memory: 512m'
compose up -d -t 1
for ((i = 0; i < 120; i++)); do
    if docker compose exec -T store pg_isready -q -h 127.0.0.1; then break; fi
    sleep 0.5
done
asked() { # COMMAND…: leaves the Plan in $scratch/out
    pilotpros "$@" --format json --duration 1s
    expect_status "$*" 0
}
has() { expect "$1" jq -e "$2" "$scratch/out"; } # WHAT JQ-CONDITION

asked limits
has "a limit alone is accepted by a PostgreSQL that lived in it" \
    '.changes[] | select(.key == "memory").verdict | .outcome == "accepted" and (.by | test("PostgreSQL 17")) and (.said | test("18 sorts at once"))'
has "what goes with it is computed, and says so" '.changes[] | select(.key == "memory_swap").verdict.outcome == "derived"'
asked tune --only limits,logging,postgres
has "nothing of it is accepted by Compose" '[.changes[] | select(.verdict.outcome == "accepted" and .verdict.by == "docker compose config")] == []'
has "log rotation is computed" '[.changes[] | select(.advisor == "logging").verdict.outcome] | unique == ["derived"]'

files 'memory: 64m'
asked limits
has "a limit that PostgreSQL falls in is not written" '[.changes[] | select(.key == "memory")] == []'
has "and it is said what happened" 'any(.left_alone[]; .key == "memory" and (.why | test("refused it: under 64.0 MiB the server fell: buffers")))'

files 'superuser_reserved_connections: "0", work_mem: "1kB", maintenance_work_mem: "16MB"'
asked tune --only postgres
has "a value that PostgreSQL refuses is not written" '[.changes[] | select(.key == "work_mem")] == []'
has "and its words are told" 'any(.left_alone[]; .key == "work_mem" and (.why | test("PostgreSQL 17.* refused it: .*outside the valid range")))'
has "what it takes stays, accepted" '[.changes[] | select(.key == "maintenance_work_mem" or .key == "superuser_reserved_connections").verdict.outcome] == ["accepted", "accepted"]'
has "and no file has what was refused" '[.files[].content | select(test("work_mem = .1kB"))] == []'

# Compose leaves out a service whose profile is not active. It runs all the same from an earlier up: nothing of it is refused in Compose's name.
files 'memory: 512m'
sed -i 's/^services:$/&\n  debug:\n    image: nginx:1.26\n    mem_limit: 256m\n    profiles: [debug]/' compose.yaml
compose --profile debug up -d -t 1
asked tune
has "a service whose profile is not active is left alone for that" \
    'any(.left_alone[]; .service == "debug" and .why == "its profile is not active: name it with --profile") and ([.changes[] | select(.service == "debug")] == [])'
has "and not said to be refused" '[.left_alone[] | select(.service == "debug" and (.why | test("refused")))] == []'
asked tune --profile debug
has "planted: named, it is advised" '[.changes[] | select(.service == "debug")] != []'

#!/usr/bin/env bash
# beside: judges no time
# The recipe's lines do their harm on the real engine, tune finds each of them, and with what it says in their place the same does no harm: node that
# refuses to start, a database that comes up empty, shared memory that is too small, a probe that can never pass, the kernel that kills.
# shellcheck disable=SC2016 # filters of jq, and clean-up that is expanded where it runs
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=300
"$SOURCE_DIR/tests/stack/stack.sh" images reference >"$scratch/images" 2>&1
project=pilotpros-harms-$$
cd "$scratch"

# The recipe's figures, an eighth of them for `sorts`: 2 GB, shared_buffers of 1 GB, work_mem of 16 MB for each of 100 connections.
cat >found.yaml <<Y
name: $project
x-node: &node {image: "node:20", init: true}
x-database: &database
  image: postgres:17
  environment: {POSTGRES_PASSWORD: only-for-this-test, POSTGRES_INITDB_ARGS: --no-sync}
services:
  flow:
    <<: *node
    restart: unless-stopped
    environment: {NODE_OPTIONS: "--max-old-space-size=1024 --optimize-for-size"}
    command: [node, -e, "require('http').createServer((q, a) => a.end()).listen(5678)"]
  heap:
    <<: *node
    mem_limit: 192m
    memswap_limit: 192m
    environment: {NODE_OPTIONS: "--max-old-space-size=256"}
    command: [node, -e, "const kept = []; for (;;) kept.push(new Array(1000).fill(kept.length))"]
  asks:
    image: n8nio/n8n:1.123.0
    init: true
    entrypoint: [node, -e, "require('http').createServer((q, a) => a.end()).listen(5678, '0.0.0.0')"]
    healthcheck:
      test: [CMD-SHELL, "curl -f http://localhost:5678/healthz || exit 1"]
      interval: 3s
      timeout: 10s
      retries: 3
  line:
    image: nginx:1.26
    init: true
    healthcheck: &often
      test: [CMD, "curl -f http://127.0.0.1/ || exit 1"]
      interval: 1s
      timeout: 10s
      retries: 3
  list:
    image: nginx:1.26
    init: true
    healthcheck:
      <<: *often
      test: [CMD, curl, -f, "http://127.0.0.1/", "||", exit, "1"]
  above:
    <<: *database
    volumes: ["above:/var/lib/postgresql"]
  held:
    <<: *database
    command: [postgres, -c, work_mem=16MB, -c, max_parallel_workers_per_gather=4]
    volumes: ["held:/var/lib/postgresql/data"]
  sorts:
    <<: *database
    command: [postgres, -c, shared_buffers=128MB, -c, work_mem=16MB, -c, max_connections=13]
    mem_limit: 256m
    memswap_limit: 256m
    volumes: ["sorts:/var/lib/postgresql/data"]
volumes: {above: {}, held: {}, sorts: {}}
Y
cat >replaced.yaml <<'Y'
services: {held: {volumes: ["postgres_optimized_data:/var/lib/postgresql/data"]}}
volumes: {postgres_optimized_data: {}}
Y
found=(-f found.yaml) replaced=(-f found.yaml -f replaced.yaml) ours=(-f found.yaml)
compose() { docker compose --progress quiet "$@"; }
finally 'compose "${ours[@]}" down -v -t 1 >/dev/null 2>&1'
finally 'compose "${replaced[@]}" down -v -t 1 >/dev/null 2>&1' # each knows volumes that the other does not use
state() { docker inspect -f "$2" "$project-$1-1"; } # SERVICE FORMAT
is() { [ "$(state "$1" "$2")" = "$3" ]; }           # SERVICE FORMAT VALUE
inside() { docker exec -i "$project-$1-1" "${@:2}"; }
ask() { inside "$1" psql -X -q -A -t -w -U postgres -v ON_ERROR_STOP=1 "${@:2}"; }
logs() { docker logs "$project-$1-1" 2>&1; }
before_long() { for _ in {1..300}; do if "$@" >/dev/null 2>&1; then return; fi; sleep 0.3; done; return 1; }
ready() { expect "$1 is there" before_long inside "$1" pg_isready -q -h 127.0.0.1; }
has() { jq -e --arg service "$1" --arg id "$2" 'any(.findings[]; .service == $service and .id == $id)' "$3"; } # SERVICE ID FILE
fix_of() { jq -r --arg service "$1" --arg id "$2" 'first(.findings[] | select(.service == $service and .id == $id)).fix' "$3"; }
# What a finding says in the place of the line is our line: its lines of a Compose file, laid over what was found.
lines_of() { # SERVICE ID FILE
    fix_of "$@" | sed -n -E '/^(services|volumes):/p; /^ /p' >"$1.$2.yaml"
    ours+=(-f "$1.$2.yaml")
}

compose "${found[@]}" up -d
for service in sorts asks; do before_long is "$service" '{{.State.Running}}' true; done
ready sorts
tune() { "$PILOTPROS" pilotpros tune --format json --duration 1s --only postgres,healthcheck "$@" sorts asks; }
tune "${found[@]}" >tune.found 2>tune.found.err & # which tries all that it says, meanwhile
tuning=$!

# ---- each line is found without an engine --------------------------------------------------------------------------
lint() { pilotpros tune --lint --format json "$@"; }
DOCKER_HOST=unix:///nowhere.sock lint "${found[@]}"
cp out lint.found
DOCKER_HOST=unix:///nowhere.sock lint "${replaced[@]}"
cp out lint.replaced
static=('flow node-options-refused' 'heap heap-above-limit' 'asks probe-localhost' 'line probe-needs-shell' 'list probe-needs-shell' 'above volume-above-data' 'held postgres-shm-too-small')
for one in "${static[@]}"; do
    read -r service id <<<"$one"
    expect "the line of $service is found: $id" has "$service" "$id" lint.found
done
expect "the override that takes the data away is found: data-mount-replaced" has held data-mount-replaced lint.replaced
planted "before that override there is nothing of it" has held data-mount-replaced lint.found
lint "${found[@]}"
cp out lint.asked
expect "that the image has no such command is found where an engine has the image: probe-command-missing" has asks probe-command-missing lint.asked
planted "without an engine nothing is claimed of the image" has asks probe-command-missing lint.found

# ---- and does its harm ---------------------------------------------------------------------------------------------
run docker compose "${found[@]}" run --rm -T --no-deps flow
expect_status "node does not start with the recipe's NODE_OPTIONS" 9
expect_in "in its own words" '--optimize-for-size is not allowed in NODE_OPTIONS' "$out$err"
restarted() { [ "$(state flow '{{.RestartCount}}')" -ge 2 ]; }
expect "it is started again and again" before_long restarted

expect "a heap above its limit ends" before_long is heap '{{.State.Running}}' false
expect_same "killed by the kernel" "137 true" "$(state heap '{{.State.ExitCode}} {{.State.OOMKilled}}')"
expect_same "without a word" "" "$(logs heap)"

expect "the probe stays unhealthy, while the service answers" before_long is asks '{{.State.Health.Status}}' unhealthy
expect_in "since the image has no curl" 'curl: .*not found' "$(state asks '{{(index .State.Health.Log 0).Output}}')"
answers() { inside "$1" node -e "fetch('http://127.0.0.1:5678').then(a => process.exit(a.ok ? 0 : 1), () => process.exit(1))"; }
expect "it does answer" answers asks

for service in line list; do
    expect "a probe that no shell reads stays unhealthy, while the service answers: $service" before_long is "$service" '{{.State.Health.Status}}' unhealthy
    expect "it does answer" inside "$service" curl -fs -o /dev/null http://127.0.0.1/
done
expect_in "since there is no such program" 'executable file not found|no such file' "$(state line '{{(index .State.Health.Log 0).Output}}')"

write_row() { ask "$1" -c "create table kept (a int)" -c "insert into kept values (42)"; }
row() { ask "$1" -c "select a from kept" 2>&1 || true; }
ready above
write_row above
left_behind=$(state above '{{range .Mounts}}{{if eq .Destination "/var/lib/postgresql/data"}}{{.Name}}{{end}}{{end}}')
finally "docker volume rm $left_behind >/dev/null 2>&1"
compose "${found[@]}" rm -s -f above >/dev/null
compose "${found[@]}" up -d above
ready above
expect_in "the volume above the data has nothing for the next container" 'relation "kept" does not exist' "$(row above)"

ready held
write_row held
join_all() { # a join whose table of 90 MB is shared by four processes
    ask held -c "drop table if exists goods; create unlogged table goods as select g as id, repeat('x', 150) as note from generate_series(1, 400000) g; analyze goods" \
        -c "set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; set enable_mergejoin = off; set enable_nestloop = off; set jit = off" \
        -c "explain (analyze, costs off, timing off) select count(*), max(a.note || b.note) from goods a join goods b using (id)"
}
expect_in "the parallel join fails" 'could not resize shared memory segment .*No space left on device' "$(join_all 2>&1 || true)"
compose "${replaced[@]}" up -d held 2>/dev/null
ready held
expect_in "with the recipe's volume the database is empty, and nobody was told" 'relation "kept" does not exist' "$(row held)"

if ! wait $tuning; then fail "tune: $(tail -n 3 tune.found.err)"; fi
keep_document tune.found "$PILOTPROS" pilotpros tune --format json
expect "tune finds that the connections do not fit: postgres-worst-case-over-limit" has sorts postgres-worst-case-over-limit tune.found
cat >sorts.sql <<'Q'
begin;
set local max_parallel_workers_per_gather = 0;
declare c no scroll cursor for select g, repeat('x', 1000) from generate_series(1, 13000) g order by md5(g::text);
fetch 1 from c;
select pg_sleep(2);
commit;
Q
sort_all() { # the buffers are in use, and all connections but one sort at once what work_mem lets them
    ask sorts -c "create extension if not exists pg_prewarm; drop table if exists shelf" \
        -c "create unlogged table shelf as select repeat('x', 2000) from generate_series(1, 60000)" -c "select pg_prewarm('shelf')" &&
        inside sorts sh -c 'cat >/tmp/sorts.sql' <sorts.sql &&
        inside sorts pgbench -n -U postgres -c 12 -j 1 -t 1 -f /tmp/sorts.sql postgres
}
planted "what its connections may take" sort_all
was_killed() { # one of them, of which the first tells, or the first itself, which ends the container
    logs sorts | grep -q 'terminated by signal 9' || is sorts '{{.State.Running}} {{.State.OOMKilled}} {{.State.ExitCode}}' 'false true 137'
}
overfilled() { # which process the kernel kills is its choice, and the client is in there, too
    for _ in {1..5}; do
        for _ in {1..20}; do # the server says so a moment after its client knows
            if was_killed; then return; fi
            sleep 0.3
        done
        sort_all || true
    done
    logs sorts | tail -n 5
    return 1
}
expect "the kernel kills one of PostgreSQL's processes, which ends all connections" overfilled

# ---- what is said in its place does none ---------------------------------------------------------------------------
lines_of flow node-options-refused lint.found
lines_of above volume-above-data lint.found
sed -i 's/volumes:$/volumes: !override/; s/^volumes: !override$/volumes:/' above.volume-above-data.yaml # in its place, not beside it
lines_of held data-mount-replaced lint.replaced
lines_of held postgres-shm-too-small lint.found
for service in line list; do lines_of "$service" probe-needs-shell lint.found; done
heap=$(fix_of heap heap-above-limit lint.found | sed -n -E 's/.*(--max-old-space-size=[0-9]+) at most.*/\1/p')
memory=$(fix_of sorts postgres-worst-case-over-limit tune.found | sed -n -E 's/.* of at least ([0-9]+m).*/\1/p')
test=$(jq -c 'first(.changes[] | select(.service == "asks" and .key == "healthcheck.test")).after' tune.found)
expect_in "tune finds a probe that passes, of what the image has" '"(wget|node)".*127\.0\.0\.1' "$test"
cat >said.yaml <<Y
services:
  heap: {environment: {NODE_OPTIONS: "$heap"}}
  sorts: {mem_limit: "$memory", memswap_limit: "$memory"}
  asks: {healthcheck: {test: $test}}
Y
ours+=(-f said.yaml)
compose "${ours[@]}" up -d -t 3
ready sorts
tune "${ours[@]}" >tune.ours 2>tune.ours.err &
tuning=$!
lint "${ours[@]}"
cp out lint.ours
for one in "${static[@]}" 'held data-mount-replaced' 'asks probe-command-missing'; do
    read -r service id <<<"$one"
    planted "nothing of $id is left for $service" has "$service" "$id" lint.ours
done

expect "node answers with our NODE_OPTIONS" before_long answers flow
expect_same "and was started once" 0 "$(state flow '{{.RestartCount}}')"
expect "a heap that its limit holds ends, too" before_long is heap '{{.State.Running}}' false
expect_same "but is not killed" false "$(state heap '{{.State.OOMKilled}}')"
expect_in "and says why" 'heap out of memory' "$(logs heap)"
for service in asks line list; do expect "the probe of $service passes" before_long is "$service" '{{.State.Health.Status}}' healthy; done
ready above
write_row above
compose "${ours[@]}" rm -s -f above >/dev/null
compose "${ours[@]}" up -d above
ready above
expect_same "the next container has the data" 42 "$(row above)"
ready held
expect_same "the database is the one that was there" 42 "$(row held)"
joined=$(join_all 2>&1 || true)
expect_not_in "the parallel join passes" 'ERROR' "$joined"
expect_in "with more than 64 MiB that its processes share" 'Memory Usage: ([7-9][0-9]|[1-9][0-9]{2})[0-9]{3}kB' "$joined"
if ! wait $tuning; then fail "tune: $(tail -n 3 tune.ours.err)"; fi
keep_document tune.ours "$PILOTPROS" pilotpros tune --format json
planted "nothing of postgres-worst-case-over-limit is left for sorts" has sorts postgres-worst-case-over-limit tune.ours
planted "another probe for asks" jq -e 'any(.changes[]; .service == "asks" and .key == "healthcheck.test")' tune.ours
expect "all connections sort at once" sort_all
expect_not_in "and the kernel kills nobody" 'terminated by signal 9' "$(logs sorts)"

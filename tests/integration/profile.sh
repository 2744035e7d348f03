#!/usr/bin/env bash
# beside: it compares facts, not use
# What a profile says of three stacks, beside what the programs say when they are asked another way.
# needs: reference other third
# shellcheck disable=SC2016 # for the shell in the container
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=240

profile_of() { # STACK [SERVICE]
    run "$PILOTPROS" pilotpros profile --project-directory "$("$stack" dir "$1")" -p "$(project_of "$1")" --duration 3s --format json "${@:2}"
    expect_status "profile of $*" 0
    printf '%s' "$out" >"$scratch/$1.json"
}
project_of() { "$stack" compose "$1" ps -q | sed -n 1p | xargs docker inspect --format '{{index .Config.Labels "com.docker.compose.project"}}'; }
fact() { # STACK SERVICE KIND PYTHON-EXPRESSION-OF-f
    python3 - "$scratch/$1.json" "$2" "$3" "$4" <<'P'
import hashlib, json, os, sys
profile = json.load(open(sys.argv[1]))
service = next(s for s in profile["services"] if s["name"] == sys.argv[2])
facts = next((a["facts"] for a in service["applications"] if a["kind"] == sys.argv[3]), {})
setting = lambda name: next(s["value"] for s in facts["settings"] if s["name"] == name)
digest = lambda lines: hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()
of_a_session = os.environ["OF_A_SESSION"].strip("^()$").split("|")
print(eval(sys.argv[4], {"s": service, "f": facts, "p": profile, "setting": setting, "digest": digest, "of_a_session": of_a_session}))
P
}
declare -A containers
in_service() { docker exec "${containers[$1 $2]}" "${@:3}" | tr -d '\r'; } # STACK SERVICE COMMAND…
kinds() { fact "$1" "$2" - '" ".join(sorted(a["kind"] for a in s["applications"])) or "none"'; }
same() { # WHAT OURS THEIRS
    if [ -n "$2" ] && [ "$2" = "$3" ]; then ok "$1: $2"; else fail "$1: we say '$2', the program says '$3'"; fi
}
sql() { in_service "$1" "$2" sh -c "psql -AtX -U \"\$POSTGRES_USER\" -d \"\$POSTGRES_DB\" -c \"$3\""; }
heap() { in_service "$1" "$2" node "${@:3}" -p 'v8.getHeapStatistics().heap_size_limit'; }

stack=$SOURCE_DIR/tests/stack/stack.sh
# What a connection says of itself, not of the server.
of_a_session='^(application_name|client_encoding|transaction_deferrable|transaction_isolation|transaction_read_only)$'
export OF_A_SESSION=$of_a_session
# What only grows, or hardly moves: ours has to lie between what the server says before and after.
declare -A counters=(
    [the bytes of its largest database]='f["database_sizes"][0]|select max(pg_database_size(oid)) from pg_database where not datistemplate'
    [the bytes of temporary files]='f["reading"]["temp_bytes"]|select sum(temp_bytes) from pg_stat_database'
    [its commits]='f["reading"]["commits"]|select sum(xact_commit) from pg_stat_database'
    [its position in the WAL]='f["reading"]["wal_position"]|select pg_current_wal_lsn() - pg_lsn(chr(48) || chr(47) || chr(48))'
    [its start]='int(f["reading"]["started"])|select floor(extract(epoch from pg_postmaster_start_time()))')
declare -A earlier
counted() { # STACK SERVICE COUNTER: what the server says now
    sql "$1" "$2" "${counters[$3]#*|}"
}
between() { # STACK SERVICE COUNTER
    local ours before=${earlier[$1 $3]} after
    ours=$(fact "$1" "$2" postgres "${counters[$3]%%|*}") after=$(counted "$1" "$2" "$3")
    if lies_between "$ours" "$before" "$after"; then ok "$1: $3: $ours"; else fail "$1: $3: we say $ours, the program said $before before and $after after"; fi
}
# A file of the database may also be cut short meanwhile, so the order of the two does not count.
lies_between() { python3 -c 'import sys; ours, *two = map(float, sys.argv[1:]); sys.exit(not min(two) <= ours <= max(two))' "$@"; }
# What the kernel keeps of files that nobody used lately is not needed. A probe that runs just then may be a tenth of the sum, so it is taken all the time.
watch_others() {
    docker ps -q --no-trunc | xargs docker inspect --format '{{index .Config.Labels "com.docker.compose.project"}} {{.Id}}' | grep -v "^$(project_of reference) " |
        cut -d' ' -f2 >"$scratch/others"
    python3 - "$scratch/others" >"$scratch/sums" <<'P' &
import concurrent.futures, http.client, json, socket, sys
class Engine(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/var/run/docker.sock")
def need(container):
    engine = Engine("engine")
    engine.request("GET", f"/containers/{container}/stats?stream=0&one-shot=1")
    memory = json.load(engine.getresponse())["memory_stats"]
    return memory["usage"] - memory["stats"].get("total_inactive_file", memory["stats"].get("inactive_file"))
containers = open(sys.argv[1]).read().split()
with concurrent.futures.ThreadPoolExecutor(len(containers)) as pool:
    while True:
        print(sum(pool.map(need, containers)), flush=True)
P
}
for name in reference other; do
    while read -r service id; do containers[$name $service]=$id; done < <(
        "$stack" compose "$name" ps -q | xargs docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}} {{.Id}}')
done
for pair in reference:postgres-dev other:ledger; do
    for counter in "${!counters[@]}"; do earlier[${pair%%:*} $counter]=$(counted "${pair%%:*}" "${pair##*:}" "$counter"); done
done
watch_others
watcher=$!
finally "kill $watcher 2>/dev/null"
profile_of reference
kill "$watcher"
wait "$watcher" 2>/dev/null || true
for name in other third; do profile_of "$name"; done

same "what the reference stack's services are" "$(for s in postgres-dev automation-engine-dev backend-dev frontend-dev nginx-dev; do kinds reference "$s"; done | paste -sd, )" \
    "postgres,n8n node,node,node,nginx"
same "what the other stack's services are" "$(for s in ledger queue shop courier pricing edge beacon; do kinds other "$s"; done | paste -sd, )" \
    "postgres,redis,node,node,python,nginx,none"
same "what nobody knows is not guessed" "$(for s in $(python3 -c 'import json,sys; print(*[s["name"] for s in json.load(open(sys.argv[1]))["services"]])' "$scratch/third.json"); do kinds third "$s"; done | sort -u | paste -sd,)" "none"

for pair in reference:postgres-dev other:ledger; do
    name=${pair%%:*} service=${pair##*:}
    same "$name: PostgreSQL's version" "$(fact "$name" "$service" postgres 'f["version_number"]')" "$(sql "$name" "$service" 'show server_version_num')"
    same "$name: how many settings" "$(fact "$name" "$service" postgres 'len(f["settings"])')" "$(sql "$name" "$service" "select count(*) - 3 from pg_settings")" # three rows are the state of the asking transaction
    for setting in shared_buffers work_mem max_connections; do
        same "$name: $setting" "$(fact "$name" "$service" postgres "setting('$setting')")" "$(sql "$name" "$service" "select setting from pg_settings where name='$setting'")"
    done
    same "$name: every setting with its source" "$(fact "$name" "$service" postgres 'digest(sorted(s["name"] + "=" + s["source"] for s in f["settings"] if s["name"] not in of_a_session))')" \
        "$(sql "$name" "$service" "select name || '=' || source from pg_settings where name !~ '$of_a_session'" | LC_ALL=C sort | sha256sum | cut -c-64)"
    for counted in "${!counters[@]}"; do between "$name" "$service" "$counted"; done
    same "$name: where its data lies" "$(fact "$name" "$service" postgres 'f["data_directory"]')" "$(sql "$name" "$service" 'show data_directory')"
done
same "reference: node's version" "$(fact reference backend-dev node '"v" + f["version"]')" "$(in_service reference backend-dev node -p process.version)"
same "reference: a heap limit from the environment" "$(fact reference backend-dev node 'f["heap_limit"]')" "$(heap reference backend-dev)"
same "reference: V8's own heap limit" "$(fact reference frontend-dev node 'f["heap_limit"]')" "$(heap reference frontend-dev)"
same "other: a heap limit from the command line, as the server itself has it" "$(fact other shop node 'f["heap_limit"]')" \
    "$(in_service other shop node -e 'fetch(`http://127.0.0.1:${process.env.PORT}/heap`).then((reply) => reply.json()).then(({ limit }) => console.log(limit))')"
same "other: a heap limit that the image sets" "$(fact other courier node 'f["heap_limit"]')" "$(heap other courier)"
same "other: it is the image's" "$(fact other courier node 'f["heap_limit"] in range(200 << 20, 260 << 20)')" True
same "reference: n8n's version" "$(fact reference automation-engine-dev n8n 'f["version"]')" "$(in_service reference automation-engine-dev n8n --version)"
same "other: nginx's version" "$(fact other edge nginx 'f["version"]')" "$(in_service other edge nginx -v 2>&1 | sed 's,.*/,,')"
for pair in reference:nginx-dev other:edge; do
    name=${pair%%:*} service=${pair##*:}
    directive() { in_service "$name" "$service" nginx -T 2>/dev/null | awk -v name="$1" '$1 == name { sub(/;.*/, "", $2); print $2; exit }'; }
    same "$name: nginx's files" "$(fact "$name" "$service" nginx '",".join(sorted(f["files"]))')" \
        "$(in_service "$name" "$service" nginx -T 2>/dev/null | sed -nE 's,^# configuration file (.*):$,\1,p' | LC_ALL=C sort | paste -sd,)"
    same "$name: nginx's worker_processes" "$(fact "$name" "$service" nginx 'f["worker_processes"]')" "$(directive worker_processes)"
    same "$name: nginx's worker_connections" "$(fact "$name" "$service" nginx 'f["worker_connections"]')" "$(directive worker_connections)"
    same "$name: nginx's servers" "$(fact "$name" "$service" nginx 'len(f["servers"])')" "$(in_service "$name" "$service" nginx -T 2>/dev/null | grep -cE '^\s*server\s*\{')"
    same "$name: nginx's workers" "$(fact "$name" "$service" nginx 'f["workers"]')" "$(docker top "${containers[$name $service]}" | grep -c 'nginx: worker process$')"
    same "$name: nginx accepts its files" "$(fact "$name" "$service" nginx 'f["accepted"]')" "$(if in_service "$name" "$service" nginx -t >/dev/null 2>&1; then echo True; else echo False; fi)"
done
same "other: Python's version" "$(fact other pricing python 'f["version"]')" "$(in_service other pricing python3 -c 'import platform; print(platform.python_version())')"
looked_for='curl wget nc bash sh node python3 pg_isready psql redis-cli nginx php perl'
for pair in reference:postgres-dev reference:nginx-dev reference:backend-dev other:queue other:pricing; do
    name=${pair%%:*} service=${pair##*:}
    same "$name: the commands that a probe of $service can use" "$(fact "$name" "$service" - '" ".join(sorted(s["probe_commands"].values()))')" \
        "$(in_service "$name" "$service" sh -c "for name in $looked_for; do command -v \$name; done" | LC_ALL=C sort | paste -sd' ')"
done
same "other: Redis' bound" "$(fact other queue redis 'f["maxmemory"]')" "$(in_service other queue sh -c 'redis-cli --no-auth-warning config get maxmemory 2>/dev/null | tail -n 1')"
same "other: both replicas are measured" "$(fact other shop - 'sum(1 for c in s["containers"] if c["usage"])')" 2
same "other: an image without a shell is not asked for commands in vain" "$(fact other beacon - 's["probe_commands"]')" "{}"
same "reference: n8n's key lies in the container's own layer" "$(fact reference automation-engine-dev n8n 'any(p.startswith("/home/node/.n8n/") for p in s["containers"][0]["writable_layer"]["added"])')" True

# The machine and its engine, beside what docker and the kernel say of them.
of_engine() { fact reference postgres-dev - "p['engine']['$1']"; }
while IFS='|' read -r ours theirs; do
    same "the engine's $ours" "$(of_engine "$ours")" "$(docker info --format "{{.$theirs}}" | sed 's/^true$/True/; s/^false$/False/')"
done <<'T'
id|ID
version|ServerVersion
storage_driver|Driver
cgroup_driver|CgroupDriver
cgroup_version|CgroupVersion
swap_limit|SwapLimit
kernel|KernelVersion
T
same "the machine's CPUs" "$(of_engine cpus)" "$(getconf _NPROCESSORS_ONLN)"
same "the machine's memory" "$(of_engine memory)" "$(awk '$1 == "MemTotal:" { printf "%.0f", $2 * 1024 }' /proc/meminfo)"
same "how many containers of others run" "$(of_engine others_running)" \
    "$(($(docker ps -q | wc -l) - $(docker ps -q --filter "label=com.docker.compose.project=$(project_of reference)" | wc -l)))"
# Memory moves meanwhile: a tenth less than the least that it was, or a tenth more than the most.
near() { python3 -c 'import sys; ours, *all = map(float, sys.argv[1:]); sys.exit(not 0.9 * min(all) <= ours <= 1.1 * max(all))' "$@"; }
mapfile -t sums <"$scratch/sums"
ours=$(of_engine others_memory)
if near "$ours" "${sums[@]}"; then ok "what others need of the memory: $ours"
else fail "what others need of the memory: we say $ours, the engine in ${#sums[@]} looks $(sort -n "$scratch/sums" | sed -n '1p;$p' | xargs)"; fi
planted "a sum that leaves half of the others out" near $((ours / 2)) "${sums[@]}"

# What happens while it is measured: connections that are held, checkpoints that are asked for, and WAL. Ours has to be at least what was done for certain
# in that time, and at most what happened in a longer one.
declare -A happening=(
    [requested checkpoints]='f["watched"]["rates"]["checkpoints_requested"]|'
    [bytes of WAL]='f["watched"]["rates"]["wal_bytes_per_second"] * f["watched"]["rates"]["seconds"]|select pg_current_wal_lsn() - pg_lsn(chr(48) || chr(47) || chr(48))')
requested() { if [ "$(sql "$1" "$2" 'show server_version_num')" -ge 170000 ]; then echo 'select num_requested from pg_stat_checkpointer'; else echo 'select checkpoints_req from pg_stat_bgwriter'; fi; }
happened() { # STACK SERVICE WHAT: what the server counted so far
    local question=${happening[$3]#*|}
    sql "$1" "$2" "${question:-$(requested "$1" "$2")}"
}
sampled() { sql "$1" "$2" "select count(*) from pg_stat_activity where application_name = 'pilotpros' and state = 'idle'"; }
clients() { sql "$1" "$2" "select count(*) from pg_stat_activity where backend_type = 'client backend' and application_name not in ('psql', 'pilotpros')"; }
watched() { # STACK SERVICE
    local what measuring waited=0 most=0 least=9999 now ours
    local -A outer inner
    in_service "$1" "$2" sh -c 'for _ in 1 2 3 4 5 6 7; do PGAPPNAME=held psql -X -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "select pg_sleep(120)" >/dev/null 2>&1 & done; wait' &
    for what in "${!happening[@]}"; do outer[$what]=$(happened "$1" "$2" "$what"); done
    "$PILOTPROS" pilotpros profile --project-directory "$("$stack" dir "$1")" -p "$(project_of "$1")" --duration 25s --format json "$2" >"$scratch/$1.json" 2>"$scratch/said" &
    measuring=$!
    until [ "$(sampled "$1" "$2")" -gt 0 ] && sleep 1 && [ "$(sampled "$1" "$2")" -gt 0 ]; do
        waited=$((waited + 1))
        if [ "$waited" -gt 60 ]; then fail "$1: nobody looks at the connections"; return; fi
    done
    for what in "${!happening[@]}"; do inner[$what]=$(happened "$1" "$2" "$what"); done
    sql "$1" "$2" "select pg_logical_emit_message(false, chr(112), repeat(chr(112), 3000000))" >/dev/null
    sql "$1" "$2" checkpoint >/dev/null
    sql "$1" "$2" checkpoint >/dev/null
    for what in "${!happening[@]}"; do inner[$what]=$(python3 -c 'import sys; print(int(sys.argv[1]) - int(sys.argv[2]))' "$(happened "$1" "$2" "$what")" "${inner[$what]}"); done
    while kill -0 "$measuring" 2>/dev/null; do
        now=$(clients "$1" "$2")
        most=$((now > most ? now : most)) least=$((now < least ? now : least))
        sleep 0.5
    done
    sql "$1" "$2" "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'held'" >/dev/null
    wait "$measuring" || fail "$1: the profile ended with $?: $(cat "$scratch/said")"
    for what in "${!happening[@]}"; do
        outer[$what]=$(python3 -c 'import sys; print(int(sys.argv[1]) - int(sys.argv[2]))' "$(happened "$1" "$2" "$what")" "${outer[$what]}")
        ours=$(fact "$1" "$2" postgres "${happening[$what]%%|*}")
        if [ "${inner[$what]}" -ge 2 ] && lies_between "$ours" "$((${inner[$what]} - 1))" "$((${outer[$what]} + 1))"; then # a rate is not whole
            ok "$1: $what while it was measured: $ours"
        else
            fail "$1: $what while it was measured: we say $ours, the program ${inner[$what]} to ${outer[$what]}"
        fi
    done
    # Besides the programs' own, each question of this test is a connection for a moment.
    ours=$(fact "$1" "$2" postgres 'f["watched"]["connections_max"]')
    if [ "$least" -ge 7 ] && lies_between "$ours" "$least" "$((most + 1))"; then ok "$1: the most connections at once: $ours"; else
        fail "$1: the most connections at once: we say $ours, the program $least to $most"
    fi
}
watched reference postgres-dev
watched other ledger
planted "a number of connections that nobody saw" lies_between 3 7 9
for name in reference other; do profile_of "$name"; done

# Our own questions are no transactions of the server's: one that nobody uses has none, and one that is asked ten times a second has those.
mkdir "$scratch/quiet"
printf 'services:\n  store: {image: "postgres:17", environment: {POSTGRES_PASSWORD: quiet}, healthcheck: {test: [CMD, pg_isready, -h, 127.0.0.1], interval: 300ms, retries: 200}}\n' >"$scratch/quiet/compose.yaml"
quiet() { (cd "$scratch/quiet" && docker compose -p "pilotpros-quiet-$$" "$@"); }
finally "docker compose -p pilotpros-quiet-$$ down -v -t 0 >/dev/null 2>&1"
quiet --progress quiet up -d --wait
quiet stop >/dev/null 2>&1 # with its probe, which asks, too, it would not be quiet
sed -i 's/healthcheck: .*}}$/healthcheck: {disable: true}}/' "$scratch/quiet/compose.yaml"
quiet --progress quiet up -d
for _ in {1..200}; do ! quiet exec -T store pg_isready -q -h 127.0.0.1 || break; sleep 0.3; done
transactions() { # what a profile says of ten seconds
    (cd "$scratch/quiet" && "$PILOTPROS" pilotpros profile -p "pilotpros-quiet-$$" --duration 10s --format json) >"$scratch/quiet.json" 2>/dev/null
    fact quiet store postgres 'f["watched"]["rates"]["transactions_per_second"]'
}
ours=$(transactions)
if lies_between "$ours" 0 0.5; then ok "the transactions of a server that nobody uses: $ours a second"; else fail "a server that nobody uses: $ours transactions a second"; fi
quiet exec -T store sh -c 'while sleep 0.1; do echo "select count(*) from pg_class;"; done | timeout 30 psql -X -q -U postgres' >/dev/null 2>&1 &
ours=$(transactions)
if lies_between "$ours" 4 11; then ok "of one that is asked up to ten times a second: $ours"; else fail "asked up to ten times a second: $ours"; fi
quiet down -v -t 0 >/dev/null 2>&1

# The same comparison with one value doctored has to fail.
before=$failures
same "planted" "$(fact reference postgres-dev postgres 'f["version_number"] + 1')" "$(sql reference postgres-dev 'show server_version_num')" >/dev/null
if [ "$failures" -gt "$before" ]; then failures=$before; ok "noticed: a version that is not the program's"; else fail "not noticed: a version that is not the program's"; fi
planted "a counter that the program did not have" lies_between 7 8 9

profile_of other queue
same "a service that is named is the only one" "$(python3 -c 'import json, sys; print(*[s["name"] for s in json.load(open(sys.argv[1]))["services"]])' "$scratch/other.json")" queue
run "$PILOTPROS" pilotpros profile --project-directory "$("$stack" dir other)" -p "$(project_of other)" --show
expect_status "what was kept is shown without measuring" 0
expect_in "with its table" '^KEPT .*NEEDED MAX' "$out"
expect_not_in "without one of a measurement" '^CPU, CORES' "$out"

#!/usr/bin/env bash
# beside: it waits for time-outs, and judges none
# Changes that are faulty in ways which a look right after the start does not see. Each ends rolled back (exit 4), with the gate and the service's last
# lines in the message, and no secret among them. All at once, each in a project and a state directory of its own.
# shellcheck disable=SC2016 # what is in single quotes is for other shells
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=600
"$SOURCE_DIR/tests/stack/stack.sh" images >/dev/null 2>&1
driver=${BINARY_DIR:-$SOURCE_DIR/build/dev}/tests/apply_driver/pilotpros-apply-driver
export COMPOSE_PROGRESS=quiet DRIVER_WATCH=25

# With the limit that is applied, the program of "web" does what $2 says; without it, it runs.
project() { # NAME IMAGE WITH-THE-LIMIT WITHOUT HEALTHCHECK [VOLUME RETRIES]
    local folder=$scratch/$1
    mkdir -p "$folder"
    cat >"$folder/compose.yaml" <<YAML
name: pilotpros-gate-$1-$$
services:
  web:
    image: $2
    init: true
    restart: always
    stop_grace_period: 1s
    environment: {TOKEN: "canary-of-the-gate", POSTGRES_PASSWORD: canary-of-the-gate}
    volumes: [${6:-}]
    healthcheck: {test: $5, interval: 5s, start_period: 20s, start_interval: 500ms, timeout: 5s, retries: ${7:-2}}
    entrypoint: [bash, -c]
    command:
      - |
        limit=\$\$(cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes)
        if [ "\$\$limit" = 134217728 ]; then
          printf '\033[31mthe program says: \033[0mtoken %s, \033]0;title\007and goes\n' "\$\$TOKEN"
          $3
        else
          $4
        fi
  later:
    image: debian:trixie-slim
    init: true
    stop_grace_period: 0s
    depends_on: [web]
    command: sleep infinity
volumes: {data: {}}
YAML
    finally "docker compose -p pilotpros-gate-$1-$$ down -v -t 0 >/dev/null 2>&1; docker ps -aq --filter name=pilotpros-keep-pilotpros-gate-$1-$$ | xargs -r docker rm -f >/dev/null"
    docker compose --project-directory "$folder" up -d --wait
    ls -A "$folder" >"$scratch/$1.files"
    ids "$1" >"$scratch/$1.images"
}
ids() { docker ps -a --filter "label=com.docker.compose.project=pilotpros-gate-$1-$$" --format '{{.Names}}' | sort | xargs docker inspect --format '{{.Name}} {{.State.Running}} {{.HostConfig.Memory}} {{index .Config.Labels "com.docker.compose.config-hash"}}'; }
apply() { # NAME SERVICES
    local status=0
    cd "$scratch/$1"
    XDG_STATE_HOME=$scratch/state-$1 timeout -k 5 600 "$driver" apply "$2" 128m >"$scratch/$1.out" 2>"$scratch/$1.err" </dev/null || status=$?
    echo "$status" >"$scratch/$1.status"
}
judge() { # NAME WHAT REGEX-OF-THE-MESSAGE
    status=$(<"$scratch/$1.status") out=$(<"$scratch/$1.out") err=$(<"$scratch/$1.err")
    expect_status "$2" 4
    expect_in "$2: the message" "$3" "$out"
    expect_not_in "$2: no secret, no escape" $'canary-of-the-gate|\x1b|\x07' "$out$err"
    ls -A "$scratch/$1" >"$scratch/now"
    expect "$2: the files are as they were" diff "$scratch/$1.files" "$scratch/now"
    ids "$1" >"$scratch/now"
    expect "$2: the containers are as they were" diff "$scratch/$1.images" "$scratch/now"
}

wait='exec sleep infinity'
project crash debian:trixie-slim 'sleep 4; exit 7' "$wait" '[CMD, "true"]'
project memory debian:trixie-slim '(sleep 6; exec tail /dev/zero) & sleep infinity' "$wait" '[CMD, "true"]'
project silent nginx:1.26 "$wait" 'exec nginx -g "daemon off;"' '[CMD, "true"]'
project unwell debian:trixie-slim "$wait" "touch /tmp/well; $wait" '[CMD-SHELL, "test -e /tmp/well || { echo the probe says: token $$TOKEN is refused; exit 1; }"]'
project merge debian:trixie-slim "$wait" "$wait" '[CMD, "true"]'

# PostgreSQL, with rows: one whose shared memory no machine has, and one that a process beside it takes the memory from, long after it is healthy.
server='exec docker-entrypoint.sh postgres' ready='[CMD-SHELL, "pg_isready -U postgres"]' data=data:/var/lib/postgresql/data
project unstarted postgres:17 "$server -c shared_buffers=8000GB" "$server" "$ready" "$data" 100
project late postgres:17 "(sleep 20; exec tail /dev/zero) & $server" "$server" "$ready" "$data" 100
query() { docker compose -p "pilotpros-gate-$1-$$" exec -T web psql -X -qAt -U postgres -c "$2"; }
for name in unstarted late; do query "$name" 'CREATE TABLE kept AS SELECT n FROM generate_series(1, 1000) AS n'; done
rows() { query "$1" 'SELECT count(*), sum(n) FROM kept'; }

# How long memory takes to be filled is the machine's: the watch ends with the kill.
for name in crash silent unwell unstarted; do apply "$name" web & done
DRIVER_WATCH=120 apply memory web &
DRIVER_WATCH=180 apply late web &
apply merge web,later &
# What the user does to their file once the first service is through: Compose takes both files together no longer.
until [ -e "$scratch/merge.status" ] || grep -qs 'waiting until web' "$scratch/merge.err"; do sleep 0.02; done
cp "$scratch/merge/compose.yaml" "$scratch/kept.yaml"
sed -i 's/^  later:$/  later:\n    deploy: {resources: {limits: {memory: 5m}}}/' "$scratch/merge/compose.yaml"
wait
cp "$scratch/kept.yaml" "$scratch/merge/compose.yaml"

judge crash "healthy, and then crash-looping" 'gate "(no restart|running)": .*web-[0-9]+: after its gate'
expect_in "its last lines" '^the last lines of web:$' "$out"
expect_in "the line itself, without its secret" '^  \| the program says: token …, and goes$' "$out"
expect_in "what it leaves" '^what was changed is taken back: files and containers are as they were$' "$out"
expect_in "and what comes next" '^next: mend what that says' "$out"
judge unwell "a probe that fails from then on" 'gate "healthy": .*web-[0-9]+: its health check says unhealthy'
expect_in "what the probe said, without the secret" '^  \| its health check: the probe says: token …' "$out"
judge memory "a process killed for lack of memory after a while" 'gate "no OOM kill": .*web-[0-9]+'
judge silent "a probe that always passes, and nobody listens" 'gate "listening": web: .*web-[0-9]+ does not listen on 80, as it did'
expect_in "how long its gate waits, and by which start" '^.*waiting until web is healthy and listens on 80, at most [0-9].* \(its slowest start seen: [0-9]' "$(tr -s '\n ' ' ' <<<"$err")"
judge merge "an override that stops merging" 'docker compose could not be asked what later depends on \(exit [0-9]+\): .*memory'

judge unstarted "a PostgreSQL that does not start" 'gate "[a-z ]*": .*web-[0-9]+'
expect_in "in its own words" '^  \| .*(shared memory|shared_buffers|memory)' "$out"
judge late "one that is healthy, and short of memory after 20 s" 'gate "no OOM kill": .*web-[0-9]+'
answers() { # NAME: within a minute
    local deadline=$((SECONDS + 60))
    until rows "$1" >/dev/null 2>&1; do
        if [ "$SECONDS" -ge "$deadline" ]; then return 1; fi
        sleep 0.3
    done
}
for name in unstarted late; do
    expect "$name: the server is back" answers "$name"
    expect_same "$name: every row is there" "$(rows "$name")" '1000|500500'
done
query late 'DELETE FROM kept WHERE n = 1'
planted "a row that is gone" test "$(rows late)" = '1000|500500'

# ---- a proxy that does not reach what it reached -----------------------------------------------------------------------
# The port is one that the kernel might have given by itself, so that only the proxy tells that somebody is to listen there.
mkdir -p "$scratch/proxy/conf.d"
cd "$scratch/proxy"
echo 'server { listen 80; location / { proxy_pass http://api:40000; } location /b { proxy_pass http://nowhere.invalid; } }' >conf.d/default.conf
sed -i 's/ location .b.*/ }/' conf.d/default.conf
cat >compose.yaml <<YAML
name: pilotpros-gate-proxy-$$
services:
  api:
    image: node:20
    init: true
    stop_grace_period: 1s
    entrypoint: [bash, -c]
    command:
      - |
        limit=\$\$(cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes)
        [ "\$\$limit" != 134217728 ] || exec sleep infinity
        exec node -e 'require("http").createServer((q, a) => a.end("x")).listen(40000)'
    deploy: {update_config: {order: stop-first}}
    x-pilotpros: {pin: {memory: 128m}}
  web:
    image: nginx:1.26
    volumes: ["./conf.d:/etc/nginx/conf.d:ro"]
    depends_on: [api]
    x-pilotpros: {exclude: true}
YAML
finally 'docker compose -p pilotpros-gate-proxy-'$$' down -v -t 0 >/dev/null 2>&1'
docker compose up -d
until docker compose exec -T web curl -fsS http://127.0.0.1/ >/dev/null 2>&1; do sleep 0.3; done
run "$PILOTPROS" pilotpros limits --apply --yes --watch 1s --duration 1s
expect_status "a proxy that does not reach what it reached" 4
expect_in "says which" 'gate "serves as before": web: its upstream api:40000 cannot be reached: it takes no connection' "$out"
expect "and reaches it again" bash -c 'for i in $(seq 20); do docker compose exec -T web curl -fsS http://127.0.0.1/ && exit 0; sleep 0.5; done; exit 1'
sed -i 's/pin: {memory: 128m}/pin: {memory: 160m}/' compose.yaml
run "$PILOTPROS" pilotpros limits --apply --yes --watch 1s --duration 1s
expect_status "a change that takes nothing away" 0
expect_in "says how long it was away" 'api was away for .* \(announced: at most ' "$out"
expect_in "as it was announced" 'api: away at most ' "$err"
run "$PILOTPROS" pilotpros rollback --all --yes
expect_status "and back" 0
expect_in "says before how long it is going to be away" 'recreate api: away at most .*: the slowest of 1 measured before' "$out"
expect_in "and afterwards how long it was" 'api was away for .* \(announced: at most ' "$out"

#!/usr/bin/env bash
# One apply replaces all there is, the database, the program and nginx in front, under load through that nginx: no more requests fail than the announced
# seconds times the rate. A first apply, under load too, gives the seconds to announce from.
# REQUESTS (4000) at RATE a second (250).
# shellcheck disable=SC2016 # what is in single quotes is for other programs
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=300
"$SOURCE_DIR/tests/stack/stack.sh" images >/dev/null 2>&1
project=pilotpros-everything-$$ dir=$scratch/project rate=${RATE:-250}
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])') # the same for each container
mkdir -p "$dir/front" "$dir/program"
cd "$dir"
export COMPOSE_PROGRESS=quiet
write() { # MEMORY CONNECTIONS: the project, with these wishes
    cat >compose.yaml <<Y
name: $project
services:
  front:
    image: nginx:1.26
    ports: ["127.0.0.1:$port:80"]
    volumes: ["./front:/etc/nginx/conf.d:ro"]
    depends_on: [program]
    healthcheck: {test: [CMD, curl, -fsS, "http://127.0.0.1/here"], interval: 10s, start_period: 60s, start_interval: 500ms}
    x-pilotpros: {pin: {memory: $1}}
  program:
    image: node:20
    init: true
    command: [node, /program/server.js]
    volumes: ["./program:/program:ro", scratch:/scratch]
    stop_grace_period: 2s
    depends_on: [db]
    healthcheck: {test: [CMD, node, /program/probe.js], interval: 10s, start_period: 60s, start_interval: 500ms, retries: 10}
    x-pilotpros: {pin: {memory: $1}}
  db:
    image: postgres:17
    environment: {POSTGRES_PASSWORD: word}
    volumes: [data:/var/lib/postgresql/data]
    healthcheck: {test: [CMD, pg_isready, -U, postgres], interval: 10s, start_period: 60s, start_interval: 500ms, retries: 30}
    x-pilotpros: {pin: {max_connections: "$2"}}
volumes: {data: {}, scratch: {}}
Y
}
cat >front/default.conf <<'N'
server {
    listen 80;
    location / { proxy_pass http://program:3000; proxy_connect_timeout 1s; }
    location /here { return 200 "here\n"; }
}
N
# It answers while the database server is connected, which has said on this connection whether it speaks TLS: that takes no password, and only one that
# runs does. The server waits for a minute for more, so another connection takes over before.
cat >program/server.js <<'N'
let connected, lost;
const open = () => {
    const next = require('net').connect(5432, 'db', () => next.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])));
    next.on('data', () => { const before = connected; connected = next; if (before) before.destroy(); });
    next.on('error', () => {}).on('close', () => { if (!connected || connected === next) { connected = undefined; clearTimeout(lost); lost = setTimeout(open, 50); } });
};
open();
setInterval(open, 10000);
require('http').createServer((request, response) => {
    request.resume().on('end', () => {
        if (!connected && request.url !== '/alive') response.statusCode = 503;
        response.end('answered\n');
    });
}).listen(3000);
N
echo "require('http').get('http://127.0.0.1:3000/alive', (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1));" >program/probe.js
write 96m 60
finally 'cd "$dir"; docker compose down -v -t 1 >/dev/null 2>&1; docker ps -aq --filter "name=pilotpros-(keep|lock)-$project" | xargs -r docker rm -f >/dev/null'
docker compose up -d --wait 2>/dev/null
id() { docker compose ps -q --no-trunc "$1"; }
all() { for service in db program front; do id "$service"; done; }
under_load() { # LEAST COMMAND…: $load has what the load saw
    local least=$1
    shift
    rm -f "$scratch/stop"
    python3 "$SOURCE_DIR/tests/tools/load.py" "http://127.0.0.1:$port/" "$scratch/stop" "$least" 90 "$rate" >"$scratch/load" &
    sleep 1
    "$@"
    touch "$scratch/stop"
    wait $! || fail "the load ended early"
    load=$(cat "$scratch/load")
    echo "      under load: $load"
    sed -n 's/^[a-z]* was away for/      &/p' <<<"$out"
}
announced() { # SERVICE…: seconds, in all, that $err says these are away at most
    local services
    services=$(IFS='|'; echo "$*")
    sed -nE "s/^ *($services): away at most ([^:]*):.*/\2/p" <<<"$err" | awk '
        { for (i = 1; i < NF; i += 2) sum += $i * ($(i + 1) == "ms" ? 0.001 : $(i + 1) == "s" ? 1 : $(i + 1) == "min" ? 60 : 3600) } END { print sum + 0 }'
}
within() { # SECONDS: no more failed than the rate that was has in so many
    awk -v seconds="$1" '{ rate = $1 / substr($0, match($0, /all [0-9.]+ s/) + 4) ; printf "%d failed, at most %d: %.1f s at %.0f a second\n", $3, seconds * rate, seconds, rate
        exit !($3 <= seconds * rate) }' "$scratch/load"
}
apply() { pilotpros tune --apply --yes --only limits --only postgres --duration 1s --watch 1s; }

# ---- what the announced seconds rest on ------------------------------------------------------------------------------
expect "the database is there, as both say" curl -fsS -m 5 "http://127.0.0.1:$port/"
before=$(all)
under_load 0 apply
expect_status "a first apply" 0
changed() { test -z "$(comm -12 <(sort <<<"$1") <(sort <<<"$2"))"; }
expect "every container is another" changed "$before" "$(all)"

# ---- everything changes ----------------------------------------------------------------------------------------------
write 112m 70
before=$(all)
under_load "${REQUESTS:-4000}" apply
expect_status "a second apply" 0
expect "every container is another" changed "$before" "$(all)"
expect_same "the limits are in force" "$(docker inspect --format '{{.HostConfig.Memory}}' "$(id front)" "$(id program)" | tr '\n' ' ')" "117440512 117440512 "
expect_same "and the server says so" "$(docker compose exec -T db psql -U postgres -Atc 'SHOW max_connections')" 70
for service in db program front; do
    expect_in "$service: announced from what was measured" "^ *$service: away at most .*: the slowest of [0-9]+ measured before" "$err"
    expect_in "$service: how long it was is said" "^$service was away for .* \(announced: at most " "$out"
done
seconds=$(announced db program front)
expect "$(cut -d' ' -f1 "$scratch/load") requests, at least ${REQUESTS:-4000}" test "$(cut -d' ' -f1 "$scratch/load")" -ge "${REQUESTS:-4000}"
expect "what failed is within the announced seconds: $(within "$seconds")" within "$seconds"
planted "all of it would be within nothing" within 0

# Planted: an nginx that is away half as long again as was announced of it.
front=$(announced front)
longer() { out=; docker compose stop -t 1 front 2>/dev/null; sleep "$(awk "BEGIN { print 1.5 * $front }")"; docker compose start front 2>/dev/null; }
under_load 0 longer
planted "it is away longer than announced ($front s): $(within "$front")" within "$front"

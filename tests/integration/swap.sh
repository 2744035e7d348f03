#!/usr/bin/env bash
# beside: judges no time
# A service that may run twice is swapped start-first: under load through the nginx in front of it no request fails, also of programs that
# end at once when they are told to. One that publishes a port is stopped first, the output says why, and requests fail.
# REQUESTS and LOAD_SECONDS: how much load at least, and for how long after the apply at most.
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=120
"$SOURCE_DIR/tests/stack/stack.sh" images >/dev/null 2>&1
project=pilotpros-swap-$$ dir=$scratch/project
mkdir -p "$dir/front" "$dir/program"
cat >"$dir/compose.yaml" <<'Y'
x-program: &program
  image: node:20
  init: true
  command: [node, /program/server.js]
  volumes: ["./program:/program:ro"]
  stop_grace_period: 8s
  x-pilotpros:
    pin: {memory: 96m}
  healthcheck:
    test: [CMD, node, /program/probe.js]
    interval: 10s
    start_period: 30s
    start_interval: 500ms
services:
  front:
    image: nginx:1.26
    ports: ["127.0.0.1::80"]
    volumes: ["./front:/etc/nginx/conf.d:ro"]
    depends_on: [backend, direct]
  backend: *program
  direct:
    <<: *program
    ports: ["127.0.0.1::3000"]
Y
cat >"$dir/front/default.conf" <<'N'
server {
    listen 80;
    location / { proxy_pass http://backend:3000; }
    location /direct { proxy_pass http://direct:3000; proxy_connect_timeout 1s; }
}
N
# It answers after a while, and has no handler for SIGTERM: whoever is connected then gets no answer.
cat >"$dir/program/server.js" <<'N'
require('http').createServer((request, response) => {
    request.resume().on('end', () => setTimeout(() => response.end(`${require('os').hostname()}\n`), 3));
}).listen(3000);
N
echo "require('http').get('http://127.0.0.1:3000', (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1));" >"$dir/program/probe.js"
echo "COMPOSE_PROJECT_NAME=$project" >"$dir/.env"
compose() { docker compose --project-directory "$dir" "$@"; }
finally 'compose down -v -t 1 >/dev/null 2>&1'
cd "$dir"
compose --progress quiet up -d -t 1 --wait
id() { compose ps -q --no-trunc "$1"; }
all() { echo "$(id front) $(id backend) $(id direct)"; }
names() { docker ps -a --filter "label=com.docker.compose.project=$project" --format '{{.Names}}' | sort | tr '\n' ' '; }
memory() { docker inspect --format '{{.HostConfig.Memory}}' "$(id "$1")"; }
under_load() { # PATH LEAST COMMAND…: $load has what the load saw
    local least=$2 url
    url=http://$(compose port front 80)$1
    shift 2
    rm -f "$scratch/stop"
    python3 "$SOURCE_DIR/tests/tools/load.py" "$url" "$scratch/stop" "$least" "${LOAD_SECONDS:-15}" >"$scratch/load" &
    sleep 1
    "$@"
    touch "$scratch/stop"
    wait $! || fail "the load ended early"
    load=$(cat "$scratch/load")
    echo "      under load: $load"
}
front=$(id front) direct=$(id direct) backend=$(id backend) names=$(names) hosts=$(docker exec "$(id front)" cat /etc/hosts)

# ---- killed meanwhile ------------------------------------------------------------------------------------------------
hosts() { docker exec "$front" cat /etc/hosts; }
for moment in 'starting a second' 'waiting until nobody'; do
    : >"$scratch/steps" # what the one before said is not this one's
    "$PILOTPROS" pilotpros limits --apply backend --yes --duration 1s --watch 1s >/dev/null 2>"$scratch/steps" &
    pid=$!
    until grep -q "$moment" "$scratch/steps"; do sleep 0.02; done
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    [ "$moment" = 'starting a second' ] || planted "nginx has the second one alone just then" test "$(hosts)" = "$hosts"
    for _ in 1 2 3 4 5 6; do # Compose, orphaned, holds the lock
        pilotpros status
        [ "$status" = 3 ] || break
        sleep 1
    done
    expect_status "killed at '$moment'" 0
    expect_same "the old one is there, alone, and nginx asks it" "$(all) $(names) $(hosts)" "$front $backend $direct $names $hosts"
    expect "and it answers" curl -fsS -m 5 "http://$(compose port front 80)/"
done

# ---- start-first -----------------------------------------------------------------------------------------------------
under_load / "${REQUESTS:-3000}" pilotpros limits --apply backend --yes --duration 1s --watch 1s
expect_status "a stateless service is changed" 0
expect_in "it is said before that it goes on" 'backend goes on: a second one' "$err"
expect_not_in "and not called interrupted" 'backend: away at most' "$err"
expect_in "nobody was connected any more when the old one went" 'start-first: nobody was connected any more' "$out"
expect_in "no request failed" '^[0-9]{3,} requests, 0 failed' "$load"
expect_same "the limit is in force" "$(memory backend)" 100663296
expect "another container has it" test "$(id backend)" != "$backend"
expect_same "under the old name, and nobody else's" "$(names)" "$names"
expect_same "nginx and what is beside it stay, and their hosts" "$(id front) $(id direct) $(docker exec "$front" cat /etc/hosts)" "$front $direct $hosts"
applied=$(all)
run docker compose --dry-run --progress plain up -d
expect_in "the next up says Running" "$project-backend-1 +Running" "$out$err"
expect_not_in "of every container" 'Recreate|Create|Starting' "$out$err"
compose --progress quiet up -d
expect_same "and does nothing else" "$(all)" "$applied"
pilotpros limits --apply backend --yes --duration 1s --watch 1s
expect_same "the same again changes nothing" "$status $(all)" "0 $applied"

# ---- stop-first ------------------------------------------------------------------------------------------------------
under_load /direct 100 pilotpros limits --apply direct --yes --duration 1s --watch 1s
expect_status "one that publishes a port is changed, too" 0
expect_in "the output says why it stops" 'direct is stopped before it is started again: it publishes port' "$err"
expect_in "and that it is interrupted" 'direct: away at most' "$err"
planted "a service that is stopped first, under load" grep -q ', 0 failed' "$scratch/load"
expect_same "the others stay" "$(id front) $(id backend)" "$(cut -d' ' -f1,2 <<<"$applied")"

# ---- back ------------------------------------------------------------------------------------------------------------
pilotpros rollback --all --yes
expect_status "both are taken back" 0
expect_same "without a limit, under the names as they were" "$(memory backend) $(memory direct) $(names)" "0 0 $names"
expect_same "and numbers" "$(docker inspect --format '{{index .Config.Labels "com.docker.compose.container-number"}}' "$(id backend)")" 1
applied=$(all)
compose --progress quiet up -d
expect_same "the next up finds nothing to do" "$(all)" "$applied"

# ---- a rollback goes by what is served, too ------------------------------------------------------------------------------
# The user's own edit, made after the apply, takes the program away that nginx asks; its health check finds nothing wrong.
pilotpros limits --apply backend --yes --duration 1s --watch 1s
expect_status "applied once more" 0
cp compose.yaml "$scratch/compose.yaml"
sed -i 's/^  backend: \*program$/  backend:\n    <<: *program\n    command: [sleep, "1000"]\n    healthcheck: {test: [CMD, "true"], interval: 1s}/' compose.yaml
pilotpros rollback --yes
expect_status "a service that nginx no longer reaches is not called restored" 7
expect_in "and it is named" "front: its upstream backend:3000 cannot be reached: it takes no connection" "$err"
cp "$scratch/compose.yaml" compose.yaml
compose --progress quiet up -d --wait -t 1
docker exec "$(id front)" nginx -s reload >/dev/null 2>&1
pilotpros rollback --yes
expect_in "there is nothing left to undo" 'nothing' "${out,,}${err,,}"
pilotpros limits --apply backend --yes --duration 1s --watch 1s
pilotpros rollback --yes
expect_status "with the program that was there the same rollback passes" 0

#!/usr/bin/env bash
# beside one: what it tries passes or fails, soon or late
# A health check's probe is tried on the real thing: it passes on the running service, fails on a stopped one and on a wrong port; one that could
# never fail is refused. What a container's own layer holds is told apart. And a start_interval does what it is advised for.
# shellcheck disable=SC2016 # clean-up is expanded where it runs
. "$(dirname "$0")/lib.sh"
driver=${BINARY_DIR:-$SOURCE_DIR/build/dev}/tests/probes_driver/pilotpros-probes-driver
"$SOURCE_DIR/tests/stack/stack.sh" images reference other >"$scratch/images" 2>&1

start() { # NAME OPTIONS… IMAGE COMMAND…
    local name=pilotpros-probes-$1
    shift
    docker rm -f -v "$name" >/dev/null 2>&1 || true
    finally "docker rm -f -v $name >/dev/null 2>&1"
    docker run -d --name "$name" "$@" >/dev/null
}
answers() { # COMMAND…: within a minute
    for _ in {1..120}; do if "$@" >/dev/null 2>&1; then return; fi; sleep 0.5; done
    return 1
}
trial() { run "$driver" try "$(docker inspect -f '{{.Id}}' "pilotpros-probes-$1")" "${@:2}"; }

start db -e POSTGRES_USER=shop -e POSTGRES_PASSWORD=only-for-this-test -e POSTGRES_DB=goods postgres:17
start cache redis:7
start door nginx:1.26
start app node:20 node -e "require('http').createServer((q, a) => { a.statusCode = q.url == '/health' ? 200 : 500; a.end() }).listen(4000)"
start page python:3.11 python3 -m http.server 8000
expect "PostgreSQL answers" answers docker exec pilotpros-probes-db pg_isready -q -h 127.0.0.1 -U shop
expect "the app answers" answers docker exec pilotpros-probes-app curl -f http://127.0.0.1:4000/health
expect "nginx answers" answers docker exec pilotpros-probes-door curl -f http://127.0.0.1/
expect "Redis answers" answers docker exec pilotpros-probes-cache redis-cli ping
expect "the page answers" answers docker exec pilotpros-probes-page python3 -c 'import urllib.request as u; u.urlopen("http://127.0.0.1:8000/")'

# What is advised, where there is nothing and where the command is missing, passes on the running service and can fail.
proven() { # WHAT SERVICE KIND [USERS_TEST]
    run "$driver" advise "$(docker inspect -f '{{.Id}}' "pilotpros-probes-$2")" "$3" ${4:+"$4"}
    expect_in "$1: one is advised" '^\["CMD' "$out"
    trial "$2" "$out" ${4:+"$4"}
    expect_in "$1: passes, and can fail" '^accepted: passes in .*; fails on a stopped service and on a wrong port$' "$out"
}
proven "PostgreSQL without a check" db postgres
proven "pg_isready over the socket" db postgres '["CMD-SHELL", "pg_isready -U $${POSTGRES_USER} -d $${POSTGRES_DB}"]'
proven "Redis without a check" cache redis
proven "localhost" app node '["CMD-SHELL", "curl -f http://localhost:4000/health || exit 1"]'
proven "curl where the image has none" page python '["CMD-SHELL", "curl -f http://localhost:8000/ || exit 1"]'

refused() { # WHAT SERVICE TEST [USERS_TEST]
    trial "${@:2}"
    expect_in "refused: $1" '^refused: ' "$out"
}
for always in '["CMD", "true"]' '["CMD-SHELL", "curl -f http://127.0.0.1:4000/health || true"]' \
    '["CMD-SHELL", "curl -f http://127.0.0.1:4000/health; exit 0"]'; do
    refused "one that always passes: $always" app "$always" '["CMD", "curl", "-f", "http://localhost:4000/health"]'
    expect_in "because it could never fail" 'could never fail' "$out"
done
refused "a wrong port" app '["CMD", "curl", "-f", "http://127.0.0.1:4001/health"]' '["CMD", "curl", "-f", "http://localhost:4000/health"]'
refused "an address that answers with an error" app '["CMD", "curl", "-f", "http://127.0.0.1:4000/"]' '["CMD", "curl", "-f", "http://localhost:4000/"]'
refused "a command that the image has not" cache '["CMD", "curl", "-f", "http://127.0.0.1:6379/healthz"]'
refused "an address that nobody's health check asks" app '["CMD", "curl", "-f", "http://127.0.0.1:4000/hook"]' '["CMD", "curl", "-f", "http://localhost:4000/health"]'
docker exec pilotpros-probes-app touch /tmp/ready
trial app '["CMD", "test", "-f", "/tmp/ready"]'
expect_in "of a probe without a port no wrong port is claimed" '^accepted: passes in .*; fails on a stopped service$' "$out"

# Each check has a plant that no other one sees: with the check it is refused, without it passes.
only() { # CHECK SAID TEST
    trial app "$3" '["CMD", "curl", "-f", "http://localhost:4000/health"]'
    expect_in "$1 refuses: $3" "^refused: .*$2" "$out"
    trial app "$3" '["CMD", "curl", "-f", "http://localhost:4000/health"]' "without=$1"
    expect_in "and nothing else does" '^accepted: ' "$out"
}
only wrong-port 'port where nobody listens' '["CMD-SHELL", "test -e /tmp/ready || curl -f http://127.0.0.1:4000/health"]'
only stopped 'where nothing runs' '["CMD-SHELL", "curl -f http://127.0.0.1:4000/health || test ! -e /tmp/ready"]'
only running 'in the running service' '["CMD", "curl", "-f", "http://127.0.0.1:4001/health"]'
only address 'asks an address' '["CMD", "curl", "http://127.0.0.1:4000/hook"]'
docker stop -t 1 pilotpros-probes-cache >/dev/null
trial cache '["CMD", "redis-cli", "ping"]'
expect_in "of a stopped service nothing is claimed" '^(refused|not asked): ' "$out"

# What its own layer holds.
layer() { run "$driver" layer "$(docker inspect -f '{{.Id}}' "pilotpros-probes-$1")" "$2" "${3-null}"; }
for one in 'app node' 'cache redis' 'page python'; do
    read -r name kind <<<"$one"
    layer "$name" "$kind"
    expect "no data in a fresh $kind" test "$status$out" = 0
done
layer door nginx '{"servers": [{"locations": []}]}'
expect "no data in a fresh nginx" test "$status$out" = 0
docker exec pilotpros-probes-door sh -c 'echo x > /srv/orders.csv'
layer door nginx '{"servers": [{"locations": []}]}'
expect_in "what somebody put there is data" '^/srv/orders.csv$' "$out"

# The first probe waits out the interval, but within a start_period only the start_interval.
healthy_after() { # NAME OPTIONS…
    local name=$1 begin
    begin=$(date +%s%N)
    start "$name" "${@:2}" --health-cmd 'curl -f http://127.0.0.1/' --health-interval 12s nginx:1.26
    until [ "$(docker inspect -f '{{.State.Health.Status}}' "pilotpros-probes-$name")" = healthy ]; do
        [ $(($(date +%s%N) - begin)) -lt 60000000000 ] || return 1
        sleep 0.1
    done
    took=$((($(date +%s%N) - begin) / 1000000))
}
healthy_after slow
slow=$took
healthy_after idle --health-start-interval 500ms
idle=$took
healthy_after fast --health-start-interval 500ms --health-start-period 60s
echo "healthy after $slow ms; with start_interval alone $idle ms; with start_period, too, $took ms"
expect "alone, start_interval does nothing" test "$idle" -ge 12000
expect "with start_period it is healthy long before the interval" test "$took" -lt "$((slow / 2))"

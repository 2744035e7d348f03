#!/usr/bin/env bash
# beside: judges no time
# What x-pilotpros wishes reaches files and containers: a pin with a variable as it is written and with the value that Compose gives it, bounds by the
# key's own unit, and what cannot be read by its name.
# shellcheck disable=SC2016 # filters of jq, and variables of Compose
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=300
"$SOURCE_DIR/tests/stack/stack.sh" images >/dev/null 2>&1
project=pilotpros-wishes-$$ dir=$scratch/project
mkdir -p "$dir"
printf '%s\n' "COMPOSE_PROJECT_NAME=$project" WEB_PIDS=80 >"$dir/.env"
files() { # PINS BOUNDS
    cat >"$dir/compose.yaml" <<Y
services:
  web:
    image: nginx:1.26
    x-pilotpros:
      pin: {$1}
      bound: {$2}
Y
}
compose() { docker compose --project-directory "$dir" --progress quiet "$@"; }
finally 'compose down -v -t 1 >/dev/null 2>&1; docker ps -aq --filter "name=pilotpros-keep-$project-" | xargs -r docker rm -f >/dev/null'
cd "$dir"
asked() { # leaves the Plan in $scratch/out
    pilotpros tune --format json --duration 1s
    expect_status "tune" 0
}
has() { expect "$1" jq -e "$2" "$scratch/out"; } # WHAT JQ-CONDITION
limits() { docker inspect --format '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}}' "$(compose ps -q web)"; }

pins='memory: "${WEB_MEMORY:-96m}", pids: "${WEB_PIDS}", nofile: "${FILES:-2048}", stop_grace_period: "${GRACE:-7s}", shm_size: 32m, healthcheck.test: "curl -fsS http://127.0.0.1:${WEB_PORT:-80}/"'
files "$pins" 'logging.max-size: {max: 5m}, healthcheck.retries: {max: 2}'
compose up -d -t 1
asked
has "a pin counts by the value that Compose gives it" '[.changes[] | select(.key == "memory" or .key == "pids") | .after] | sort == [80, "96m"]'
has "and stays in the file as it is written" '[.changes[] | select(.key == "memory") | .written_as] == ["${WEB_MEMORY:-96m}"]'
has "which Compose merges" '[.changes[] | select(.written_as != null) | .verdict.outcome] | unique == ["derived"]'
has "swap goes with its memory" 'any(.files[]; .content | test("memswap_limit: \"\\$\\{WEB_MEMORY:-96m\\}\""))'
has "a short ulimit gets the value" 'any(.files[]; .content | test("nofile: 2048"))'
has "what nobody advises here is written" '[.changes[] | select(.key == "stop_grace_period" or .key == "shm_size") | .advisor] == ["x-pilotpros", "x-pilotpros"]'
has "a bound holds" '[.changes[] | select(.key == "logging.max-size") | [.after, .reason]] == [["5m", "bounded by x-pilotpros; without it 10m"]]'

pilotpros tune --apply --yes --duration 1s --watch 1s
expect_status "it is applied" 0
expect_same "and in force" "$(limits)" "100663296 100663296 80"
expect_same "also within the health check" "$(docker inspect "$(compose ps -q web)" | jq -c '.[].Config.Healthcheck.Test')" '["CMD-SHELL","curl -fsS http://127.0.0.1:80/"]'
expect "which passes" bash -c 'for ((i = 0; i < 60; i++)); do [ "$(docker inspect --format "{{.State.Health.Status}}" "$1")" = healthy ] && exit 0; sleep 0.5; done; exit 1' - "$(compose ps -q web)"
echo WEB_MEMORY=112m >>.env
compose up -d -t 1
expect_same "the variable goes on being the user's" "$(limits)" "117440512 117440512 80"

files 'healthcheck.test: "test ${WEB_PIDS} = 80"' ''
asked
has "planted: a pinned test that could never fail is refused, and no times of a check without a test stay" '[.changes[] | select(.key | startswith("healthcheck."))] == []'

files 'memory: "${NOWHERE}", pids: "${WEB_PIDS}"' 'cpus: {max: many}, logging.max-size: {max: 5m}'
asked
has "a variable without a value is told by its key" 'any(.findings[]; .id == "pin-unreadable" and (.what | test("memory")))'
has "a bound that cannot be read, too" 'any(.findings[]; .id == "bound-unreadable" and (.what | test("cpus")))'
has "and neither takes the others with it" '[.changes[] | select(.key == "pids" or .key == "logging.max-size") | .key] == ["pids", "logging.max-size"] or [.changes[] | select(.key == "pids" or .key == "logging.max-size") | .key] == ["logging.max-size", "pids"]'

# What is applied stands until evidence moves it, and so does what was shown; but neither where it was the user's wish, which is gone.
files 'pids: 80, cpus: 2, memory: 112m' 'logging.max-size: {max: 5m}'
asked
has "pinned and bounded" '[.changes[] | select(.key | IN("pids", "cpus", "logging.max-size")) | .after] == [2, 80, "5m"]'
files '' ''
asked
has "a wish that is taken away leaves nothing of it" '[.changes[] | select(.key == "cpus" or .after == 80 or .after == "112m" or .after == "5m")] == []'
has "and what is worked out is there" '[.changes[] | select(.key == "logging.max-size") | .after] == ["10m"]'

# What runs is what the user says, where it is not recognised, or not rightly.
kinds() { # SERVICE
    jq -r --arg service "$1" '.services[] | select(.name == $service) | [.applications[] | .kind] | join(",")' "$scratch/out"
}
programs() { # WISH for web, WISH for quiet
    cat >"$dir/compose.yaml" <<Y
services:
  web: {image: "nginx:1.26"$1}
  quiet: {image: "debian:trixie-slim", init: true, command: sleep infinity$2}
Y
    compose up -d -t 1 --remove-orphans
    pilotpros profile --format json --duration 1s
    expect_status "profile" 0
}
programs '' ''
expect_same "recognised by what it shows" "$(kinds web)" nginx
expect_same "and what shows nothing is nothing" "$(kinds quiet)" ""
programs ', x-pilotpros: {application: none}' ', x-pilotpros: {application: node}'
expect_same "the user says that it is none" "$(kinds web)" ""
expect_same "and that another is one" "$(kinds quiet)" node
expect "on whose word" jq -e '.services[] | select(.name == "quiet") | .applications[0].evidence | tostring | test("x-pilotpros")' "$scratch/out"
expect "what it cannot be asked then is a gap, with why" jq -e 'any(.gaps[]; .subject == "quiet" and .what == "version and heap limit of node" and (.why | test("no such program")))' "$scratch/out"
unread='any(.gaps[]; .subject == "x-pilotpros" and (.why | test("unknown key aplication .did you mean application")))'
planted "a wish that can be read, told as one that cannot" jq -e "$unread" "$scratch/out"
programs ', x-pilotpros: {aplication: none}' ''
expect "a wish that cannot be read is a gap" jq -e "$unread" "$scratch/out"
expect_same "and what it is, is recognised" "$(kinds web)" nginx

#!/usr/bin/env bash
# beside: compares what the engine wrote down
# How long a start took is known also where it was over before anybody looked: the engine remembers its last events. Held against its own account of them.
# shellcheck disable=SC2016 # clean-up is expanded where it runs
. "$(dirname "$0")/lib.sh"
"$SOURCE_DIR/tests/stack/stack.sh" images >/dev/null 2>&1
project=pilotpros-starts-$$ dir=$scratch/project
mkdir -p "$dir"
cd "$dir"
cat >compose.yaml <<Y
name: $project
services:
  web:
    image: nginx:1.26
    healthcheck: {test: [CMD, curl, -f, "http://127.0.0.1/"], interval: 2s, timeout: 5s, retries: 10, start_interval: 1s}
  plain: {image: nginx:1.26}
Y
compose() { docker compose --progress quiet "$@"; }
finally 'cd "$dir"; compose down -v -t 1 >/dev/null 2>&1'
compose up -d --wait
began() { docker inspect --format '{{.State.StartedAt}}' "$project-web-1"; }
verdict() { # when the engine says that it became healthy, the latest time
    docker events --since 1 --until "$(date +%s)" --filter "container=$project-web-1" --filter 'event=health_status: healthy' --format '{{.TimeNano}}' | tail -n 1
}
seen() { # of a fresh profile, in seconds
    rm -rf "$XDG_STATE_HOME"
    pilotpros profile --duration 1s --format json
    jq "[.services[] | select(.name == \"$1\").containers[].usage.start.seconds] | max" "$scratch/out"
}
as_the_engine_says() { awk -v seen="$1" -v began="$(date -d "$(began)" +%s.%N)" -v verdict="$(verdict)" 'BEGIN { exit !(seen > 0 && seen - (verdict / 1e9 - began) < 0.01 && seen - (verdict / 1e9 - began) > -0.01) }'; }

sleep 1.1 # --until is a whole second
first=$(seen web)
expect "a start that was over: $first s" as_the_engine_says "$first"
planted "a start that took longer" as_the_engine_says "$(awk -v seen="$first" 'BEGIN { print seen + 0.05 }')"
expect_same "of what has no health check nothing is known" "$(seen plain)" 0
docker restart -t 1 "$project-web-1" >/dev/null
compose up -d --wait web
sleep 1.1
expect "and of its latest life" as_the_engine_says "$(seen web)"
sed -i 's/interval: 2s/interval: 3s/' compose.yaml
compose up -d --wait -t 1 web
sleep 1.1
expect "and of another container" as_the_engine_says "$(seen web)"
planted "the one before" as_the_engine_says "$first"
pilotpros healthcheck --explain web.healthcheck.start_period
expect_status "the advice on it" 0
expect_in "the advice goes by it" 'slowest start seen.* [0-9.]+ (s|ms)' "$out"

#!/usr/bin/env bash
# beside: the times that it compares are those of a program that takes 11 s to end
# What the user chose of how the project is started and stopped holds for an apply and a rollback: COMPOSE_FILE and COMPOSE_PROFILES of an environment file, a
# stop_grace_period beyond docker's own 10 s, the order of dependencies. Of the service that needs its time: what it was announced to be away, and what it was.
# shellcheck disable=SC2016 # what is in single quotes is for other shells
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=300
"$SOURCE_DIR/tests/stack/stack.sh" images >/dev/null 2>&1
project=pilotpros-honoured-$$ dir=$scratch/project
mkdir -p "$dir"
cd "$dir"
export COMPOSE_PROGRESS=quiet
printf '%s\n' "COMPOSE_PROJECT_NAME=$project" COMPOSE_FILE=base.yaml:more.yaml COMPOSE_PROFILES=batch >.env
write() { # MEMORY
    cat >base.yaml <<Y
services:
  front:
    image: debian:trixie-slim
    init: true
    stop_grace_period: 1s
    command: sleep infinity
    depends_on: [slow]
    x-pilotpros: {pin: {memory: $1}}
  slow:
    image: debian:trixie-slim
    profiles: [batch]
    volumes: [work:/work]
    healthcheck: {test: [CMD, test, -e, /work/log], interval: 1s}
    command: [sh, -c, 'trap "sleep 11; echo finished >>/work/log; exit 0" TERM; echo started >>/work/log; while :; do sleep 1 & wait; done']
    x-pilotpros: {pin: {memory: $1}}
volumes: {work: {}}
Y
}
write 96m
printf 'services: {slow: {stop_grace_period: 25s}}\n' >more.yaml
finally 'cd "$dir"; docker compose down -v -t 0 >/dev/null 2>&1'
docker compose up -d --wait
id() { docker compose ps -q "$1"; }
memory() { docker inspect --format '{{.HostConfig.Memory}}' "$(id slow)" "$(id front)" | tr '\n' ' '; }
log() { docker run --rm -v "${project}_work:/work" debian:trixie-slim cat /work/log | tr '\n' ' '; }
apply() { pilotpros limits --apply --yes --duration 1s --watch 1s; }
expect_same "it has begun" "$(log)" "started "

apply
expect_status "put on" 0
expect_same "in both files' services, the profile's among them" "$(memory)" "100663296 100663296 "
expect_same "the one that needs 11 s to end had them" "$(log)" "started finished started "
expect_in "what is to be typed from now on names both files and ours" "docker compose -f base.yaml -f more.yaml -f .pilotpros/compose.yaml up -d" "$err"
before="$(id slow) $(id front)"
typed=$(docker compose -f base.yaml -f more.yaml -f .pilotpros/compose.yaml up -d 2>&1) || fail "what is to be typed: $typed"
expect_same "typed, it finds nothing to do" "$(id slow) $(id front)" "$before"
pilotpros status
expect_in "and so says status" 'start it with: docker compose -f base.yaml -f more.yaml -f .pilotpros/compose.yaml up -d' "$out"

# Announced from what was measured: at most what was announced, and that at most half as much again.
write 112m
# Listened to meanwhile: the engine remembers its last 256 events only, and whatever runs beside this makes some, too.
env docker events --filter "label=com.docker.compose.project=$project" --filter event=die --format '{{index .Actor.Attributes "com.docker.compose.service"}}' >"$scratch/died" &
listener=$!
apply
expect_status "a second time" 0
kill "$listener"
seconds() { # DURATION as ours are written: 1 min 3 s, 12.4 s, 300 ms
    awk -v text="$1" 'BEGIN { n = split(text, part, " "); for (i = 1; i < n; i += 2) sum += part[i] * (part[i + 1] == "min" ? 60 : part[i + 1] == "ms" ? 0.001 : 1); print sum }'
}
away=$(sed -nE 's/^slow was away for (.*) \(announced: at most (.*)\)$/\1/p' <<<"$out") announced=$(sed -nE 's/^slow was away for (.*) \(announced: at most (.*)\)$/\2/p' <<<"$out")
within() { awk -v away="$(seconds "$away")" -v announced="$1" 'BEGIN { exit !(away > 11 && away <= announced && announced <= 1.5 * away) }'; }
expect "slow was away for $away, announced: $announced" within "$(seconds "$announced")"
planted "less than it was away" within "$(awk -v one="$(seconds "$away")" 'BEGIN { print 0.99 * one }')"
planted "twice what was announced" within "$(awk -v one="$(seconds "$announced")" 'BEGIN { print 2 * one }')"
expect_same "what others depend on went first" "$(tr '\n' ' ' <"$scratch/died")" "slow front "
expect_in "as was announced" '^ *slow: away at most' "$(grep -m 1 'away at most' <<<"$err")"

pilotpros rollback --all --yes
expect_status "taken back" 0
expect_same "no limit is in force" "$(memory)" "0 0 "
expect_same "it had its time each time" "$(log)" "started finished started finished started finished started "
before="$(id slow) $(id front)"
docker compose up -d
expect_same "the next up finds nothing to do" "$(id slow) $(id front)" "$before"

# Planted: docker's own time would not have been enough.
docker stop -t 10 "$(id slow)" >/dev/null
expect_same "noticed: one that was killed before it had finished" "$(log)" "started finished started finished started finished started "

#!/usr/bin/env bash
# beside: judges no time
# Limits for containers that go on running: what the engine takes and refuses, what the next up does, and the way back.
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=300
"$SOURCE_DIR/tests/stack/stack.sh" images >/dev/null 2>&1
project=pilotpros-live-$$ dir=$scratch/project
mkdir -p "$dir"
cat >"$dir/compose.yaml" <<'Y'
services:
  web:
    image: nginx:1.26
    x-pilotpros:
      pin: {memory: 96m, pids: 80, nofile: 2048}
  bounded:
    image: nginx:1.26
    mem_limit: 200m
    x-pilotpros:
      pin: {memory: 120m}
  full:
    image: nginx:1.26
    command: [sh, -c, "(head -c 90000000 /dev/zero | tail -n 1 | sleep 1000) & (sleep 1; exec nginx -g 'daemon off;')"]
    x-pilotpros:
      pin: {memory: 64m}
Y
echo "COMPOSE_PROJECT_NAME=$project" >"$dir/.env"
compose() { docker compose --project-directory "$dir" --progress quiet "$@"; }
finally 'compose down -v -t 1 >/dev/null 2>&1'
cd "$dir"
compose up -d -t 1 web bounded
id() { compose ps -q "$1"; }
limits() { docker inspect --format '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}' "$(id "$1")"; }
web=$(id web) bounded=$(id bounded)
machine=$(docker info --format '{{.MemTotal}}')

pilotpros limits --live web
expect_status "--live alone changes nothing, and says what it goes with" 64
pilotpros limits --apply --live --yes --duration 1s --watch 1s web bounded
expect_status "limits are set" 0
expect_in "nothing is interrupted" 'Nothing is interrupted' "$err"
expect_in "as the Plan says itself" 'applying interrupts nothing\.' "$out"
expect_in "it says what the next up does" 'web keeps its container; the next .up. recreates it once' "$err"
expect_in "what takes a new container is left for another apply" 'without --live' "$out"
expect_same "the containers are the same" "$(id web) $(id bounded)" "$web $bounded"
expect_same "memory and processes are in force" "$(limits web)" "100663296 80"
expect_same "one that was limited has the new limit" "$(limits bounded | cut -d' ' -f1)" 125829120
pilotpros status
expect_in "status tells of it" 'web +carries it until the next up' "$out"
pilotpros limits --apply --live --yes --duration 1s --watch 1s web bounded
expect_in "a second one has nothing to do" 'applied already' "$out"

pilotpros rollback --yes
expect_status "it is taken back" 0
expect_same "still the same containers" "$(id web) $(id bounded)" "$web $bounded"
expect_same "the limit of before" "$(limits bounded | cut -d' ' -f1)" 209715200
expect_same "where there was none, as much as the machine has" "$(limits web | cut -d' ' -f1)" "$machine"
expect_in "which is said" 'had no limit of memory, and has one as large as the machine' "$err"
expect "and no file is left" test ! -e .pilotpros -a ! -e compose.override.yaml

pilotpros limits --apply --live --yes --duration 1s --watch 1s web
compose up -d -t 1 web
expect "the next up recreates it" test "$(id web)" != "$web"
expect_same "with its limits" "$(limits web)" "100663296 80"
web=$(id web)
compose up -d -t 1 web
expect_same "once" "$(id web)" "$web"
pilotpros rollback --yes
expect_same "a rollback after that gives a container without" "$(limits web | cut -d' ' -f1)" 0

compose up -d -t 1 full
sleep 3
before=$(limits full) full=$(id full)
pilotpros limits --apply --live --yes --duration 1s --watch 1s full
expect_status "a limit below what is used is refused" 3
expect_in "for that reason" "$project-full-1 cannot be given its limits while it runs: it holds [0-9.]+ MiB now, too near to the limit of 64.0 MiB" "$(tr -s '\n ' ' ' <<<"$out")"
expect_in "with the command that gives them" 'next: docker pilotpros limits --apply full, without --live,' "$(tr -s '\n ' ' ' <<<"$out")"
expect_same "and the container is as it was" "$(limits full) $(id full)" "$before $full"
expect "no file is left" test ! -e .pilotpros

#!/usr/bin/env bash
# The plugin with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer where unit tests do not go: libcurl's streams, programs started in
# containers, throw-away containers, the recorder, an interruption, an engine that fails. Whatever is wrong with the figures is for others to see.
# beside: it judges no time
# sanitized: the plugin has to be built with them
# shellcheck disable=SC2016 # scripts and clean-up are expanded where they run
. "$(dirname "$0")/lib.sh"
export RUN_SECONDS=180 HOME=$scratch DOCKER_CONFIG=$scratch/config
reports=$scratch/reports
# Every process of ours writes what it has to say into a file of its own: standard error may be docker's, or nobody's.
export ASAN_OPTIONS=log_path=$reports/report:exitcode=99:detect_leaks=1 UBSAN_OPTIONS=log_path=$reports/report:exitcode=99:print_stacktrace=1
mkdir -p "$reports" "$DOCKER_CONFIG/cli-plugins"
ln -s "$PILOTPROS" "$DOCKER_CONFIG/cli-plugins/docker-pilotpros"

reported() { # FILE…: 0 when a sanitizer has spoken, there or in its own files
    [ -n "$(find "$reports" -type f -size +0)" ] || grep -qE '[A-Za-z]+Sanitizer|runtime error: |=={1,2}[0-9]+=={1,2}ERROR' "$@"
}
silent() { # STATUS… of what was just run: one of those, and no word of a sanitizer
    local wanted
    if reported "$scratch/out" "$scratch/err"; then return 1; fi
    for wanted in "$@"; do [ "$status" != "$wanted" ] || return 0; done
    return 1
}
judge() { # WHAT STATUS…
    local what=$1
    shift
    if silent "$@"; then ok "$what: exit $status, no report"; return; fi
    fail "$what: exit $status: $(cat "$reports"/* "$scratch/err" 2>/dev/null | head -c 3000)"
    rm -f "$reports"/*
}

# ---- what a report looks like is known before its absence counts ---------------------------------------------------
expect "the plugin is built with AddressSanitizer" grep -qa __asan_init "$PILOTPROS"
expect "and with UndefinedBehaviorSanitizer" grep -qa __ubsan_handle "$PILOTPROS"
wrong() { # WHAT STATEMENTS: a program with that fault, built as we are
    printf '#include <cstdlib>\n#include <unistd.h>\nint main(int count, char** words) { %s; return 0; }\n' "$2" >"$scratch/wrong.cpp"
    clang++ -fsanitize=address,undefined -fno-sanitize-recover=all -w "$scratch/wrong.cpp" -o "$scratch/wrong"
    run "$scratch/wrong"
    planted "$1" silent 0
    rm -f "$reports"/*
}
wrong "a use after free" 'char* p = new char[8]; delete[] p; return p[count]'
wrong "one byte too many" 'char* volatile p = new char[8]; p[7 + count] = 1; delete[] p'
wrong "memory that nobody frees" 'for (int i = 0; i < 100; i++) { char* volatile p = new char[800]; p[0] = 1; }' # the last one's address may stay on the stack
wrong "a sum that overflows" 'int volatile sum = 2147483647; sum = sum + count'
wrong "a fault in a child that nobody waits for" 'if (fork() == 0) { char* p = new char[8]; delete[] p; _exit(p[count]); } usleep(700000)'
# The plugin's own runtime, by way of docker: this bound is so low that it has to complain, once it looks, which is now and then: so it waits for a file.
run env ASAN_OPTIONS="$ASAN_OPTIONS:hard_rss_limit_mb=1" UBSAN_OPTIONS="$UBSAN_OPTIONS:hard_rss_limit_mb=1" \
    bash -c 'sleep 5 | docker -H unix:///nowhere pilotpros tune --lint -f -'
planted "a complaint of the plugin itself" silent 0 2 5 64 65
rm -f "$reports"/*

# ---- a project of its own ------------------------------------------------------------------------------------------
"$SOURCE_DIR/tests/stack/stack.sh" images demo >/dev/null
mkdir -p "$scratch/project"
cd "$scratch/project"
cat >compose.yaml <<YAML
name: pp-asan-$$
services:
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: of-a-test }
    healthcheck: { test: ["CMD-SHELL", "exec pg_isready -q -U postgres"], interval: 10s, start_period: 60s, start_interval: 500ms, timeout: 3s, retries: 60 }
  app:
    image: node:20
    init: true
    environment: { NODE_OPTIONS: --max-old-space-size=100, NODE_ENV: production }
    command: [node, -e, "setInterval(() => Buffer.alloc(1e6).fill(1), 20)"]
YAML
compose() { docker compose --progress quiet "$@"; }
finally 'cd "$scratch/project" && compose down -v -t 1 >/dev/null 2>&1'
compose up -d --wait >/dev/null
of() { jq -r "$1" "$scratch/out"; }

run docker pilotpros profile --duration 5s --format json
judge "profile as JSON" 0
expect_in "both were measured" '^[1-9]' "$(of '[.services[].containers[].usage.samples] | min')"
expect_in "both were asked" '^node 20.*,postgres 17' "$(of '[.services[].applications[] | "\(.kind) \(.facts.version)"] | sort | join(",")')"
run docker pilotpros profile --duration 3s
judge "profile as a table" 0
run python3 "$SOURCE_DIR/tests/tools/on_terminal.py" docker pilotpros profile --duration 3s
judge "profile on a terminal" 0
run docker pilotpros profile --show --format json
judge "what was kept" 0
expect_in "is there" '^[1-9]' "$(of '[.services[].kept.samples] | min')"
run timeout --preserve-status -s INT 8 docker pilotpros profile --duration 60s --format json
judge "Ctrl-C in the middle" 130
run timeout --preserve-status -s TERM 8 "$PILOTPROS" pilotpros profile --duration 60s
judge "SIGTERM in the middle" 130
(sleep 6; compose restart -t 0 app; compose kill db) >/dev/null 2>&1 &
run docker pilotpros profile --duration 12s --format json
judge "one container restarts and one ends meanwhile" 0
wait
run docker pilotpros profile --duration 1s nosuch
judge "an unknown service" 64
run docker __complete pilotpros profile ''
judge "completion" 0

# ---- an engine that fails ------------------------------------------------------------------------------------------
tool=$SOURCE_DIR/tests/fake_engine/fake_engine.py
one() { # NUMBER FAULT OPTIONS…: its own engine, project, state and reports; leaves its status
    local directory=$scratch/fault-$1 status=0 options="log_path=$scratch/fault-$1/reports/report:exitcode=99"
    shift
    mkdir -p "$directory"/{project,state,reports}
    python3 "$tool" --socket "$directory/sock" --services 2 --directory "$directory/project" "$@" >"$directory/ready" 2>"$directory/complaints" &
    local engine=$!
    for _ in $(seq 200); do [ ! -s "$directory/ready" ] || break; sleep 0.05; done
    (cd "$directory/project" && ASAN_OPTIONS=$options UBSAN_OPTIONS=$options XDG_STATE_HOME=$directory/state DOCKER_HOST=unix://$directory/sock \
        timeout -k 2 150 "$PILOTPROS" pilotpros profile --duration 2s --format json) >"$directory/out" 2>"$directory/err" </dev/null || status=$?
    kill "$engine"
    wait "$engine" 2>/dev/null || true
    echo "$status" >"$directory/status"
}
faults=("--die-after 2" "--vanish svc0002" "--exec-hang" "--cgroup 2" "--api-version 1.24")
for kind in hang close drop nonsense truncate garbage endless 500; do
    for path in /containers/json '/stats' /events '/exec'; do faults+=("--fault $kind:$path"); done
done
for i in "${!faults[@]}"; do
    # shellcheck disable=SC2086 # an option and its value
    one "$i" ${faults[i]} &
    while [ "$(jobs -rp | wc -l)" -ge 8 ]; do wait -n || true; done
done
wait
for i in "${!faults[@]}"; do
    reports=$scratch/fault-$i/reports status=$(<"$scratch/fault-$i/status")
    cp "$scratch/fault-$i/out" "$scratch/fault-$i/err" "$scratch/"
    judge "${faults[i]}" 0 2 5
done

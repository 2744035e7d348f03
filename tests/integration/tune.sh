#!/usr/bin/env bash
# needs: reference other
# What tune shows of two stacks, that the programs agree to it, that it holds still, and that it changes nothing.
# shellcheck disable=SC2016 # filters of jq
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=300
stack=$SOURCE_DIR/tests/stack/stack.sh tools=$SOURCE_DIR/tests/tools

folder() { "$stack" dir "$1"; }
selectors() { if [ "$1" = reference ]; then echo "-f docker-compose.dev.yml"; fi; }
state_of() { # STACK: all that a command could have changed
    (cd "$(folder "$1")" && find . -path ./node_modules -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
        "$stack" compose "$1" ps -aq | sort | xargs docker inspect --format '{{.Name}} {{.Id}} {{.State.StartedAt}} {{.RestartCount}} {{.HostConfig.Memory}}')
}
tune() { # STACK OPTIONS…
    local name=$1
    shift
    # shellcheck disable=SC2046 # words
    run env -C "$(folder "$name")" "$PILOTPROS" pilotpros tune $(selectors "$name") "$@"
}
# Each stack under its own load, one after the other: on few CPUs each would be the other's noise.
measure() { # SUFFIX DURATION: leaves STACK-SUFFIX.json
    local name load
    for name in reference other; do
        "$stack" load "$name" 180 >"$scratch/load" 2>&1 &
        load=$!
        sleep 2
        tune "$name" --duration "$2" --format json
        docker ps -q --filter "label=pilotpros.stack.of=$name" | xargs -r docker rm -f >/dev/null # it is a container, and outlives who waits for it
        wait "$load" 2>/dev/null || true
        expect_status "tune of $name for $2 under load" 0
        printf '%s' "$out" >"$scratch/$name$1.json"
    done
}
valid() { python3 "$tools/validate.py" "$SOURCE_DIR/docs/tune.schema.json" "$1"; }
# What was written stands, byte for byte. Two things may come between two profiles, and then the values are compared: a limit that had too little
# evidence, and said so, and a longer timeout of a health check of the user's, since a probe that was all but cut off is an event, as an OOM kill is. The
# slowest probe is kept, so that such a timeout neither goes nor shrinks; that of a new check has nothing to do with it.
stands() { # FIRST-JSON SECOND-JSON
    jq -cne --slurpfile first "$1" --slurpfile second "$2" '
        def values: [.changes[] | {service, key, after}];
        def waiting: [.left_alone[] | select(.advisor == "limits" and (.why | test("insufficient evidence"))) | .service];
        def is_timeout: .key == "healthcheck.timeout";
        def seconds: [scan("([0-9.]+)(ms|s|m|h)") | (.[0] | tonumber) * {ms: 0.001, s: 1, m: 60, h: 3600}[.[1]]] | add;
        ($first[0] | values) as $old | ($second[0] | values) as $new | ($first[0] | waiting) as $waiting
        | [$second[0].changes[] | select(is_timeout and .joint == "" and (. as $one | all($old[] | select(is_timeout and .service == $one.service);
                (.after | seconds) < ($one.after | seconds)))) | .service] as $longer
        | def of_event: is_timeout and (.service as $service | $longer | index($service));
          {gone: [($old - $new)[] | select(of_event | not)],
            come: [($new - $old)[] | select((of_event | not) and (.service as $service | $waiting | index($service) | not))],
            bytes: (($new - $old) == [] and $first[0].files != $second[0].files)}
        | ., (. == {gone: [], come: [], bytes: false})'
}
same_plan() { # FIRST-JSON SECOND-JSON: by hash, which is what --apply goes by; says what differs
    if [ "$(jq .hash "$1")" = "$(jq .hash "$2")" ]; then return; fi
    diff <(jq -S .changes "$1") <(jq -S .changes "$2")
    return 1
}
has() { # WHAT FILE JQ-CONDITION
    expect "$1" jq -e "$3" "$2"
}

# ---- the minimum that each stack is advised ------------------------------------------------------------------------
before=$(state_of reference && state_of other)
# What a program uses right after its start, and under the first requests, is on the move, and no limit is advised of it.
for name in reference other; do "$stack" load "$name" 30 >/dev/null 2>&1 & done
wait
measure "" 30s
for name in reference other; do
    expect "$name: the document is what its schema says" valid "$scratch/$name.json"
    has "$name: no change is without rule, source, reason and verdict" "$scratch/$name.json" \
        '[.changes[] | select(.rule == "" or .source == "" or .reason == "" or .verdict == null)] == []'
    has "$name: no change is refused and shown all the same" "$scratch/$name.json" '[.changes[] | select(.verdict.outcome == "refused")] == []'
    tune "$name" --format json
    expect_status "tune of $name on what is kept" 0
    printf '%s' "$out" >"$scratch/kept.json"
    expect "$name: what is kept gives the same plan" same_plan "$scratch/$name.json" "$scratch/kept.json"
done
measure -again 20s
for name in reference other; do
    expect "$name: a fresh profile of the same load changes no byte" stands "$scratch/$name.json" "$scratch/$name-again.json"
done
expect "nothing was changed by looking" diff <(echo "$before") <(state_of reference && state_of other)
jq '(.changes[] | select(.key == "pids") | .after) = 99' "$scratch/other-again.json" >"$scratch/doctored.json"
planted "a value that moved" stands "$scratch/other.json" "$scratch/doctored.json"
jq '.changes |= .[1:]' "$scratch/other-again.json" >"$scratch/doctored.json"
planted "a value that went" stands "$scratch/other.json" "$scratch/doctored.json"
jq '.files[0].content += "#\n"' "$scratch/other.json" >"$scratch/doctored.json" # of itself: between two profiles a value may move
planted "another byte" stands "$scratch/other.json" "$scratch/doctored.json"
timeout_of() { # VALUE JOINT: as if that timeout were advised, in $scratch/VALUE.json
    jq --arg after "$1" --arg joint "$2" '.changes += [{service: "planted", key: "healthcheck.timeout", after: $after, joint: $joint}]' \
        "$scratch/other.json" >"$scratch/$1.json"
}
timeout_of 30s "" && timeout_of 1m30s ""
expect "a timeout may come after a slow probe" stands "$scratch/other.json" "$scratch/30s.json"
expect "and become longer" stands "$scratch/30s.json" "$scratch/1m30s.json"
planted "a timeout that went" stands "$scratch/30s.json" "$scratch/other.json"
planted "a shorter timeout" stands "$scratch/1m30s.json" "$scratch/30s.json"
timeout_of 1m30s "health check"
planted "another timeout of a new check" stands "$scratch/30s.json" "$scratch/1m30s.json"
taken() { # FILE SERVICE ADVISOR KEY: it is advised, and accepted by the program that reads it; derived only where no program can be asked
    jq -e --arg service "$2" --arg advisor "$3" --arg key "$4" '
        [.changes[] | select(.service == $service and .advisor == $advisor and .key == $key and (.carrier | not))
            | (.target.kind == "postgres" or (.key | IN("heap", "healthcheck.test"))) as $asked
            | .verdict.outcome == "accepted" or (.verdict.outcome == "derived" and ($asked | not))] == [true]' "$1" >/dev/null && return
    jq -c --arg service "$2" --arg advisor "$3" --arg key "$4" '
        [.left_alone[] | select(.service == $service and (.key == $key or .advisor == $advisor)) | {key, why}],
        [.changes[] | select(.service == $service) | "\(.advisor) \(.key) \(.verdict.outcome)"]' "$1"
    return 1
}
advised() { # STACK SERVICE ADVISOR KEY…: these are among what is advised and verified
    local key
    for key in "${@:4}"; do expect "$1: $2 is advised $key" taken "$scratch/$1.json" "$2" "$3" "$key"; done
}
# n8n's memory goes on moving for minutes; it gets a limit once that has been seen to end.
for service in postgres-dev backend-dev frontend-dev; do advised reference "$service" limits memory memory_swap pids; done
for service in backend-dev frontend-dev; do advised reference "$service" node heap; done
advised reference automation-engine-dev limits pids
advised reference postgres-dev postgres effective_cache_size max_parallel_workers random_page_cost shm_size stop_grace_period
advised reference postgres-dev healthcheck healthcheck.test healthcheck.start_interval
advised reference automation-engine-dev healthcheck healthcheck.start_interval
advised reference automation-engine-dev n8n stop_grace_period
for service in backend-dev frontend-dev; do advised reference "$service" healthcheck healthcheck.test healthcheck.start_interval healthcheck.start_period; done
for service in postgres-dev backend-dev frontend-dev automation-engine-dev; do advised reference "$service" logging logging.max-size logging.max-file; done
has "reference: n8n's key in the container's layer is found" "$scratch/reference.json" 'any(.findings[]; .service == "automation-engine-dev" and .severity == "error")'
for service in courier edge pricing queue; do advised other "$service" limits memory memory_swap pids; done
for service in ledger shop; do advised other "$service" limits pids; done
advised other courier node heap
advised other ledger postgres effective_cache_size max_parallel_workers autovacuum_work_mem shm_size
advised other queue healthcheck healthcheck.start_interval healthcheck.start_period
advised other beacon logging logging.max-size logging.max-file
has "other: what the user set on the command line is left alone" "$scratch/other.json" 'any(.left_alone[]; .service == "ledger" and .key == "shared_buffers")'
has "other: the user's own memory limits are left alone" "$scratch/other.json" '[.changes[] | select(.service == "ledger" and .key == "memory")] == []'

# What is found on each, beside what is changed, whatever the load: of a quota that cuts in another thing is told.
found() { # DOCUMENT SERVICE FINDING…
    jq -e --arg service "$2" '[.findings[] | select(.service == $service) | .id] as $ids | $ARGS.positional - $ids == []' "$1" --args "${@:3}" >/dev/null
}
finds() { expect "$1: $2: ${*:3}" found "$scratch/$1.json" "${@:2}"; }
finds reference automation-engine-dev data-in-container-layer encryption-key-not-kept
finds reference nginx-dev no-upstream-keepalive static-upstream-names body-smaller-than-n8n-takes default-websocket-timeout
finds other edge no-upstream-keepalive static-upstream-names
for service in beacon courier; do finds other "$service" no-health-check; done
jq 'del(.findings[] | select(.id == "static-upstream-names"))' "$scratch/other.json" >"$scratch/doctored.json"
planted "a finding that is gone" found "$scratch/doctored.json" edge no-upstream-keepalive static-upstream-names

# ---- who may be replaced -------------------------------------------------------------------------------------------
# Without a terminal and without --yes nobody agrees; what would be interrupted, and who is left alone, is said before anybody is asked.
tune reference --apply
expect_status "reference is not applied by looking" 3
expect_in "and it says how a script agrees" '--yes' "$err"
for service in postgres-dev backend-dev frontend-dev nginx-dev; do expect_in "$service may be replaced" "$service(: away at most| goes on)" "$err"; done
expect_in "n8n would lose its key, and is left alone" 'automation-engine-dev.*new container would not have.*\.n8n' "$(tr '\n' ' ' <<<"$out")"
if grep -q -E '  automation-engine-dev(: away at most| goes on)' <<<"$err"; then fail "n8n would be replaced"; else ok "n8n is not among those that are replaced"; fi
tune reference --apply automation-engine-dev
expect_status "n8n alone is refused" 3
expect_in "with the reason" '\.n8n' "$err"
tune other --apply
expect_status "other is not applied by looking" 3
for service in queue courier edge ledger shop pricing beacon; do expect_in "$service may be replaced" "$service(: away at most| goes on)" "$err"; done
expect_in "shop, made for it, is swapped" 'shop goes on' "$err"
expect "nobody of other is left alone for data" test -z "$(grep 'new container would not have' <<<"$out" || true)"

# ---- the checks can fail -------------------------------------------------------------------------------------------
jq '.changes[0].surprise = 1' "$scratch/reference.json" >"$scratch/doctored.json"
planted "a document with a field that the schema does not know" valid "$scratch/doctored.json"
jq 'del(.changes[0].rule)' "$scratch/reference.json" >"$scratch/doctored.json"
planted "a document that lacks a field" valid "$scratch/doctored.json"
not_taken() { # STACK SERVICE ADVISOR KEY OUTCOME: as if that had been said of it
    jq --arg service "$2" --arg key "$4" --arg outcome "$5" '(.changes[] | select(.service == $service and .key == $key) | .verdict.outcome) = $outcome' \
        "$scratch/$1.json" >"$scratch/doctored.json"
    planted "$4 of $2: $5" taken "$scratch/doctored.json" "${@:2:3}"
}
not_taken other queue limits memory "not asked"
not_taken other ledger postgres effective_cache_size derived
not_taken other courier node heap derived
not_taken reference backend-dev healthcheck healthcheck.test derived
planted "what nobody advises" taken "$scratch/other.json" ledger postgres shared_buffers

# ---- ways to look at it --------------------------------------------------------------------------------------------
tune reference
expect_status "the table" 0
expect_in "shows what is set now and then" 'effective_cache_size' "$out"
expect_in "ends with how to undo it" 'docker pilotpros rollback' "$(tail -n 2 <<<"$out")"
tune reference --explain postgres-dev.effective_cache_size
expect_status "an explanation" 0
expect_in "names its source" 'https?://|postgresql' "$out"
tune reference --explain efective_cache_size
expect_status "a key that does not exist" 64
tune reference --diff --skip limits
expect_in "a diff of the files" '^\+services:' "$out"
has "an advisor has a word in the files" "$scratch/reference.json" 'any(.files[].content; test("pids_limit"))'
expect_not_in "and none when it is skipped" 'pids_limit|memswap_limit' "$out"
tune reference --only nothing
expect_status "an advisor that does not exist" 64
expect_in "names those that do" 'limits' "$err"
tune reference nosuch
expect_status "a service that does not exist" 64 65
expect_in "is named" 'nosuch' "$err"
tune reference --format json --only limits postgres-dev
expect "narrowed to an advisor and a service" test "$(jq -r '[.changes[] | .service + "/" + .advisor] | unique | join(" ")' <<<"$out")" = postgres-dev/limits

# ---- no engine, no stack -------------------------------------------------------------------------------------------
DOCKER_HOST=unix:///nowhere.sock tune other --format json
expect_status "without an engine" 2
expect "and what it says then is valid, too" valid "$scratch/out"
for command in limits healthcheck; do
    DOCKER_HOST=unix:///nowhere.sock run env -C "$(folder reference)" "$PILOTPROS" pilotpros "$command" -f docker-compose.dev.yml --check
    expect_status "$command --check finds what the files miss" 6
    DOCKER_HOST=unix:///nowhere.sock run env -C "$(folder other)" "$PILOTPROS" pilotpros "$command" --check
    expect_status "other: $command --check finds what the files miss" 6
done
run env -C "$(folder reference)" "$PILOTPROS" pilotpros limits --check
expect_status "a check where no file has a default name" 65
expect_in "says what to type" 'next: name the file: -f FILE' "$err"
mkdir "$scratch/tidy"
cat >"$scratch/tidy/compose.yaml" <<'Y'
services:
  web:
    image: nginx:1.26
    mem_limit: 128m
    memswap_limit: 128m
    pids_limit: 256
    healthcheck: {test: ["CMD", "curl", "-f", "http://127.0.0.1/"], interval: 10s, timeout: 3s, start_period: 20s, start_interval: 1s, retries: 3}
Y
for command in limits healthcheck; do
    run env -C "$scratch/tidy" "$PILOTPROS" pilotpros "$command" --check
    expect_status "$command --check has nothing to say of a file in order" 0
done

#!/usr/bin/env bash
# beside: nothing is started
# The comparison by which rename.sh finds that no name decides what is advised: every difference is seen but one of the words.
. "$(dirname "$0")/lib.sh"
# One change of each sort, as tune prints it.
cat >"$scratch/one.json" <<'J'
{"changes": [
  {"service": "db", "advisor": "limits", "key": "memory", "path": ["mem_limit"], "after": "512m", "joint": "memory"},
  {"service": "db", "advisor": "limits", "key": "pids", "path": ["pids_limit"], "after": 512},
  {"service": "db", "advisor": "limits", "key": "cpus", "path": ["cpus"], "after": 1.5},
  {"service": "db", "advisor": "postgres", "key": "effective_cache_size", "kind": "postgres", "path": ["effective_cache_size"], "after": "384MB"},
  {"service": "db", "advisor": "postgres", "key": "random_page_cost", "kind": "postgres", "path": ["random_page_cost"], "after": "1.1"},
  {"service": "db", "advisor": "healthcheck", "key": "healthcheck.start_period", "path": ["healthcheck", "start_period"], "after": "2m"},
  {"service": "db", "advisor": "healthcheck", "key": "healthcheck.timeout", "path": ["healthcheck", "timeout"], "after": "15s"},
  {"service": "app", "advisor": "limits", "key": "memory", "path": ["mem_limit"], "after": "192m"},
  {"service": "app", "advisor": "node", "key": "heap", "path": ["environment", "NODE_OPTIONS"], "after": "--trace-warnings --max-old-space-size=120"},
  {"service": "app", "advisor": "healthcheck", "key": "healthcheck.timeout", "path": ["healthcheck", "timeout"], "after": "5s", "joint": "health check"},
  {"service": "app", "advisor": "logging", "key": "logging.max-size", "path": ["logging", "options", "max-size"], "after": "10m"},
  {"service": "fixed", "advisor": "postgres", "key": "shared_buffers", "kind": "postgres", "path": ["shared_buffers"], "after": "128MB"}],
 "findings": [{"service": "db", "id": "no-health-check", "severity": "warning", "source": "https://docs.docker.com/"},
              {"service": "db", "id": "cpu-throttled", "severity": "warning", "source": "https://docs.kernel.org/"}],
 "left_alone": [{"service": "app", "advisor": "limits", "key": "cpus", "why": "no quota"}, {"service": "db", "advisor": "limits", "key": "memlock", "why": "x"}]}
J
jq '.changes |= map({before: null, as_written: false, rule: "r", source: "s", recipe: "", risk: "low", cost: "recreate", joint: "", carrier: false,
        reason: "80 MiB seen", inputs: [], verdict: {outcome: "derived", by: "docker compose config", said: "", seconds: 0},
        target: {kind: (.kind // "compose"), path: .path}} + del(.kind, .path))' "$scratch/one.json" >"$scratch/first.json"
same() { python3 "$SOURCE_DIR/tests/tools/same_changes.py" "$scratch/first.json" "$scratch/second.json"; }
other() { # JQ-FILTER
    jq "$1" "$scratch/first.json" >"$scratch/second.json"
    if cmp -s "$scratch/second.json" <(jq . "$scratch/first.json"); then fail "it changes nothing: $1"; fi
}
may() {
    other "$1"
    expect "may be: $1" same
}
seen() {
    other "$1"
    planted "$1" same
    if grep -q Traceback "$scratch/said"; then fail "it was not compared: $(tail -n 1 "$scratch/said")"; fi
}
of() { echo ".changes[] | select(.service == \"$1\" and .key == \"$2\")"; } # SERVICE KEY

for one in "db memory" "db pids" "db cpus" "db effective_cache_size" "db random_page_cost" "db healthcheck.timeout" "app heap" "fixed shared_buffers"; do
    read -r service key <<<"$one"
    for field in before after rule source recipe risk cost joint as_written carrier verdict.outcome verdict.by; do
        seen "($(of "$service" "$key").$field) = \"another\""
    done
    seen "($(of "$service" "$key").target.path) = [\"deploy\"]"
    seen "del($(of "$service" "$key"))"
done
seen '.changes += [.changes[0] | .service = "another"]'
may "($(of db memory) | .reason, .verdict.said) = \"96 MiB seen\""
may '.changes |= (sort_by(.key) | reverse)'
seen '.findings[0].severity = "error"'
seen '.findings[0].source = "another"'
seen '.findings |= .[1:]'
seen '.left_alone |= .[1:]'

#!/usr/bin/env bash
# beside: nothing is started
# The comparison by which rename.sh finds that no name decides what is advised: what may differ does, and every other difference is seen.
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

may "($(of db memory).after) = \"1536m\""
seen "($(of db memory).after) = \"4g\""
seen "($(of db memory).after) = \"100m\""
may "($(of db pids).after) = 1024"
seen "($(of db pids).after) = 4096"
may "($(of db healthcheck.start_period).after) = \"10m\""
seen "($(of db healthcheck.start_period).after) = \"20m\""
may "($(of app logging.max-size).after) = \"30m\""
seen "($(of app logging.max-size).after) = \"100m\""
may "($(of db effective_cache_size).after) = \"768MB\""
seen "($(of db effective_cache_size).after) = \"384kB\""
seen "($(of fixed shared_buffers).after) = \"64MB\"" # no limit of ours
seen "($(of db random_page_cost).after) = \"4\""
may "($(of app heap).after) = \"--trace-warnings --max-old-space-size=90 --max-semi-space-size=4\""
seen "($(of app heap).after) = \"--max-old-space-size=120\"" # the user's option is gone
may "($(of db healthcheck.timeout).after) = \"1m\""
may "del($(of db healthcheck.timeout))"
seen "($(of db healthcheck.timeout).rule) = \"another\""
seen "($(of app healthcheck.timeout).after) = \"10s\"" # of a new check nothing was measured
seen "del($(of app healthcheck.timeout))"
may "del($(of db cpus))"
may "($(of db memory) | .reason, .verdict.said) = \"96 MiB seen\""
for field in before rule source recipe risk cost joint as_written carrier verdict.outcome verdict.by; do
    seen "($(of db memory).$field) = \"another\""
    seen "($(of db random_page_cost).$field) = \"another\""
done
seen "($(of db memory).target.path) = [\"deploy\"]"
seen "del($(of db memory))"
seen "del($(of db pids))"
seen '.findings[0].severity = "error"'
seen '.findings[0].source = "another"'
seen '.findings |= .[1:]'
may '.findings |= .[:1]'
may '.left_alone |= .[1:]'
seen '.left_alone |= .[:1]'
# Where the evidence does not suffice under one name, no limit and nothing that follows it is compared; the rest is.
unknown='.left_alone += [{service: "app", advisor: "limits", key: "memory", why: "insufficient evidence: it was idle"}]'
may "del($(of app memory)) | del($(of app heap)) | $unknown"
seen "del($(of app memory)) | del($(of app logging.max-size)) | $unknown"

#!/usr/bin/env bash
# beside: it compares the shapes of answers
# One contract, two engines: what we rely on in the Engine's answers holds for the real one and for the fake, or the fake has drifted.
. "$(dirname "$0")/lib.sh"
fake_engine=$SOURCE_DIR/tests/fake_engine
export RECORDED_PROJECT=pp-contract
compose() { docker compose --progress quiet -f "$fake_engine/stack/compose.yaml" "$@"; }
contract() { python3 "$fake_engine/contract.py" "$@"; }

finally 'compose down -v -t 1 >/dev/null 2>&1'
compose up -d
until [ "$(docker inspect -f '{{.State.Health.Status}}' "$(compose ps -q web)")" = healthy ]; do sleep 0.2; done

expect "the real engine keeps the contract" contract /var/run/docker.sock pp-contract
fake plain
expect "the fake keeps it" contract "$scratch/plain.sock" pp-recorded
fake second --cgroup 2
expect "the fake keeps it with control groups version 2" contract "$scratch/second.sock" pp-recorded

# Each recording that is changed in one place must break it.
doctored() { # NAME FILE JQ-FILTER
    local directory=$scratch/recordings-$1
    cp -r "$fake_engine/recordings" "$directory"
    jq "$3" "$fake_engine/recordings/$2.json" >"$directory/$2.json"
    fake "$1" --recordings "$directory"
    planted "$2 with $3" contract "$scratch/$1.sock" pp-recorded
}
doctored status inspect_missing '.status = 500'
doctored message exec_stopped '.json = {"error": "gone"}'
doctored header ping 'del(.headers."Api-Version")'
doctored type inspect_web '.json.HostConfig.Memory = "134217728"'
doctored member info 'del(.json.CgroupVersion)'
doctored frames exec_ok '.start.frames = [[1, "out\n"]]'
doctored counters stats_stream '.lines[1].cpu_stats.system_cpu_usage = 0'
doctored null changes_none '.json = []'

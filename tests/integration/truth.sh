#!/usr/bin/env bash
# A profile tells the truth: containers whose use is known beforehand (tests/truth) are profiled, and every figure has to be within its stated error.
# The same comparison has to notice each figure when it is falsified, and profilers that are wrong in the usual ways.
# shellcheck disable=SC2016 # clean-up is expanded where it runs
. "$(dirname "$0")/lib.sh"
truth=$SOURCE_DIR/tests/truth
binary=${BINARY_DIR:-$SOURCE_DIR/build/dev}/tests/truth/pilotpros-truth

tar -C "$(dirname "$binary")" --transform 's/.*/truth/' -c "$(basename "$binary")" |
    docker import --change 'ENTRYPOINT ["/truth"]' - pilotpros-truth >/dev/null
finally 'docker image rm -f pilotpros-truth >/dev/null 2>&1'
# On cgroup v1, later kernels count block I/O only from a disk's first limit on.
disk=$(findmnt -no SOURCE -T "$(docker info --format '{{.DockerRootDir}}')" | sed 's/\[.*//')
if [ -b "$disk" ]; then
    expect "a disk takes a limit" docker run --rm --device-read-bps "$disk:10gb" --network none -e TRUTH_BEGIN=0 pilotpros-truth healthy 0
fi
cd "$truth"
begin=$(($(date +%s) + 50)) # a container counts as starting for 30 s, and on a busy machine 15 of them take a while to begin
export TRUTH_BEGIN=$begin
compose() { docker compose --progress quiet "$@"; }
finally 'cd "$truth" && compose --profile late down -t 1 >/dev/null 2>&1'
compose up -d
[ $((begin - $(date +%s))) -ge 32 ] || fail "the containers took too long to begin: their start is not over when the curves begin"
id() { compose ps -q "$1"; }
started=$(date +%s.%N -d "$(docker inspect -f '{{.State.StartedAt}}' "$(id slow)")")

until [ "$(date +%s)" -ge "$begin" ]; do sleep 0.1; done
(
    sleep 6
    compose --profile late up -d late
    sleep 2
    compose rm -f -s gone
) >"$scratch/meanwhile" 2>&1 &
meanwhile=$!
python3 "$truth/kernel.py" 29 quota "$(id quota)" burst "$(id burst)" duty "$(id duty)" >"$scratch/kernel.json" &
kernel=$!
run "$PILOTPROS" pilotpros profile --duration 29s --format json
expect_status "profile" 0
wait "$meanwhile" "$kernel"
cp "$scratch/out" "$scratch/profile.json"
printf '{"begin": %d, "slow_started": %s, "kernel": %s}\n' "$begin" "$started" "$(cat "$scratch/kernel.json")" >"$scratch/facts.json"
python3 "$truth/check.py" "$scratch/profile.json" "$scratch/facts.json" >"$scratch/figures" || failures=$((failures + 1))
cat "$scratch/figures"
expect "the comparison notices what is false" python3 "$truth/check.py" --planted "$scratch/profile.json" "$scratch/facts.json"
cat "$scratch/said"

# What was measured is there without measuring, and numbers only.
run "$PILOTPROS" pilotpros profile --show --format json
expect_status "profile --show" 0
expect "the kept use is that of the run" python3 - "$scratch/profile.json" "$scratch/out" <<'PYTHON'
import json, sys
run, kept = (json.load(open(name)) for name in sys.argv[1:])
kept = {service["name"]: service["kept"] for service in kept["services"]}
for service in run["services"]:
    for container in service["containers"]:
        usage, stored = container["usage"], kept[service["name"]]
        if service["name"] not in ("gone", "late"):
            assert stored["samples"] == usage["samples"], service["name"]
            assert stored["need_peak_bytes"] == usage["need_peak_bytes"], service["name"]
            assert stored["oom"]["kills"] == usage["oom"]["kills"], service["name"]
PYTHON
expect_in "private files" '^0?600 ' "$(find "$XDG_STATE_HOME" -name '*.json' -path '*profiles*' -printf '%m %p\n' | sort -u | head -n 1)"
expect "nobody else may read the store" test -z "$(find "$XDG_STATE_HOME/pilotpros" \( -perm /077 -type d -o -perm /177 -type f \) -print)"

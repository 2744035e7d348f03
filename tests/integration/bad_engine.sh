#!/usr/bin/env bash
# beside: the ends it judges are soon enough on a busy machine
# An engine that answers nonsense, containers that die, a program that never ends, a clock that jumps, a disk that is full and two runs at once, for the
# plugin's own `tune`: either its whole result or a line of what and a line of what next, never both halves; and nothing is left behind.
# shellcheck disable=SC2016 # scripts are expanded where they run
. "$(dirname "$0")/lib.sh"
. "$SOURCE_DIR/tests/tools/traces.sh"
RUN_SECONDS=240
export DOCKER_CONFIG=$scratch HOME=$scratch
ours=("$PILOTPROS" pilotpros)
tool=$SOURCE_DIR/tests/fake_engine/fake_engine.py

# ---- an engine that answers nonsense -----------------------------------------------------------------------------
ends_well() { # DIRECTORY: what a run left there
    case $(<"$1/status") in
        0 | 2) document "$1/out" && finds '.changes | type == "array"' "$1/out" ;;
        3 | 5) [ ! -s "$1/out" ] && two_lines "$1/err" ;;
        *) echo "exit $(<"$1/status")" && head -c 500 "$1/err" && return 1 ;;
    esac && plain "$1/err" "$1/out" && [ -z "$(find "$1/state" -name '*.pilotpros-tmp-??????')" ] && [ "$(ls "$1/project")" = compose.yaml ]
}
one() { # NUMBER OPTIONS…: a tune of two services on an engine of its own
    local directory=$scratch/one-$1 status=0 engine
    shift
    mkdir -p "$directory"/{project,state}
    python3 "$tool" --socket "$directory/sock" --services 2 --project shop --directory "$directory/project" "$@" >"$directory/ready" 2>"$directory/complaints" &
    engine=$!
    for _ in $(seq 200); do [ ! -s "$directory/ready" ] || break; sleep 0.05; done
    write_advised "$directory/project/compose.yaml"
    (cd "$directory/project" && TRACES=$mark XDG_STATE_HOME=$directory/state DOCKER_HOST=unix://$directory/sock timeout -k 2 75 \
        "${ours[@]}" tune --duration 1s --format json) >"$directory/out" 2>"$directory/err" </dev/null || status=$?
    echo "$status" >"$directory/status"
    kill "$engine"
    wait "$engine" 2>/dev/null || true
}
cases=("--die-after 1" "--die-after 3" "--vanish svc0002" "--exec-hang" "--fault drop:/stats" "--fault drop:/events" "--fault 403:/info")
# Of every nonsense at every path half by chance; EVERY=1: all. What must give no Plan always.
every=${EVERY:-2} number=$RANDOM
for kind in html empty nonsense truncate garbage; do
    for path in /info /containers/json; do cases+=("--fault $kind:$path"); done
    for path in /_ping '/containers/[0-9a-f]+/json' /images/ /stats /exec /archive; do
        number=$((number + 1))
        if [ $((number % every)) = 0 ]; then cases+=("--fault $kind:$path"); fi
    done
done
for i in "${!cases[@]}"; do
    # shellcheck disable=SC2086 # an option and its value
    one "$i" ${cases[i]} &
    while [ "$(jobs -rp | wc -l)" -ge 12 ]; do wait -n || true; done
done
wait
for i in "${!cases[@]}"; do expect "${cases[i]}: exit $(<"$scratch/one-$i/status")" ends_well "$scratch/one-$i"; done
expect "nobody is left running" nobody_left
for i in 0 3; do expect_same "${cases[i]}: there is a Plan" 0 "$(<"$scratch/one-$i/status")"; done
no_plan() { for i in "${!cases[@]}"; do if [ "${cases[i]}" = "--fault $1" ]; then echo "$(<"$scratch/one-$i/status")"; fi; done; } # FAULT
for kind in html empty garbage nonsense truncate; do
    for path in /info /containers/json; do expect_same "$kind at $path: no Plan" 5 "$(no_plan "$kind:$path")"; done
done
judged() { # STATUS OUTPUT ERRORS
    mkdir -p "$scratch/judged"/{state,project} && touch "$scratch/judged/project/compose.yaml"
    echo "$1" >"$scratch/judged/status"
    printf %b "$2" >"$scratch/judged/out"
    printf %b "$3" >"$scratch/judged/err"
    ends_well "$scratch/judged"
}
expect "the judge lets a whole result pass" judged 0 '{"changes": []}' ''
planted "half a result" judged 0 '{"changes": [' ''
planted "a result and an error" judged 5 '{"changes": []}' 'docker pilotpros: x\n  next: y\n'
planted "an exit code of nobody's" judged 1 '' 'docker pilotpros: x\n  next: y\n'

# ---- a clock that jumps ------------------------------------------------------------------------------------------
mkdir -p "$scratch/projects/shop" && cd "$scratch/projects/shop"
fake plain --services 2 --project shop --directory "$scratch/projects/shop"
write_advised compose.yaml
export DOCKER_HOST=unix://$scratch/plain.sock
cat >"$scratch/jump.c" <<'C'
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
/* The clock on the wall jumps by JUMP seconds, AFTER seconds after it was first read; the steady one does not. */
int clock_gettime(clockid_t which, struct timespec* into) {
    static double first = -1;
    const int result = (int)syscall(SYS_clock_gettime, which, into);
    struct timespec steady;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &steady);
    const double now = (double)steady.tv_sec + (double)steady.tv_nsec / 1e9;
    if (first < 0) first = now;
    if (which == CLOCK_REALTIME && getenv("JUMP") && now - first >= atof(getenv("AFTER"))) into->tv_sec += atol(getenv("JUMP"));
    return result;
}
C
cc -shared -fPIC -O1 -o "$scratch/jump.so" "$scratch/jump.c"
year=$((365 * 24 * 3600))
same_year() { [ "$("$@" date +%Y)" = "$(date +%Y)" ]; }
planted "a clock that jumps" same_year env LD_PRELOAD="$scratch/jump.so" JUMP=$((2 * year)) AFTER=0
for jump in 3600 -3600 $((20 * year)) $((-40 * year)); do
    for after in $([ "${jump#-}" -gt 3600 ] || echo 0) 1.5; do
        rm -rf "$scratch/state" && mkdir "$scratch/state"
        begin=$SECONDS
        traced env LD_PRELOAD="$scratch/jump.so" JUMP="$jump" AFTER="$after" "${ours[@]}" profile --duration 3s --format json
        expect_status "a jump of $jump s after $after s" 0
        took=$((SECONDS - begin))
        expect "a jump of $jump s after $after s: it took $took s" test $took -ge 3
        expect "a jump of $jump s after $after s: both were measured for as long as it was" finds \
            "[.services[].containers[].usage | .samples >= 2 and .seconds >= 1 and .seconds <= $took + 1 and .from <= .to and .log.seconds >= 0 and .cpu_cores.max < 100] | length == 2 and all" "$scratch/out"
        expect "a jump of $jump s after $after s: nobody is left" nobody_left
        for words in "profile --show --format json" "tune --duration 1s --format json"; do
            # shellcheck disable=SC2086 # words
            run "${ours[@]}" $words
            expect_status "a jump of $jump s after $after s, then $words" 0
            expect "a jump of $jump s after $after s, then $words: a document" document "$scratch/out"
        done
    done
done

# ---- runs at once --------------------------------------------------------------------------------------------------
rm -rf "$scratch/state" && mkdir "$scratch/state"
listing "$scratch/projects" >"$scratch/listed"
for i in {1..8}; do
    words=tune
    [ $((i % 2)) = 0 ] || words=profile
    (TRACES=$mark timeout 240 "${ours[@]}" $words --duration 1s --format json >"$scratch/at-once-$i.out" 2>"$scratch/at-once-$i.err" </dev/null; echo $? >"$scratch/at-once-$i.status") &
done
wait_for() { for _ in {1..2400}; do [ "$(cat "$scratch"/at-once-*.status 2>/dev/null | wc -l)" != 8 ] || return 0; sleep 0.1; done; return 1; }
expect "eight runs at once end" wait_for
for i in {1..8}; do
    expect_same "run $i of eight at once: done" 0 "$(<"$scratch/at-once-$i.status")"
    expect "run $i of eight at once: a document" document "$scratch/at-once-$i.out"
done
whole() { # all that is kept is whole, and nothing half is left
    local file
    while read -r file; do finds . "$file" >/dev/null || return 1; done < <(find "$scratch/state" -type f -name '*.json')
    [ -n "$(find "$scratch/state" -path '*/profiles/*.json')" ] && [ -z "$(find "$scratch/state" -name '*.pilotpros-tmp-??????' -o -name '*.unreadable')" ]
}
expect "what eight runs at once keep is whole" whole
expect "and the project is as it was" diff "$scratch/listed" <(listing "$scratch/projects")
cp -r "$scratch/state" "$scratch/kept"
printf '{' >"$(find "$scratch/state" -path '*/profiles/*.json' | head -n 1)"
planted "a kept file that is half" whole

# ---- a full disk, and one that is read-only, under what we keep and under the project's folder ----------------------
unprivileged=()
[ "$(id -u)" = 0 ] || unprivileged=(--map-root-user)
on_disk() { # FOLDER OPTION FILL COMMAND…
    rm -rf "$scratch/state" && mkdir "$scratch/state"
    ON_DISK_SIZE=64k traced unshare --mount "${unprivileged[@]}" "$SOURCE_DIR/tests/tools/on_disk.sh" "$@"
}
nothing_half() { ! grep -qE '\.pilotpros-tmp-.{6}$' "$1.after"; } # FOLDER
as_before() { diff "$1.before" "$1.after"; }
echo "x $scratch/state/x.json.pilotpros-tmp-abcdef" >"$scratch/state.after"
planted "a temporary file on the full disk" nothing_half "$scratch/state"
on_disk "$scratch/state" rw 1M bash -c 'echo x >more'
planted "a disk that is full" test "$status" = 0
planted "a file that is there afterwards" as_before "$scratch/state"
for disk in "rw 1M" "rw 57344" "ro 0"; do
    here=("$scratch/state")
    # shellcheck disable=SC2206 # two words
    here+=($disk)
    what="what we keep on a disk of $disk"
    on_disk "${here[@]}" env --chdir="$PWD" "${ours[@]}" profile --duration 3s --format json # in one second a busy engine may send no sample
    expect_status "$what: profile" 0
    expect "$what: profile has its result" finds '[.services[].containers[].usage.samples] | min >= 1' "$scratch/out"
    expect "$what: profile says that it was not kept" finds 'any(.gaps[]; .why | test("could not be kept.*(No space left|Read-only)"))' "$scratch/out"
    expect "$what: profile leaves nothing half" nothing_half "$scratch/state"
    # A change is shown to Compose in a folder of our own before it is advised.
    on_disk "${here[@]}" env --chdir="$PWD" "${ours[@]}" tune --duration 1s
    expect_status "$what: tune" 3
    expect "$what: tune: a line of what, a line of what next" two_lines "$scratch/err"
    expect_in "$what: tune says so" '^docker pilotpros: cannot .*(No space left|Read-only)' "$err"
    expect_same "$what: tune: no result" "" "$out"
    expect "$what: tune leaves nothing half" nothing_half "$scratch/state"
    expect "$what: nobody is left" nobody_left
    here[0]=$scratch/projects/shop
    for words in "tune --duration 1s" "tune --lint" "limits --check" "tune --duration 1s --only limits --apply --yes" "tune --duration 1s --only limits --apply --in-place --yes"; do
        # shellcheck disable=SC2086 # words
        on_disk "${here[@]}" "${ours[@]}" $words
        case $words in
            *--apply*) # where there was room for the files, Compose is next, which the fake engine does not serve
                wanted=(3)
                [ "$disk" != "rw 57344" ] || wanted+=(4)
                expect_status "a project on a disk of $disk: $words" "${wanted[@]}"
                expect_in "a project on a disk of $disk: $words: its last lines say so" '^cannot .*(No space left|Read-only)|did not replace' "$(tail -n 4 "$scratch/out")"
                [ "$status" = 4 ] || expect_in "a project on a disk of $disk: $words: and what next" '^next: ' "$(tail -n 1 "$scratch/out")" ;;
            *) expect_status "a project on a disk of $disk: $words" 0 6 ;;
        esac
        expect "a project on a disk of $disk: $words leaves it as it was" as_before "${here[0]}"
        expect "a project on a disk of $disk: $words: nobody is left" nobody_left
    done
done

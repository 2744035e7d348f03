#!/usr/bin/env bash
# Every check of the project, with all the set-up they need. The last line is "N passed, N failed"; any failure exits with 1.
#   run.sh [--anew]
# What passed with an engine is not run again for a day while the programs, the scripts, the stacks and the engine are the same; --anew runs all.
# Format, shellcheck and clang-tidy count as one check each, every test of ctest as one. A skipped test counts as failed: what
# needs an engine is not left out for lack of one.
set -uo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root" || exit 1
stack=tests/stack/stack.sh
case "${1:-}" in "" | --anew) anew=${1:-} ;; *) echo "run.sh: unknown: $1; it takes --anew or nothing" >&2; exit 64 ;; esac
passes="${PILOTPROS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pilotpros}/passes"
passed=0 failed=0 failures=() kept_tests=0
scratch="$(mktemp -d)" building=

running_stacks() {
    local file name
    for file in tests/stack/drive/*.sh; do
        name="$(basename "$file" .sh)"
        if [ -n "$("$stack" compose "$name" ps -aq 2>/dev/null)" ]; then printf '%s\n' "$name"; fi
    done
}

# A stack that ran before is somebody's; one that our tests left behind is not.
clean_up() {
    local name
    if [ -n "$building" ]; then kill "$building" 2>/dev/null; fi
    if [ -e "$scratch/before" ]; then
        for name in $(running_stacks); do
            grep -qx "$name" "$scratch/before" || "$stack" down "$name" >/dev/null 2>&1
        done
    fi
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

step() { # NAME COMMAND... - says how long it took, and stays silent otherwise unless it fails
    local name=$1 begin=$SECONDS
    shift
    if "$@" >"$scratch/output" 2>&1; then
        printf '%-28s ok      %4d s\n' "$name" $((SECONDS - begin))
    else
        cat "$scratch/output"
        printf '%-28s FAILED  %4d s\n' "$name" $((SECONDS - begin))
        return 1
    fi
}

check() { # NAME COMMAND... - a step that counts as one check
    if step "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1)) failures+=("$1")
    fi
}

# What a failed test says itself of why, or else its last lines, again at the end, where they are seen.
said_of() { # TEST OUTPUT-OF-CTEST
    awk -v test="$1" '
        / Test +#[0-9]+: / { ours = index($0, ": " test " ") > 0; next }
        ours && /^FAIL/ { failed[++failures] = substr($0, 1, 400) }
        ours && NF { last[++lines] = substr($0, 1, 400) }
        END {
            for (i = 1; i <= failures; i++) print failed[i]
            if (!failures) for (i = lines > 3 ? lines - 2 : 1; i <= lines; i++) print last[i]
        }' "$2"
}

# The numbers come from ctest's own report; without a report the run itself is the failure.
tests() { # NAME CTEST-OPTION...
    local name=$1 begin=$SECONDS report="$scratch/$1.xml" head total bad
    shift
    ctest "$@" --output-on-failure --output-junit "$report" | tee "$scratch/output" | grep -vE '^ *Start +[0-9]+:'
    head="$(grep -m 1 -A 8 '<testsuite ' "$report" 2>/dev/null | tr '\n' ' ')"
    total="$(sed -nE 's/.*[[:space:]]tests="([0-9]+)".*/\1/p' <<<"$head")"
    if [ "${total:-0}" -eq 0 ]; then
        failed=$((failed + 1)) failures+=("$name: no test ran")
        return
    fi
    bad="$(grep -E '<testcase ' "$report" | grep -vc 'status="run"')"
    passed=$((passed + total - bad)) failed=$((failed + bad))
    while read -r test; do
        failures+=("$name: $test")
        while IFS= read -r said; do failures+=("    $said"); done < <(said_of "$test" "$scratch/output" | tail -n 12)
    done < <(grep -E '<testcase ' "$report" | grep -v 'status="run"' | sed -E 's/.*<testcase name="([^"]*)".*/\1/')
    printf '%-28s %d of %d passed, %d s\n' "$name" $((total - bad)) "$total" $((SECONDS - begin))
}

# All that a test with an engine goes by: what was built, what is run, and whom it asks.
identity() {
    {
        find build/release -type f -executable \( -name docker-pilotpros -o -name 'pilotpros-*' \) -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
        find tests packaging docs README.md CMakeLists.txt CMakePresets.json -type f -not -path '*/node_modules/*' -not -name '*.pyc' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
        docker version --format '{{.Client.Version}} {{.Server.Version}} {{.Server.KernelVersion}}'
        docker compose version
        dpkg-query -W containerd runc libcurl4 libcurl3-gnutls 2>/dev/null
    } | sha256sum | cut -d' ' -f1
}

# Those that need whole stacks first, for which these are started, then the others, beside no stack that stands by.
tests_with_engine() {
    local kept=() leave_out=() known
    known="$passes/$(identity)"
    mkdir -p "$known"
    find "$passes" -mindepth 1 -mtime +0 -delete 2>/dev/null
    if [ -z "$anew" ]; then mapfile -t kept < <(cd "$known" 2>/dev/null && ls); fi
    if [ ${#kept[@]} -gt 0 ]; then
        kept_tests=${#kept[@]}
        echo "with an engine: ${#kept[@]} passed within a day with the same programs, scripts and engine, and are not run again (--anew runs them)"
        leave_out=(-E "^($(IFS='|'; echo "${kept[*]//./\\.}")|stack\\.images|stack\\.[a-z]+\\.(up|down))$")
    fi
    mkdir -p "$known"
    local all=$(($(nproc) + 1))
    tests_of_label "$known" "with stacks" '^stacks$' "$all" "${leave_out[@]}"
    tests_of_label "$known" "with an engine" '^(faults|integration|stack)$' "$all" "${leave_out[@]}"
    tests_of_label "$known" "by twos" '^pairs$' 2 "${leave_out[@]}"
}

tests_of_label() { # FOLDER-OF-PASSES NAME LABELS AT-ONCE CTEST-OPTION...
    local known=$1 name=$2 options=(--test-dir build/release -L "$3" "${@:5}") test
    if [ "$kept_tests" -gt 0 ] && ctest -N "${options[@]}" | grep -qx 'Total Tests: 0'; then return; fi
    tests "$name" -j "$4" "${options[@]}"
    while read -r test; do : >"$known/$test"; done < <(
        grep -E '<testcase .*status="run"' "$scratch/$name.xml" | sed -E 's/.*<testcase name="([^"]*)".*/\1/' | grep -xE '(integration|stack\.contract)\.[a-z_0-9]+')
}

sources() { find core plugin tests \( -name '*.cpp' -o -name '*.h' \) -not -path '*/node_modules/*' -print0; }
# And it can fail: a file that is not formatted.
format() {
    mkdir -p "$scratch/planted"
    cp .clang-format "$scratch/planted/"
    echo 'int  badly( );' >"$scratch/planted/badly.cpp"
    sources | xargs -0 clang-format --dry-run -Werror && ! clang-format --dry-run -Werror "$scratch/planted/badly.cpp"
}
scripts() {
    find . \( -path ./build -o -path ./.git -o -name node_modules \) -prune -o -type f -print0 |
        xargs -0 awk 'FNR == 1 { if (/^#!.*[\/ ](ba)?sh( |$)/) printf "%s%c", FILENAME, 0; nextfile }' | xargs -0 -n 16 -P "$(nproc)" shellcheck &&
        ! printf '%b' "#!/bin/sh\nrm -r \$1\n" | shellcheck - # and it can fail
}
# And it can fail: a room with a name twice, and one that a header has.
names() {
    local room=$scratch/planted/core/room
    mkdir -p "$room"
    printf 'namespace pilotpros {\n\nint shown(int value);\n\n}\n' >"$room/shown.h"
    for file in one two; do
        printf 'namespace pilotpros {\n\nnamespace {\n\nint %s(int value) { return value; }\n\n}  // namespace\n\n}\n' twice >"$room/$file.cpp"
    done
    sed 's/twice/shown/' "$room/one.cpp" >"$room/three.cpp"
    tests/names.py && [ "$(tests/names.py "$scratch/planted" | wc -l)" -eq 2 ]
}
images_are_there() {
    local status=0
    wait "$building" || status=$?
    building=
    cat "$scratch/images"
    return "$status"
}
# Objects are found again by their content, whatever folder the checkout lies in.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
build() { cmake --preset "$1" "${@:3}" && cmake --build --preset "$1" --target "$2"; } # PRESET TARGET [CMAKE-OPTION...]

# On a terminal whoever sits there is asked before anything is installed.
agree=(--yes)
if [ -t 0 ] && [ -t 2 ]; then agree=(); fi
if ! packaging/deps.sh "${agree[@]}" --build --stack --test; then
    echo "0 passed, 1 failed"
    exit 1
fi
if packaging/engine.sh "${agree[@]}"; then
    running_stacks >"$scratch/before"
    # They wait for the network and the disk, clang-tidy for the processors.
    "$stack" images >"$scratch/images" 2>&1 &
    building=$!
else
    echo "There is no Docker Engine: every test that needs one is going to fail."
fi

check format format
check shellcheck scripts
check "names in a room" names
check clang-tidy tests/tidy.sh
if [ -n "$building" ]; then check "images of the stacks" images_are_there; fi
# The pure tests run where the sanitizers watch. Those with an engine run what users get, and nothing runs beside them.
check "build asan" build asan pilotpros-sanitized && tests asan --test-dir build/asan -j "$(nproc)" -L '^(unit|asan)$'
check "build release" build release pilotpros-with-engine -DBUILD_TESTING=ON -DCMAKE_COMPILE_WARNING_AS_ERROR=ON && tests_with_engine

for failure in "${failures[@]}"; do
    if [[ $failure == " "* ]]; then printf '%s\n' "$failure"; else printf 'failed: %s\n' "$failure"; fi
done
clean_up
if [ "$kept_tests" -gt 0 ]; then echo "$kept_tests tests with an engine were not run again, and are not counted"; fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]

# shellcheck shell=bash disable=SC2034 # what the tests use
# What every integration test starts with: . "$(dirname "$0")/lib.sh"
# A failed expectation is told and counted; the test goes on and ends with 1. `planted` turns that round for a fault put in on purpose.
set -euo pipefail
shopt -s inherit_errexit
SOURCE_DIR=${SOURCE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
PILOTPROS=${PILOTPROS:-$SOURCE_DIR/build/dev/docker-pilotpros}
failures=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/pilotpros-test.XXXXXX")
documents=$scratch/documents # what our commands print for programs: all of it has to be as its schema says
mkdir -p "$documents"/{tune,findings}
PATH=/usr/bin:$PATH # Debian's own python3, which has what ours need; what a version manager puts before it starts a dozen programs each time
export XDG_STATE_HOME=$scratch/state NO_COLOR=1 PYTHONDONTWRITEBYTECODE=1
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_API_VERSION DOCKER_TLS_VERIFY DOCKER_CERT_PATH COMPOSE_FILE COMPOSE_PROJECT_NAME COMPOSE_PROFILES

# shellcheck source=../stack/lib/docker.sh
. "$SOURCE_DIR/tests/stack/lib/docker.sh"

at_end=()
finally() { at_end+=("$*"); } # COMMAND…: run when the test ends, last first
finish() {
    local status=$? i
    set +e
    documents_fit
    for ((i = ${#at_end[@]} - 1; i >= 0; i--)); do eval "${at_end[i]}"; done
    rm -rf "$scratch"
    if [ "$status" -eq 0 ] && [ "$failures" -gt 0 ]; then echo "$failures expectations failed"; exit 1; fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

ok() { printf 'ok    %s\n' "$*"; }
fail() { printf 'FAIL  %s\n' "$*"; failures=$((failures + 1)); }

# run COMMAND…: keeps $status, $out and $err; never hangs longer than RUN_SECONDS.
run() {
    status=0
    timeout -k 5 "${RUN_SECONDS:-60}" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || status=$?
    keep_document "$scratch/out" "$@"
    out=$(tr -d '\0' <"$scratch/out") err=$(tr -d '\0' <"$scratch/err")
}

# Each document is held against its schema when the test ends, all in one go.
keep_document() { # FILE COMMAND…: the command's output, where it is a Plan or findings for programs; an error prints none
    local file=$1 kind=tune name
    shift
    case " $* " in *" --format json "*) ;; *) return 0 ;; esac
    case " $* " in *" pilotpros tune "* | *" pilotpros limits "* | *" pilotpros healthcheck "*) ;; *) return 0 ;; esac
    case " $* " in *" --lint "* | *" --check "*) kind=findings ;; esac
    if [ -s "$file" ]; then
        name=$(tr -c 'a-zA-Z0-9.\n-' _ <<<"${*##*/}" | tail -c 100)
        cp "$file" "$(mktemp "$documents/$kind/$name.XXXXXX")"
    fi
}
documents_fit() {
    local kind all
    for kind in tune findings; do
        all=("$documents/$kind"/*)
        if [ -e "${all[0]}" ]; then
            expect "${#all[@]} documents are what docs/$kind.schema.json says" \
                python3 "$SOURCE_DIR/tests/tools/validate.py" "$SOURCE_DIR/docs/$kind.schema.json" "${all[@]}"
        fi
    done
}

pilotpros() { run "$PILOTPROS" pilotpros "$@"; }

expect_status() { # WHAT STATUS…
    local what=$1 wanted
    shift
    for wanted in "$@"; do if [ "$status" = "$wanted" ]; then ok "$what: exit $status"; return; fi; done
    fail "$what: exit $status, not $*: $(head -c 600 <<<"$err")"
}
expect_same() { # WHAT IS WANTED
    if [ "$2" = "$3" ]; then ok "$1"; else fail "$1: '$2' is not '$3'"; fi
}
expect_in() { # WHAT REGEX TEXT
    if grep -qE -- "$2" <<<"$3"; then ok "$1"; else fail "$1: no /$2/ in: $(head -c 600 <<<"$3")"; fi
}
expect_not_in() { # WHAT REGEX TEXT
    if grep -qE -- "$2" <<<"$3"; then fail "$1: /$2/ in: $(grep -E -m 3 -- "$2" <<<"$3" | head -c 600)"; else ok "$1"; fi
}
expect() { # WHAT COMMAND…: succeeds
    local what=$1
    shift
    if "$@" >"$scratch/said" 2>&1; then ok "$what"; else fail "$what: $(tail -n 15 "$scratch/said")"; fi
}
planted() { # WHAT COMMAND…: the check must notice, which is that it fails
    local what=$1
    shift
    if "$@" >"$scratch/said" 2>&1; then fail "not noticed: $what"; else ok "noticed: $what"; fi
}

# fake NAME OPTIONS…: a fake engine on $scratch/NAME.sock until the test ends
fake() {
    local name=$1 deadline=$((SECONDS + 10))
    shift
    : >"$scratch/$name.ready"
    python3 "$SOURCE_DIR/tests/fake_engine/fake_engine.py" --socket "$scratch/$name.sock" "$@" >"$scratch/$name.ready" 2>"$scratch/$name.complaints" &
    finally "kill $! 2>/dev/null"
    until grep -q ready "$scratch/$name.ready"; do
        [ "$SECONDS" -lt "$deadline" ] || { cat "$scratch/$name.complaints"; exit 1; }
        sleep 0.05
    done
}

# shellcheck shell=bash disable=SC2154 # what lib.sh sets
# What a run leaves behind, and how it ends in words: sourced after lib.sh. What is in $watched must be as it was when a run has ended badly.
watched=("$scratch/projects" "$scratch/state")
mkdir -p "${watched[@]}"
mark=pilotpros-traces-$$-$RANDOM

listing() { # DIRECTORY…: all that is there, with modes, owners and hashes
    find "$@" -printf '%M %U %l %p\0' | sort -z | tr '\0' '\n'
    find "$@" -type f -exec sha256sum {} + | sort
}
marked() { # the processes that a run started or is, by its environment: of zombies that is empty
    grep -lzsx "TRACES=$mark" /proc/[0-9]*/environ | sed 's|^/proc/||; s|/environ$||' || true
}
nobody_left() { # soon: who was killed needs a moment
    for _ in {1..20}; do
        [ -n "$(marked)" ] || return 0
        sleep 0.1
    done
    for one in $(marked); do tr '\0' ' ' <"/proc/$one/cmdline"; echo; done
    return 1
}
untouched() { diff "$scratch/listed" <(listing "${watched[@]}"); }
traced() { # COMMAND…: as `run`, with what is needed to see its traces
    listing "${watched[@]}" >"$scratch/listed"
    run env "TRACES=$mark" "$@"
}

# The end of standard error: what is wrong, and what next, a line each and said once.
two_lines() { # FILE
    [ "$(tail -n 2 "$1" | grep -c '^docker pilotpros: .')" = 1 ] && [ "$(tail -n 1 "$1" | grep -c '^  next: .')" = 1 ] &&
        [ "$(grep -c '^docker pilotpros: \|^  next: ' "$1")" = 2 ] && ! grep -qE 'our own error|terminate called|Traceback|Sanitizer|core dumped|^ *#[0-9]+ ' "$1"
}
only_two_lines() { two_lines "$1" && [ "$(wc -l <"$1")" = 2 ]; }
plain() { # FILE…: text in UTF-8, and nothing that a terminal would obey; C1 controls are C2 80…9F, and 2028… and FEFF turn the direction
    iconv -f UTF-8 -t UTF-8 "$@" >/dev/null 2>&1 && ! LC_ALL=C grep -qaP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]' "$@"
}
document() { python3 -c 'import json, sys; json.loads(open(sys.argv[1], "rb").read().decode("utf-8", "strict"))' "$1"; }

finds() { [ -s "$2" ] && jq -e "$1" "$2"; } # FILTER FILE: jq 1.6 takes an empty file for a yes

left_nothing() { # WHAT: of what `traced` ran
    expect "$1: nothing is left behind" untouched
    expect "$1: nobody is left running" nobody_left
}
refuses() { # WHAT STATUS REGEX-OF-WHAT REGEX-OF-NEXT COMMAND…
    local what=$1 wanted=$2 said=$3 next=$4
    shift 4
    traced "$@"
    expect_status "$what" "$wanted"
    expect "$what: a line of what, a line of what next" only_two_lines "$scratch/err"
    expect "$what: plain text" plain "$scratch/err" "$scratch/out"
    expect_in "$what: says what" "^docker pilotpros: .*($said)" "$err"
    expect_in "$what: says what next" "^  next: .*($next)" "$err"
    expect_same "$what: no result" "" "$out"
    left_nothing "$what"
}

# What a fake engine's two services become when they are to be asked, advised and verified.
write_advised() { # FILE
    cat >"$1" <<'Y'
name: shop
services:
  svc0001: {image: "debian:trixie-slim", x-pilotpros: {application: node, pin: {memory: 256m}, disposable: [/var/lib/made-by-web]}}
  svc0002: {image: "debian:trixie-slim", x-pilotpros: {application: postgres, disposable: [/var/lib/made-by-web]}}
Y
}

# Each of these judges is seen to judge.
listing "${watched[@]}" >"$scratch/listed"
touch "$scratch/projects/left"
planted "a file that is left" untouched
rm "$scratch/projects/left"
echo 1 >"$scratch/projects/changed"
listing "${watched[@]}" >"$scratch/listed"
echo 2 >"$scratch/projects/changed"
planted "a file that is changed" untouched
rm "$scratch/projects/changed"
env "TRACES=$mark" sleep 30 &
until [ -n "$(marked)" ]; do sleep 0.05; done
planted "a process that is left" nobody_left
kill $!
wait $! 2>/dev/null || true
for said in '' 'docker pilotpros: x' 'docker pilotpros: x\n  next: y\ndocker pilotpros: x\n  next: y' 'docker pilotpros: our own error: x\n  next: y' '  next: y\ndocker pilotpros: x' \
    'docker pilotpros: x\n  next: ' "terminate called after throwing\ndocker pilotpros: x\n  next: y"; do
    printf '%b\n' "$said" >"$scratch/said-so"
    planted "as two lines: $said" two_lines "$scratch/said-so"
done
for raw in '\0033]0;t\a' '\0033[2J' 'a\rb' '\0302\0233m' '\0377' '\0342\0200\0256x' 'a\0000b'; do
    printf '%b\n' "$raw" >"$scratch/raw"
    planted "as plain text: $raw" plain "$scratch/raw"
done
: >"$scratch/raw"
planted "a condition of an empty file" finds . "$scratch/raw"
printf '{"a":"\377"}' >"$scratch/raw"
planted "as a document: a byte that is not UTF-8" document "$scratch/raw"

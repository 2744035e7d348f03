#!/usr/bin/env bash
# clang-tidy over whatever has changed since it last passed.
#   tidy.sh [FILE...]           these sources, each by itself; without files: everything
# A pass is kept under the text, its options, the checks and clang-tidy's version, as the checksums of every header it includes,
# the system's too: files as they are and not what the preprocessor makes of them, since a NOLINT is a comment.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
stamps="${PILOTPROS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pilotpros}/tidy"
database=build/tidy

identity() { # FILE OPTION...: the same wherever the checkout lies
    { clang-tidy --version | grep -i version; cat .clang-tidy tests/.clang-tidy "$1"; printf '%s\n' "${@//"$root"/.}"; } | sha256sum | cut -d' ' -f1
}

included() { # FILE OPTION...
    local file=$1
    shift
    c++ "$@" -M -MT . "$file" | tr -s ' \\\n' '\n' | sed -e '/^\.:$/d; /^$/d' -e "s#^$root/##" | xargs -d '\n' sha256sum
}

at_home() { # TEXT: places in a room's text become those in its sources
    awk -v text="$1" '
        BEGIN { while ((getline line <text) > 0) { n++; if (line ~ /^#line 1 "/) { begin[n] = line; sub(/^#line 1 "/, "", begin[n]); sub(/"$/, "", begin[n]) } } }
        index($0, text ":") == 1 {
            rest = substr($0, length(text) + 2); at = rest + 0
            for (n = at; n > 0 && !(n in begin); n--) { }
            if (n > 0) { sub(/^[0-9]+/, "", rest); print begin[n] ":" at - n rest; next }
        }
        { print }'
}

check() { # FILE OPTION...
    local file=${1#"$root/"} stamp output sums
    stamp="$stamps/$(identity "$@")"
    if sha256sum --check --status "$stamp" 2>/dev/null; then
        touch "$stamp"
        return 0
    fi
    sums="$(included "$@" || true)"
    if output="$(clang-tidy -p "$database" --quiet "$1" 2>&1)"; then
        printf '%s\n' "$sums" >"$stamp.$$" && mv "$stamp.$$" "$stamp"
        echo "clean   $file"
    else
        printf 'FAILED  %s\n%s\n' "$file" "$(grep -vE '^[0-9]+ warnings?( and [0-9]+ errors?)? (generated|treated)|^Error while processing|^Suppressed|^Use -header' <<<"$output" | at_home "$1")"
        return 1
    fi
}

if [ "${1:-}" = --check ]; then
    shift
    check "$@"
    exit
fi

mkdir -p "$stamps"
find "$stamps" -type f -mtime +30 -delete
cmake --preset tidy >/dev/null

list="$(tests/tidy_texts.py "$database/compile_commands.json" "$@")"
[ -n "$list" ] || { echo "clang-tidy: no such source in the build" >&2; exit 1; }
status=0
xargs -P "$(nproc)" -L 1 "${BASH_SOURCE[0]}" --check <<<"$list" || status=1
echo "clang-tidy: $(wc -l <<<"$list") texts, $([ $status -eq 0 ] && echo "all clean" || echo "findings above")"
exit $status

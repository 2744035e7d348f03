#!/usr/bin/env bash
# clang-tidy over every source that has changed since it last passed.
#   tidy.sh [FILE...]           without files: all of them
# A pass is kept under the source, its options, the checks and clang-tidy's version, as the checksums of every header it includes, the
# system's too: files as they are and not what the preprocessor makes of them, since a NOLINT is a comment.
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
        printf 'FAILED  %s\n%s\n' "$file" "$(grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header' <<<"$output")"
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

# One line a source: its name and the options that change what the compiler sees, each escaped for xargs.
sources() {
    python3 - "$database/compile_commands.json" "$@" <<'PYTHON'
import json, os, re, shlex, sys
wanted = {os.path.abspath(name) for name in sys.argv[2:]}
for entry in json.load(open(sys.argv[1])):
    words, options = shlex.split(entry["command"]), []
    if wanted and entry["file"] not in wanted:
        continue
    for index, word in enumerate(words):
        if word.startswith(("-D", "-I", "-std", "-f", "-O")):
            options.append(word)
        elif word in ("-isystem", "-include"):
            options += words[index:index + 2]
    print(" ".join(re.sub(r"([^\w./=:+-])", r"\\\1", word) for word in [entry["file"], *options]))
PYTHON
}

list="$(sources "$@")"
[ -n "$list" ] || { echo "clang-tidy: no such source in the build" >&2; exit 1; }
status=0
xargs -P "$(nproc)" -L 1 "${BASH_SOURCE[0]}" --check <<<"$list" || status=1
echo "clang-tidy: $(wc -l <<<"$list") sources, $([ $status -eq 0 ] && echo "all clean" || echo "findings above")"
exit $status

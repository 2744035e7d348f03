#!/usr/bin/env bash
# clang-tidy over every source that is not the same as when it last passed.
#   tidy.sh [FILE...]           without files: all of them
# "The same" means: what the compiler sees of it, comments included (a NOLINT counts), its options, the checks, clang-tidy's version.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
stamps="${PILOTPROS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pilotpros}/tidy"
database=build/tidy

key() { # FILE OPTION...
    local file=$1
    shift
    {
        clang-tidy --version | grep -i version
        cat .clang-tidy tests/.clang-tidy "$file"
        # Where the checkout lies is no difference.
        printf '%s\n' "${@//"$root"/.}"
        c++ "$@" -E -P -C -dD "$file" | sed "s#$root#.#g"
    } | sha256sum | cut -d' ' -f1
}

check() { # FILE OPTION...
    local file=$1 stamp output
    stamp="$stamps/$(key "$@")"
    if [ -e "$stamp" ]; then
        touch "$stamp"
        return 0
    fi
    if output="$(clang-tidy -p "$database" --quiet "$file" 2>&1)"; then
        touch "$stamp"
        echo "clean   ${file#"$root/"}"
    else
        printf 'FAILED  %s\n%s\n' "${file#"$root/"}" "$(grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header' <<<"$output")"
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

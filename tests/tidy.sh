#!/usr/bin/env bash
# clang-tidy over whatever has changed since it last passed.
#   tidy.sh [FILE...]           these sources, each by itself; without files: everything
# Everything is read a room at a time, its sources in one text: the headers of one source take longer than itself. In one text,
# since what is included does not reach the analyzer.
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

# One line a text: its name and the options that change what the compiler sees, each escaped for xargs.
sources() {
    python3 - "$database/compile_commands.json" "$@" <<'PYTHON'
import json, os, re, shlex, sys
wanted, rooms, alone = {os.path.abspath(name) for name in sys.argv[2:]}, [], []
for entry in json.load(open(sys.argv[1])):
    words, options, text = shlex.split(entry["command"]), [], entry["file"]
    sources = re.findall(r'#include "(.+[.]cpp)"', open(text).read()) if text.endswith(".cxx") else []
    for index, word in enumerate(words):
        if word.startswith(("-D", "-I", "-std", "-f", "-O")):
            options.append(word)
        elif word in ("-isystem", "-include"):
            options += words[index:index + 2]
    (rooms if sources else alone).append((re.sub("(_*cxx)?[.]cxx$", ".cpp", text), sources or [text], options))
of_rooms = {source for _, sources, _ in rooms for source in sources}
alone = [one for one in alone if one[0] not in of_rooms]

def read(source):
    return open(source).read()

# Tests and their drivers have no namespace of their own, so that one of the text's can keep the rooms apart.
def is_open(sources):
    return all("/tests/" in source and not re.search("^(namespace [^{]|template|#(define|if))", read(source), re.M) for source in sources)

kLines = 5000
texts, open_texts = [], {}
for name, sources, options in sorted(rooms + alone):
    if not is_open(sources) or "catch_main" in name:
        texts.append((name, [sources] if len(sources) > 1 else sources, options))
        continue
    lines = sum(read(source).count("\n") for source in sources)
    text = open_texts.get(str(options))
    if text is None or text[3] + lines > kLines:
        text = open_texts[str(options)] = ["%s/tests/tests_%d.cpp" % (os.path.dirname(sys.argv[1]), len(texts)), [], options, 0]
        texts.append(text)
    text[1].append(sources)
    text[3] += lines

def escaped(words):
    return " ".join(re.sub(r"([^\w./=:+-])", r"\\\1", word) for word in words)

for name, parts, options, *lines in texts:
    sources = [source for part in parts for source in ([part] if isinstance(part, str) else part)]
    for source in sources if wanted else []:
        if source in wanted:
            print(escaped([source, *options]))
    if wanted:
        continue
    if not isinstance(parts[0], str):
        with open(name, "w") as text:
            for source in sources if lines else []:
                text.writelines('#line 1 "%s"\n%s' % (os.path.relpath(source), re.sub("^(?!#include).*$", "", read(source), flags=re.M)))
            for number, part in enumerate(parts):
                text.write("namespace room_%d {\n" % number if lines else "")
                for source in part:
                    text.write('#line 1 "%s"\n%s' % (os.path.relpath(source), re.sub("^#include.*$", "", read(source), flags=re.M) if lines else read(source)))
                text.write("}\n" if lines else "")
    print(escaped([name, *options]))
PYTHON
}

list="$(sources "$@")"
[ -n "$list" ] || { echo "clang-tidy: no such source in the build" >&2; exit 1; }
status=0
xargs -P "$(nproc)" -L 1 "${BASH_SOURCE[0]}" --check <<<"$list" || status=1
echo "clang-tidy: $(wc -l <<<"$list") texts, $([ $status -eq 0 ] && echo "all clean" || echo "findings above")"
exit $status

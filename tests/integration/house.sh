#!/usr/bin/env bash
# beside: it judges no time
# The tools that keep the house notice what they are there for: each on a text without a fault, and on one with it. (clang-format, shellcheck and the names in
# a room have theirs in tests/run.sh, the sanitizers in asan.sh.)
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=300

# ---- warnings are errors: the compiler's command for a text of the core, for another text -----------------------------
compiles() { # STATEMENTS of a function
    printf 'int used(int value);\nint used(int value) {\n    %s\n    return value;\n}\n' "$1" >"$scratch/text.cpp"
    python3 - "$BINARY_DIR/compile_commands.json" "$scratch/text.cpp" <<'P'
import json, shlex, subprocess, sys
command = next(one for one in json.load(open(sys.argv[1])) if one["file"].endswith("core_model__cxx.cxx"))
words = shlex.split(command["command"])
sys.exit(subprocess.run([*words[:words.index("-o")], "-fsyntax-only", sys.argv[2]], cwd=command["directory"]).returncode)
P
}
expect "a text without a fault compiles" compiles ''
warns() { # FLAG WARNING STATEMENTS
    planted "$1: $2" compiles "$3"
    expect_in "for that" "-Werror=$2" "$(cat "$scratch/said")"
}
warns -Wall unused-variable 'int unused = 1;'
warns -Wextra empty-body 'if (value > 0); value = 1;'
warns -Wpedantic pedantic 'int none[0]; (void)none;'
warns -Wconversion conversion 'const long large = value; value = large;'
warns -Wshadow shadow 'for (int value = 0; value < 3; ++value) {}'

# ---- clang-tidy, as tests/tidy.sh runs it ---------------------------------------------------------------------------
tar -C "$SOURCE_DIR" -c --exclude=./build --exclude=./.git --exclude=node_modules . | (mkdir "$scratch/checkout" && tar -C "$scratch/checkout" -x)
text=core/model/yaml_key.cpp
tidy() { (cd "$scratch/checkout" && PILOTPROS_CACHE=$scratch/cache CCACHE_DISABLE=1 tests/tidy.sh "$text"); }
expect "clang-tidy has nothing to say of $text" tidy
cp "$scratch/checkout/$text" "$scratch/text"
faulty() { # WHAT CHECK DEFINITION: told by the check's name at its place
    { cat "$scratch/text"; printf '#include <string>\n#include <utility>\nnamespace pilotpros {\n%s\n}\n' "$3"; } >"$scratch/checkout/$text"
    planted "$1" tidy
    expect_in "for that" "$text:[0-9]+:.*$2" "$(cat "$scratch/said")"
}
faulty "what was moved is used" bugprone-use-after-move 'std::string twice(std::string word) { std::string other = std::move(word); return word + other; }'
faulty "a name that is not ours" readability-identifier-naming 'int NotOurs(int value) { return value; }'
cp "$scratch/text" "$scratch/checkout/$text"
expect "and nothing once they are gone" tidy

# ---- every preset configures, and warns alike -----------------------------------------------------------------------
for preset in dev release asan tidy; do
    expect "preset $preset configures" cmake -S "$scratch/checkout" --preset "$preset"
    expect "and warns" grep -qE -- '-Wall -Wextra -Wpedantic -Wconversion' "$scratch/checkout/build/$preset/compile_commands.json"
done

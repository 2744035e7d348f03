#!/usr/bin/env bash
# beside one: what it compares of measured numbers are their kinds, and the demo is loaded by itself
# What README.md and the pages of docs/ show is what the commands in them print, in the order in which the tutorial has them typed, and the demo is afterwards
# as before.
# The tutorial installs what it has just built, which is build/release.
# After a change that is meant: tests/tools/transcripts.py write, as below.
# shellcheck disable=SC2016 # a page, not a command
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=500
transcripts() { python3 "$SOURCE_DIR/tests/tools/transcripts.py" "$@"; }
commands=(tune profile limits healthcheck rollback status)
pages=("$SOURCE_DIR/README.md" "$SOURCE_DIR/docs/tutorial.md")
for command in "${commands[@]}"; do pages+=("$SOURCE_DIR/docs/commands/$command.md"); done

# ---- every command has its page, every page its transcripts --------------------------------------------------------
pilotpros --help
expect_same "the commands" "$(printf '%s\n' "${commands[@]}" | sort | xargs)" \
    "$(sed -n '/^Subcommands:/,/^$/s/^  \([a-z]\+\) .*/\1/p' <<<"$out" | sort | xargs)"
transcripts list "${pages[@]}" >"$scratch/list"
for command in "${commands[@]}"; do expect "$command has a transcript" grep -q "^$command " "$scratch/list"; done
planted "a page without" grep -q '^monitor ' "$scratch/list"
for step in plan apply back; do expect "README.md shows the tutorial's $step" grep -q "^README $step as tutorial:$step$" "$scratch/list"; done

# ---- without an engine ---------------------------------------------------------------------------------------------
mkdir -p "$scratch/config/cli-plugins"
ln -s "$PILOTPROS" "$scratch/config/cli-plugins/docker-pilotpros"
files() { env DOCKER_CONFIG="$scratch/config" python3 "$SOURCE_DIR/tests/tools/transcripts.py" check shop "$@"; }
expect "the pages, from files alone" files "${pages[@]:2}"
plant() { # WHAT SED-SCRIPT: a page that tells something else
    sed "$2" "$SOURCE_DIR/docs/commands/limits.md" >"$scratch/limits.md"
    planted "$1" files "$scratch/limits.md"
}
plant "another word" 's/no memory limit/no limit of memory/'
plant "another exit code" 's/^\[exit 6\]/[exit 0]/'
plant "a line that is not printed" 's/^    rule: no-memory-limit$/&\n  note: more/'
plant "an option that is none" 's/^\$ docker pilotpros limits --check/&s/'
printf '```\n$ docker pilotpros status\n```\n' >"$scratch/unmarked.md"
planted "commands that nothing runs" transcripts list "$scratch/unmarked.md"
again() { # SED-SCRIPT: a page that shows what limits.md has run, as README.md shows what the tutorial has
    sed -n '/transcript: check in shop/,/^```$/p' "$SOURCE_DIR/docs/commands/limits.md" | sed "s/check in shop/again as limits:check/;$1" >"$scratch/again.md"
    files "$SOURCE_DIR/docs/commands/limits.md" "$scratch/again.md"
}
expect "a page that shows what another one has run" again ''
planted "another word in it" again 's/no memory limit/no limit of memory/'
planted "a command that the other one does not run" again 's/^\$ docker pilotpros limits --check/&s/'
planted "a page that shows what none has run" files "$scratch/again.md"
expect "what the comparison of measured numbers lets pass, and what not" transcripts sees

# ---- the tutorial, and the pages in the middle of it ---------------------------------------------------------------
# The demo has a load of its own, which would disturb every other test that measures: it is up for this one alone.
stack=$SOURCE_DIR/tests/stack/stack.sh
if [ -z "$("$stack" compose demo ps -q)" ]; then finally '"$stack" down demo >/dev/null 2>&1'; fi
"$stack" up demo >/dev/null 2>&1
demo=$SOURCE_DIR/tests/stack/demo
state() { (cd "$demo" && find . -path ./node_modules -prune -o \( -type f -o -type l \) -print0 | LC_ALL=C sort -z | xargs -0 sha256sum); }
before=$(state)
begin=$SECONDS
run env -u DOCKER_CONFIG HOME="$scratch/home" python3 "$SOURCE_DIR/tests/tools/transcripts.py" check demo "${pages[@]}"
printf '%s\n' "$out"
expect_status "the tutorial as it is written ($((SECONDS - begin)) s)" 0
expect "no file of the demo is another one" test "$(state)" = "$before"
expect "and nothing of ours is left" test ! -e "$demo/.pilotpros" -a ! -e "$demo/compose.override.yaml"

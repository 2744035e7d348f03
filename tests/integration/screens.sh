#!/usr/bin/env bash
# beside: nothing is started but a fake engine
# Every screen, on terminals of three widths and piped, is as tests/screens keeps it, never wider than the terminal, and coloured or moved only where that may be.
# After a change that is meant: tests/tools/screens.py PLUGIN write
# shellcheck disable=SC2016 # what is in single quotes is for other shells
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=300
screens() { python3 "$SOURCE_DIR/tests/tools/screens.py" "$@"; }

expect "every screen" screens "$PILOTPROS" check

# ---- the check can fail --------------------------------------------------------------------------------------------
plant() { # NAME SHELL-LINE: a plugin that goes wrong
    printf '#!/bin/sh\n%s\n' "${2//PLUGIN/\"$PILOTPROS\"}" >"$scratch/$1"
    chmod +x "$scratch/$1"
}
noticed() { # NAME SAYS: of the screen of an error, which is the quickest
    run python3 "$SOURCE_DIR/tests/tools/screens.py" "$scratch/$1" check error-usage
    expect_status "noticed: $1" 1
    expect_in "for that reason" "$2" "$out"
}
plant another-word 'echo "nothing to see"; exec PLUGIN "$@"'
noticed another-word 'error-usage: not as kept, first in line 2'
plant wide 'echo "words that go on and on, far beyond the right edge of a terminal that has eighty columns and no more"; exec PLUGIN "$@"'
noticed wide '80 columns, NO_COLOR: wider than the terminal: words that go on'
plant a-wide-file 'echo "    fix:"; echo "      a line to be copied that goes on and on, far beyond the right edge of a terminal"; exec PLUGIN "$@"'
run python3 "$SOURCE_DIR/tests/tools/screens.py" "$scratch/a-wide-file" check error-usage
expect_not_in "what is there to be copied may be wider" 'wider than the terminal' "$out"
plant red 'printf "\033[31mred\033[0m\n"; exec PLUGIN "$@"'
noticed red '80 columns, NO_COLOR: the code .*31m'
for where in "80 columns, TERM=dumb" piped; do expect_in "colour is noticed: $where" "$where: the code .*31m" "$out"; done
expect_not_in "colour may be where it may be" 'error-usage, 80 columns: the code' "$out"
plant moves 'printf "\033[2J"; exec PLUGIN "$@"'
noticed moves 'error-usage, 80 columns: the code .*2J'
plant other-words 'if [ -n "$NO_COLOR" ]; then echo plain; fi; exec PLUGIN "$@"'
noticed other-words '80 columns, NO_COLOR: other words than in colour'
plant succeeds 'PLUGIN "$@"; exit 0'
noticed succeeds 'exit 0, not 64'
plant keeps-silent 'PLUGIN "$@" | grep -v "^docker pilotpros rollback"'
run python3 "$SOURCE_DIR/tests/tools/screens.py" "$scratch/keeps-silent" check tune-running
expect_in "what to type next is missed" 'tune-running, 80 columns: does not tell what would change' "$out"

#!/usr/bin/env bash
# beside: it judges no time
# Random sequences of apply, edit, rollback and kill on the real engine: after each step files, containers, `status` and `rollback --list` are as a small
# state machine has them that was written without a look at the program (tests/tools/sequences.py). SEQUENCES (3) of STEPS (3), chosen by SEED.
. "$(dirname "$0")/../integration/lib.sh"
driver=${BINARY_DIR:-$SOURCE_DIR/build/dev}/tests/apply_driver/pilotpros-apply-driver
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
sequences() { # FOLDER SEED SEQUENCES STEPS
    mkdir "$scratch/$1"
    timeout -k 10 "${LIMIT:-550}" python3 "$SOURCE_DIR/tests/tools/sequences.py" "$PILOTPROS" "$driver" "$scratch/$1" "$2" "$3" "$4" >"$scratch/$1.told" 2>&1 </dev/null
}
status=0
sequences random "$SEED" "${SEQUENCES:-3}" "${STEPS:-3}" || status=$?
sed 's/^/      /' "$scratch/random.told"
expect "whatever is applied, edited, taken back and killed, all is told as it is: $(tail -n 1 "$scratch/random.told")" test "$status" = 0
# Planted: a machine that knows nothing of what the user edits.
PLANT=1 planted "edits that the machine leaves out" sequences planted 1 1 2

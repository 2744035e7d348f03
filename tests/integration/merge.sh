#!/usr/bin/env bash
# beside: nothing is started
# An override is written only where Compose takes it, warns of nothing that it did not warn of before, gives each value as it was written, and moves
# nothing else. Each of these checks refuses a planted Change that passes where the check is left out. No engine is asked.
# shellcheck disable=SC2016 # ${…} is Compose's here
. "$(dirname "$0")/lib.sh"
driver=${BINARY_DIR:-$SOURCE_DIR/build/dev}/tests/pilotpros-discovery-driver
mkdir "$scratch/project" && cd "$scratch/project"
cat >compose.yaml <<'Y'
services:
  web:
    image: web
    cap_add: [CHOWN]
    deploy: {resources: {limits: {cpus: "0.5"}}}
  db:
    image: db
Y
asked() { # PATH AFTER AS-WRITTEN [CHECK-LEFT-OUT…]: a line for each verdict
    local change
    change=$(jq -nc --argjson path "$1" --argjson after "$2" --argjson as_written "$3" \
        '{service: "web", path: $path, after: $after, as_written: $as_written, without: $ARGS.positional}' --args "${@:4}")
    DISCOVERY_MERGE=$change run "$driver"
    out=$(jq -r '.[] | .outcome + ": " + .said' <<<"$out")
}
merges() { # WHAT PATH AFTER AS-WRITTEN [CHECK-LEFT-OUT…]
    asked "${@:2}"
    expect_same "$1" "$out" "derived: computed; Compose merges it as written"
}
all=(accepted warnings arrival strays)
only() { # CHECK SAID PATH AFTER AS-WRITTEN: this check refuses it, by itself, too, and no other one does
    local others=() check
    for check in "${all[@]}"; do if [ "$check" != "$1" ]; then others+=("$check"); fi; done
    asked "${@:3}"
    expect_in "$1 refuses: $3 $4" "^refused: $2" "$out"
    expect_same "once" "$(wc -l <<<"$out")" 1
    asked "${@:3}" "${others[@]}"
    expect_in "by itself, too" "^refused: $2" "$out"
    merges "and nothing else does" "${@:3}" "$1"
}

merges "a value that is taken as it is" '["hostname"]' '"x${NOSUCH}"' false
merges "another key of a section" '["healthcheck", "interval"]' '"90s"' false

only warnings 'it warns: .*NOSUCH' '["hostname"]' '"x${NOSUCH}"' true # alone it is empty, and Compose leaves empty values out
only arrival 'hostname does not come out' '["hostname"]' '""' false
only arrival 'cap_add does not come out' '["cap_add"]' '["NET_ADMIN"]' false # Compose adds to the user's
only arrival 'healthcheck.test does not come out' '["healthcheck", "test"]' '"curl -f http://127.0.0.1/"' false # it makes a list of it
merges "a mount" '["volumes"]' '["./.pilotpros/x:/etc/x:ro"]' false
only arrival 'volumes does not come out' '["volumes"]' '["~/x:/etc/x:ro"]' false # it says where that is
only strays 'the merge would move depends_on, too' '["ipc"]' '"service:db"' false

# Of what Compose refuses it prints nothing, so that no value arrives either, and all others would have moved: with none of that asked, it passes.
refused() { # SAID PATH AFTER
    asked "$2" "$3" false
    expect_in "accepted refuses: $2 $3" "^refused: $1" "$out"
    expect_same "once" "$(wc -l <<<"$out")" 1
    asked "$2" "$3" false warnings arrival strays
    expect_in "by itself, too" "^refused: $1" "$out"
    asked "$2" "$3" false accepted
    expect_not_in "without it Compose's words are not heard" "$1" "$out"
    merges "without all that looks at what was printed it passes" "$2" "$3" false accepted arrival strays
}
refused 'error while interpolating .*pids_limit' '["pids_limit"]' '"many"'
refused ".*can't set .* values on 'cpus'" '["cpus"]' '"2"'

asked '["hostname"]' '"x"' false no-such-check
expect_status "a check of another name is none" 1

sed -i 's/image: web/&\n    hostname: "x${NOSUCH}"/' compose.yaml
merges "a warning of the user's own is not ours" '["hostname"]' '"x${NOSUCH}"' true

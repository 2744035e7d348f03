#!/usr/bin/env bash
# beside: nothing is started
# Compose files as people publish them, without an engine: tests/corpus, and the forms in which findings are told.
# shellcheck disable=SC2016 # filters of jq
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=300
corpus=$SOURCE_DIR/tests/corpus check=$SOURCE_DIR/tests/tools/corpus.py
export DOCKER_HOST=unix:///nowhere.sock

expect "every project: exactly the findings that were expected, tune works, what it would write merges, no byte changes" \
    python3 "$check" "$PILOTPROS" projects
expect "each defect that is planted is found, and nothing else, read from its file or piped in" python3 "$check" "$PILOTPROS" defects

# ---- the checks can fail -------------------------------------------------------------------------------------------
plant() { # NAME SHELL-LINE: a plugin that goes wrong
    printf '#!/bin/sh\n%s\n' "${2//PLUGIN/\"$PILOTPROS\"}" >"$scratch/$1"
    chmod +x "$scratch/$1"
}
plant renames "PLUGIN \"\$@\" >$scratch/told.\$\$; code=\$?; sed 's/probe-localhost/probe-elsewhere/' $scratch/told.\$\$; exit \$code"
planted "a finding that is told under another name" python3 "$check" "$scratch/renames" projects recipe-as-found
plant writes "PLUGIN \"\$@\"; code=\$?; touch written-beside; exit \$code"
mkdir -p "$scratch/tools" "$scratch/corpus"
cp -R "$corpus/recipe-as-found" "$scratch/corpus/"
cp "$check" "$scratch/tools/"
expect "the copy is as the original" python3 "$scratch/tools/corpus.py" "$PILOTPROS" projects
planted "a file that was left beside the project" python3 "$scratch/tools/corpus.py" "$scratch/writes" projects
expect "the comparison notices a finding too many and one too few" python3 "$check" "$PILOTPROS" sees
plant silent 'echo "{\"findings\": []}"'
planted "a lint that finds nothing" python3 "$check" "$scratch/silent" defects

# ---- forms ---------------------------------------------------------------------------------------------------------
cd "$corpus/recipe-as-found"
pilotpros tune --lint
expect_status "findings" 6
expect_in "in words: what" 'error: n8n: NODE_OPTIONS' "$out"
expect_in "what it leads to, and the rule's name" 'rule: node-options-refused' "$out"
pilotpros tune --lint --format sarif
expect_status "SARIF" 6
expect "each result has a rule that is listed, a level and a place in a file of the project" jq -e '.version == "2.1.0" and (.runs[0] | (.tool.driver.rules | map(.id)) as $rules |
    (.results | length > 20) and all(.results[]; (.ruleId as $id | $rules | index($id)) and (.level | IN("error", "warning", "note"))
        and .locations[0].physicalLocation.artifactLocation.uri == "docker-compose.yml" and .locations[0].physicalLocation.region.startLine > 0))' <<<"$out"
line=$(jq -r '[.runs[0].results[] | select(.ruleId == "postgres-shm-too-small")][0].locations[0].physicalLocation.region.startLine' <<<"$out")
expect_same "the line is that of the service" "  postgres:" "$(sed -n "${line}p" docker-compose.yml)"
pilotpros tune --lint --format github
expect_status "annotations" 6
expect_in "one a line, with file and line" "^::warning file=docker-compose.yml,line=$line,title=postgres-shm-too-small::postgres: " "$out"
expect "and nothing but annotations" test -z "$(grep -vE '^::(error|warning|notice) ' <<<"$out")"
pilotpros tune --lint n8n --format json
expect_same "a service alone" "n8n" "$(jq -r '[.findings[].service | select(. != "")] | unique | join(" ")' <<<"$out")"
cd "$corpus/recipe-corrected"
pilotpros tune --lint
expect_status "nothing to say" 0
expect_in "is said" '0 findings' "$err"
pilotpros tune --format sarif
expect_status "a Plan is no list of findings" 64
expect_in "says what is" 'tune --lint --format sarif' "$err"
cd "$corpus/recipe-as-found"
for run in 1 2 3 4 5 6 7 8; do "$PILOTPROS" pilotpros tune >"$scratch/at-once.$run" 2>/dev/null & done
wait
expect_same "several at once do not take anything away from each other" 1 "$(sha256sum "$scratch"/at-once.* | cut -d' ' -f1 | sort -u | wc -l)"
expect_in "and they say something" 'healthcheck' "$(cat "$scratch/at-once.1")"
cd "$corpus/recipe-corrected"
pilotpros tune --lint --apply
expect_status "what only looks does not apply" 64

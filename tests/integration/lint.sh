#!/usr/bin/env bash
# beside: nothing is started
# Compose files as people publish them, without an engine: tests/corpus, and the forms in which findings are told.
# shellcheck disable=SC2016 # filters of jq
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=600
corpus=$SOURCE_DIR/tests/corpus check=$SOURCE_DIR/tests/tools/corpus.py
export DOCKER_HOST=unix:///nowhere.sock

expect "every project: exactly the findings that were expected, tune works, what it would write merges, no byte changes" \
    python3 "$check" "$PILOTPROS" projects
overrides=$(tail -n 1 "$scratch/said")
expect_in "in each that has a service and takes a second file an override was written, and merged: $overrides" '^([0-9]+) of \1; [0-9]+ overrides merged' "$overrides"
expect "each defect that is planted is found, and nothing else, read from its file or piped in" python3 "$check" "$PILOTPROS" defects
expect "in every project, too, one at a time beside what it has" python3 "$check" "$PILOTPROS" everywhere
expect "each fix that is in lines of Compose, laid over its project, is accepted and ends its finding, and nothing else is told then" python3 "$check" "$PILOTPROS" fixes
expect "there is one for each rule, each finding of a project, and each row of the recipe's faults that a Compose file can show" python3 "$check" "$PILOTPROS" covered

# ---- the checks can fail -------------------------------------------------------------------------------------------
plant() { # NAME SHELL-LINE: a plugin that goes wrong
    printf '#!/bin/sh\n%s\n' "${2//PLUGIN/\"$PILOTPROS\"}" >"$scratch/$1"
    chmod +x "$scratch/$1"
}
rewrites() { # NAME COMMAND: a plugin whose documents COMMAND rewrites
    plant "$1" "PLUGIN \"\$@\" >$scratch/told.\$\$; code=\$?; $2 $scratch/told.\$\$; exit \$code"
}
rewrites renames "sed 's/probe-localhost/probe-elsewhere/'"
planted "a finding that is told under another name" python3 "$check" "$scratch/renames" projects recipe-as-found
rewrites misleads "jq 'if .findings then .findings[].fix |= gsub(\"shm_size: [0-9]+m\"; \"shm_size: 65m\") else . end'"
planted "a fix that does not mend" python3 "$check" "$scratch/misleads" fixes recipe-as-found
planted "a defect that is told under another name in a project" python3 "$check" "$scratch/renames" everywhere recipe-corrected
plant writes "PLUGIN \"\$@\"; code=\$?; touch written-beside; exit \$code"
mkdir -p "$scratch/copy/tests"/{tools,corpus} "$scratch/copy/docs"
cp -R "$corpus/recipe-as-found" "$scratch/copy/tests/corpus/"
cp "$check" "$SOURCE_DIR/tests/tools/validate.py" "$scratch/copy/tests/tools/"
cp "$SOURCE_DIR"/docs/{*.schema.json,lint.md} "$scratch/copy/docs/"
copied=$scratch/copy/tests/tools/corpus.py
expect "the copy is as the original" python3 "$copied" "$PILOTPROS" projects
planted "a file that was left beside the project" python3 "$copied" "$scratch/writes" projects
jq '.required += ["surprise"]' "$SOURCE_DIR/docs/findings.schema.json" >"$scratch/copy/docs/findings.schema.json"
planted "findings that their schema does not know" python3 "$copied" "$PILOTPROS" projects
cp "$SOURCE_DIR/docs/findings.schema.json" "$scratch/copy/docs/"
jq '.required += ["surprise"]' "$SOURCE_DIR/docs/tune.schema.json" >"$scratch/copy/docs/tune.schema.json"
planted "a Plan that its schema does not know" python3 "$copied" "$PILOTPROS" projects
cp "$SOURCE_DIR/docs/tune.schema.json" "$scratch/copy/docs/"
rewrites breaks "jq '.files[]?.content += \"networks: [none]\n\"'"
planted "an override that does not merge" python3 "$copied" "$scratch/breaks" projects
expect_in "which is told with Compose's words" 'does not merge: .*networks' "$(cat "$scratch/said")"
rewrites forgets "jq 'if .files then .files = [] else . end'"
planted "changes without an override" python3 "$copied" "$scratch/forgets" projects
rewrites refuses "jq '.verdicts[]?.outcome = \"refused\"'"
planted "advice that Compose refused, of which nothing is left" python3 "$copied" "$scratch/refuses" projects
rewrites idles "jq 'if .files then .changes = [] | .files = [] else . end'"
planted "no override at all, whatever is wanted" python3 "$copied" "$scratch/idles" projects
expect_in "by the pin that is not in force" 'pinned, and not in force: n8n' "$(cat "$scratch/said")"
cp "$SOURCE_DIR/docs/lint.md" "$scratch/copy/docs/"
expect "for the copy there is a defect for each, too" python3 "$copied" "$PILOTPROS" covered
sed 's/^    (18, /    (None, /' "$check" >"${copied%/*}/rows.py"
planted "a row of the recipe's faults that no defect stands for" python3 "${copied%/*}/rows.py" "$PILOTPROS" covered
echo "## never-planted" >>"$scratch/copy/docs/lint.md"
planted "a rule without a defect" python3 "$copied" "$PILOTPROS" covered
expect_in "which is named" 'no defect is planted for never-planted' "$(cat "$scratch/said")"
cp "$SOURCE_DIR/docs/lint.md" "$scratch/copy/docs/"
sed -i 's/"probe-localhost"/"probe-elsewhere"/' "$scratch/copy/tests/corpus/recipe-as-found/expected.json"
planted "a finding that a project expects and no defect shows alone" python3 "$copied" "$PILOTPROS" covered
expect "the comparison notices a finding too many and one too few" python3 "$check" "$PILOTPROS" sees
plant silent 'echo "{\"format\": 1, \"project\": \"silent\", \"findings\": [], \"inactive\": []}"'
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
expect "of localhost curl's is a note, since curl goes on to 127.0.0.1" jq -e '[.runs[0].results[] | select(.ruleId == "probe-localhost")] | length > 2 and all(.[]; .level == "note")' <<<"$out"
line=$(jq -r '[.runs[0].results[] | select(.ruleId == "postgres-shm-too-small")][0].locations[0].physicalLocation.region.startLine' <<<"$out")
expect_same "the line is that of the service" "  postgres:" "$(sed -n "${line}p" docker-compose.yml)"
expect "and what code scanning asks of a rule: two descriptions and help" jq -e 'all(.runs[0].tool.driver.rules[]; all(.shortDescription, .fullDescription, .help; .text | length > 0))' <<<"$out"
pilotpros tune --lint --format github
expect_status "annotations" 6
expect_in "one a line, with file and line" "^::warning file=docker-compose.yml,line=$line,title=postgres-shm-too-small::postgres: " "$out"
expect "and nothing but annotations" test -z "$(grep -vE '^::(error|warning|notice) ' <<<"$out")"
mkdir -p "$scratch/lines/a b"
odd='a b/c:é #1 %41?.yaml'
cp docker-compose.yml "$scratch/lines/$odd"
uris() { jq -r '[.runs[0].results[].locations[0].physicalLocation.artifactLocation.uri] | unique | join(" ")' "$scratch/out"; }
run env -C "$scratch/lines" "$PILOTPROS" pilotpros tune --lint --format sarif -f "$odd"
expect_same "a name with blanks and the like is a URI" 'a%20b/c%3A%C3%A9%20%231%20%2541%3F.yaml' "$(uris)"
run env -C "$scratch/lines/a b" "$PILOTPROS" pilotpros tune --lint --format sarif -f "$corpus/recipe-as-found/docker-compose.yml"
expect_same "that of a file elsewhere is whole" "file://$corpus/recipe-as-found/docker-compose.yml" "$(uris)"
printf '%s\n' '---' '# a line' 'version: "3"' 'services:' '  web: {image: x}' 'networks:' '  default: {name: shop_net}' >"$scratch/lines/compose.yaml"
run env -C "$scratch/lines" "$PILOTPROS" pilotpros tune --lint --format github
expect_in "what is wrong with the whole project is told at its key" 'line=3,title=version-obsolete' "$out"
expect_in "at that of the networks, too" 'line=6,title=fixed-network-name' "$out"
pilotpros tune --lint n8n --format json
expect_same "a service alone" "n8n" "$(jq -r '[.findings[].service | select(. != "")] | unique | join(" ")' <<<"$out")"
cd "$corpus/profiles-toolbox"
pilotpros tune --lint
expect_in "services of which no profile is active are named" 'not looked at in full.*: api-dev, cache, pgadmin, seed ' "$err"
pilotpros tune --lint --format json --profile cache api-dev cache
expect_same "those that were asked for" "api-dev" "$(jq -r '.inactive | join(" ")' <<<"$out")"
cd "$corpus/recipe-corrected"
pilotpros tune --lint
expect_status "nothing to say" 0
expect_in "is said" '0 findings' "$err"
expect "and nothing of profiles" test -z "$(grep 'not looked at' <<<"$err")"
pilotpros tune --format sarif
expect_status "a Plan is no list of findings" 64
expect_in "says what is" 'tune --lint --format sarif' "$err"
cp compose.yaml "$scratch/other.yaml"
pilotpros tune -f "$scratch/other.yaml" --format github n8n
expect_status "nor is it annotations" 64
expect_in "says it of the file and the services that were typed" "tune -f $scratch/other.yaml --lint --format github n8n" "$err"
# Of hundreds of services each is told where it stands; to read the file once for each took a quarter of a minute.
mkdir -p "$scratch/many" && cd "$scratch/many" || exit
{ echo 'services:'; for i in $(seq 300); do printf '  s%d:\n    image: postgres:17\n    ports: ["%d:5432"]\n' "$i" $((20000 + i)); done; } >compose.yaml
pilotpros tune --lint --format sarif
expect_status "hundreds of services" 6
told_lines() { jq -r '[.runs[0].results[] | select(.ruleId == "database-on-every-interface").locations[0].physicalLocation.region.startLine] | sort | @csv' "$scratch/out"; }
expect_same "each has its line" "$(seq -s, 2 3 900)" "$(told_lines)"
planted "a line that is another's" test "$(told_lines)" = "$(seq -s, 3 3 901)"
cd "$corpus/recipe-as-found"
for run in 1 2 3 4 5 6 7 8; do "$PILOTPROS" pilotpros tune >"$scratch/at-once.$run" 2>/dev/null & done
wait
expect_same "several at once do not take anything away from each other" 1 "$(sha256sum "$scratch"/at-once.* | cut -d' ' -f1 | sort -u | wc -l)"
expect_in "and they say something" 'healthcheck' "$(cat "$scratch/at-once.1")"
cd "$corpus/recipe-corrected"
pilotpros tune --lint --apply
expect_status "what only looks does not apply" 64
for what in "--only limits" "--skip n8n" "--duration 5s" --diff "--explain memory"; do
    # shellcheck disable=SC2086 # words
    pilotpros tune -f compose.yaml --lint $what n8n
    expect_status "what reads the files alone does nothing of $what" 64
    expect_in "and names what it does, of the file and the services that were typed" 'next: docker pilotpros tune -f compose.yaml --lint n8n' "$err"
    expect_in "it says so" "--lint.*exclude|exclude.*--lint" "$err"
done
for what in "--explain memory" --diff "--format json"; do
    # shellcheck disable=SC2086 # words
    pilotpros tune --apply --yes $what
    expect_status "what is applied is shown whole, which $what does not do" 64
    expect_in "it says so" "--apply.*exclude|exclude.*--apply" "$err"
done

# ---- the documents of the narrowed commands ------------------------------------------------------------------------
cd "$corpus/recipe-as-found"
for command in limits healthcheck; do
    pilotpros "$command" --format json
    expect_status "$command, without an engine" 2
    expect "$command has a word of its own only" jq -e --arg command "$command" 'all(.changes[], .left_alone[]; .advisor == $command)' "$scratch/out"
    pilotpros "$command" --check --format json
    expect_status "$command --check" 6
done
plant surprises 'echo "{\"format\": 1, \"project\": \"x\", \"findings\": [], \"inactive\": [], \"surprise\": 1}"'
planted "a test of which a command prints what its schema does not know" \
    env PILOTPROS="$scratch/surprises" bash -c '. "$1/tests/integration/lib.sh"; pilotpros limits --check --format json' - "$SOURCE_DIR"
plant tells 'echo "{\"format\": 1, \"project\": \"x\", \"findings\": [], \"inactive\": []}"'
expect "without it that test passes" \
    env PILOTPROS="$scratch/tells" bash -c '. "$1/tests/integration/lib.sh"; pilotpros limits --check --format json' - "$SOURCE_DIR"

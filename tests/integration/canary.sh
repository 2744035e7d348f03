#!/usr/bin/env bash
# beside: it looks for words, not at times
# Nothing confidential of the user's gets out. A stack with a canary in every place where it can keep a secret (tests/canary/stack) is given to every
# command of ours; then every output, every file that was made, every command line of ours and every program started in a container is searched for
# every canary in every form. A new command is one more line below "every command".
# shellcheck disable=SC2016 # scripts and clean-up are expanded where they run
. "$(dirname "$0")/lib.sh"
canary=$SOURCE_DIR/tests/canary
project=$scratch/shop manifest=$scratch/manifest.json
export HOME=$scratch/home TMPDIR=$scratch/tmp DOCKER_CONFIG=$project/docker
mkdir -p "$HOME" "$TMPDIR" "$XDG_STATE_HOME"

planted=$(python3 "$canary/plant.py" "$canary/stack" "$project" "$manifest")
if [ "$planted" -ge 40 ]; then ok "$planted canaries planted"; else fail "only $planted canaries"; fi
expect "the scanner finds every one of them" \
    test "$(python3 "$canary/scan.py" "$manifest" "$project" | sed 's/^LEAK of \([a-z0-9_]*\) .*/\1/' | sort -u | wc -l)" -eq "$planted"
mkdir -p "$DOCKER_CONFIG/cli-plugins"
ln -s "$PILOTPROS" "$DOCKER_CONFIG/cli-plugins/docker-pilotpros"
cd "$project"
"$SOURCE_DIR/tests/stack/stack.sh" images reference other >/dev/null
compose() { docker compose --progress quiet "$@"; }
finally 'cd "$project" && compose down -v -t 1 --rmi local >/dev/null 2>&1'
compose build -q
compose up -d --wait >/dev/null
compose exec -T -d db psql -U postgres -f /docker-entrypoint-initdb.d/running.query
find . -type f -exec sha256sum {} + >"$scratch/planted.sums"

# What is run in containers meanwhile. The engine runs the health checks itself; those are the user's own.
mapfile -t probes < <(compose ps -q | xargs docker inspect -f '{{with .Config.Healthcheck}}{{if eq (index .Test 0) "CMD-SHELL"}}/bin/sh -c {{end}}{{range slice .Test 1}}{{.}} {{end}}{{end}}' | sed 's/ *$//; /^$/d')
env docker events --filter type=container --filter event=exec_create --format '{{.Action}}' >"$scratch/execs.raw" &
finally "kill $! 2>/dev/null"
env docker events --filter type=container --filter event=start --filter label=io.pilotpros.throwaway --format '{{.ID}}' \
    > >(while read -r id; do docker inspect -f '{{.Path}} {{.Args}} {{.HostConfig.Binds}}' "$id" 2>/dev/null; done >"$scratch/throwaways.raw") &
finally "kill $! 2>/dev/null" # of docker itself: whoever keeps our output open keeps ctest waiting
sleep 0.5

looks=$scratch/looks
look() { # NAME STATUS COMMAND…: everything that it says and starts is kept in $looks
    local name=$1 wanted=$2 status=0
    shift 2
    mkdir -p "$looks"
    printf '%s\n' "$*" >>"$scratch/typed"
    python3 "$canary/watch.py" "$looks/$name.argv" timeout -k 5 120 "$@" >"$looks/$name.out" 2>"$looks/$name.err" </dev/null || status=$?
    keep_document "$looks/$name.out" "$@"
    if [ -z "$wanted" ] || [ "$status" = "$wanted" ]; then ok "$name: exit $status"; else fail "$name: exit $status, not $wanted: $(head -c 500 "$looks/$name.err")"; fi
}
collect() { # everything else that could hold one: new and changed files, and what ran in containers
    local probe
    # Snapshots hold the user's files and the containers' environment, and only they may.
    cp -r "$XDG_STATE_HOME" "$looks/state"
    find "$looks/state" -depth -type d -name transactions -exec rm -r {} +
    cp -r "$TMPDIR" "$looks/tmp"
    mkdir -p "$looks/project"
    find . -type f -exec sha256sum {} + | grep -vxFf "$scratch/planted.sums" | cut -c67- | xargs -rd '\n' cp --parents -t "$looks/project" || true
    sleep 0.3
    cp "$scratch/execs.raw" "$looks/execs"
    for probe in "${probes[@]}"; do
        { grep -vF -- "$probe" "$looks/execs" || true; } >"$looks/execs.left"
        mv "$looks/execs.left" "$looks/execs"
    done
    cp "$scratch/throwaways.raw" "$looks/throwaways"
}
nothing_found() { python3 "$canary/scan.py" "$manifest" "$looks"; }

# ---- every command -----------------------------------------------------------------------------------------------
# With n8n first. The engine compares its container with the image's 120,000 files, which takes the processors for up to half a minute.
look profile-table 0 docker pilotpros profile --duration 3s
look profile-json 0 docker pilotpros profile --duration 2s --format json
look profile-debug 0 docker -D -l debug pilotpros profile --duration 1s
look tune 0 docker pilotpros tune --duration 5s
look tune-json 0 docker pilotpros tune --format json
look tune-diff 0 docker pilotpros tune --diff
look limits-check 6 docker pilotpros limits --check
look healthcheck-check 6 docker pilotpros healthcheck --check --format json
compose rm -s -f flow
look profile-narrow 0 docker pilotpros profile --duration 1s app db
look profile-by-name 0 docker pilotpros profile --duration 1s -p pp-canary
look profile-show 0 docker pilotpros profile --show
look profile-show-json 0 docker pilotpros profile --show --format json
look profile-terminal 0 python3 "$SOURCE_DIR/tests/tools/on_terminal.py" docker pilotpros profile --duration 2s
look profile-interrupted 130 timeout --preserve-status -s INT 3 docker pilotpros profile --duration 60s
look profile-killed '' timeout -s KILL 3 docker pilotpros profile --duration 60s
look profile-no-engine 2 env DOCKER_HOST=unix:///nowhere docker pilotpros profile
look profile-no-engine-json 2 env DOCKER_HOST=unix:///nowhere docker pilotpros profile --format json
DOCKER_HOST=$(<endpoint) look profile-no-ssh '' docker pilotpros profile --duration 1s
# Passwords in addresses of the engine and of Compose files. Given by the environment: on the command line of docker itself the user would have put them.
for name in tcp bare; do
    DOCKER_HOST=$(<"endpoint_$name") look "endpoint-$name" '' "$PILOTPROS" pilotpros profile --duration 1s
    DOCKER_HOST=$(<"endpoint_$name") look "endpoint-$name-json" '' "$PILOTPROS" pilotpros profile --duration 1s --format json
    DOCKER_HOST=$(<"endpoint_$name") look "endpoint-$name-by-name" '' "$PILOTPROS" pilotpros profile --duration 1s -p pp-canary
    DOCKER_HOST=$(<"endpoint_$name") look "endpoint-$name-complete" '' "$PILOTPROS" __complete pilotpros profile ''
done
look context-tcp '' docker --context leaky pilotpros profile --duration 1s
look context-tcp-debug '' docker -D --context leaky pilotpros profile --duration 1s --format json
DOCKER_CONTEXT=leaky look context-tcp-by-name '' docker pilotpros profile --duration 1s -p pp-canary
for name in compose_url compose_token_url; do
    COMPOSE_FILE=$(<$name) look "$name-cut-at-colons" 65 docker pilotpros profile --duration 1s
    COMPOSE_PATH_SEPARATOR='|' COMPOSE_FILE=$(<$name) look "$name" 3 docker pilotpros profile --duration 1s
    COMPOSE_PATH_SEPARATOR='|' COMPOSE_FILE=$(<$name) look "$name-complete" 0 docker __complete pilotpros profile ''
done
look compose-url-of-env-file 3 docker pilotpros profile --env-file elsewhere/.env --duration 1s
look unknown-service 64 docker pilotpros profile nosuch
look unknown-flag 64 docker pilotpros profile --nosuch
look yaml-broken 65 docker pilotpros profile -f broken.yaml
look yaml-invalid 65 docker pilotpros profile -f invalid.yaml
look yaml-missing 65 docker pilotpros profile -f missing.yaml
look yaml-interpolation 65 docker pilotpros profile -f interpolation.yaml
look yaml-not-text 65 docker pilotpros profile -f endpoint
look yaml-no-engine 65 env DOCKER_HOST=unix:///nowhere docker pilotpros profile -f broken.yaml
for key in healthcheck.test heap memory pids; do look "tune-explain-$key" '' docker pilotpros tune --duration 1s --skip postgres --explain "$key"; done
look tune-explain-command '' docker pilotpros tune --duration 1s --explain command
look tune-no-engine 2 env DOCKER_HOST=unix:///nowhere docker pilotpros tune
look tune-unknown-advisor 64 docker pilotpros tune --only nothing
look tune-wrong-wish 65 docker pilotpros tune -f wish.yaml
look in-place 0 docker pilotpros limits --duration 1s --apply --in-place cache --yes --watch 1s
look in-place-back 0 docker pilotpros rollback --yes
look apply-refused 3 docker pilotpros limits --duration 1s --apply cache
look other-plan 3 docker pilotpros limits --duration 1s --apply cache --yes --plan 000000000000
look apply 0 docker pilotpros limits --duration 1s --apply cache --yes --watch 1s
look status 0 docker pilotpros status
look live 0 docker pilotpros limits --duration 1s --apply --live web --yes
look apply-database 0 docker pilotpros tune --duration 1s --apply db --yes --watch 1s
look rollback-dry 0 docker pilotpros rollback --dry-run
look rollback-list 0 docker pilotpros rollback --list
look status-json 0 docker pilotpros status --format json
look status-elsewhere '' docker pilotpros status --project-directory elsewhere
look tune-skip 0 docker pilotpros tune --duration 1s --skip postgres --profile none
for command in "profile --show" "tune --duration 1s --skip postgres" "limits --duration 1s" "healthcheck --duration 1s" "rollback --dry-run" status; do
    # shellcheck disable=SC2086 # words
    look "${command%% *}-by-long-names" '' docker pilotpros $command --file compose.yaml --project-name pp-canary
done
look rollback-files 0 docker pilotpros rollback --files-only --dry-run
look rollback-exact 0 docker pilotpros rollback --exact --force --yes
for format in table json sarif github; do look "lint-$format" 6 docker pilotpros tune --lint --format "$format"; done
look lint-piped 6 sh -c 'docker pilotpros tune --lint -f - <compose.yaml'
look lint-broken 65 docker pilotpros tune --lint -f broken.yaml
look lint-interpolation 65 docker pilotpros tune --lint -f interpolation.yaml
look complete-commands 0 docker __complete pilotpros ''
look complete-services 0 docker __complete pilotpros profile ''
look complete-broken 0 docker __complete pilotpros profile -f broken.yaml ''
look help 0 docker pilotpros profile --help
# ------------------------------------------------------------------------------------------------------------------
collect
applied=$(cat "$looks/project/.pilotpros/compose.yaml" 2>/dev/null || true)
look rollback 0 docker pilotpros rollback --all --yes
all_was_typed() { # OPTION…: each, and whatever --help tells of, was part of a command whose traces are searched
    local command option
    for command in profile tune limits healthcheck rollback status; do
        for option in "" "$@" $(docker pilotpros "$command" --help | grep -oE -- '--[a-z][a-z-]+' | sort -u); do
            if [ "$option" != --help ] && ! grep -qE "pilotpros $([ -n "$option" ] || echo "$command").*$option( |$)" "$scratch/typed"; then
                echo "nobody typed: $command $option"
                return 1
            fi
        done
    done
}
# Nothing would leak from what was never asked.
for kind in postgres nginx node redis python n8n; do
    expect "$kind was recognised, and answered" jq -e --arg kind "$kind" 'any(.services[].applications[]; .kind == $kind and (.facts.version // "") != "")' "$looks/profile-json.out"
done
expect "what was applied is among the files that were searched" test -n "$applied"
expect "it was taken back" test ! -e .pilotpros/compose.yaml
expect "the snapshots that were left out are the user's alone" test -z "$(find "$XDG_STATE_HOME/pilotpros" \( -type d ! -perm 700 \) -o \( -type f ! -perm 600 \))"
expect "programs were started in containers, and seen" test -s "$looks/execs"
look purge 0 docker pilotpros rollback --all --purge --yes
expect "every command and option was looked at" all_was_typed
planted "an option that nobody looked at" all_was_typed --invented
expect "no canary in $(find "$looks" -type f | wc -l) outputs, files and command lines" nothing_found

# The same scanner finds what gets out, whichever way. The script stands for a command of ours.
value() { jq -r --arg place "$1" '.[] | select(.place == $place).value' "$manifest"; }
leak() { # WAY PLACE SCRIPT: the script lets out $LEAKED
    looks=$scratch/leak-$1
    LEAKED=$(value "$2") look "leak-$1" 0 bash -c "$3"
    collect
    rm -f leaked "$XDG_STATE_HOME/leaked"
    [ "$1" = command-line ] || rm "$looks"/*.argv
    planted "a leak by $1" nothing_found
}
leak output database_password 'echo "the password is $LEAKED"'
leak output-in-base64 env_file 'printf "token=%s." "$LEAKED" | base64'
leak error-in-a-url node_inline_text 'jq -rn "env.LEAKED|@uri" >&2'
leak address-in-an-error endpoint_password 'echo "cannot reach the engine at $(<endpoint_tcp)" >&2'
leak file-name-in-an-error compose_url_password 'echo "there is no file $(<compose_url)" >&2'
leak output-cut-short guc_primary_conninfo 'echo "${LEAKED:0:9}…"'
leak command-line role_password 'sleep 0.1; (exec -a "psql $LEAKED" sleep 0.5); sleep 0.1'
leak state-directory dot_env 'echo "$LEAKED" >"$XDG_STATE_HOME/leaked"'
leak project-folder url_query 'echo "$LEAKED" >leaked'
leak temporary-file image_label 'echo "$LEAKED" >"$TMPDIR/leaked"'
rm -f "$TMPDIR/leaked"
leak program-in-a-container redis_masterauth 'docker compose exec -T cache true "$LEAKED"'

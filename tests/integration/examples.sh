#!/usr/bin/env bash
# beside: it judges no time
# The examples that --help prints are run as printed, on a terminal where somebody says yes, and do what stands beside them.
# shellcheck disable=SC2016 # expanded at the end
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=120
driver=${BINARY_DIR:-$SOURCE_DIR/build/dev}/tests/apply_driver/pilotpros-apply-driver
name=pilotpros-examples-$$ folder=$scratch/project
export DOCKER_CONFIG=$scratch/config COMPOSE_PROGRESS=quiet
mkdir -p "$DOCKER_CONFIG/cli-plugins" "$folder"
ln -s "$PILOTPROS" "$DOCKER_CONFIG/cli-plugins/docker-pilotpros"
cd "$folder" || exit
# shellcheck source=../tools/sleeping_project.sh
. "$SOURCE_DIR/tests/tools/sleeping_project.sh"
write_project compose.yaml
echo "x-pilotpros: {pin: {memory: 96m}}" >>compose.yaml # so that there is something to apply after ten seconds
finally 'cd "$folder" && docker compose down -v -t 0 >/dev/null 2>&1'
finally "docker ps -aq --filter 'name=pilotpros-(keep|lock)-$name' | xargs -r docker rm -f >/dev/null"
docker compose up -d --wait

examples() { # [COMMAND]: one a line, without what is said of it
    "$PILOTPROS" pilotpros "$@" --help | sed -n '/^Examples:/,/^$/s/^  \(docker pilotpros [^ ].*\)/\1/p' | sed 's/   *.*//'
}
# Whoever is asked says yes; no example takes a minute.
example() { # EXAMPLE STATUS…
    run bash -c "timeout 60 python3 '$SOURCE_DIR/tests/tools/on_terminal.py' --press-after '\\[y/N\\]' 0 'y^M' bash -c '$1'"
    done_=("${done_[@]}" "$1")
    expect_status "$1" "${@:2}"
}
apply() { run "$driver" apply "$1" "$2"; expect_status "(apply $2 to $1)" 0; }
memory() { docker inspect --format '{{.HostConfig.Memory}}' "$name-$1-1"; }
done_=()

example "docker pilotpros profile --duration 10s web db" 0
expect_in "two services" 'NEEDED' "$out"
example "docker pilotpros profile --show" 0
expect_in "what was kept" 'KEPT' "$out"
example "docker pilotpros tune --lint" 6
example "docker pilotpros tune" 0
expect_in "what to type next" 'docker pilotpros tune --apply' "$out"
example "docker pilotpros tune --skip nginx db web" 0
example "docker pilotpros tune --explain memory" 0
example "docker pilotpros tune --diff" 0
expect_in "files" '\+\+\+ b/.pilotpros/compose.yaml' "$out"
example "docker pilotpros limits" 0
example "docker pilotpros limits --check" 6
example "docker pilotpros healthcheck" 0
example "docker pilotpros healthcheck --check" 0 6
example "docker pilotpros limits --apply --live" 0
expect_in "nothing is interrupted" 'Nothing is interrupted' "$out"
example "docker pilotpros tune --apply db" 0
expect_in "after asking" 'Apply this\?' "$out"
example "docker pilotpros status" 0
example "docker pilotpros status --format json" 0
expect "is JSON" jq -e '.history | length > 0' <<<"$out"
run docker pilotpros rollback --all --purge --yes
expect_status "(all of it is taken back)" 0

apply db,web 128m
apply web 256m
example "docker pilotpros rollback --list" 0
expect_in "what was applied" '0002' "$out"
example "docker pilotpros rollback --dry-run" 0
expect_same "(it changes nothing)" "$(memory web)" 268435456
example "docker pilotpros rollback 2" 0
expect_same "back to before 0002" "$(memory web)" 134217728
apply web 256m
example "docker pilotpros rollback" 0
expect_same "the last one is taken back" "$(memory web)" 134217728
apply db,web 256m
example "docker pilotpros rollback web" 0
expect_same "one service of two" "$(memory db) $(memory web)" "268435456 134217728"
apply web 256m
echo "# mine" >>.pilotpros/compose.yaml
example "docker pilotpros rollback --force" 0
expect "the user's version is kept" grep -rq '# mine' --include='*.pilotpros-kept' .
example "docker pilotpros rollback --exact" 0
before=$(sha256sum .pilotpros/compose.yaml)
apply web 256m
expect "it is another one" test "$(sha256sum .pilotpros/compose.yaml)" != "$before"
example "docker pilotpros rollback --files-only" 0
expect_same "the file is as before" "$(sha256sum .pilotpros/compose.yaml)" "$before"

# ---- none is left out, and each command has one --------------------------------------------------------------------
printf '%s\n' "${done_[@]}" | sort -u >"$scratch/done"
for command in "" profile tune limits healthcheck status rollback; do
    # shellcheck disable=SC2086 # no word for the plugin itself
    examples $command | sort -u >"$scratch/printed"
    expect "--help of ${command:-the plugin} has an example" test -s "$scratch/printed"
    expect_same "and all of them were run" "$(comm -23 "$scratch/printed" "$scratch/done")" ""
done
echo "docker pilotpros monitor" >>"$scratch/printed"
planted "an example that was not run" test -z "$(sort -u "$scratch/printed" | comm -23 - "$scratch/done")"

#!/usr/bin/env bash
# Not among the tests that tests/run.sh runs: each service of two stacks is replaced twice, one after the other. Run by hand; its tally: tallies.md.
# `limits --apply SERVICE` and `rollback` of every single service of `reference` and `other`, as a person types them: this service has what was shown, the
# others keep their containers, the printed command to start the project finds nothing to do, and after the rollback all is as it was. n8n of `reference`,
# whose key lies in its container's own layer, is refused; nothing else is. A stack that does not run is started, and stopped in the end.
# STACKS="other": only these.
# shellcheck disable=SC2016 # filters of jq
. "$(dirname "$0")/../integration/lib.sh"
RUN_SECONDS=600
export COMPOSE_PROGRESS=quiet
stack_script=$SOURCE_DIR/tests/stack/stack.sh
refused=" automation-engine-dev "

selectors() { if [ "$1" = reference ]; then echo "-f docker-compose.dev.yml"; fi; }
ours() { # STACK ARGUMENT…
    local name=$1
    shift
    # shellcheck disable=SC2046 # words
    run "$PILOTPROS" pilotpros "$1" $(selectors "$name") "${@:2}"
}
containers() { docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project" "$@" | sort; }
of_service() { containers --filter "label=com.docker.compose.service=$1"; }
of_the_others() { comm -23 <(containers) <(of_service "$1"); }
# What is there, by tools that know nothing of us. IDs are left out, since a container that was made again has another one.
seen() {
    find . -path ./node_modules -prune -o -mindepth 1 -printf '%p %M %y %l\n' | LC_ALL=C sort
    find . -path ./node_modules -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    containers | xargs docker inspect | jq -cS '[.[] | {Name, Image, running: .State.Running, env: (.Config.Env | sort), cmd: .Config.Cmd, health: .Config.Healthcheck,
        labels: (.Config.Labels | del(.["com.docker.compose.replace"], .["com.docker.compose.project.config_files"], .["com.docker.compose.container-number"])
            | .["com.docker.compose.depends_on"] |= ((. // "") | split(",") | sort | join(","))),
        host: (.HostConfig | {Memory, MemorySwap, NanoCpus, CpuShares, PidsLimit, Ulimits, ShmSize, RestartPolicy, PortBindings}),
        mounts: [.Mounts[] | {Type, Name, Source, Destination, RW}] | sort_by(.Destination)} | .Name |= sub("-[0-9]+$"; "")] | sort_by(.Name)[]'
    docker volume ls -q --filter "label=com.docker.compose.project=$project" | sort | xargs -r docker volume inspect --format '{{.Name}} {{.CreatedAt}}'
}
is() { cmp -s "$1" "$2"; }
limits_of() { of_service "$1" | xargs docker inspect | jq -c '[.[].HostConfig | {Memory, PidsLimit, CpuShares}] | unique'; }

every_service() { # STACK
    local service services others start with advised
    cd "$("$stack_script" dir "$1")"
    if [ -z "$("$stack_script" compose "$1" ps -q 2>/dev/null)" ]; then
        finally "'$stack_script' down '$1' >/dev/null 2>&1"
        "$stack_script" up "$1" >"$scratch/up" 2>&1 || { fail "$1: up: $(tail -n 5 "$scratch/up")"; return; }
    fi
    project=$("$stack_script" compose "$1" ps -q | sed -n 1p | xargs docker inspect --format '{{index .Config.Labels "com.docker.compose.project"}}')
    "$stack_script" load "$1" 40 >/dev/null 2>&1 &
    sleep 2
    ours "$1" profile --duration 30s --format json
    expect_status "$1: a profile under load" 0
    wait || true
    services=$(jq -r '.services[] | select(.containers != []) | .name' "$scratch/out")
    seen >"$scratch/before"
    for service in $services; do
        others=$(of_the_others "$service") with=$(limits_of "$service")
        ours "$1" limits "$service" --format json
        advised=$(jq '.changes | length' "$scratch/out")
        ours "$1" limits --apply "$service" --yes --watch 1s
        if [[ "$refused" = *" $service "* ]]; then
            expect_status "$1: $service would lose data" 3
            seen >"$scratch/now"
            expect "$1: $service is as it was" is "$scratch/before" "$scratch/now"
            continue
        fi
        expect_status "$1: $service: apply" 0
        [ "$status" = 0 ] || tail -n 20 "$scratch/err"
        if [ "$advised" = 0 ]; then # an idle one, for example
            expect_in "$1: $service: nothing is advised, and said why" 'Left alone' "$(cat "$scratch/out")"
            expect_same "$1: $service: so nothing is done" "$(limits_of "$service")" "$with"
            continue
        fi
        expect "$1: $service has other limits now: $(limits_of "$service")" test "$(limits_of "$service")" != "$with"
        expect_same "$1: $service: the others keep their containers" "$(of_the_others "$service")" "$others"
        ours "$1" status
        start=$(sed -nE 's/^.*start it with: //p' <<<"$out")
        others=$(containers)
        run bash -c "$start"
        expect_status "$1: $service: $start" 0
        expect_same "$1: $service: it finds nothing to do" "$(containers)" "$others"
        ours "$1" rollback --yes
        expect_status "$1: $service: rollback" 0
        seen >"$scratch/now"
        expect "$1: $service: all is as it was" diff "$scratch/before" "$scratch/now"
    done
    ours "$1" rollback --all --purge --yes
    expect_status "$1: nothing of it is left" 0
    docker update --memory 900m --memory-swap 900m "$(of_service "$service" | sed -n 1p)" >/dev/null
    seen >"$scratch/now"
    planted "$1: a limit that was left behind" is "$scratch/before" "$scratch/now"
    docker update --memory -1 --memory-swap -1 "$(of_service "$service" | sed -n 1p)" >/dev/null 2>&1 || true
}

for stack in ${STACKS:-other reference}; do every_service "$stack"; done

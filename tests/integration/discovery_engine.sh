#!/usr/bin/env bash
# beside: its containers are its own
# Projects that only their containers' labels tell of: -p from anywhere, folders without default names, files that are gone.
# Containers are few, named after this test, and removed at the end.
set -euo pipefail
root="$(mktemp -d)"
root="$(cd "$root" && pwd -P)"
mark="ppdisc$$"
checks=0
unset "${!COMPOSE_@}"
clean_up() {
    docker ps -aq --filter "label=pilotpros.test=$mark" | xargs -r docker rm -f >/dev/null
    docker network ls -q --filter "name=$mark" | xargs -r docker network rm >/dev/null
    rm -rf "$root"
}
trap clean_up EXIT

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
probe() { # ARGUMENT...
    DISCOVERY_ENGINE=1 "$BINARY_DIR/tests/pilotpros-discovery-driver" "$@" >"$root/out" 2>"$root/log" || { cat "$root/log"; return 1; }
    cat "$root/out"
}
says() { # NAME FILTER EXPECTED ARGUMENT...
    local name=$1 filter=$2 expected=$3 got
    shift 3
    got="$(probe "$@" | jq -r "$filter")"
    [ "$got" = "$expected" ] || { cat "$root/out"; fail "$name: $got instead of $expected"; }
    checks=$((checks + 1))
}
file() { # SERVICE... - a Compose file
    echo 'services:'
    for service in "$@"; do
        printf '  %s:\n    image: debian:trixie-slim\n    command: sleep infinity\n    init: true\n    stop_grace_period: 0s\n    network_mode: none\n' "$service"
        # shellcheck disable=SC2016 # for Compose
        printf '    labels: {pilotpros.test: %s, seen: "${SEEN-}"}\n' "$mark"
    done
}
quietly() { "$@" >"$root/compose.log" 2>&1 || { cat "$root/compose.log"; fail "$*"; }; }

# A folder without a default name, from which a project was started by explicit files.
mkdir -p "$root/dev/sub" && cd "$root/dev"
file web worker >stack.dev.yml
quietly docker compose -p "$mark-dev" -f stack.dev.yml up -d
says "the folder it was started from" .name "$mark-dev"
says "by which files" '.files | join(",")' "$root/dev/stack.dev.yml"
cd sub && says "a sub-folder of it" .found_by "labels of the running project $mark-dev"
cd / && says "-p from anywhere" '[.working_directory, (.services | keys | join(","))] | join(" ")' "$root/dev web,worker" -p "$mark-dev"
says "an unknown name" .code 64 -p "$mark-nobody"
probe -p "$mark-nobody" | jq -e --arg known "$mark-dev" '.hint | contains($known)' >/dev/null || fail "the running projects are not listed"
mkdir -p "$root/empty" && cd "$root/empty" && says "a folder that nothing was started from" .code 65

# In another project's folder, -p still means the one that it names; a new name means the folder's files.
mkdir -p "$root/other" && cd "$root/other" && file else >compose.yaml
says "-p in another project's folder" '.services | keys | join(",")' web,worker -p "$mark-dev"
says "-p with a new name" '[.name, (.services | keys | join(","))] | join(" ")' "$mark-new else" -p "$mark-new"
says "-p and -f together" '[.name, (.services | keys | join(","))] | join(" ")' "$mark-dev else" -p "$mark-dev" -f compose.yaml
quietly docker compose -p "$mark-other" up -d
file late | sed 's/late/late/' >compose.override.yaml
says "an override added since" '.services | keys | join(",")' else,late -p "$mark-other"

# Not running: what files and images tell is there, and what they cannot tell is said, service by service.
mkdir -p "$root/idle" && cd "$root/idle"
file stopped never >compose.yaml && printf '    profiles: [later]\n' >>compose.yaml
quietly docker compose -p "$mark-idle" up -d
quietly docker compose -p "$mark-idle" stop -t 0
XDG_STATE_HOME=$root/idle-state "$BINARY_DIR/docker-pilotpros" pilotpros profile -p "$mark-idle" -f compose.yaml --profile later --format json --duration 1s >"$root/idle.json" 2>"$root/log" ||
    { cat "$root/log"; fail "a profile of what does not run"; }
unused() { # WHAT JQ-FILTER
    jq -e "$2" "$root/idle.json" >/dev/null || { cat "$root/idle.json"; fail "not running: $1"; }
    checks=$((checks + 1))
}
unused "each service is there" '[.services[].name] | sort == ["never", "stopped"]'
unused "with the facts of its image" '(.services | length) == 2 and all(.services[]; .image.id | startswith("sha256:"))'
unused "what one lacks that was never started is said" 'any(.gaps[]; .subject == "never" and (.why | contains("no container")) and (.what | contains("only a running program")))'
unused "and what one lacks that is stopped" 'any(.gaps[]; .subject == "stopped" and (.why | contains("exited")) and (.what | contains("only a running program")))'
unused "nothing is claimed to have been measured" 'all(.services[].containers[].usage; . == null or .samples == 0)'
quietly docker compose -p "$mark-idle" down -t 0

# Several from one folder: the one that runs, else a list.
cd "$root/dev"
file second >second.yml
quietly docker compose -p "$mark-two" -f second.yml create
says "one runs, one does not" .name "$mark-dev"
quietly docker compose -p "$mark-two" -f second.yml start
says "two run" .code 64
jq -e --arg one "-p $mark-dev" --arg two "-p $mark-two" '.hint | contains($one) and contains($two)' "$root/out" >/dev/null || fail "both are to be named"
quietly docker compose -p "$mark-two" -f second.yml down

# What it was started with: environment files, profiles, folders with a comma, one-off containers.
mkdir -p "$root/with,comma" && cd "$root/with,comma"
file web >a.yml && file extra >b.yml && printf '    profiles: [rare]\n' >>b.yml
echo SEEN=yes >start.env
quietly docker compose -p "$mark-env" --env-file start.env -f a.yml -f b.yml --profile rare up -d
says "its environment file" .services.web.labels.seen yes -p "$mark-env"
says "files in a folder with a comma" '.files | length' 2 -p "$mark-env"
says "a service that runs by a profile" '.warnings | map(select(contains("extra runs"))) | length' 1 -p "$mark-env"
says "and with its profile" '.warnings | length' 0 -p "$mark-env" --profile rare
rm start.env && says "the environment file is gone" '[.services.web.labels.seen, (.warnings | map(select(contains("start.env"))) | length)] | join(" ")' " 1" -p "$mark-env"
quietly docker compose -p "$mark-once" -f a.yml run -d --name "$mark-once" web
cd / && says "one-off containers are no project" .code 64 -p "$mark-once"

# Files of ours in the labels never reach the base; those that are gone are no loss.
mkdir -p "$root/ours/.pilotpros" && cd "$root/ours"
file web >compose.yaml && printf 'services: {web: {labels: {seen: OURS}}}\n' >.pilotpros/compose.yaml
ln -s .pilotpros/compose.yaml compose.override.yaml
quietly docker compose -p "$mark-ours" up -d
cd / && says "our override in the labels" '[.services.web.labels.seen, (.ours | length)] | join(" ")' " 1" -p "$mark-ours"
rm "$root/ours/compose.override.yaml" && says "our override taken away" '[.services.web.labels.seen, .from_labels] | join(" ")' " false" -p "$mark-ours"

# Standard input, and files that are gone: the containers alone are known.
cd "$root/empty"
file piped | quietly docker compose -p "$mark-piped" -f - up -d
cd / && says "started from standard input" '[.from_labels, (.warnings | length)] | join(" ")' "true 1" -p "$mark-piped"
rm "$root/dev/stack.dev.yml"
says "its files are gone" '[.from_labels, .name] | join(" ")' "true $mark-dev" -p "$mark-dev"
jq -e --arg gone "$root/dev/stack.dev.yml" '.warnings[0] | contains($gone)' "$root/out" >/dev/null || fail "what is gone is not named"

# Stacks that somebody else writes.
mkdir -p "$root/data/coolify/applications/x1" && cd "$root/data/coolify/applications/x1" && file web >docker-compose.yaml
says "Coolify by its folder" '.warnings[0] | startswith("Coolify")' true
docker run -d --network none --label "pilotpros.test=$mark" --label com.docker.compose.project="$mark-portainer" --label com.docker.compose.service=web \
    --label com.docker.compose.project.working_dir=/data/compose/7 --label com.docker.compose.project.config_files=/data/compose/7/docker-compose.yml \
    debian:trixie-slim sleep infinity >/dev/null
cd / && says "Portainer by its labels" '[.from_labels, (.warnings | map(select(startswith("Portainer"))) | length)] | join(" ")' "true 1" -p "$mark-portainer"

printf '%d checks\n' "$checks"

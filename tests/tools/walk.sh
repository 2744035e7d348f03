# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # single quotes for other shells; what the tests use; what lib.sh sets
# A project of two services that changes are applied to, running in $folder, and what is there as tools see it that know nothing of us. The state before
# is in $scratch/before. Sourced after lib.sh.
driver=${BINARY_DIR:-$SOURCE_DIR/build/dev}/tests/apply_driver/pilotpros-apply-driver
name=pilotpros-walk-$$
folder=$scratch/project
mkdir -p "$folder/sub/deep"
cd "$folder" || exit
export COMPOSE_PROGRESS=quiet

declare -F write_project >/dev/null || write_project() { # FILE, or what the test has defined: two services with networks, an anonymous volume, a health check; "web" does not bear a limit of 64 MiB
    cat >"$1" <<YAML
name: $name
services:
  web:
    image: debian:trixie-slim
    init: true
    stop_grace_period: 2s
    environment: {TOKEN: "canary-of-the-walk"}
    volumes: [/anonymous, "named:/named"]
    networks: {front: {aliases: [shop]}, back: {}}
    healthcheck: {test: [CMD, "true"], interval: 10s, start_period: 30s, start_interval: 300ms} # a probe is three programs that start
    command:
      - bash
      - -c
      - |
        limit=\$\$(cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes)
        [ "\$\$limit" != 67108864 ] || exit 1
        exec sleep infinity
  dependent:
    image: debian:trixie-slim
    init: true
    stop_grace_period: 0s
    command: sleep infinity
    networks: [back]
    depends_on: [web]
networks: {front: {}, back: {}}
volumes: {named: {}}
YAML
}
forget() {
    docker ps -aq --filter "name=pilotpros-(keep|lock)-$name" | xargs -r docker rm -f >/dev/null
    rm -rf "$XDG_STATE_HOME" .pilotpros compose.override.yaml
}
finally "cd '$folder'; docker compose -p $name down -v -t 0 >/dev/null 2>&1; forget"

# Everything that counts, by tools that know nothing of us: IDs left out, since a container that was made again has another one.
seen() {
    find . -mindepth 1 -printf '%p %M %y %l\n' | sort
    find . -type f -exec sha256sum {} + | sort
    docker ps -aq --filter "label=com.docker.compose.project=$name" | xargs -r docker inspect | jq -cS '[.[] | {Name, Image, state: .State.Running,
        labels: (.Config.Labels | del(.["com.docker.compose.replace"], .["com.docker.compose.project.config_files"])), env: .Config.Env, cmd: .Config.Cmd, health: .Config.Healthcheck,
        memory: .HostConfig.Memory, init: .HostConfig.Init, restart: .HostConfig.RestartPolicy, mounts: [.Mounts[] | {Type, Name, Destination, RW}] | sort_by(.Destination),
        networks: .NetworkSettings.Networks | map_values(.Aliases | sort)}] | sort_by(.Name)[]'
    docker ps -a --filter "name=pilotpros-(keep|lock)-$name" --format '{{.Names}} {{.State}}' | sed 's/-[0-9]*\(\.[0-9]*\)\{0,1\}\( created\)$/\1\2/' | sort
    docker volume ls -q --filter "label=com.docker.compose.project=$name" | sort
}
id_of() { docker compose -p "$name" ps -aq "$1"; }
memory() { docker inspect --format '{{.HostConfig.Memory}}' "$name-web-1"; }
keeps() { # WHAT COMMAND…: this very command leaves web as it is, with its limit
    local what=$1 id
    id=$(id_of web)
    shift
    run "$@"
    expect_status "$what" 0
    expect "$what: web is the same container, with its limit" test "$(id_of web) $(memory)" = "$id 134217728"
}
ours() { run "$PILOTPROS" pilotpros "$@"; }
same() { diff "$scratch/$1" "$scratch/$2"; }
# An apply to $killed_services is killed, and the next command finishes: counted in points, third and unrecovered, against "before" and "after".
points=0 third=0 unrecovered=0
kill_apply() { # STEP [inside]
    timeout 60 "$driver" apply "$killed_services" 128m "$@" >/dev/null 2>&1 || true
    points=$((points + 1))
    seen >"$scratch/killed"
    if ! same before killed >/dev/null && ! same after killed >/dev/null; then unrecovered=$((unrecovered + 1)); fi
    ours rollback --dry-run
    ours status
    seen >"$scratch/now"
    if [ "$status" != 0 ] || { ! same before now >/dev/null && ! same after now >/dev/null; }; then
        third=$((third + 1))
        fail "killed at step $*: exit $status $err $(same before now || true)"
    fi
    ours rollback --all --purge --yes
    [ "$status" = 0 ] || fail "going back after a kill at step $*: exit $status $err"
}

write_project compose.yaml
docker compose up -d
until [ "$(docker inspect --format '{{.State.Health.Status}}' "$name-web-1")" = healthy ]; do sleep 0.2; done
docker exec "$name-web-1" sh -c 'echo row >/anonymous/row; echo row >/named/row'
seen >"$scratch/before"

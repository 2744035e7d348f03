#!/usr/bin/env bash
# A change goes all the way into the user's own `docker compose up`, and back: by every route, through a gate that fails, by hand from the snapshot, and
# after a kill -9 before each of our own steps. What is there is judged by sha256sum and docker inspect, never by our own snapshot.
# shellcheck disable=SC2016 # what is in single quotes is for other shells
. "$(dirname "$0")/lib.sh"
driver=${BINARY_DIR:-$SOURCE_DIR/build/dev}/tests/apply_driver/pilotpros-apply-driver
name=pilotpros-walk-$$
folder=$scratch/project
mkdir -p "$folder/sub/deep"
cd "$folder"
export COMPOSE_PROGRESS=quiet

write_project() { # FILE: two services with networks, an anonymous volume, a health check; "web" does not bear a limit of 64 MiB
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
    healthcheck: {test: [CMD, "true"], interval: 1s}
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
    docker ps -a --filter "name=pilotpros-(keep|lock)-$name" --format '{{.Names}} {{.State}}' | sed 's/-[0-9]*\( created\)$/\1/' | sort
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

write_project compose.yaml
docker compose up -d
until [ "$(docker inspect --format '{{.State.Health.Status}}' "$name-web-1")" = healthy ]; do sleep 0.2; done
docker exec "$name-web-1" sh -c 'echo row >/anonymous/row; echo row >/named/row'
seen >"$scratch/before"

# ---- forward and back, by default names -----------------------------------------------------------------------------
ours status
expect_in "status before anything" 'nothing was applied' "$out"
dependent=$(id_of dependent)
run "$driver" apply web 128m
expect_status "apply" 0
expect_in "the gate says what passed" 'healthy after .* limits are read back as asked' "$out"
seen >"$scratch/after"
expect "the limit is in force" test "$(memory)" = 134217728
expect "the dependent was not touched" test "$(id_of dependent)" = "$dependent"
keeps "plain up in the project's folder" docker compose up -d
keeps "plain up in a sub-folder" env -C sub/deep docker compose up -d
keeps "up from elsewhere" env -C / docker compose --project-directory "$folder" up -d
ours status
expect_in "status: applied" '0001 +web +applied' "$out"
expect_in "status: what runs carries it" 'web +carries it' "$out"
expect_in "status: how it is started" 'start it with: docker compose up -d' "$out"
docker update --memory 100m --memory-swap 100m "$name-web-1" >/dev/null
ours status
expect_in "status: drift" "web +drifted +$name-web-1: memory is 100 MiB, not 128 MiB" "$out"
ours rollback --dry-run
expect_in "a dry run says what would be done" 'remove .*/.pilotpros/compose.yaml' "$out"
ours rollback
expect_status "nobody to ask" 3
ours rollback --yes
expect_status "rollback" 0
seen >"$scratch/now"
expect "everything is as it was" same before now
expect "data of the anonymous and the named volume" docker exec "$name-web-1" cat /anonymous/row /named/row
ours rollback --yes
expect_status "a second rollback" 0
expect_in "a second rollback" 'nothing to undo' "$out"
ours rollback --list
expect_in "the history" '0001 +web +taken back' "$out"
expect "no secret outside the snapshot" bash -c '! grep -rl canary-of-the-walk "$XDG_STATE_HOME" | grep -v /container-1.json'

# ---- conflicts, gates, purge ------------------------------------------------------------------------------------------
run "$driver" apply web 128m
echo '# mine' >>.pilotpros/compose.yaml
ours rollback --yes
expect_status "a file that was changed since" 3
expect_in "a file that was changed since is named" 'compose.yaml changed since we wrote it' "$err"
expect "and stays" grep -q mine .pilotpros/compose.yaml
sed -i '/# mine/d' .pilotpros/compose.yaml
ours rollback --yes
run "$driver" apply web 64m
expect_status "a service that does not start with the change" 4
seen >"$scratch/now"
expect "a gate that failed left everything as it was" same before now
keeps_before() { docker compose up -d; seen >"$scratch/now"; same before now; }
expect "the next up says so, too" keeps_before
run "$driver" apply web 128m
ours rollback --all --purge --yes
expect_status "purge" 0
seen >"$scratch/now"
expect "purge: everything is as it was" same before now
expect "purge: no trace" test ! -e "$XDG_STATE_HOME/pilotpros"

"$driver" apply web 128m >/dev/null 2>"$scratch/steps" &
pid=$!
until grep -q 'waiting until' "$scratch/steps"; do sleep 0.02; done
kill -INT "$pid"
status=0
wait "$pid" || status=$?
err=$(cat "$scratch/steps")
expect_status "interrupted at the gate" 130
seen >"$scratch/now"
expect "interrupted at the gate: everything is as it was" same before now
forget

# ---- the other routes -------------------------------------------------------------------------------------------------
route() { # WHAT COMMAND-WITHOUT-OURS…: refused without a yes, then kept by the printed command
    local what=$1 command
    shift
    run "$driver" apply web 128m
    expect_status "$what: asked first" 3
    expect_in "$what: the exact command" 'from now on: docker compose .*-f .pilotpros/compose.yaml up -d' "$err"
    command=$(sed -n 's/.*from now on: \(docker compose .* up -d\)$/\1/p' <<<"$err")
    DRIVER_YES=1 run "$driver" apply web 128m
    expect_status "$what: applied" 0
    # shellcheck disable=SC2086 # a command as it was printed
    keeps "$what: the printed command" $command
    expect "$what: nothing is hidden in the user's files" test ! -L compose.override.yaml
    ours rollback --yes "$@"
    expect_status "$what: rollback" 0
    seen >"$scratch/now"
}
export DRIVER_FILE=compose.yaml
route "explicit -f" -f compose.yaml
expect "explicit -f: as it was" same before now
unset DRIVER_FILE
printf 'services: {dependent: {labels: {own: "1"}}}\n' >compose.override.yaml
docker compose up -d dependent
seen >"$scratch/before-own"
route "an override of the user's own"
expect "an override of the user's own: as it was" same before-own now
rm compose.override.yaml
docker compose up -d
cd /
COMPOSE_PROJECT_NAME=$name run "$driver" apply web 128m
cd "$folder"
expect_status "from elsewhere, by the project's name" 0
keeps "from elsewhere, by the project's name: plain up" docker compose up -d
echo 'services: {web: {imaje: x}}' >"$scratch/broken" && cp compose.yaml "$scratch/good" && cp "$scratch/broken" compose.yaml
ours rollback --yes
expect_status "rollback while the user's file is broken" 0
cp "$scratch/good" compose.yaml
seen >"$scratch/now"
expect "rollback while the user's file is broken: the container is as it was" same before now

# ---- by hand, as docs/rollback.md says it -----------------------------------------------------------------------------
run "$driver" apply web 128m
sed -n '/^```sh$/,/^```$/p' "$SOURCE_DIR/docs/rollback.md" | sed '/^```/d' >"$scratch/by-hand"
transactions=("$XDG_STATE_HOME"/pilotpros/*/"$name"/transactions/*)
expect "by hand" bash -c 'cd "$1" && bash -euo pipefail "$2"' - "${transactions[-1]}" "$scratch/by-hand"
seen >"$scratch/now"
expect "by hand: everything is as it was" same before now
forget

# ---- kill -9 before each of our own steps, and in the middle of each writing -------------------------------------------
run "$driver" apply web 128m
total=$(sed -n 's/ steps$//p' <<<"$out")
ours rollback --all --purge --yes
points=0 third=0 unrecovered=0
kill_apply() { # STEP [inside]
    timeout 60 "$driver" apply web 128m "$@" >/dev/null 2>&1 || true
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
for ((at = 1; at <= total; at++)); do kill_apply "$at"; done
for ((at = 2; at <= total; at += 3)); do kill_apply "$at" inside; done
expect "killed applies: never a third state, $((points - third)) of $points" test "$third" = 0
planted "without the recovery there are third states ($unrecovered)" test "$unrecovered" = 0

run "$driver" apply web 128m
run "$driver" rollback web 0
total=$(sed -n 's/ steps$//p' <<<"$out")
points=0 third=0
for ((at = 1; at <= total; at++)); do
    run "$driver" apply web 128m
    timeout 60 "$driver" rollback web 0 "$at" >/dev/null 2>&1 || true
    ours rollback --yes
    points=$((points + 1))
    seen >"$scratch/now"
    if [ "$status" != 0 ] || ! same before now >/dev/null; then
        third=$((third + 1))
        fail "rollback killed at step $at: exit $status $err $(same before now || true)"
    fi
done
expect "killed rollbacks: finished by the next one, $((points - third)) of $points" test "$third" = 0
forget

# ---- killed while Compose works: its orphan holds the lock, and what it asked the engine for is waited for ------------------
for delay in 0.2 0.5 0.8 1.2 2; do
    "$driver" apply web 128m >/dev/null 2>"$scratch/steps" &
    pid=$!
    until grep -q recreating "$scratch/steps"; do sleep 0.02; done
    sleep "$delay"
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    for _ in 1 2 3 4 5; do
        ours status
        [ "$status" = 3 ] || break
    done
    expect_status "killed $delay s into Compose's work" 0
    sleep 3
    seen >"$scratch/now"
    if same before now >/dev/null || same after now >/dev/null; then ok "killed $delay s into it: before or after"; else fail "killed $delay s into it: $(same before now)"; fi
    ours rollback --all --purge --yes
done
seen >"$scratch/now"
expect "at the end everything is as it was" same before now

#!/usr/bin/env bash
# beside: judges no time
# Services that run inside the container of another one (network_mode, pid "service:…") are cut off when it is replaced. So an apply leaves that one alone, but
# for limits while it runs; those inside are changed like any other, and a rollback that has to replace it makes them anew. Judged by a connection through the
# shared network, and by docker inspect. Who takes the volumes of another one (volumes_from) keeps them when that is replaced, and is Compose's to make anew.
# shellcheck disable=SC2016 # what is in single quotes is for other shells
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=300
"$SOURCE_DIR/tests/stack/stack.sh" images >/dev/null 2>&1
project=pilotpros-inside-$$ dir=$scratch/project
mkdir -p "$dir"
cd "$dir"
export COMPOSE_PROGRESS=quiet
moving=$project:moving
docker tag debian:trixie-slim "$moving"
finally 'docker rmi -f "$moving" >/dev/null 2>&1'
write() { # [ENTRYPOINT-OF-PAGE]
    cat >compose.yaml <<Y
name: $project
services:
  tunnel:
    image: debian:trixie-slim
    init: true
    hostname: gate
    stop_grace_period: 1s
    command: sleep infinity
    x-pilotpros: {pin: {memory: 96m}}
  page:
    image: nginx:1.26
    stop_grace_period: 1s
    network_mode: service:tunnel
    x-pilotpros: {pin: {memory: 80m}}
    ${1:-}
  watcher:
    image: $moving
    init: true
    stop_grace_period: 1s
    pid: service:tunnel
    command: sleep infinity
  debug:
    image: debian:trixie-slim
    init: true
    stop_grace_period: 1s
    pid: service:watcher
    command: sleep infinity
  lodger:
    image: debian:trixie-slim
    init: true
    stop_grace_period: 1s
    network_mode: service:tunnel
    profiles: [extra]
    command: sleep infinity
  other:
    image: debian:trixie-slim
    init: true
    stop_grace_period: 1s
    depends_on: {page: {condition: service_started, restart: true}}
    command: sleep infinity
  shelf:
    image: debian:trixie-slim
    init: true
    stop_grace_period: 1s
    volumes: ["books:/books"]
    command: sleep infinity
    x-pilotpros: {pin: {memory: 64m}}
  reader:
    image: debian:trixie-slim
    init: true
    stop_grace_period: 1s
    volumes_from: ["shelf:ro"]
    command: sleep infinity
    x-pilotpros: {pin: {memory: 64m}}
volumes: {books: }
Y
}
write
every() { docker compose --profile extra "$@"; }
finally 'cd "$dir"; every down -v -t 1 >/dev/null 2>&1'
docker compose up -d
id() { every ps -q "$1"; }
ids() { for service in tunnel page watcher other debug shelf reader; do id "$service"; done | tr '\n' ' '; }
memory() { docker inspect --format '{{.HostConfig.Memory}}' "$(id tunnel)" "$(id page)" | tr '\n' ' '; }
reaches() { for _ in {1..10}; do ! docker exec "$(id tunnel)" bash -c 'exec 3<>/dev/tcp/127.0.0.1/80' || return 0; sleep 0.3; done; return 1; }
sees() { # one inside of the other inside of the first
    docker exec "$(id watcher)" true && docker exec "$(id debug)" true &&
        [ "$(docker inspect --format '{{.HostConfig.PidMode}}' "$(id watcher)" "$(id debug)" | tr '\n' ' ')" = "container:$(id tunnel) container:$(id watcher) " ]
}
whole() { reaches && sees; }
sound() { # WHAT: all of it works, and the next `up` finds nothing to do
    local before
    expect "$1: what runs inside is reached" whole
    before=$(ids)
    docker compose up -d
    expect_same "$1: the next up finds nothing to do" "$(ids)" "$before"
}
apply() { pilotpros limits --apply --yes --duration 1s --watch 1s "$@"; }
sound "to begin with"

# Planted: what any replacement of the one does to the others.
docker compose up -d --no-deps --force-recreate tunnel
planted "a page whose network is gone" reaches
planted "a watcher whose processes are gone" sees
docker compose up -d

# ---- what others run inside of is left alone ----------------------------------------------------------------------------
before=$(ids)
apply tunnel
expect_status "alone it is refused" 3
expect_in "says whom it would cut off" 'tunnel: a new container would cut off debug, page, watcher, which the engine has bound to this very one' "$err"
expect_in "and what goes" 'live sets limits while it runs' "$err"
expect_same "nobody is replaced" "$(ids)" "$before"
every up -d lodger
apply tunnel
expect_in "one of an inactive profile counts, too" 'would cut off debug, lodger, page, watcher' "$err"
every rm -fs lodger
apply tunnel --live
expect_status "while it runs, it gets its limit" 0
expect_same "the limit is in force, and nobody is replaced" "$(memory)$(ids)" "100663296 0 $before"
expect "what runs inside is reached" whole
docker compose up -d # as said, it makes the container anew, and those inside of it with it
sound "with a limit, made anew"
docker exec "$(id page)" sh -c 'echo row >/srv/row'
before=$(ids)
pilotpros rollback --yes
expect_status "who keeps data in its writable layer is not made anew" 3
expect_in "says who" 'page keeps data in its container' "$err"
expect_same "nobody is replaced" "$(ids)" "$before"
docker exec "$(id page)" rm /srv/row
pilotpros rollback --yes
expect_status "and gives it back" 0
expect_in "who is made anew is announced" 'recreate page .it runs inside of tunnel.: away at most' "$(tr -s ' \n' ' ' <<<"$err$out")"
expect_in "and so it is" '^page ran inside a container that was replaced, and is made anew' "$err"
expect_same "no limit is in force" "$(memory)" "0 0 "
sound "taken back"

# ---- those inside are changed like any other ----------------------------------------------------------------------------
apply
expect_status "all of it" 0
expect_in "the one is left alone" 'a new container would cut off debug, page, watcher' "$(tr -s ' \n' ' ' <<<"$out")"
expect_same "the rest proceeds" "$(memory)" "0 83886080 "
expect_in "what asks to be restarted is named, with the command" '^other asks to be restarted once page is replaced .*: docker compose restart other' "$err"
sound "put on"
pilotpros status
expect_in "status: it is carried" '^page +carries it$' "$out"
expect_in "also by who takes another one's volumes" '^reader +carries it$' "$out"
before=$(ids)
apply
expect_in "put on again: it is there already" 'applied already' "$out"
expect_same "put on again: nobody is replaced" "$(ids)" "$before"
pilotpros rollback --exact --yes
expect_status "taken back exactly" 0
expect_in "page is what it was" 'page-1 is what it was, field by field' "$out"
expect_same "no limit is in force" "$(memory)" "0 0 "
reader=$(id reader) before=$(id shelf)
docker compose up -d # hashes reader with the ID of the container of shelf, which is another one
expect "by the next up, only who takes volumes is made anew" test "$(id reader) $(id shelf)" != "$reader $before" -a "$(id shelf)" = "$before"
sound "taken back exactly"

docker exec "$(id shelf)" sh -c 'echo page >/books/one'
reader=$(id reader)
apply shelf
expect_in "who takes its volumes is named" '^reader takes its volumes from shelf .* the next .up. makes it anew' "$(tr -s ' \n' ' ' <<<"$err" | sed 's/ reader takes/\nreader takes/')"
expect_same "and keeps its container and them" "$(id reader) $(docker exec "$reader" cat /books/one)" "$reader page"
docker compose up -d
planted "a reader that the next up leaves alone" test "$(id reader)" = "$reader"
pilotpros rollback --exact --yes
docker compose up -d
sound "shelf, taken back"

# With the limit it does not stay up: taken back by itself, which makes the old container again.
write 'entrypoint: [bash, -c, "grep -qs 83886080 /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes && { sleep 1; exit 1; }; exec nginx -g \"daemon off;\""]'
docker compose up -d
sound "another page"
apply page
expect_status "a page that does not stay up" 4
expect_same "it has no limit" "$(memory)" "0 0 "
sound "a page that does not stay up"

# ---- killed there -------------------------------------------------------------------------------------------------------
apply tunnel --live
docker compose up -d
before_long() { for _ in {1..600}; do ! "$@" || return 0; sleep 0.1; done; return 1; }
"$PILOTPROS" pilotpros rollback --yes >"$scratch/killed" 2>&1 </dev/null &
pid=$!
expect "it comes that far" before_long grep -q 'waiting until tunnel is healthy' "$scratch/killed"
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
planted "what runs inside, just then" sees
finishes() { pilotpros status; [ "$status" != 3 ]; } # an orphaned docker compose still holds the lock
expect "killed: the next command finishes it" before_long finishes
expect_same "killed: no limit is in force" "$(memory)" "0 0 "
sound "killed"

# ---- one that cannot be made anew ---------------------------------------------------------------------------------------
left_cut_off() { # WHY: taken back, but for who ran inside, of whom it says why and what helps
    apply tunnel --live
    docker compose up -d
    "$1"
    pilotpros rollback --yes
    expect_status "$2" 7
    expect_in "$2: says who is cut off, why, and what helps" "watcher is cut off from the container that it ran inside of, and $2; docker compose up -d --force-recreate watcher makes it anew" "$(tr -s ' \n' ' ' <<<"$err")"
    "${@:3}"
    docker compose up -d --force-recreate page watcher debug
    expect_same "$2: no limit is in force" "$(memory)" "0 0 "
    sound "$2, and made anew as it was said"
}
moved() { docker tag nginx:1.26 "$moving"; }
broken() { sed -i '1s/^/: [\n/' compose.yaml; }
left_cut_off moved "its image's name means another image by now, or none" docker tag debian:trixie-slim "$moving"
left_cut_off broken 'docker compose cannot read its files, or its profile is not active' sed -i 1d compose.yaml
pilotpros rollback --all --purge --yes
expect_status "and everything is taken back" 0
expect_same "no file is left" "$(find . -mindepth 1 -printf '%P ')" "compose.yaml "

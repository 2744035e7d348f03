#!/usr/bin/env bash
# beside: it judges no time
# A real prune after an apply. `docker image prune -a` leaves what only our guard containers hold, and going back needs nothing else; `docker system prune -a`
# takes the guards, too: the rollback says which build or pull brings the image back, and does the rest. Only what has a label of this test is pruned.
. "$(dirname "$0")/lib.sh"
driver=${BINARY_DIR:-$SOURCE_DIR/build/dev}/tests/apply_driver/pilotpros-apply-driver
name=pilotpros-pruned-$$ label=pilotpros.pruned=$$ folder=$scratch/project
mkdir -p "$folder/built"
cd "$folder" || exit
export COMPOSE_PROGRESS=quiet
cat >compose.yaml <<YAML
name: $name
x-sleeper: &sleeper
  pull_policy: never
  init: true
  stop_grace_period: 0s
  command: sleep infinity
  volumes: ["data:/data"]
services:
  built: {<<: *sleeper, build: ./built, image: $name-built}
  pulled: {<<: *sleeper, image: $name-pulled}
  other: {<<: *sleeper, image: "debian:trixie-slim"}
volumes: {data: {}}
YAML
finally "cd '$folder'; docker compose -p $name down -v -t 0 >/dev/null 2>&1; docker ps -aq --filter 'name=pilotpros-(keep|lock)-$name' | xargs -r docker rm -f >/dev/null
    docker images -aq --filter label=$label | sort -u | xargs -r docker rmi -f >/dev/null 2>&1"
make_image() { # built|pulled VERSION: the tag means another image from now on
    printf 'FROM debian:trixie-slim\nLABEL %s\nLABEL version=%s-%s\n' "$label" "$1" "$2" >"built/Dockerfile"
    docker build -q -t "$name-$1" built >/dev/null
}
make_image pulled 1
make_image built 1
docker compose up -d 2>/dev/null
docker compose exec -T built sh -c 'echo row >/data/row'
ours() { run "$PILOTPROS" pilotpros "$@"; }
image() { docker inspect --format '{{.Image}}' "$name-$1-1"; }
memory() { docker inspect --format '{{.HostConfig.Memory}}' "$name-$1-1"; }
there() { docker image inspect "$1" >/dev/null 2>&1; }
prune() { docker "$1" prune -a -f --filter "label=$label" >"$scratch/pruned"; } # image|system
built=$(image built) pulled=$(image pulled) data=$(docker volume inspect --format '{{.CreatedAt}}' "${name}_data")
applied() { # WHAT SERVICES VERSION: a limit, and then what the user builds and pulls anew and starts; the old images are nobody's but the guard's
    run "$driver" apply "$2" 128m
    expect_status "$1: applied" 0
    make_image pulled "$3"
    make_image built "$3"
    docker compose up -d 2>/dev/null
    expect "$1: now with other images" test "$(image built)" != "$built" -a "$(image pulled)" != "$pulled"
}
as_before() { # WHAT
    expect_same "$1: the old images, without limits" "$(image built) $(image pulled) $(memory built) $(memory pulled) $(memory other)" "$built $pulled 0 0 0"
}
again() { # what runs is what a new image and no guard make of it
    built=$(image built) pulled=$(image pulled)
}

# ---- the guard holds one of them -------------------------------------------------------------------------------------
applied "one image" built 2
pulled=$(image pulled) # it was not changed, so nobody promised to keep its image
nobody=$(docker build -q -t "$name-nobody" - <<<"FROM debian:trixie-slim
LABEL $label
LABEL version=nobody")
prune image
planted "the prune takes an image that nobody holds" there "$nobody"
expect "the old image is there still" there "$built"
ours rollback --exact --yes
expect_status "one image: taken back" 0
as_before "one image"

# ---- several ---------------------------------------------------------------------------------------------------------
again
applied "several images" built,pulled,other 3
prune image
expect "the old images are there still: one" there "$built"
expect "the old images are there still: the other" there "$pulled"
ours rollback --exact --yes
expect_status "several images: taken back" 0
as_before "several images"

# ---- the guard is gone -----------------------------------------------------------------------------------------------
again
applied "no guard" built,pulled,other 4
prune system # guards were made from these images, so they have the label, and go as every container does that does not run
planted "their guards after the prune" test -n "$(docker ps -aq --filter "name=pilotpros-keep-$name" --filter "label=$label")"
planted "an old image after the prune" there "$built"
planted "the other one" there "$pulled"
ours rollback --exact --yes
expect_status "no guard: not all could be restored" 7
expect_in "no guard: which build brings one back" "docker compose build built brings it back" "$out$err"
expect_in "no guard: which pull brings the other one back" "docker compose pull pulled brings it back" "$out$err"
expect_same "no guard: the rest is done" "$(memory other)" 0
expect "no guard: the files, too" test ! -e .pilotpros
expect "no guard: who could not go back runs on" test -n "$(docker ps -q --filter "name=$name-built-1")"
ours status
expect_status "no guard: the next command cannot either" 7
echo "      $(grep -m 1 'brings it back' <<<"$out$err")"
ours rollback --yes
expect_status "no guard: who does not ask for the old ones any more gets what the files say" 0
expect_in "no guard: and is told" "recreating built from its files: the image that it had is gone" "$out$err"
expect_same "no guard: without the limits" "$(memory built) $(memory pulled)" "0 0"
ours status
expect_status "no guard: nothing is left to finish" 0
expect_same "the volume is the same, with its row" "$(docker volume inspect --format '{{.CreatedAt}}' "${name}_data") $(docker compose exec -T other cat /data/row)" "$data row"

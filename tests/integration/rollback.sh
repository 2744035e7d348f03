#!/usr/bin/env bash
# beside: it judges no time
# Rollback beyond the last apply: an ID, one service, the old containers, the files alone without an engine, a file that the user edited, a tag that moved,
# data in a container's own layer, a pruned image. Judged by docker inspect and sha256sum, never by our own snapshot.
# shellcheck disable=SC2016 # what is in single quotes is for other shells
. "$(dirname "$0")/lib.sh"
driver=${BINARY_DIR:-$SOURCE_DIR/build/dev}/tests/apply_driver/pilotpros-apply-driver
name=pilotpros-back-$$
image=pilotpros-back-image-$$
folder=$scratch/project
mkdir -p "$folder"
cd "$folder" || exit
export COMPOSE_PROGRESS=quiet
cat >compose.yaml <<YAML
name: $name
services:
  db: &sleeper
    image: $image
    init: true
    stop_grace_period: 0s
    command: sleep infinity
    environment: {TOKEN: canary-of-the-rollback}
    volumes: ["data:/data"]
  web:
    <<: *sleeper
    volumes: [/anonymous]
    configs: [{source: greeting, target: /etc/greeted/by/name}]
    secrets: [{source: key, mode: 0440, uid: "7"}]
volumes: {data: {}}
configs: {greeting: {content: "hello\n"}}
secrets: {key: {environment: ROLLBACK_KEY}}
YAML
export ROLLBACK_KEY=canary-of-the-key
cp compose.yaml "$scratch/good"
docker tag debian:trixie-slim "$image"
finally "cd '$folder'; cp '$scratch/good' compose.yaml; docker compose -p $name down -v -t 0 >/dev/null 2>&1; docker rmi -f $image >/dev/null 2>&1"
finally "docker ps -aq --filter 'name=pilotpros-(keep|lock)-$name' | xargs -r docker rm -f >/dev/null"
docker compose up -d
docker compose exec -T db sh -c 'echo row >/data/row'
docker compose exec -T web sh -c 'echo row >/anonymous/row'

ours() { run "$PILOTPROS" pilotpros "$@"; }
memory() { docker inspect --format '{{.HostConfig.Memory}}' "$name-$1-1"; }
files() { find . -mindepth 1 -printf '%p %M %y %l\n' | sort; find . -type f -exec sha256sum {} + | sort; }
volumes() { docker inspect "$name-db-1" "$name-web-1" | jq -c '[.[].Mounts[] | {Name, Destination}] | sort'; }
given() { docker exec "$name-web-1" sh -c 'stat -c "%n %a %u:%g" /etc/greeted/by/name /run/secrets/key; cat /etc/greeted/by/name /run/secrets/key'; }
rows() { docker compose exec -T db cat /data/row && docker compose exec -T web cat /anonymous/row; }
apply() { run "$driver" apply "$1" "$2"; expect_status "apply $2 to $1" 0; }
is() { expect "$1" test "$2" = "$3"; }
files >"$scratch/files"
volumes >"$scratch/volumes"
given >"$scratch/given"
expect_in "what Compose copied in is there to begin with" canary-of-the-key "$(cat "$scratch/given")"
as_before() { files >"$scratch/now"; expect "$1: the files are as they were" diff "$scratch/files" "$scratch/now"; }

# ---- one service of two, an ID ----------------------------------------------------------------------------------------
apply db,web 128m
files >"$scratch/applied"
ids=$(docker compose ps -q | sort)
ours rollback --dry-run
expect_status "dry run" 0
expect_in "dry run: what it would do" '^ *recreate web: away at most ' "$out"
files >"$scratch/now"
expect "dry run: no file changed" diff "$scratch/applied" "$scratch/now"
expect_same "dry run: no container is another one" "$(docker compose ps -q | sort)" "$ids"
ours rollback web --yes
expect_status "one service" 0
is "one service: its limit is gone" "$(memory web)" 0
is "one service: the other's stays" "$(memory db)" 134217728
db=$(docker compose ps -q db)
run docker compose up -d
is "one service: the next up keeps the other's container" "$(docker compose ps -q db)" "$db"
ours rollback web --yes
expect_in "one service, again: nothing to undo" 'nothing to undo' "$out"
ours status
expect_in "one service: status tells" 'takes web back to before 0001' "$out"
apply db 256m
ours rollback 9
expect_status "an ID that is none" 64
expect_in "an ID that is none" 'there is no transaction 9' "$err"
ours rollback 1 --yes
expect_status "back to an ID" 0
expect_in "back to an ID: the later ones are named" '0003, 0002 came after 0001' "$out"
is "back to an ID" "$(memory db) $(memory web)" "0 0"
as_before "back to an ID"

# ---- a full disk, and one that is read-only, under what we keep ---------------------------------------------------------
untouched() { diff "$XDG_STATE_HOME.before" "$XDG_STATE_HOME.after" && test "$(memory db) $(memory web)" = "134217728 134217728" && files | diff "$scratch/applied" -; }
elsewhere=$XDG_STATE_HOME
export XDG_STATE_HOME=$scratch/disk/state
mkdir -p "$XDG_STATE_HOME"
apply db,web 128m
files >"$scratch/applied"
unprivileged=()
[ "$(id -u)" = 0 ] || unprivileged=(--map-root-user)
for disk in "rw 1M" "ro 0"; do
    # shellcheck disable=SC2086 # two words
    run unshare --mount "${unprivileged[@]}" "$SOURCE_DIR/tests/tools/on_disk.sh" "$XDG_STATE_HOME" $disk env --chdir="$folder" "$PILOTPROS" pilotpros rollback --yes
    expect_status "what we keep on a disk of $disk" 3
    expect_in "what we keep on a disk of $disk: said" '^docker pilotpros: cannot .*(No space left|Read-only)' "$err"
    expect_in "what we keep on a disk of $disk: and what next" '^  next: ' "$err"
    expect "what we keep on a disk of $disk: nothing is half undone" untouched
done
ours rollback --yes
expect_status "once there is room" 0
planted "what was undone after all" untouched
as_before "once there is room"
export XDG_STATE_HOME=$elsewhere

# ---- the old containers, field by field -------------------------------------------------------------------------------
docker inspect "$name-web-1" | jq '.[0] | {Image, Config: .Config | del(.Hostname), Mounts, memory: .HostConfig.Memory}' >"$scratch/inspect"
apply web 128m
sed -i 's/TOKEN: canary/TOKEN: another-canary/' compose.yaml
ours rollback --exact --yes
expect_status "exact" 0
expect_in "exact: compared" "$name-web-1 is what it was, field by field" "$out"
docker inspect "$name-web-1" | jq '.[0] | {Image, Config: .Config | del(.Hostname), Mounts, memory: .HostConfig.Memory}' >"$scratch/now"
expect "exact: as docker inspect has it" diff "$scratch/inspect" "$scratch/now"
given >"$scratch/now"
expect "exact: the config and the secret that Compose copied in, with mode and owner" diff "$scratch/given" "$scratch/now"
cp "$scratch/good" compose.yaml
as_before "exact"

# ---- the files alone, the engine away ---------------------------------------------------------------------------------
apply web 128m
run env DOCKER_HOST=unix:///nowhere/docker.sock "$PILOTPROS" pilotpros rollback --files-only --yes
expect_status "files only, without an engine" 0
expect_in "files only: what remains is said" 'web: a container that runs goes on with the change' "$out"
as_before "files only"
is "files only: the container was left" "$(memory web)" 134217728
ours status
expect_in "files only: the history tells" '0005 +web +files taken back' "$out"
expect_in "files only: the container is told" 'web +not as its files say' "$out"
# Without a network: what a rollback needs is here. The engine's socket is a file.
offline=(unshare --net)
if [ "$(id -u)" != 0 ]; then offline=(unshare --map-root-user --net); fi
expect_same "no network there" "$("${offline[@]}" sed 1d /proc/net/route)" ""
planted "the same of a network" test -z "$(sed 1d /proc/net/route)"
run "${offline[@]}" "$PILOTPROS" pilotpros rollback --yes
expect_status "the containers follow, offline" 0
is "the containers follow" "$(memory web)" 0
ours rollback --yes
expect_in "twice is once" 'nothing to undo' "$out"

# ---- what stands applied on another engine ----------------------------------------------------------------------------
engine=$(docker info --format '{{.ID}}')
moved=$(echo "$XDG_STATE_HOME"/pilotpros/*/"$name")
elsewhere=$XDG_STATE_HOME/pilotpros/ANOTHER-ENGINE/$name
cp -a "$moved" "$scratch/here"
apply web 128m
mkdir -p "$(dirname "$elsewhere")"
mv "$moved" "$elsewhere"
for snapshot in "$elsewhere"/transactions/*/snapshot.json; do # as that engine would have had it: the hash is over all of it
    python3 - "$snapshot" "$engine" ANOTHER-ENGINE <<'PY'
import hashlib, json, sys
path, ours, theirs = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    sealed = json.load(file)
dump = lambda content: json.dumps(content, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
assert hashlib.sha256(dump(sealed["content"]).encode()).hexdigest() == sealed["sha256"], sealed.keys()
assert sealed["content"]["engine"] == ours
sealed["content"]["engine"] = theirs
sealed["sha256"] = hashlib.sha256(dump(sealed["content"]).encode()).hexdigest()
with open(path, "w", encoding="utf-8") as file:
    json.dump(sealed, file)
PY
done
for words in "rollback --yes" "rollback --list" status "limits --apply --yes web"; do
    # shellcheck disable=SC2086 # words
    ours $words
    expect_status "another engine: $words" 3
    expect_in "another engine: $words names both" "on another engine \\(ANOTHER-ENGINE\\), and this one \\($engine\\)" "$err"
done
is "another engine: nothing was touched" "$(memory web)" 134217728
expect "another engine: nor the files" test -e .pilotpros/compose.yaml
ours rollback --files-only --yes
expect_status "another engine: the files alone" 0
as_before "another engine: the files alone"
is "another engine: the container was left" "$(memory web)" 134217728
ours status
expect_status "another engine: with the files back nothing is in the way" 0
run docker compose up -d
is "another engine: the next up has the container follow" "$(memory web)" 0
rm -rf "$elsewhere" "$moved"
mv "$scratch/here" "$moved"

# ---- a file that the user edited --------------------------------------------------------------------------------------
apply web 128m
printf '    environment:\n      PASSWORD: canary-of-the-edit\n' >>.pilotpros/compose.yaml
cp .pilotpros/compose.yaml "$scratch/edited"
ours rollback --yes
expect_status "edited" 3
expect_in "edited: the diff" '^\+      PASSWORD: \(not shown\)' "$out"
expect_not_in "edited: no secret" canary-of-the-edit "$out$err"
expect "edited: untouched" diff "$scratch/edited" .pilotpros/compose.yaml
ours rollback --force --yes
expect_status "forced" 0
expect_in "forced: where the version is" 'your version is kept: .*compose.yaml.pilotpros-kept' "$out"
expect "forced: it is" diff "$scratch/edited" .pilotpros/compose.yaml.pilotpros-kept
is "forced: the limit is gone" "$(memory web)" 0
rm -r .pilotpros
as_before "forced"

# ---- data in the layer, a tag that moved, a file that is gone, a prune -----------------------------------------------
apply web 128m
docker compose exec -T web sh -c 'mkdir -p /srv/upload && echo row >/srv/upload/1'
ours rollback --yes
expect_status "data in the layer" 3
expect_in "data in the layer: where" '/srv/upload' "$err"
is "data in the layer: untouched" "$(memory web)" 134217728
docker compose exec -T web rm -r /srv/upload
old=$(docker inspect --format '{{.Image}}' "$name-web-1")
docker commit -c 'LABEL newer=1' "$name-db-1" "$image" >/dev/null
ours rollback --yes
expect_status "a tag that moved" 0
is "a tag that moved: the image by its ID" "$(docker inspect --format '{{.Image}}' "$name-web-1") $(memory web)" "$old 0"
docker tag "$old" "$image"
docker compose up -d
apply web 128m
rm compose.yaml
ours rollback --yes
expect_status "the Compose file is gone" 0
cp "$scratch/good" compose.yaml
is "the Compose file is gone: the container is back" "$(memory web)" 0
as_before "the Compose file is gone"
expect "the data are there, on the same volumes" rows
volumes >"$scratch/now"
expect "the volumes are the same" diff "$scratch/volumes" "$scratch/now"
apply web 128m
docker compose down -t 0
docker ps -aq --filter "name=pilotpros-keep-$name" | xargs -r docker rm -f >/dev/null
docker rmi -f "$image" >/dev/null
ours rollback --yes
expect_status "the project is down" 0
expect_in "the project is down" 'web does not run: only its files were put back' "$out"
as_before "the project is down"

#!/usr/bin/env bash
# beside: it judges no time
# A change goes all the way into the user's own `docker compose up`, and back: by every route, through a gate that fails, and by hand from the snapshot.
# What is there is judged by sha256sum and docker inspect, never by our own snapshot.
# shellcheck disable=SC2016 # what is in single quotes is for other shells
. "$(dirname "$0")/lib.sh"
. "$SOURCE_DIR/tests/tools/walk.sh"

# ---- forward and back, by default names -----------------------------------------------------------------------------
ours status
expect_in "status before anything" 'nothing was applied' "$out"
dependent=$(id_of dependent)
cd sub/deep
run "$driver" apply web 128m
expect_status "apply, typed in a sub-folder" 0
cd "$folder"
expect_in "the gate says what passed" 'healthy after .* limits are read back as asked, from the kernel, too' "$out"
seen >"$scratch/after"
expect "the limit is in force" test "$(memory)" = 134217728
expect "the dependent was not touched" test "$(id_of dependent)" = "$dependent"
keeps "plain up in the project's folder" docker compose up -d
keeps "plain up in a sub-folder" env -C sub/deep docker compose up -d
keeps "up from elsewhere" env -C / docker compose --project-directory "$folder" up -d
cd /
ours status -p "$name"
expect_in "status: from elsewhere, how it is started" "start it with: \(cd $folder && docker compose up -d\)\$" "$out"
cd "$folder"
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
cd sub/deep
ours rollback --yes
expect_status "rollback, typed in a sub-folder" 0
cd "$folder"
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
route() { # WHAT FILE…: refused without a yes, applied and taken back from a sub-folder, and kept by what was printed: in the folder that in it, below it and elsewhere that below it
    local what=$1 place command=''
    local -A printed
    shift
    if [ $# -gt 0 ]; then export DRIVER_FILE=$folder/$1; else unset DRIVER_FILE; fi
    for place in "$folder" "$folder/sub/deep"; do
        cd "$place"
        run "$driver" apply web 128m
        expect_status "$what: asked first" 3
        command=$(sed -n 's/.*from now on: \(.*docker compose .* up -d)\{0,1\}\)$/\1/p' <<<"$err")
        expect_in "$what: the exact command" '^(\(cd .* && )?docker compose .*-f .pilotpros/compose.yaml up -d' "$command"
        printed[$place]=$command
    done
    DRIVER_YES=1 run "$driver" apply web 128m
    expect_status "$what: applied" 0
    for place in "$folder" "$folder/sub/deep" /; do
        cd "$place"
        keeps "$what: the printed command, in $place" bash -c "${printed[$place]-${printed[$folder/sub/deep]}}"
    done
    cd "$folder"
    expect "$what: nothing is hidden in the user's files" test ! -L compose.override.yaml
    cd sub/deep
    ours rollback --yes ${1+-f "../../$1"}
    expect_status "$what: rollback" 0
    cd "$folder"
    unset DRIVER_FILE
    seen >"$scratch/now"
}
route "explicit -f" compose.yaml
expect "explicit -f: as it was" same before now
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
expect "by hand" bash -c 'cd "$1" && bash -eu "$2"' - "${transactions[-1]}" "$scratch/by-hand"
seen >"$scratch/now"
expect "by hand: everything is as it was" same before now
ours status
expect_in "by hand: it is taken for applied still" '[0-9]{4} +web +applied' "$out"
rm -r "$XDG_STATE_HOME"/pilotpros/*/"$name" # as the page says last
ours status
expect_in "by hand: and is forgotten" 'nothing was applied' "$out"

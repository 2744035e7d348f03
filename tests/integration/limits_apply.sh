#!/usr/bin/env bash
# beside: judges no time
# One service of a real project gets a limit and gives it back, by the commands that a person types; the next plain `up` finds nothing to do,
# also where the service depends on others. Then the whole project, but for a service that would lose data.
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=300
"$SOURCE_DIR/tests/stack/stack.sh" images >/dev/null 2>&1
project=pilotpros-limits-$$ dir=$scratch/project
mkdir -p "$dir/below"
cat >"$dir/compose.yaml" <<'Y'
services:
  store:
    image: nginx:1.26
  web:
    image: nginx:1.26
    depends_on: [store]
    x-pilotpros:
      pin: {memory: 96m, memorry: 1m}
  client:
    image: nginx:1.26
    depends_on: [web]
  keeper:
    image: nginx:1.26
    command: [sh, -c, "echo word >/etc/keeper.key && exec nginx -g 'daemon off;'"]
Y
echo "COMPOSE_PROJECT_NAME=$project" >"$dir/.env"
compose() { docker compose --project-directory "$dir" "$@"; }
finally 'compose down -v -t 1 >/dev/null 2>&1'
cd "$dir"
compose --progress quiet up -d -t 1
pilotpros limits nosuch
expect_status "a service that there is none of" 64
expect_not_in "is told before anything is measured" 'measured' "$err"
id() { compose ps -q "$1"; }
memory() { docker inspect --format '{{.HostConfig.Memory}}' "$(id "$1")"; }
files() { (cd "$dir" && find . -printf '%P %y %l\n' | LC_ALL=C sort); }
before=$(files) web=$(id web) others="$(id store) $(id client) $(id keeper)"

pilotpros limits --apply web --duration 1s --watch 1s
expect_status "nobody is there to agree" 3
expect_in "and it says how a script agrees" '--yes' "$err"
expect_same "so nothing was done" "$(files) $(id web)" "$before $web"

pilotpros limits web --duration 1s
plan=$(sed -n 's/^Plan \([0-9a-f]*\) .*/\1/p' <<<"$out")
pilotpros limits --apply web --yes --plan 000000000000
expect_status "another Plan than the one that was seen" 3
expect_in "says which there is" "the Plan is $plan, not 000000000000" "$(tr -s ' \n' ' ' <<<"$err")"
expect_in "and how to see it" 'docker pilotpros limits web' "$(tr -s ' \n' ' ' <<<"$err")"
expect_same "and nothing was done" "$(files) $(id web)" "$before $web"
pilotpros limits --apply web --yes --plan "${plan:0:3}"
expect_status "a few digits are no Plan" 64
pilotpros limits --apply web --yes --plan ""
expect_status "nor is none" 64
pilotpros limits --apply --yes --plan -f compose.yaml web
expect_status "nor is the option behind it" 64
expect_in "and it says what one is" 'is no hash of a Plan: the 12 digits that were shown' "$err"
expect_same "and nothing was done" "$(files) $(id web)" "$before $web"
pilotpros limits --plan "$plan"
expect_status "a Plan without an apply" 64

# Through docker, on a terminal, as a person stops it once the new container is on its way.
mkdir -p "$scratch/config/cli-plugins"
ln -s "$PILOTPROS" "$scratch/config/cli-plugins/docker-pilotpros"
run env DOCKER_CONFIG="$scratch/config" python3 "$SOURCE_DIR/tests/tools/on_terminal.py" --press-after 'starting a second web' 0.2 ^C \
    docker pilotpros limits --apply web --yes --duration 1s --watch 30s
expect_status "Ctrl-C on a terminal" 130
expect_in "says that it is taken back" 'taking it back' "$out"
expect_same "and it is" "$(files) $(id web) $(memory web)" "$before $web 0"
expect_same "with one container of it" "$(docker ps -q --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.service=web | wc -l)" 1

pilotpros limits --apply web --yes --plan "$plan" --watch 1s
expect_status "the limit is applied, as it was seen" 0
expect_same "it is in force" "$(memory web)" 100663296
expect "another container has it" test "$(id web)" != "$web"
expect_same "what it depends on and what depends on it stay" "$(id store) $(id client) $(id keeper)" "$others"
web=$(id web)
compose --progress quiet up -d
expect_same "the next up from the folder finds nothing to do" "$(id web) $(id store) $(id client) $(id keeper)" "$web $others"
(cd below && docker compose --progress quiet up -d)
expect_same "nor from a folder below" "$(id web) $(id store) $(id client) $(id keeper)" "$web $others"
pilotpros status
expect_in "status says so" 'web +carries it' "$out"
pilotpros limits --apply web --yes --duration 1s --watch 1s
expect_same "applying it again changes nothing" "$status $(id web)" "0 $web"
docker compose --progress quiet -f compose.yaml up -d
expect "a planted up that leaves our file out takes the limit away" test "$(memory web)" = 0
pilotpros status
expect_in "which status tells" 'drift|differs|does not' "$out"
compose --progress quiet up -d

pilotpros rollback --yes
expect_status "it is taken back" 0
expect_same "no limit is in force" "$(memory web)" 0
expect_same "and no file is left" "$(files)" "$before"
web=$(id web) others="$(id store) $(id client) $(id keeper)"
compose --progress quiet up -d
expect_same "the next up finds nothing to do" "$(id web) $(id store) $(id client) $(id keeper)" "$web $others"
pilotpros rollback --yes
expect_in "a second rollback has nothing to do" 'nothing to undo' "$out"
cd below
pilotpros limits --apply web --yes --duration 1s --watch 1s
expect_status "from a folder below it is applied" 0
expect_same "it is in force" "$(memory web)" 100663296
engine=$(find "$XDG_STATE_HOME/pilotpros" -mindepth 1 -maxdepth 1 -type d)
mkdir "$engine/another-project"
pilotpros rollback --all --purge --yes
expect_status "and everything is taken back" 0
cd "$dir"
expect_same "what images answered stays while it serves another project, and nothing else" "$(find "$engine" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ')" "another-project images "
rm -r "$XDG_STATE_HOME/pilotpros"

# ---- the whole project -----------------------------------------------------------------------------------------------
all() { echo "$(id store) $(id web) $(id client) $(id keeper)"; }
keeper=$(id keeper) others="$(id store) $(id web) $(id client)"
pilotpros tune --apply keeper --yes --duration 1s --watch 1s
expect_status "a service that would lose data is refused" 3
expect_in "with what it would lose, and the fix" 'keeper.*/etc/keeper.key.*volume' "$err"
pilotpros tune --apply --yes --duration 1s --watch 1s
expect_status "the others are applied" 0
expect_in "what others depend on comes first" 'starting a second store.*starting a second web.*starting a second client' "$(tr '\n' ' ' <<<"$err")"
expect_same "the service that would lose data is the same" "$(id keeper) $(docker exec "$(id keeper)" cat /etc/keeper.key)" "$keeper word"
rotated() { docker inspect --format '{{index .HostConfig.LogConfig.Config "max-size"}}' "$@" | tr '\n' ' '; }
expect_same "the others rotate their logs" "$(rotated "$(id store)" "$(id web)" "$(id client)")" "10m 10m 10m "
applied=$(all)
compose --progress quiet up -d
expect_same "the next up finds nothing to do" "$(all)" "$applied"
pilotpros status
for service in store web client; do expect_in "status: $service" "$service +carries it" "$out"; done
pilotpros tune
expect_in "tune says that it is applied, and how to take it back" 'it is applied.*keeper waits.*To take it back: docker pilotpros rollback' "$(tr '\n' ' ' <<<"$out")"
expect_in "and names the wish that nobody heard" 'x-pilotpros names memorry, which nobody advises .did you mean memory' "$(tr '\n' ' ' <<<"$out")"
sed -i 's/^  store:/&\n    x-pilotpros: {pin: {memory: 80m}}/' compose.yaml
pilotpros limits --apply --yes --duration 1s --watch 1s store
expect_status "one advisor alone, afterwards" 0
expect_same "its value is in force, and what the others wrote stays" "$(memory store) $(rotated "$(id store)")" "83886080 10m "
pilotpros limits --format json
expect_status "limits for programs" 0
expect "has a word of limits only" jq -e '(.changes | length > 0) and all(.changes[]; .advisor == "limits")' "$scratch/out"
pilotpros healthcheck --format json
expect_status "health checks for programs" 0
expect "has a word of health checks only" jq -e 'all(.changes[]; .advisor == "healthcheck")' "$scratch/out"
left() { # of ours anywhere: files in the project, the state directory, containers
    files
    find "$XDG_STATE_HOME" -mindepth 1
    docker ps -aq --filter "name=pilotpros-(keep|lock)-$project"
}
planted "what is there while it is applied" test "$(left)" = "$before"
pilotpros rollback --all --purge --yes
expect_status "all of it is taken back" 0
expect_same "no trace is left" "$(left)" "$before"
expect_same "nor a value" "$(rotated "$(id store)" "$(id web)" "$(id client)") $(memory store)" "    0"
expect_same "the service that would lose data is the same still" "$(id keeper)" "$keeper"
expect "the others were made anew" test "$(id store) $(id web) $(id client)" != "$others"
applied=$(all)
compose --progress quiet up -d
expect_same "the next up finds nothing to do" "$(all)" "$applied"

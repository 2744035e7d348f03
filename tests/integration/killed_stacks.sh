#!/usr/bin/env bash
# beside: it judges no time
# An apply to the real stacks `reference` and `other` is killed, and one further command leaves what was there before or what was to be there after: files
# and modes, containers, images, volumes, PostgreSQL's rows and the settings it says it has, by tools that know nothing of us.
# Each stack is a copy of its own, and both are struck at the same time. So that a strike takes seconds, two services are changed in each, PostgreSQL and one
# that is swapped (`other`: shop, twice there) or stopped first (`reference`: nginx); health checks look often while a container starts and every 30 s then, or
# they would be a third of the work; and `reference` has a tenth of its orders. Probes may take longer than they say, since both work at once.
# KILLS in each stack (5; now and then more, see tests/longer/tallies.md), chosen by SEED: by turns us, Compose, or both; by turns at a request to the engine, ours
# or Compose's, or after a while, both counted from where the apply has taken its lock. The next command is by turns `status` or `rollback`. STACKS="other": only these.
# shellcheck disable=SC2016 # what is in single quotes is for other shells
. "$(dirname "$0")/lib.sh"
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))} KILLS=${KILLS:-5}
RUN_SECONDS=300
export PILOTPROS_REGISTRY=no COMPOSE_PROGRESS=quiet
stack_script=$SOURCE_DIR/tests/stack/stack.sh

# ---- a copy of a stack, of which one runs beside the original ----------------------------------------------------------
place() { # STACK: sets what differs
    name=pilotpros-kills-$1-$$ folder=$scratch/$1 files=()
    export STACK_DIR=$folder COMPOSE_PROJECT_NAME=$name
    case $1 in
        reference)
            export HTTP_PORT=27080 N8N_PORT=27678 BACKEND_PORT=27001 FRONTEND_PORT=27000 POSTGRES_PORT=27433
            files=(-f docker-compose.dev.yml) database=postgres-dev changed=(postgres-dev nginx-dev) ;;
        other)
            export WAREHOUSE_EDGE_PORT=27180 PRICING_PORTS=27190-27191 BEACON_PORT=27183
            database=ledger changed=(ledger shop) ;;
    esac
}
adapt() { # STACK: names of its own, and wishes, so that each apply is the same
    if [ "$1" = reference ]; then
        sed -i -E "s/container_name: pilotpros-/&$$-/; /start_period:/d; s/^( *)interval: 30s/&\n\1start_period: 2m\n\1start_interval: 1s/; s/retries: 3/retries: 60/" docker-compose.dev.yml
        sed -i -E 's/([24])00000/\10000/; s/ 3 minutes/ 30 minutes/' database/init-dev/02-data.sql
        sed -i -E 's/^  nginx-dev:$/&\n    x-pilotpros: {pin: {memory: 400m}}/' docker-compose.dev.yml
    else
        sed -i 's/stop_grace_period: 20s/stop_grace_period: 3s/' common.yaml
        sed -i -E '/redis-cli/{n; s/^( *)interval: .*/&\n\1start_period: 1m\n\1start_interval: 500ms/}' compose.yaml
        sed -i -E 's/timeout: [34]s/timeout: 20s/; s/^( *)interval: (5|10)s/\1interval: 30s/; s/^  shop:$/&\n    x-pilotpros: {pin: {memory: 160m}}/' compose.yaml
    fi
}

# ---- what is there ---------------------------------------------------------------------------------------------------
containers() { docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$name"; }
# IDs are left out, since a container that was made again has another one, and so is the number of a swapped one.
seen() {
    local images
    find . -mindepth 1 -printf '%p %M %u %y %l\n' | LC_ALL=C sort
    find . -type f -exec sha256sum {} + | LC_ALL=C sort
    containers | xargs -r docker inspect 2>/dev/null | jq -rS '[.[] | {Name, Image, running: .State.Running,
        labels: (.Config.Labels | del(.["com.docker.compose.replace"], .["com.docker.compose.project.config_files"], .["com.docker.compose.container-number"])
            | .["com.docker.compose.depends_on"] |= ((. // "") | split(",") | sort | join(","))),
        config: (.Config | {Image, Env: (.Env | sort), Cmd, Entrypoint, User, WorkingDir, Healthcheck, StopSignal, StopTimeout}),
        host: (.HostConfig | {Memory, MemorySwap, MemoryReservation, NanoCpus, CpuShares, PidsLimit, Ulimits, ShmSize, LogConfig, RestartPolicy, PortBindings, ReadonlyRootfs,
            Tmpfs, Init, SecurityOpt}),
        mounts: [.Mounts[] | {Type, Name, Source, Destination, RW}] | sort_by(.Destination),
        networks: .NetworkSettings.Networks | map_values((.Aliases // []) | map(select(test("^[0-9a-f]{12}$") | not)) | sort)}]
        | sort_by(.Name)[] | .Name as $name | tostream | select(length == 2) | "\($name) \(.[0] | map(tostring) | join(".")) \(.[1])"'
    docker ps -a --filter "name=pilotpros-(keep|lock)-$name" --format '{{.Names}} {{.State}}' | sed 's/-[0-9]*\(\.[0-9]*\)\{0,1\}\( created\)$/\1\2/' | sort
    images=$(containers | xargs -r docker inspect --format '{{.Config.Image}}' 2>/dev/null | sort -u)
    # shellcheck disable=SC2086
    docker image inspect --format '{{.Id}} {{.RepoTags}}' $images 2>&1 | sort -u
    docker volume ls -q --filter "label=com.docker.compose.project=$name" | sort | xargs -r docker volume inspect --format '{{.Name}} {{.CreatedAt}} {{.Labels}}'
    docker network ls --filter "label=com.docker.compose.project=$name" --format '{{.ID}} {{.Name}}' | sort
}
ask() { docker exec -i "$(docker ps -q --filter "label=com.docker.compose.project=$name" --filter "label=com.docker.compose.service=$database")" sh -c "$1"; }
query() { ask 'psql -X -qAt -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB"' <<<"$1"; }
rows() { ask 'pg_dump -U "$POSTGRES_USER" -d "$POSTGRES_DB" -a -n public | grep -v "^.\(un\)\?restrict"' </dev/null | sha256sum; }
settings() { query "SELECT name, setting, source FROM pg_settings WHERE source NOT IN ('default', 'client', 'session') AND name NOT LIKE 'config_file' ORDER BY name" | sed 's/^/setting /'; }
all_seen() { # FILE: once all is healthy, which is waited for
    local until=$((SECONDS + 180)) waited
    while :; do
        waited=$(containers | xargs -r docker inspect --format '{{.Name}} {{with .State.Health}}{{.Status}}{{end}}' 2>/dev/null | awk '$2 != "" && $2 != "healthy"')
        if [ -z "$waited" ] || [ "$SECONDS" -ge "$until" ]; then break; fi
        sleep 0.5
    done
    { seen; settings; if [ -n "$waited" ]; then echo "not healthy: $waited"; fi; } >"$1"
}
is() { cmp -s "$1" "$2"; }

# ---- one stack -------------------------------------------------------------------------------------------------------
apply_through_proxy() { # OPTIONS OF fault_proxy.py…
    status=0
    timeout -k 5 400 python3 "$SOURCE_DIR/tests/tools/fault_proxy.py" --from 'POST .*pilotpros-lock-' "$@" -- \
        "$PILOTPROS" pilotpros tune "${files[@]}" --apply --yes --watch 1s --only limits --only postgres "${changed[@]}" >"$mine/struck" 2>&1 </dev/null || status=$?
}
ours() { # COMMAND…: waits while an orphaned Compose still holds the lock
    local i
    for i in 1 2 3 4 5; do
        status=0
        timeout -k 5 400 "$PILOTPROS" pilotpros "$@" "${files[@]}" >"$mine/said" 2>&1 </dev/null || status=$?
        [ "$status" = 3 ] || break
        sleep 1
    done
}
points() { # TOTAL SECONDS: lines WHAT OPTION VALUE COMMAND
    python3 - "$SEED" "$KILLS" "$@" <<'P'
import random, sys
seed, kills, total, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
chosen = random.Random(seed + sys.argv[5])
for number in range(kills):
    what = ["us", "children", "both"][number % 3]
    # The first one in the middle, where there is something to recover from whatever the others do.
    at = chosen.randint(2 * total // 5, 4 * total // 5) if number == 0 else chosen.randint(1, total)
    where = f"--at {at}" if number % 2 == 0 else f"--after {chosen.uniform(0, seconds):.2f}"
    print(what, where, chosen.choice(["status", "rollback --yes"]))
P
}
strike_all() { # STACK
    local total seconds struck=0 third=0 unrecovered=0 befores=0 what option value command known
    mine=$scratch/of-$1
    mkdir -p "$mine"
    cd "$folder"
    export XDG_STATE_HOME=$mine/state
    query 'CREATE TABLE kept_rows (n int)'
    run "$PILOTPROS" pilotpros profile "${files[@]}" --duration 5s
    expect_status "$1: a profile, which is kept" 0
    all_seen "$mine/before"
    expect "$1: all is healthy to begin with" sh -c "! grep '^not healthy' '$mine/before'"
    apply_through_proxy
    read -r total seconds < <(sed -nE 's/^([0-9]+) points, .*, ([0-9.]+) seconds$/\1 \2/p' "$mine/struck") || true
    if [ "$status" = 0 ] && [ "${total:-0}" -ge 20 ]; then ok "$1: an apply to ${changed[*]}: $(tail -n 1 "$mine/struck")"; else fail "$1: apply: exit $status $(cat "$mine/struck")"; return; fi
    all_seen "$mine/after"
    planted "$1: what is there after it is not what was there before" is "$mine/before" "$mine/after"
    ours rollback --all --yes
    expect_status "$1: taken back" 0
    all_seen "$mine/now"
    expect "$1: as before" diff "$mine/before" "$mine/now"

    while read -r what option value command; do
        struck=$((struck + 1))
        query "INSERT INTO kept_rows VALUES ($struck)"
        rows >"$mine/rows"
        apply_through_proxy "$option" "$value" --do "$what"
        case $what:$status in us:137 | both:137 | children:0 | children:4) ;;
            us:0 | both:0) if grep -q '^struck' "$mine/struck"; then fail "$1: $what $option $value: exit 0"; fi ;; # it was done before its turn came
            *) fail "$1: $what $option $value: exit $status: $(tail -n 5 "$mine/struck")" ;;
        esac
        seen >"$mine/now"
        grep -v '^setting ' "$mine/before" >"$mine/before-files"
        grep -v '^setting ' "$mine/after" >"$mine/after-files"
        if ! is "$mine/before-files" "$mine/now" && ! is "$mine/after-files" "$mine/now"; then unrecovered=$((unrecovered + 1)); fi
        # shellcheck disable=SC2086 # a command and its option
        ours $command
        all_seen "$mine/now"
        rows >"$mine/rows-now"
        known=neither
        if is "$mine/before" "$mine/now"; then known=before; befores=$((befores + 1)); fi
        if is "$mine/after" "$mine/now"; then known=after; fi
        if [ "${command% *}:$known" = rollback:after ]; then known=neither; fi
        echo "      $1: $what $option $value: $(grep -q '^struck' "$mine/struck" && sed -n 's/^struck: //p' "$mine/struck" || echo 'it was done before'); then $command: $known"
        if [ "$status" != 0 ] || [ "$known" = neither ] || ! is "$mine/rows" "$mine/rows-now"; then
            third=$((third + 1))
            fail "$1: $what $option $value, then $command: exit $status $(tail -n 8 "$mine/said") $(diff "$mine/before" "$mine/now" | head -n 20) against after: $(diff "$mine/after" "$mine/now" | head -n 20) $(diff "$mine/rows" "$mine/rows-now")"
        fi
        if [ "$known" != before ]; then
            ours rollback --all --yes
            [ "$status" = 0 ] || fail "$1: going back: exit $status $(tail -n 5 "$mine/said")"
        fi
    done < <(points "$total" "$seconds" "$1")
    expect "$1: $((struck - third)) of $struck killed applies end before ($befores) or after, never a third state; seed $SEED" test "$third" = 0
    planted "$1: without the next command there are third states ($unrecovered of $struck)" test "$unrecovered" = 0
    all_seen "$mine/now"
    expect "$1: at the end everything is as it was, and healthy" diff "$mine/before" "$mine/now"
    expect_same "$1: every row is there" "$(query 'SELECT count(*), sum(n) FROM kept_rows')" "$KILLS|$((KILLS * (KILLS + 1) / 2))"

    # The comparison can fail: a mode, a limit, a setting, a row, a container that was left behind.
    local victim
    chmod 600 "${files[1]:-compose.yaml}"
    all_seen "$mine/now"
    chmod 644 "${files[1]:-compose.yaml}"
    planted "$1: a file's mode" is "$mine/before" "$mine/now"
    victim=$(docker ps -q --filter "label=com.docker.compose.project=$name" --filter "label=com.docker.compose.service=${changed[1]}" | head -n 1)
    docker update --memory 900m --memory-swap 900m "$victim" >/dev/null
    all_seen "$mine/now"
    planted "$1: a limit" is "$mine/before" "$mine/now"
    query 'DELETE FROM kept_rows WHERE n = 1'
    rows >"$mine/rows-now"
    planted "$1: a row" is "$mine/rows" "$mine/rows-now"
}
one_stack() { # STACK, in a shell of its own
    failures=0
    trap - EXIT
    "$stack_script" copy "$1" "$scratch/$1"
    place "$1"
    cd "$folder"
    adapt "$1"
    if "$stack_script" up "$1" >"$scratch/up-$1" 2>&1; then strike_all "$1"; else fail "$1: up: $(tail -n 5 "$scratch/up-$1")"; fi
    echo "$failures" >"$scratch/failures-$1"
}
away() { # STACK
    place "$1"
    "$stack_script" down "$1" -t 1 --rmi local
    docker ps -aq --filter "name=pilotpros-(keep|lock)-$name" | xargs -r docker rm -f
}

stacks=${STACKS:-reference other}
for stack in $stacks; do "$stack_script" images "$stack" >/dev/null 2>&1; done
for stack in $stacks; do
    one_stack "$stack" >"$scratch/told-$stack" 2>&1 &
    # In a shell of its own, so that the places of the two do not mix.
    finally "wait $!; (away $stack) >/dev/null 2>&1"
    started[$!]=$stack
done
for process in "${!started[@]}"; do
    wait "$process" || true
    stack=${started[process]}
    cat "$scratch/told-$stack"
    if [ -s "$scratch/failures-$stack" ]; then failures=$((failures + $(<"$scratch/failures-$stack"))); else fail "$stack: ended before its end"; fi
done

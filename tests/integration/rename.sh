#!/usr/bin/env bash
# needs: other reference
# No name decides: a stack whose services, files, users, databases, ports, networks, volumes and images are all called something else gives the same
# facts, and is advised the same Changes with the same verdicts. The names are in tests/tools/rename/STACK.map. What stays is what a program looks for by
# name (Dockerfile, package.json, vite.config.js, index.html, .env), and the users of the official images.
# shellcheck disable=SC2016 # filters of jq
. "$(dirname "$0")/lib.sh"
stack=$SOURCE_DIR/tests/stack/stack.sh tools=$SOURCE_DIR/tests/tools
# One of the two stacks, by chance; STACKS="other reference": both.
read -ra stacks <<<"${STACKS:-$(shuf -n 1 -e other reference)}"
chosen() { [[ " ${stacks[*]} " == *" $1 "* ]]; }
elsewhere=(WAREHOUSE_EDGE_PORT=28180 PRICING_PORTS=28190-28191 BEACON_PORT=28183
    HTTP_PORT=28080 N8N_PORT=28678 BACKEND_PORT=28001 FRONTEND_PORT=28000 POSTGRES_PORT=28433)

rename() { # STACK: the renamed project, and what drives it: the same requests under their new names
    local map=$tools/rename/$1.map driver=$scratch/driver-$1 folder old new
    "$stack" copy "$1" "$scratch/zq$1"
    mkdir "$driver"
    cp -R "$SOURCE_DIR"/tests/stack/{stack.sh,lib,tools,drive,images} "$driver"
    for folder in "$scratch/zq$1" "$driver/drive" "$driver/tools"; do python3 "$tools/rename.py" "$folder" "$map"; done
    sed -i '/^images=/d' "$driver/drive/zq$1.sh" # these tags are made here, not in a list
    while read -r old new; do
        docker tag "$(sed -E 's/\$\{[A-Z_]+:-([^}]*)\}/\1/' <<<"$old")" "$new"
        finally "docker rmi $new >/dev/null 2>&1"
    done < <(grep ' zq/' "$map")
}
drive() { # old|new STACK COMMAND…
    if [ "$1" = old ]; then "$stack" "$3" "$2" "${@:4}"
    else env "${elsewhere[@]}" STACK_DIR="$scratch/zq$2" "$scratch/driver-$2/stack.sh" "$3" "zq$2" "${@:4}"; fi
}
start() { # STACK: the renamed one
    finally "drive new $1 down -t 1 --rmi local >/dev/null 2>&1"
    drive new "$1" up
}

ask() { # old|new STACK WHAT COMMAND…: $scratch/WHAT-old-STACK.json
    local folder=$scratch/zq$2 ports=("${elsewhere[@]}")
    if [ "$1" = old ]; then folder=$("$stack" dir "$2") ports=(); fi
    env -C "$folder" "${ports[@]}" "$PILOTPROS" pilotpros "${@:4}" --format json >"$scratch/$3-$1-$2.json"
    keep_document "$scratch/$3-$1-$2.json" pilotpros "${@:4}" --format json
}
answered() { grep ': ok ' "$scratch/load" && ! grep -q ': ok 0 ' "$scratch/load"; }
project() { jq -r .project.name "$scratch/facts-$1-$2.json"; } # old|new STACK
compare() { # STACK [COMPOSE-FILE RENAMED-FILE]
    local old=(${2:+-f "$2"}) new=(${3:+-f "$3"}) load what
    # Longer than the profile: at its beginning the engine compares layers, which takes the processors for 20 s. And that is longer than the half minute that a
    # rate of WAL takes.
    drive old "$1" load 80 >"$scratch/load" 2>&1 & load=$!
    ask old "$1" facts profile --duration 35s "${old[@]}"
    # On a busy machine an answer may come too late; none at all is a request that went astray. That the renamed one answers is looked at when it is started.
    wait $load || true
    expect "$1: its load is answered while it is looked at" answered
    ask new "$1" facts profile --duration 10s "${new[@]}"
    # No two runs measure the same, and advice follows what was measured: both get what the old one was seen to use.
    expect "$1: both are advised on the same use" "$tools/same_use.py" "$XDG_STATE_HOME" "$(project old "$1")" "$(project new "$1")" "$tools/rename/$1.map"
    ask old "$1" changes tune "${old[@]}"
    ask new "$1" changes tune "${new[@]}"
    for what in facts changes; do
        python3 "$tools/rename.py" --back "$tools/rename/$1.map" <"$scratch/$what-new-$1.json" | own_ports >"$scratch/$what-back-$1.json"
        expect "$1: the same $what" same "$what" "$1" "$scratch/$what-back-$1.json"
    done
}
# Where they listen by themselves: in a URL it is not written, nor on the command line of redis-cli.
own_ports() { sed -E 's/\b6543\b/5432/g; s#:8642/#/#g; s/\b8642\b/80/g; s/"-p", *"(6400|6379)", *//g'; }
same() { python3 "$tools/same_$1.py" "$scratch/$1-old-$2.json" "$3"; }
recognised() { # STACK KIND…
    local kind
    for kind in "${@:2}"; do
        expect "$1: $kind is recognised under another name" jq -e --arg kind "$kind" 'any(.services[].applications[]; .kind == $kind and .confidence >= 0.5)' "$scratch/facts-new-$1.json"
    done
}
changed() { # WHAT STACK JQ-FILTER: a document that differs there must be told apart
    jq "$3" "$scratch/$1-back-$2.json" >"$scratch/changed.json"
    if cmp -s "$scratch/changed.json" <(jq . "$scratch/$1-back-$2.json"); then fail "it changes nothing: $3"; fi
    planted "$3" same "$1" "$2" "$scratch/changed.json"
}

rename other
# The server and its clients move to another port, which no file had named, and the programs to another user.
sed -i 's/^  PGHOST: .*/&\n  PGPORT: "6543"/' "$scratch/zqother/docker-compose.yml"
echo 'PGPORT=6543' >>"$scratch/zqother/zqalmanac.env"
sed -i 's/^USER node$/USER daemon/; s/^USER nobody$/USER daemon/' "$scratch"/zqother/*/Dockerfile
sed -i 's/user: node/user: daemon/' "$scratch/zqother/zqshared.yaml"
# The beacon's answer is compiled in with its length, and keeps its name.
sed -i 's#/ zqlantern"$#/ beacon"#' "$scratch/driver-other/drive/zqother.sh"
expect "no old name is left" test -z "$(grep -rnowE 'ledger|courier|warehouse|keeper|entries|postgres:15|8090' "$scratch/zqother" --exclude='package*.json' --exclude-dir=node_modules || true)"
rename reference
# PostgreSQL, nginx and Redis listen where they do not by themselves.
sed -i 's/^      POSTGRES_DB: .*/&\n      PGPORT: "6543"/; s/:80"/:8642"/; s#//localhost/#//localhost:8642/#' "$scratch/zqreference/zqstack.yaml"
sed -i 's/listen 80;/listen 8642;/' "$scratch/zqreference/nginx/zqgate.conf"
sed -i 's/"redis-server", /&"--port", "6400", /; s/"redis-cli", /&"-p", "6400", /' "$scratch"/zqother/docker-compose*.yml

# ---- other -------------------------------------------------------------------------------------------------------
if chosen other; then
    expect "the renamed other is up" start other
    compare other
    expect "the names are really others" test -z "$(jq -r '.services[].name' "$scratch/facts-new-other.json" | grep -xE 'ledger|shop|edge' || true)"
    recognised other postgres redis nginx node python

    changed facts other '(.services[].applications[] | select(.kind == "node").facts.heap_limit) += 1048576'
    changed facts other '(.services[].applications[] | select(.kind == "postgres").facts.settings) |= .[1:]'
    changed facts other '(.services[].applications[] | select(.kind == "postgres").facts.settings[] | select(.name == "shared_buffers").source) = "default"'
    changed facts other '(.services[].applications[] | select(.kind == "nginx").facts.upstreams[0].keepalive) = 64'
    changed facts other '(.services[].applications[] | select(.kind == "redis").facts.version) = "6.0.0"'
    changed facts other '(.services[] | select(.name == "pricing").applications) = []'
    changed facts other '(.services[] | select(.name == "shop").containers) |= .[1:]'
    changed facts other '.gaps += [{subject: "ledger", what: "settings of PostgreSQL", why: "x"}]'
fi

# ---- reference ---------------------------------------------------------------------------------------------------
if chosen reference; then
    # Two stacks at a time are what a machine of two processors carries: the other two rest.
    drive new other down -t 1 --rmi local >/dev/null 2>&1 || true
    drive old other compose pause >/dev/null 2>&1
    finally 'drive old other compose unpause >/dev/null 2>&1'
    expect "the renamed reference is up" start reference
    # Its reports sort on disk, and n8n works at every webhook: a tenth of its usual load, since the engine compares layers meanwhile.
    STACK_RATE=2 compare reference docker-compose.dev.yml zqstack.yaml
    recognised reference postgres n8n node nginx

    changed changes reference '.changes |= map(select(.key != "stop_grace_period"))'
    changed changes reference '.changes |= map(select(.advisor != "limits" or .key != "memory"))'
    changed changes reference '(.changes[] | select(.key == "random_page_cost").after) = "4"'
    changed changes reference '(.changes[] | select(.key == "random_page_cost").verdict.outcome) = "not asked"'
    changed changes reference '(.changes[] | select(.key == "random_page_cost").rule) = "another"'
    changed changes reference '(.changes[] | select(.advisor == "limits" and .key == "memory").after) = "900g"'
    changed changes reference '(.changes[] | select(.key == "pids").target.path) = ["pids"]'
    changed changes reference '.findings |= map(select(.id != "data-in-container-layer"))'
    changed changes reference '.left_alone |= map(select(.key != "memlock"))'
fi

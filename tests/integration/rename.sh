#!/usr/bin/env bash
# beside: it compares facts, not use
# needs: other reference
# No name decides: a stack whose services, files, users, databases, ports, networks, volumes and images are all called something else gives the same
# facts. The names are in tests/tools/rename/STACK.map.
# shellcheck disable=SC2016 # filters of jq
. "$(dirname "$0")/lib.sh"
stack=$SOURCE_DIR/tests/stack/stack.sh tools=$SOURCE_DIR/tests/tools

rename() { # STACK: leaves the renamed project in $renamed
    map=$tools/rename/$1.map renamed=$scratch/zq$1
    "$stack" copy "$1" "$renamed"
    python3 "$tools/rename.py" "$renamed" "$map"
    while read -r old new; do
        docker tag "$(sed -E 's/\$\{[A-Z_]+:-([^}]*)\}/\1/' <<<"$old")" "$new"
        finally "docker rmi $new >/dev/null 2>&1"
    done < <(grep ' zq/' "$map")
}
profile() { # OLD-OR-NEW COMPOSE-FLAGS…, in the project's folder
    "$PILOTPROS" pilotpros profile --duration 3s --format json "${@:2}" 2>>"$scratch/progress" >"$scratch/$1.json"
}
compare() { # STACK COMPOSE-FLAGS…: a file of the old name, then the same of the new one
    (cd "$("$stack" dir "$1")" && profile "old-$1" ${2:+-f "$2"})
    (cd "$renamed" && profile "new-$1" ${3:+-f "$3"})
    python3 "$tools/rename.py" --back "$map" <"$scratch/new-$1.json" | sed 's/\b6543\b/5432/g' >"$scratch/back-$1.json"
    expect "$1: the same facts" same "$1" "$scratch/back-$1.json"
}
same() { python3 "$tools/same_facts.py" "$scratch/old-$1.json" "$2"; }
recognised() { # STACK KIND…
    local kind
    for kind in "${@:2}"; do
        expect "$1: $kind is recognised under another name" jq -e --arg kind "$kind" 'any(.services[].applications[]; .kind == $kind and .confidence >= 0.5)' "$scratch/new-$1.json"
    done
}
compose() { docker compose --progress quiet --project-directory "$renamed" "$@"; }

# ---- other -------------------------------------------------------------------------------------------------------
rename other
# The server and its clients move to another port, which no file had named, and the programs to another user.
sed -i 's/^  PGHOST: .*/&\n  PGPORT: "6543"/' "$renamed/docker-compose.yml"
echo 'PGPORT=6543' >>"$renamed/zqalmanac.env"
sed -i 's/^USER node$/USER daemon/; s/^USER nobody$/USER daemon/' "$renamed"/*/Dockerfile
sed -i 's/user: node/user: daemon/' "$renamed/zqshared.yaml"
expect "no old name is left" test -z "$(grep -rnowE 'ledger|courier|warehouse|keeper|entries|postgres:15|8090' "$renamed" --exclude='package*.json' --exclude-dir=node_modules || true)"
other() { WAREHOUSE_EDGE_PORT=28180 PRICING_PORTS=28190-28191 BEACON_PORT=28183 compose -f "$scratch/zqother/docker-compose.yml" -f "$scratch/zqother/docker-compose.override.yml" "$@"; }
finally 'renamed=$scratch/zqother other down -v -t 1 --rmi local >/dev/null 2>&1'
other build -q
other up -d --wait
compare other
expect "the names are really others" test -z "$(jq -r '.services[].name' "$scratch/new-other.json" | grep -xE 'ledger|shop|edge' || true)"
recognised other postgres redis nginx node python

changed() { # JQ-FILTER: a profile that differs there must be told apart
    jq "$1" "$scratch/back-other.json" >"$scratch/changed.json"
    planted "$1" same other "$scratch/changed.json"
}
changed '(.services[].applications[] | select(.kind == "node").facts.heap_limit) += 1048576'
changed '(.services[].applications[] | select(.kind == "postgres").facts.settings) |= .[1:]'
changed '(.services[].applications[] | select(.kind == "postgres").facts.settings[] | select(.name == "shared_buffers").source) = "default"'
changed '(.services[].applications[] | select(.kind == "nginx").facts.upstreams[0].keepalive) = 64'
changed '(.services[].applications[] | select(.kind == "redis").facts.version) = "6.0.0"'
changed '(.services[] | select(.name == "pricing").applications) = []'
changed '(.services[] | select(.name == "shop").containers) |= .[1:]'
changed '.gaps += [{subject: "ledger", what: "settings of PostgreSQL", why: "x"}]'
other down -v -t 1 >/dev/null

# ---- reference ---------------------------------------------------------------------------------------------------
rename reference
reference() {
    HTTP_PORT=28080 N8N_PORT=28678 BACKEND_PORT=28001 FRONTEND_PORT=28000 POSTGRES_PORT=28433 compose -f "$scratch/zqreference/zqstack.yaml" "$@"
}
finally 'renamed=$scratch/zqreference reference down -v -t 1 --rmi local >/dev/null 2>&1'
reference build -q
reference up -d
# Its health checks look every 30 s; n8n says sooner that it is ready.
until curl -fs -o /dev/null http://127.0.0.1:28678/healthz/readiness; do [ "$SECONDS" -lt 500 ] || break; sleep 1; done
compare reference docker-compose.dev.yml zqstack.yaml
recognised reference postgres n8n node nginx

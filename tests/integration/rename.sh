#!/usr/bin/env bash
# needs: other
# No name decides: a stack whose services, files, users, databases, ports, networks, volumes and images are all called something else gives the same
# facts. The names are in tests/tools/rename/STACK.map.
# shellcheck disable=SC2016 # filters of jq
. "$(dirname "$0")/lib.sh"
stack=$SOURCE_DIR/tests/stack/stack.sh tools=$SOURCE_DIR/tests/tools map=$SOURCE_DIR/tests/tools/rename/other.map
renamed=$scratch/zqplace
"$stack" copy other "$renamed"
python3 "$tools/rename.py" "$renamed" "$map"
expect "no old name is left" test -z "$(grep -rnowE 'ledger|courier|warehouse|keeper|entries|postgres:15|8090' "$renamed" --include='*' --exclude='package*.json' --exclude-dir=node_modules || true)"

# The server and its clients move to another port, which no file had named.
sed -i 's/^  PGHOST: .*/&\n  PGPORT: "6543"/' "$renamed/docker-compose.yml"
echo 'PGPORT=6543' >>"$renamed/zqalmanac.env"
sed -i 's/^USER node$/USER daemon/; s/^USER nobody$/USER daemon/' "$renamed"/*/Dockerfile
sed -i 's/user: node/user: daemon/' "$renamed/zqshared.yaml"
while read -r old new; do
    [[ $new == zq/* ]] || continue
    docker tag "$(sed -E 's/\$\{[A-Z_]+:-([^}]*)\}/\1/' <<<"$old")" "$new"
    finally "docker rmi $new >/dev/null 2>&1"
done < <(grep ' zq/' "$map")

export WAREHOUSE_EDGE_PORT=28180 PRICING_PORTS=28190-28191 BEACON_PORT=28183
compose() { (cd "$renamed" && docker compose --progress quiet "$@"); }
finally 'compose down -v -t 1 --rmi local >/dev/null 2>&1'
compose build -q
compose up -d --wait
unset WAREHOUSE_EDGE_PORT PRICING_PORTS BEACON_PORT

profile() { (cd "$1" && "$PILOTPROS" pilotpros profile --duration 3s --format json); }
profile "$("$stack" dir other)" >"$scratch/one.json"
profile "$renamed" >"$scratch/two.new.json"
python3 "$tools/rename.py" --back "$map" <"$scratch/two.new.json" | sed 's/\b6543\b/5432/g' >"$scratch/two.json"
expect "the names are really others" bash -c '! jq -r ".services[].name" "$1" | grep -qxE "ledger|shop|edge"' _ "$scratch/two.new.json"
same() { python3 "$tools/same_facts.py" "$scratch/one.json" "$1"; }
expect "the same facts" same "$scratch/two.json"
for kind in postgres redis nginx node python; do
    expect "$kind is recognised under another name" jq -e --arg kind "$kind" 'any(.services[].applications[]; .kind == $kind and .confidence >= 0.5)' "$scratch/two.json"
done

changed() { # JQ-FILTER: a profile that differs there must be told apart
    jq "$1" "$scratch/two.json" >"$scratch/changed.json"
    planted "$1" same "$scratch/changed.json"
}
changed '(.services[].applications[] | select(.kind == "node").facts.heap_limit) += 1048576'
changed '(.services[].applications[] | select(.kind == "postgres").facts.settings) |= .[1:]'
changed '(.services[].applications[] | select(.kind == "postgres").facts.settings[] | select(.name == "shared_buffers").source) = "default"'
changed '(.services[].applications[] | select(.kind == "nginx").facts.upstreams[0].keepalive) = 64'
changed '(.services[].applications[] | select(.kind == "redis").facts.version) = "6.0.0"'
changed '(.services[] | select(.name == "pricing").applications) = []'
changed '(.services[] | select(.name == "shop").containers) |= .[1:]'
changed '.gaps += [{subject: "ledger", what: "settings of PostgreSQL", why: "x"}]'

#!/usr/bin/env bash
# beside: it judges no time
# A real n8n whose key lies in a volume is replaced, and the gate waits until its workflows are active again: its health check passes before
# that. A workflow that it cannot activate any more takes the apply back. No webhook is called on the way.
# shellcheck disable=SC2016 # filters of jq, and clean-up that is expanded where it runs
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=300
"$SOURCE_DIR/tests/stack/stack.sh" images reference >/dev/null 2>&1
name=pilotpros-n8n-$$
mkdir "$scratch/project" && cd "$scratch/project"
compose_file() { # MEMORY
    cat >compose.yaml <<Y
name: $name
services:
  flows:
    image: n8nio/n8n:1.123.0
    environment: {N8N_DIAGNOSTICS_ENABLED: "false", N8N_VERSION_NOTIFICATIONS_ENABLED: "false", N8N_SECURE_COOKIE: "false", N8N_ENCRYPTION_KEY: canary-of-the-gate, DB_TYPE: postgresdb, DB_POSTGRESDB_HOST: db,
      DB_POSTGRESDB_DATABASE: postgres, DB_POSTGRESDB_USER: postgres, DB_POSTGRESDB_PASSWORD: canary-of-the-database}
    depends_on: {db: {condition: service_healthy}}
    volumes: ["data:/home/node/.n8n"]
    ports: ["127.0.0.1::5678"]
    healthcheck: {test: [CMD, node, -e, "fetch('http://127.0.0.1:5678/healthz').then(a => process.exit(a.ok ? 0 : 1), () => process.exit(1))"], interval: 10s, timeout: 9s, start_period: 2m, start_interval: 1s}
    stop_grace_period: 30s
    x-pilotpros: {pin: {memory: $1}}
  db:
    image: postgres:17
    environment: {POSTGRES_PASSWORD: canary-of-the-database, POSTGRES_INITDB_ARGS: --no-sync}
    volumes: ["rows:/var/lib/postgresql/data"]
    healthcheck: {test: [CMD, pg_isready, -q, -h, 127.0.0.1, -U, postgres], interval: 5s, start_period: 60s, start_interval: 500ms}
volumes: {data: {}, rows: {}}
Y
}
compose_file 900m
finally 'docker compose -p "$name" down -v -t 1 >/dev/null 2>&1; docker ps -aq --filter "name=pilotpros-keep-$name" | xargs -r docker rm -f >/dev/null'
docker compose --progress quiet up -d --wait
address() { echo "http://$(docker compose port flows 5678)"; }
ask() { # METHOD PATH [BODY] [CURL OPTION…]: what it answers
    curl -fsS -X "$1" -H 'content-type: application/json' ${3:+-d "$3"} "${@:4}" "$(address)$2"
}
before_long() { for _ in {1..200}; do if "$@" >/dev/null 2>&1; then return; fi; sleep 0.3; done; return 1; }
of_container() { docker inspect --format "$1" "$(docker compose ps -q flows)"; }
query() { docker compose exec -T db psql -X -q -A -t -v ON_ERROR_STOP=1 -U postgres -c "$1"; }
called() { query 'select count(*) from execution_entity'; }

# ---- two active workflows -----------------------------------------------------------------------------------------------
owner='{"email": "owner@example.test", "firstName": "A", "lastName": "B", "password": "Test-Owner-2025"}'
has_owner() { ask POST /rest/owner/setup "$owner" -c "$scratch/cookies" | jq -e .data.id; } # right after its start it answers with a page
expect "n8n has an owner" before_long has_owner
key=$(ask POST /rest/api-keys '{"label": "test", "expiresAt": null, "scopes": ["workflow:create", "workflow:activate"]}' -b "$scratch/cookies" | jq -r .data.rawApiKey)
for path in first second; do
    id=$(ask POST /api/v1/workflows "$(jq -n --arg path "$path" '{name: $path, settings: {executionOrder: "v1"}, connections: {}, nodes: [{id: $path, name: "Webhook", type: "n8n-nodes-base.webhook",
        typeVersion: 2, position: [0, 0], webhookId: $path, parameters: {path: $path, httpMethod: "GET", options: {}}}]}')" -H "x-n8n-api-key: $key" | jq -r .id)
    ask POST "/api/v1/workflows/$id/activate" '' -H "x-n8n-api-key: $key" >/dev/null
done
docker compose --progress quiet restart flows # what it had activated is told by its start
docker compose --progress quiet up -d --wait
webhook() { ask GET "/webhook/$1"; }
accessible() { docker compose logs flows | grep -c 'Editor is now accessible' | grep -qx 2; }
expect "it has started again" before_long accessible
expect_same "nobody has called a webhook" 0 "$(called)"

# ---- applied ------------------------------------------------------------------------------------------------------------
pilotpros profile --duration 5s
expect_status "a profile" 0
pilotpros limits --apply --yes --duration 2s --watch 1s flows
expect_status "n8n is replaced" 0
expect_in "with its workflows" 'active workflows: 2, before: 2' "$out$err"
expect_same "and its limit" 943718400 "$(of_container '{{.HostConfig.Memory}}')"
expect_same "which called no webhook" 0 "$(called)"
expect "at once they answer" webhook first
expect "both" webhook second
planted "calls that nobody sees" test "$(called)" = 0
expect_not_in "no secret is shown" canary "$out$err"

# ---- a workflow that cannot be activated any more -----------------------------------------------------------------------
one=$(of_container '{{.Id}}')
for table in workflow_entity workflow_history; do
    query "update $table set nodes = replace(nodes::text, 'n8n-nodes-base.webhook', 'n8n-nodes-base.nosuch')::json where nodes::text like '%\"second\"%'"
done
compose_file 950m
pilotpros limits --apply --yes --duration 2s --watch 1s flows
expect_status "planted: one that it cannot activate takes the apply back" 4
expect_in "which is what is said" 'could not activate 1 of 2 workflows' "$out$err"
expect_same "with the limit that was there" 943718400 "$(of_container '{{.HostConfig.Memory}}')"
planted "the container is another one, since n8n was replaced twice" test "$one" = "$(of_container '{{.Id}}')"
pilotpros rollback --all --yes
expect_status "and all of it goes back" 0
expect_same "without a limit" 0 "$(of_container '{{.HostConfig.Memory}}')"
expect "the sound one answers" before_long webhook first

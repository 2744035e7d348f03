# shellcheck shell=bash disable=SC2034,SC2317
# HTTP_PORT N8N_PORT BACKEND_PORT FRONTEND_PORT POSTGRES_PORT: ports on 127.0.0.1
images=(postgres:17 nginx:1.26 node:20 n8nio/n8n:1.123.0)
compose_args=(-f docker-compose.dev.yml)
entry=http://127.0.0.1:${HTTP_PORT:-8080}
n8n=http://127.0.0.1:${N8N_PORT:-5678}
answers="
    $entry/ PilotProOS
    $entry/src/App.vue revenue
    $entry/api/customers/7 customer7@example
    $entry/api/customers Customer
    $entry/api/reports/revenue garden
    $n8n/healthz/readiness ok"
rate=20
requests="
    16 GET $entry/api/customers/{n} @example
    6 GET $entry/api/customers?offset={n} country
    3 GET $entry/api/reports/revenue?since=2025-06-01 garden
    1 GET $entry/api/reports/revenue garden
    3 GET $entry/api/reports/top-customers spent
    8 POST $entry/api/orders order {\"customer\":42}
    6 GET $entry/src/App.vue revenue
    10 GET $entry/webhook/hello \"hello\":[0-9]+
    7 GET $entry/webhook/lead?number={n} \"lead\":\"?[0-9]+"

# n8n becomes the n8n of somebody who uses it: an owner, a credential, two active workflows. Nothing is done when they answer already.
after_up() {
    node_tool n8n-seed.mjs "$n8n" "$entry" pilotpros_db pilotpros_user pilotpros_test_pass_2025 postgres-dev >&2
}

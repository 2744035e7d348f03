# shellcheck shell=bash disable=SC2154 # what walk.sh sets
# For tests that need walk.sh and a project that starts and stops as fast as can be. Sourced before it.
write_project() { # FILE: two services that sleep
    cat >"$1" <<YAML
name: $name
x-sleeps: &sleeps
  image: debian:trixie-slim
  init: true
  stop_grace_period: 1s
  healthcheck: {test: [CMD, "true"], interval: 10s, start_period: 30s, start_interval: 300ms}
  command: sleep infinity
services:
  db: {<<: *sleeps, volumes: [/anonymous, "named:/named"]}
  web: {<<: *sleeps, volumes: [/anonymous, "named:/named"], depends_on: [db]}
volumes: {named: {}}
YAML
}

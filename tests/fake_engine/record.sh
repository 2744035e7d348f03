#!/usr/bin/env bash
# Makes tests/fake_engine/recordings anew from the real engine at DOCKER_HOST's socket (default /var/run/docker.sock), with a tiny stack of its own
# that is gone afterwards. What belongs to this machine (names, IDs, paths, registries) is replaced before anything is written.
#   record.sh [DIR]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
socket=${DOCKER_HOST:-unix:///var/run/docker.sock}
compose() { docker compose --progress quiet -f "$here/stack/compose.yaml" "$@"; }
trap 'compose down -v -t 1 >/dev/null 2>&1' EXIT
compose up -d
until [ "$(docker inspect -f '{{.State.Health.Status}}' "$(compose ps -q web)")" = healthy ]; do sleep 0.2; done
python3 "$here/record.py" "${socket#unix://}" "$(compose ps -aq web)" "$(compose ps -aq job)" "${1:-$here/recordings}"

#!/usr/bin/env bash
# prepare.sh OUT_DIR: installs the published n8n package and leaves OUT_DIR/n8n.tar (a node_modules folder). Takes minutes, hence cached.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1
name=pilotpros-stack-n8n-install-$$
trap 'docker rm -f "$name" >/dev/null 2>&1 || true' EXIT
# Resolved as of one day: n8n names ranges, and what is published later must not change or break the image. ajv is named in package.json
# because without peer dependencies an older one would be hoisted over the one that n8n's validator finds by looking upwards.
# sqlite's and other native parts are not built (--ignore-scripts): the stack's n8n lives on PostgreSQL. Source maps are a third of the files.
docker run -i --name "$name" --label pilotpros.stack=tool node:20 bash -euc '
    mkdir /w && cd /w && cat > package.json
    npm install --omit=dev --omit=optional --ignore-scripts --legacy-peer-deps --before=2026-11-01 --no-audit --no-fund >&2
    find node_modules -name "*.map" -delete
    rm -rf /root/.npm' < "$here/package.json"
docker cp "$name:/w/node_modules" - > "$out/n8n.tar.part"
mv "$out/n8n.tar.part" "$out/n8n.tar"

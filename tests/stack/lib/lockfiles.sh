#!/usr/bin/env bash
# lockfiles.sh: writes the package-lock.json of every stack's npm projects anew. Without "resolved" lines, so that no registry is named.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
find "$root" -name package.json -not -path '*/node_modules/*' -not -path '*/images/*' | while read -r file; do
    dir=${file%/*}
    docker run --rm -i -v "$dir:/p" -w /p node:20 npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund < /dev/null
    docker run --rm -v "$dir:/p" node:20 chown "$(id -u):$(id -g)" /p/package-lock.json
    if grep -H '"resolved"' "$dir/package-lock.json"; then exit 1; fi
done

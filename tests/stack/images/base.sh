#!/usr/bin/env bash
# base.sh SUITE OUT.tar: a minimal Debian root file system, from the mirror that apt already uses.
set -euo pipefail
suite=$1 out=$2
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
# shellcheck disable=SC2016 # apt fills these in
mirrors() { apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages'; }
mirror=$(mirrors | awk -v s="$suite" '$2 == s { print $1; exit }')
# A host that runs another suite has the same archive.
[ -n "$mirror" ] || mirror=$(mirrors | awk '$2 !~ /-/ { print $1; exit }')
command -v debootstrap >/dev/null || { echo "base.sh: debootstrap is missing: apt-get install debootstrap" >&2; exit 1; }
dir=$(mktemp -d)
trap '"${as_root[@]}" rm -rf "$dir"' EXIT
"${as_root[@]}" debootstrap --variant=minbase --include=ca-certificates "$suite" "$dir" "$mirror" > "$out.log" 2>&1 ||
    { tail -n 20 "$out.log" >&2; exit 1; }
"${as_root[@]}" tar -C "$dir" --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./dev/*' \
    --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' --numeric-owner -cf - . > "$out.part"
mv "$out.part" "$out"

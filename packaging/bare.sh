#!/usr/bin/env bash
# Tries quickstart.sh where nothing is installed yet: in a container made from Debian's smallest set, with its own engine inside.
#   bare.sh [12|13] [--without-engine] [--as-user] [COMMAND...]      COMMAND instead of quickstart.sh, run in the checkout
# --without-engine takes the rights away that an engine needs. Needs root (debootstrap) and an engine that allows --privileged.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=lib.sh
. "$here/lib.sh"

release=bookworm rights=(--privileged -v /var/lib/docker) user=root
while [ $# -gt 0 ]; do
    case "$1" in
        12) release=bookworm ;;
        13) release=trixie ;;
        --without-engine) rights=() ;;
        --as-user) user=visitor ;;
        -*) say "usage: bare.sh [12|13] [--without-engine] [--as-user] [COMMAND...]"; exit 64 ;;
        *) break ;;
    esac
    shift
done
command=("$@")
[ ${#command[@]} -gt 0 ] || command=(packaging/quickstart.sh --yes)

image="pilotpros-bare:$release"
if ! docker image inspect "$image" >/dev/null 2>&1; then
    dir="$(mktemp -d)"
    trap 'as_root rm -rf "$dir"' EXIT
    # shellcheck disable=SC2016 # apt's own format
    mirror="$(apt-get indextargets --no-release-info --format '$(REPO_URI)|$(COMPONENT)' 'Created-By: Packages' |
        awk -F'|' '$2 == "main" && $1 ~ /\/debian\/?$/ { print $1; exit }')"
    logged "debootstrap" as_root debootstrap --variant=minbase --include=ca-certificates,sudo "$release" "$dir" "$mirror"
    as_root tar -C "$dir" -c . | docker import - "$image" >/dev/null
fi

container="$(docker run -d --rm --init --label pilotpros.bare --cpus 2 --hostname bare "${rights[@]}" "$image" sleep infinity)"
trap 'docker rm -f -v "$container" >/dev/null; [ -z "${dir:-}" ] || as_root rm -rf "$dir"' EXIT
docker exec "$container" sh -ec '
    useradd --create-home --shell /bin/bash visitor
    echo "visitor ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/visitor
    mkdir /checkout'
# Behind a proxy with an authority of its own, a machine that does not know it can download nothing.
if [ -n "$(ls -A /usr/local/share/ca-certificates 2>/dev/null)" ]; then
    docker cp /usr/local/share/ca-certificates/. "$container:/usr/local/share/ca-certificates" >/dev/null
    docker exec "$container" update-ca-certificates >/dev/null 2>&1
fi
tar -C "$here/.." -c --exclude=./build --exclude=node_modules . | docker exec -i "$container" tar -C /checkout --no-same-owner -x
docker exec "$container" chown -R "$user:" /checkout
begin=$SECONDS status=0
docker exec -u "$user" -e "HOME=$(docker exec "$container" getent passwd "$user" | cut -d: -f6)" -w /checkout "$container" "${command[@]}" || status=$?
say "On a bare Debian ($release, $user): exit $status after $((SECONDS - begin)) s"
exit $status

#!/usr/bin/env bash
# From a fresh machine to a first answer: packages, an engine if there is none, build, install, and then
# `docker pilotpros tune` on the Compose project in the current folder, or on the demo where there is none.
#   quickstart.sh [--yes] [-- OPTION...]     options after -- go to `tune` (-f FILE, -p NAME, --duration 1m, ...)
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(dirname "$here")"
# shellcheck source=lib.sh
. "$here/lib.sh"

# Whether there is one is all that is asked here: in this folder, then upwards. A file of another name counts, too: `tune` finds it by what runs, or
# says how it is to be named.
find_project() {
    local dir=$PWD
    while true; do
        [ -n "$(find "$dir" -maxdepth 1 -xtype f \( -name '*compose*.yaml' -o -name '*compose*.yml' \) 2>/dev/null)" ] && return 0
        [ "$dir" != / ] || return 1
        dir="$(dirname "$dir")"
    done
}

# shellcheck disable=SC2317 # called through `logged`
# Run by root in somebody's checkout, the build would leave files there that they cannot remove.
as_owner() {
    local owner home
    owner="$(stat -c %U "$root")"
    if [ "$(id -u)" -eq 0 ] && [ "$owner" != root ] && home="$(getent passwd "$owner" | cut -d: -f6)" && [ -n "$home" ]; then
        runuser -u "$owner" -- env "HOME=$home" "$@"
    else
        "$@"
    fi
}

build_and_install() {
    say "Building (log: $(state_dir)/setup.log)"
    cd "$root"
    logged "configuring the build" as_owner cmake --preset release &&
        logged "building" as_owner cmake --build --preset release &&
        # The build may be another user's; the plugin goes to whoever asked, and CMake's note of that must not block its owner.
        logged "installing" cmake --install build/release --prefix "$config" &&
        rm -f build/release/install_manifest.txt
    cd "$OLDPWD"
}

yes=() arguments=()
while [ $# -gt 0 ]; do
    case "$1" in
        --yes) yes=(--yes) ;;
        --) shift; arguments=("$@"); break ;;
        *) say "usage: quickstart.sh [--yes] [-- OPTION...]"; exit 64 ;;
    esac
    shift
done

groups=(--build) demo=false
# Whether the options say which project is meant.
names_project() {
    local word
    for word in "${arguments[@]}"; do
        case "$word" in -f* | --file* | -p* | --project*) return 0 ;; esac
    done
    return 1
}

if ! names_project && [ -z "${COMPOSE_FILE:-}${COMPOSE_PROJECT_NAME:-}" ] && ! find_project; then
    demo=true groups+=(--stack)
fi

engine=true
config="${DOCKER_CONFIG:-$HOME/.docker}"
plan="$("$here/deps.sh" --plan "${groups[@]}" 2>&1)"
plan+="${plan:+$'\n'}$("$here/engine.sh" --plan 2>&1)" || { plan+=$'\n'; engine=false; }
if $demo && $engine; then plan+="${plan:+$'\n'}The demo, four containers, is to be started; where its images are not there, they are built first"; fi
# Built anew it may be the same, which nobody is asked about.
if [ ! -e "$config/cli-plugins/docker-pilotpros" ]; then
    plan+="${plan:+$'\n'}The plugin is to be built, and goes to $config/cli-plugins"
fi
if [ -n "${plan//[[:space:]]/}" ] && [ ${#yes[@]} -eq 0 ]; then
    say "$plan"
    confirm "Do all this?" || die "nothing was installed"
elif [ -n "${plan//[[:space:]]/}" ]; then
    say "$plan"
fi

"$here/deps.sh" --yes "${groups[@]}"
if $engine && ! "$here/engine.sh" --yes; then engine=false; fi
build_and_install

docker=(docker) privileged=()
if ! have docker; then
    docker=("$config/cli-plugins/docker-pilotpros")
elif $engine && ! docker version >/dev/null 2>&1; then
    say "The engine takes no orders from $(id -un), so sudo is used. To do without: sudo usermod -aG docker $(id -un)"
    say "(whoever is in that group is as good as root), then log in again."
    docker=(docker --config "$config") privileged=(as_root env)
    # sudo drops what the user told Compose.
    for name in "${!COMPOSE_@}"; do privileged+=("$name=${!name}"); done
fi

if $demo; then
    stack="$root/tests/stack/stack.sh"
    say "No Compose project in $PWD, so the demo is used: $("$stack" dir demo)"
    arguments+=(--project-directory "$("$stack" dir demo)")
    if $engine; then
        say "Starting it; the first time its images are built."
        "${privileged[@]}" "$stack" up demo >&2 || die "the demo did not start"
    fi
fi
$engine || say "Without an engine nothing can be measured: this is what the files alone say."

status=0
"${privileged[@]}" "${docker[@]}" pilotpros tune "${arguments[@]}" || status=$?
# 2: done without an engine, which is all that was possible here.
if [ $status -eq 2 ] && ! $engine; then status=0; fi
if [ $status -eq 0 ]; then
    say ""
    say "Next: docker pilotpros tune --help"
    if $demo && $engine; then say "To stop the demo: $root/tests/stack/stack.sh down demo"; fi
fi
exit $status

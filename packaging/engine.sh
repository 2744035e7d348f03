#!/usr/bin/env bash
# Sees to it that a Docker Engine, `docker compose` and `docker buildx` answer. An engine that answers is left alone, whatever and wherever it is.
#   engine.sh [--yes] [--plan]          --plan only prints what would be done
# Debian 12 packages an engine without Compose v2, so there the engine comes from Debian 13 and everything below it from 12.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=lib.sh
. "$here/lib.sh"

readonly local_endpoint=unix:///var/run/docker.sock
readonly pinned=trixie
readonly source_file=/etc/apt/sources.list.d/pilotpros-$pinned.sources
readonly pin_file=/etc/apt/preferences.d/pilotpros-$pinned

answers() { timeout 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
# The socket belongs to root and the group docker: that another user gets no answer does not mean there is no engine.
answers_root() { [ "$(id -u)" -ne 0 ] && have sudo && [ -S /var/run/docker.sock ] && as_root timeout 20 docker version >/dev/null 2>&1; }
has_compose() { docker compose version >/dev/null 2>&1; }
# Without it `docker build` is the old builder, which does not know what today's Dockerfiles say.
has_buildx() { docker buildx version >/dev/null 2>&1; }
endpoint() {
    if [ -n "${DOCKER_HOST:-}" ]; then
        printf '%s\n' "$DOCKER_HOST"
    else
        docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || printf '%s\n' "$local_endpoint"
    fi
}
candidate() { apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'; }

# What is missing, into packages=(). Whoever has Docker's own repository gets Docker's own packages.
find_missing_packages() {
    packages=()
    local own=(docker.io containerd) cli=docker-cli buildx=docker-buildx compose=docker-compose
    if installed docker-ce-cli || installed docker-ce; then own=(docker-ce containerd.io) cli=docker-ce-cli buildx=docker-buildx-plugin; fi
    if candidate docker-compose-plugin; then compose=docker-compose-plugin; fi
    if $need_engine && ! have dockerd; then packages+=("${own[@]}"); fi
    if ! have docker; then packages+=("$cli"); fi
    if ! have docker || ! has_buildx; then packages+=("$buildx"); fi
    if ! have docker || ! has_compose; then packages+=("$compose"); fi
}

# apt's sources of packages, one-line and deb822 alike, as ORIGIN|RELEASE|COMPONENT|URI. Before the first `apt-get update` the origin
# is not known and only --no-release-info prints anything at all.
# shellcheck disable=SC2016 # apt's own format, not the shell's
targets() { apt-get indextargets "$@" --format '$(ORIGIN)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)' 'Created-By: Packages'; }
mirror() {
    { targets && targets --no-release-info; } | awk -F'|' '
        $2 ~ /^(bookworm|stable|oldstable)$/ && $3 == "main" && ($1 == "Debian" || ($1 ~ /ORIGIN/ && $4 ~ /\/debian\/?$/)) { print $4; exit }'
}
has_source() { targets --no-release-info | grep -q "|$pinned|main|"; }

# On Debian 12 packages=() come from the pinned release, with a source for it where apt has none.
choose_source() {
    source_uri=''
    on_debian || die "an engine can be installed on Debian only; install Docker Engine and its Compose plugin, then run this again"
    [[ "$(codename)" == "debian bookworm" && "${packages[*]}" != *docker-ce* ]] || return 0
    has_source || source_uri="$(mirror)"
    has_source || [ -n "$source_uri" ] || die "apt knows no Debian mirror: give it one in /etc/apt/sources.list"
}

add_source() {
    local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$source_uri" "$pinned" "$keyring" |
        as_root tee "$source_file" >/dev/null
    # 100: below everything of Debian 12, so that only what is asked for by name comes from there.
    printf 'Package: *\nPin: release n=%s\nPin-Priority: 100\n' "$pinned" | as_root tee "$pin_file" >/dev/null
    if ! refresh_lists; then
        as_root rm -f "$source_file" "$pin_file"
        die "the package source for Debian 13 does not work and was taken away again"
    fi
}

install_missing_packages() {
    [ ${#packages[@]} -gt 0 ] || return 0
    [ -z "$source_uri" ] || add_source
    local names=("${packages[@]}")
    if [[ "$(codename)" == "debian bookworm" ]] && has_source; then
        for i in "${!names[@]}"; do
            case "${names[i]}" in docker.io | docker-cli | docker-buildx | docker-compose | containerd) names[i]+="/$pinned" ;; esac
        done
    fi
    say "Installing ${packages[*]}"
    install_packages "${names[@]}"
    hash -r
}

wait_for_engine() { # SECONDS [PID whose end ends the waiting]
    local deadline=$((SECONDS + $1))
    while [ $SECONDS -lt $deadline ]; do
        if answers || answers_root; then return 0; fi
        if [ -n "${2:-}" ] && ! [ -d "/proc/$2" ]; then return 1; fi
        sleep 0.5
    done
    return 1
}

# A pid file left by a machine that was switched off stops dockerd when another program has that number now.
remove_stale_pid_files() {
    local file pid
    for file in /var/run/docker.pid /var/run/docker/containerd/containerd.pid; do
        pid="$(cat "$file" 2>/dev/null)" || continue
        case "$(cat "/proc/$pid/comm" 2>/dev/null)" in
            dockerd | containerd) ;;
            *) as_root rm -f "$file" ;;
        esac
    done
}

start_by_hand() {
    local log pid
    log="$(state_dir)/dockerd.log"
    remove_stale_pid_files
    if [ -z "$(ls -A /sys/fs/cgroup 2>/dev/null)" ]; then as_root mount -t cgroup2 none /sys/fs/cgroup || true; fi
    say "Starting dockerd (log: $log)"
    local -a root=()
    if [ "$(id -u)" -ne 0 ]; then root=(sudo env "PATH=$PATH"); fi
    # No function of ours may be its parent: that shell would live, and hold our lock, as long as the engine does.
    # shellcheck disable=SC2024 # the log is the user's own
    "${root[@]}" setsid dockerd >"$log" 2>&1 </dev/null 9>&- &
    pid=$!
    disown "$pid"
    wait_for_engine 90 "$pid" && return 0
    say "dockerd did not come up; its last lines:"
    grep -v level=info "$log" | tail -n 12 | cut -c1-400 >&2
    return 1
}

start() {
    if [ -d /run/systemd/system ] && have systemctl; then
        as_root systemctl start docker.service || true
        wait_for_engine 60 && return 0
        say "systemd could not start docker.service; its last lines:"
        as_root journalctl --no-pager -n 12 -u docker.service >&2 || true
        return 1
    fi
    if [ "$(cat /proc/1/comm)" = init ] && [ -x /etc/init.d/docker ]; then
        as_root service docker start || true
        wait_for_engine 30 && return 0
    fi
    # A package's own start-up script may just have done it.
    wait_for_engine 3 || start_by_hand
}

yes=false plan=false
for argument in "$@"; do
    case "$argument" in
        --yes) yes=true ;;
        --plan) plan=true ;;
        *) say "usage: engine.sh [--yes] [--plan]"; exit 64 ;;
    esac
done

need_engine=true
if have docker && { answers || answers_root; }; then
    need_engine=false
    if has_compose && has_buildx; then exit 0; fi
elif [ "$(endpoint)" != "$local_endpoint" ]; then
    # Somebody chose that engine; a second one here would not be what they meant.
    need_engine=false
    have docker || say "DOCKER_HOST is set: only a client is missing here"
fi

source_uri=''
find_missing_packages
if [ ${#packages[@]} -gt 0 ]; then
    choose_source
    if $plan || ! $yes; then
        [ -z "$source_uri" ] || say "Package source to add: Debian 13 ($pinned) from $source_uri, pinned so that only the packages named here come from it"
        say "Docker packages to install: ${packages[*]}"
    fi
fi
if $need_engine && { $plan || ! $yes; }; then say "A Docker Engine is to be started on this machine"; fi
if $plan; then exit 0; fi
if ! $yes && { $need_engine || [ ${#packages[@]} -gt 0 ]; }; then
    confirm "Do this?" || die "nothing was done"
fi

install_missing_packages
if $need_engine; then
    # One starter at a time; who waited finds the other's engine.
    exec 9>"$(state_dir)/engine.lock"
    flock 9
    answers || answers_root || { start || die "no Docker Engine can be started here"; }
elif ! answers && ! answers_root; then
    die "the chosen engine at $(endpoint) does not answer; start it, or unset DOCKER_HOST and DOCKER_CONTEXT to have a local one"
fi
has_compose || die "docker compose does not work: $(docker compose version 2>&1 | head -n 1)"

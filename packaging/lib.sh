# shellcheck shell=bash
# What deps.sh, engine.sh and quickstart.sh share: words to the user, root, and Debian packages.

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

HOME="${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}"
export HOME
# Debian keeps daemons and iptables where a user's PATH does not look.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif have sudo; then
        # sudo drops PATH and with it /usr/sbin.
        sudo env "PATH=$PATH" "$@"
    else
        die "this needs root: run it as root, or install sudo ($*)"
    fi
}

# state_dir - where logs of what we did to this machine are kept.
state_dir() {
    local dir="${XDG_STATE_HOME:-$HOME/.local/state}/pilotpros"
    (umask 077 && mkdir -p "$dir")
    printf '%s\n' "$dir"
}

# confirm QUESTION - true on yes. Without a terminal nobody can answer, so the caller must have been given --yes.
confirm() {
    local answer
    [ -t 0 ] || die "nobody is there to be asked: pass --yes to agree to the above"
    read -r -p "$1 [y/N] " answer
    [[ "$answer" =~ ^[Yy]([Ee][Ss])?$ ]]
}

codename() { (. /etc/os-release && printf '%s\n' "${ID:-} ${VERSION_CODENAME:-}"); }
on_debian() { have apt-get && [[ "$(codename)" == debian\ * ]]; }

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# missing NAME... - prints those that are not installed. a|b: either will do, a is what gets installed.
missing() {
    local entry name names
    for entry in "$@"; do
        IFS='|' read -r -a names <<<"$entry"
        for name in "${names[@]}"; do
            installed "$name" && continue 2
        done
        printf '%s\n' "${names[0]}"
    done
}

# logged WHAT COMMAND... - runs quietly; on failure shows the last lines and where the rest is.
logged() {
    local what=$1 log
    shift
    log="$(state_dir)/setup.log"
    if ! "$@" >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        say "error: $what failed; all of it is in $log"
        return 1
    fi
}

refresh_lists() { logged "apt-get update" as_root apt-get -q update; }

# install_packages NAME[/RELEASE]... - never removes a package, so nobody's Docker CE is traded for Debian's.
install_packages() {
    local name
    for name in "$@"; do
        if ! apt-cache policy "${name%%/*}" 2>/dev/null | grep -q 'Candidate: [^(]'; then
            refresh_lists
            break
        fi
    done
    local -a command=(as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends --no-remove
        -o Dpkg::Use-Pty=0 install "$@")
    if ! "${command[@]}" >/dev/null 2>&1; then
        # Lists older than the mirror name files that are gone; only a second failure is one.
        refresh_lists
        logged "installing $*" "${command[@]}"
    fi
}

#!/usr/bin/env bash
# Installs the Debian packages that the project needs. With nothing to do it says nothing.
#   deps.sh [--yes] [--plan] [--build] [--engine] [--stack] [--test]     (no group named: --build)
# --plan only prints what would be done. --engine is engine.sh.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=lib.sh
. "$here/lib.sh"

build=(g++ cmake ninja-build ccache ca-certificates nettle-dev nlohmann-json3-dev libcli11-dev libfmt-dev libyaml-cpp-dev
    'libcurl4-openssl-dev|libcurl4-gnutls-dev|libcurl4-nss-dev')
stack=(debootstrap ca-certificates)
test=(catch2 libvalijson-dev python3-jsonschema clang libclang-rt-dev clang-format clang-tidy shellcheck python3 jq openssl curl procps hyperfine)

yes=() plan=false engine=false wanted=()
for argument in "$@"; do
    case "$argument" in
        --yes) yes=(--yes) ;;
        --plan) plan=true ;;
        --build) wanted+=("${build[@]}") ;;
        --stack) wanted+=("${stack[@]}") ;;
        --test) wanted+=("${test[@]}") ;;
        --engine) engine=true ;;
        *) say "usage: deps.sh [--yes] [--plan] [--build] [--engine] [--stack] [--test]"; exit 64 ;;
    esac
done
[ ${#wanted[@]} -gt 0 ] || $engine || wanted=("${build[@]}")

if [ ${#wanted[@]} -gt 0 ]; then
    have dpkg-query || die "only Debian's packages are known here; needed are: ${wanted[*]}"
    mapfile -t absent < <(missing "${wanted[@]}" | sort -u)
    if [ ${#absent[@]} -gt 0 ]; then
        if $plan || [ ${#yes[@]} -eq 0 ]; then
            say "Debian packages to install: ${absent[*]}"
        fi
        if ! $plan; then
            [ ${#yes[@]} -gt 0 ] || confirm "Install them?" || die "nothing was installed"
            say "Installing ${#absent[@]} Debian packages"
            install_packages "${absent[@]}"
        fi
    fi
fi
if $engine; then
    if $plan; then exec "$here/engine.sh" --plan; fi
    exec "$here/engine.sh" "${yes[@]}"
fi

#!/usr/bin/env bash
# stack.sh: the real stacks that the tests, the benchmarks and the demo work on.
#
#   stack.sh images [STACK…]        the images exist: pulled where a registry answers, else built from a Debian base
#   stack.sh up STACK               images, started as its user would, waits until everything answers
#   stack.sh down STACK             containers, networks, volumes are gone; images stay
#   stack.sh load STACK [SECONDS]   bounded load through the stack's own entry (default 10 s), STACK_RATE requests a second; 1 when one failed
#   stack.sh ps STACK               docker compose ps
#   stack.sh compose STACK ARGS…    docker compose with the stack's own files
#   stack.sh dir STACK              the project's folder
#   stack.sh copy STACK DIR         the project's own files, copied into DIR
#
# STACK_DIR=DIR works on a copy instead; COMPOSE_PROJECT_NAME and the stack's port variables (drive/STACK.sh) place it elsewhere.
# PILOTPROS_CACHE keeps what is slow to make; PILOTPROS_REGISTRY=yes|no skips the question whether a registry answers.
set -euo pipefail
shopt -s inherit_errexit
PATH=/usr/bin:$PATH
stack_root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/docker.sh
. "$stack_root/lib/docker.sh"
# shellcheck source=lib/images.sh
. "$stack_root/lib/images.sh"
# shellcheck source=lib/drive.sh
. "$stack_root/lib/drive.sh"

command=${1-}
case $command in
    images)
        shift
        if [ $# -gt 0 ]; then wanted=("$@"); else mapfile -t wanted < <(all_stacks); fi
        for name in "${wanted[@]}"; do
            use_stack "$name"
            ensure_images node:20 "${images[@]}"
        done ;;
    up | down | load | ps | compose | dir | copy)
        [ $# -ge 2 ] || { usage; exit 64; }
        use_stack "$2"
        "stack_$command" "${@:3}" ;;
    *) usage; exit 64 ;;
esac

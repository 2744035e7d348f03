#!/bin/sh
# Options and scripts are node's; anything that is a command of its own runs as it is.
set -e
case "${1-}" in
    -*) set -- node "$@" ;;
    *) if [ -z "$(command -v "${1-}")" ] || { [ -f "$1" ] && ! [ -x "$1" ]; }; then set -- node "$@"; fi ;;
esac
exec "$@"

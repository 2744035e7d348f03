#!/bin/sh
set -e
case "${1-}" in -* | *.conf) set -- redis-server "$@" ;; esac
if [ "$1" = redis-server ]; then
    if [ "$(id -u)" = 0 ]; then
        find . \! -user redis -exec chown redis '{}' +
        exec gosu redis "$0" "$@"
    fi
    umask 0077
    # The official server is compiled without protected mode, Debian's is not: other containers could not reach it.
    case " $* " in *" --protected-mode "* | *.conf*) ;; *) set -- "$@" --protected-mode no ;; esac
fi
exec "$@"

#!/bin/sh
# --connect: a connection over TCP is taken, whether or not the user may log in. --innodb_initialized: the server finished starting.
set -e
for test in "$@"; do
    case $test in
        --connect | --innodb_initialized) mariadb-admin --protocol=tcp -h 127.0.0.1 --connect-timeout=3 ping >/dev/null 2>&1 ;;
        *) echo "healthcheck.sh: unknown test $test" >&2; exit 1 ;;
    esac
done

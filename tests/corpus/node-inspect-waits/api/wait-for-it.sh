#!/bin/bash
# wait-for-it.sh HOST:PORT [--timeout=SECONDS] [--strict] -- COMMAND
target=$1; shift
while [ "$1" != "--" ]; do shift; done
shift
until (: < "/dev/tcp/${target%:*}/${target#*:}") 2>/dev/null; do sleep 1; done
exec "$@"

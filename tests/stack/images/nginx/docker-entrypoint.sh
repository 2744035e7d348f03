#!/bin/sh
# shellcheck disable=SC1090,SC2044 # the files are the image's and the user's, without blanks in their names
# Before nginx itself: every *.envsh of /docker-entrypoint.d is sourced, every executable *.sh is run, in the order of their names.
set -e
say() { [ -n "${NGINX_ENTRYPOINT_QUIET_LOGS-}" ] || echo "$0: $*"; }
case "$1" in
    nginx | nginx-debug)
        for file in $(find /docker-entrypoint.d/ -follow -type f | sort -V); do
            case "$file" in
                *.envsh) if [ -x "$file" ]; then say "Sourcing $file"; . "$file"; else say "Ignoring $file, not executable"; fi ;;
                *.sh) if [ -x "$file" ]; then say "Launching $file"; "$file"; else say "Ignoring $file, not executable"; fi ;;
                *) say "Ignoring $file" ;;
            esac
        done
        say "Configuration complete; ready for start up"
        ;;
esac
exec "$@"

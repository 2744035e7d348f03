#!/bin/bash
# Takes a copy of the primary once, then follows it.
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    until pg_basebackup -h primary -U follower -D "$PGDATA" -X stream -R; do sleep 2; done
fi
exec docker-entrypoint.sh "$@"

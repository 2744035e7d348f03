#!/usr/bin/env bash
# What the official image documents: a first start makes the cluster, the user and the database and runs /docker-entrypoint-initdb.d;
# every start ends in the server as user postgres.
set -Eeo pipefail
umask 077

from_file() { # NAME [DEFAULT]: NAME, or the contents of the file that NAME_FILE names, or DEFAULT
    local name=$1 file=${1}_FILE
    if [ -n "${!name-}" ] && [ -n "${!file-}" ]; then
        echo "error: both $name and $file are set (but are exclusive)" >&2
        exit 1
    fi
    if [ -n "${!file-}" ]; then
        printf -v "$name" %s "$(< "${!file}")"
    else
        printf -v "$name" %s "${!name-${2-}}"
    fi
    export "${name?}"
    unset "$file"
}

run_sql() { psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password --username "$POSTGRES_USER" --dbname "${run_in:-$POSTGRES_DB}" "$@"; }

run_init_files() {
    local file
    for file in /docker-entrypoint-initdb.d/*; do
        [ -e "$file" ] || continue
        case $file in
            *.sh)
                # shellcheck disable=SC1090
                if [ -x "$file" ]; then echo "$0: running $file"; "$file"; else echo "$0: sourcing $file"; . "$file"; fi ;;
            *.sql) echo "$0: running $file"; run_sql -f "$file" ;;
            *.sql.gz) echo "$0: running $file"; gunzip -c "$file" | run_sql ;;
            *.sql.xz) echo "$0: running $file"; xzcat "$file" | run_sql ;;
            *.sql.zst) echo "$0: running $file"; zstd -dc "$file" | run_sql ;;
            *) echo "$0: ignoring $file" ;;
        esac
        echo
    done
}

create_cluster() { # the server's own arguments
    if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
        echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
        echo '       You must specify POSTGRES_PASSWORD to a non-empty value for the superuser.' >&2
        exit 1
    fi
    eval "initdb --username=\"\$POSTGRES_USER\" --pwfile=<(printf '%s\n' \"\$POSTGRES_PASSWORD\") \
        ${POSTGRES_INITDB_WALDIR:+--waldir=\"\$POSTGRES_INITDB_WALDIR\"} $POSTGRES_INITDB_ARGS"
    local method=$POSTGRES_HOST_AUTH_METHOD
    [ -n "$method" ] || method=$(postgres -C password_encryption "${@:2}")
    printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"

    # Only the socket answers while the cluster is being filled, so that nobody takes this server for the real one.
    export PGPASSWORD=${PGPASSWORD-$POSTGRES_PASSWORD}
    PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -w -o "$(printf '%q ' "${@:2}" -c listen_addresses= -p "${PGPORT:-5432}")" start
    [ "$POSTGRES_DB" = postgres ] ||
        echo 'CREATE DATABASE :"db";' | run_in=postgres run_sql -v db="$POSTGRES_DB" --quiet
    run_init_files
    PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -m fast -w stop
    unset PGPASSWORD
    printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

[ "${1:0:1}" = - ] && set -- postgres "$@"
if [ "$1" = postgres ] && ! [[ " $* " =~ \ (-\?|--help|--describe-config|-V|--version|-C)\  ]]; then
    if [ "$(id -u)" = 0 ]; then
        mkdir -p "$PGDATA"
        chmod 0700 "$PGDATA"
        find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
        chown postgres:postgres /var/run/postgresql
        chmod 3777 /var/run/postgresql
        if [ -n "$POSTGRES_INITDB_WALDIR" ]; then
            mkdir -p "$POSTGRES_INITDB_WALDIR"
            chown -R postgres "$POSTGRES_INITDB_WALDIR"
        fi
        exec gosu postgres "$0" "$@"
    fi
    from_file POSTGRES_PASSWORD
    from_file POSTGRES_USER postgres
    from_file POSTGRES_DB "$POSTGRES_USER"
    from_file POSTGRES_INITDB_ARGS
    : "${POSTGRES_HOST_AUTH_METHOD:=}"
    if [ -s "$PGDATA/PG_VERSION" ]; then
        printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
    else
        mkdir -p "$PGDATA"
        create_cluster "$@"
    fi
fi
exec "$@"

#!/usr/bin/env bash
# A first start makes the tables, the users and the database and runs /docker-entrypoint-initdb.d; every start ends in the server.
set -eo pipefail
data=/var/lib/mysql socket=/run/mysqld/mysqld.sock

from_file() { # NAME: MARIADB_NAME or MYSQL_NAME, or the contents of the file that the _FILE form names
    local prefix file
    for prefix in MARIADB MYSQL; do
        file=${prefix}_$1_FILE
        if [ -n "${!file-}" ]; then
            printf -v "$1" %s "$(< "${!file}")"
            return
        fi
        file=${prefix}_$1
        if [ -n "${!file-}" ]; then
            printf -v "$1" %s "${!file}"
            return
        fi
    done
    printf -v "$1" ''
}
sql_text() { local text=${1//\\/\\\\}; printf "'%s'" "${text//\'/\\\'}"; }
client() { mariadb --protocol=socket --socket="$socket" -uroot "$@"; }

fill() { # runs against a server that only the socket reaches
    local file
    client mysql <<SQL
CREATE USER IF NOT EXISTS 'healthcheck'@'127.0.0.1' IDENTIFIED VIA unix_socket;
${DATABASE:+CREATE DATABASE IF NOT EXISTS \`$DATABASE\`;}
${USER_NAME:+CREATE USER $(sql_text "$USER_NAME")@'%' IDENTIFIED BY $(sql_text "$PASSWORD");}
${USER_NAME:+${DATABASE:+GRANT ALL ON \`${DATABASE//_/\\_}\`.* TO $(sql_text "$USER_NAME")@'%';}}
SQL
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
            *.sh) if [ -x "$file" ]; then "$file"; else
                # shellcheck disable=SC1090
                . "$file"; fi ;;
            *.sql) echo "running $file"; client ${DATABASE:+"$DATABASE"} < "$file" ;;
            *.sql.gz) echo "running $file"; gunzip -c "$file" | client ${DATABASE:+"$DATABASE"} ;;
        esac
    done
    # The root password comes last, because what went before had none.
    [ -n "$ROOT_PASSWORD" ] && client mysql <<SQL
CREATE USER 'root'@'%' IDENTIFIED BY $(sql_text "$ROOT_PASSWORD");
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
ALTER USER 'root'@'localhost' IDENTIFIED BY $(sql_text "$ROOT_PASSWORD");
SQL
    return 0
}

[ "${1:0:1}" = - ] && set -- mariadbd "$@"
if [ "$1" = mariadbd ]; then
    if [ "$(id -u)" = 0 ]; then
        find "$data" \! -user mysql -exec chown mysql: '{}' +
        exec gosu mysql "$0" "$@"
    fi
    if [ ! -d "$data/mysql" ]; then
        for name in ROOT_PASSWORD DATABASE USER PASSWORD ALLOW_EMPTY_ROOT_PASSWORD; do
            from_file "$name"
        done
        USER_NAME=$USER
        if [ -z "$ROOT_PASSWORD$ALLOW_EMPTY_ROOT_PASSWORD" ]; then
            echo "Database is uninitialized and password option is not specified: MARIADB_ROOT_PASSWORD or its _FILE form" >&2
            exit 1
        fi
        mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db >/dev/null
        "$@" --skip-networking --socket="$socket" &
        server=$!
        for _ in $(seq 120); do client -e 'SELECT 1' >/dev/null 2>&1 && break; sleep 0.25; done
        fill
        kill "$server"
        wait "$server"
        echo "MariaDB init process done. Ready for start up."
    fi
fi
exec "$@"

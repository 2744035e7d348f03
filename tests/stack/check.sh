#!/usr/bin/env bash
# check.sh [GROUP…]: do the stand-in images keep the contract of the official ones, and does the driver tell the truth?
# Groups: postgres nginx node redis n8n mariadb driver. Every check is tried on a planted fault too: there it has to fail.
# shellcheck disable=SC2016,SC2317 # programs of containers read those; checks are called by name
set -euo pipefail
shopt -s inherit_errexit
stack_root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$stack_root/lib/images.sh"
. "$stack_root/lib/drive.sh"
prefix=pilotpros-contract-$$
work=$(mktemp -d)
chmod 0755 "$work"
clean() {
    docker ps -aq --filter "name=$prefix" | xargs -r docker rm -fv >/dev/null
    docker network rm "$prefix" >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap clean EXIT
docker network create --label pilotpros.stack=tool "$prefix" >/dev/null

passed=0 failed=0
verdict() { # TEXT STATUS
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $1"; fi
}
check() { # TEXT COMMAND…
    local status=0
    ("${@:2}") > "$work/log" 2>&1 || status=$?
    verdict "$1" "$status"
    [ "$status" = 0 ] || sed 's/^/    /' "$work/log"
}
planted() { # TEXT COMMAND…: the same check on a fault, which it has to see
    local status=0
    ("${@:2}") > "$work/log" 2>&1 || status=$?
    verdict "not seen: $1" "$((status == 0))"
}

start() { # NAME ARGS…: a container of ours
    docker run -d --name "$prefix-$1" --network "$prefix" --network-alias "$1" --label pilotpros.stack=tool "${@:2}" >/dev/null
}
in_() { docker exec "$prefix-$1" "${@:2}"; }
soon() { # COMMAND…: within 180 s, for a database begins slowly on a machine that is busy
    local end=$((SECONDS + 180))
    until "$@" >/dev/null 2>&1; do [ "$SECONDS" -lt "$end" ] || return 1; sleep 0.2; done
}
is() { [ "$1" = "$2" ] || { echo "is '$1', not '$2'"; return 1; }; }
config() { docker image inspect -f "{{$2}}" "$1"; }
has_volume() { config "$1" "json .Config.Volumes" | grep -q "\"$2\""; }
stops_by() { # TAG SIGNAL
    is "$(config "$1" .Config.StopSignal)" "$2"
}
pid1() { # NAME PROGRAM UID
    is "$(in_ "$1" cat /proc/1/comm)" "$2" && is "$(in_ "$1" awk '/^Uid/ { print $2 }' /proc/1/status)" "$3"
}
ends_well() { # NAME CODE
    docker stop -t 15 "$prefix-$1" >/dev/null
    is "$(docker inspect -f '{{.State.ExitCode}}' "$prefix-$1")" "$2"
}

group_postgres() {
    local tag n login
    mkdir -p "$work/init"
    printf 'CREATE TABLE a (x int);\n' > "$work/init/1.sql"
    printf 'INSERT INTO a VALUES (1);\n' | gzip > "$work/init/2.sql.gz"
    printf '#!/bin/sh\npsql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "INSERT INTO a VALUES (2)"\n' > "$work/init/3.sh"
    printf 'from-a-file' > "$work/password"
    chmod 0755 "$work/init" "$work/init/3.sh"
    chmod 0644 "$work/init/1.sql" "$work/init/2.sql.gz" "$work/password"
    for tag in postgres:17 postgres:15; do
        n=pg${tag#*:}
        login=(psql -h "$n" -U keeper -d stock -Atc)
        start "$n" -v "$work/init:/docker-entrypoint-initdb.d:ro" -v "$work/password:/run/password:ro" -e POSTGRES_PASSWORD_FILE=/run/password \
            -e POSTGRES_USER=keeper -e POSTGRES_DB=stock -e POSTGRES_INITDB_ARGS=--data-checksums -e PGDATA=/var/lib/postgresql/data/sub \
            "$tag" -c work_mem=7MB
        check "$tag answers over TCP with the password of the file" soon in_ "$n" env PGPASSWORD=from-a-file "${login[@]}" 'SELECT 1'
        planted "$tag: a wrong password" in_ "$n" env PGPASSWORD=wrong "${login[@]}" 'SELECT 1'
        sql() { in_ "$n" psql -U keeper -d "${2:-stock}" -Atc "$1"; }
        check "$tag trusts its socket and ran every init file" is "$(sql 'SELECT sum(x) FROM a')" 3
        planted "$tag: init files that did not run" sql 'SELECT sum(x) FROM a' postgres
        check "$tag takes options" is "$(sql 'SHOW work_mem')" 7MB
        check "$tag takes PGDATA and INITDB_ARGS" is "$(sql 'SHOW data_directory')$(sql 'SHOW data_checksums')" /var/lib/postgresql/data/subon
        check "$tag hashes passwords with scram" is "$(sql "SELECT auth_method FROM pg_hba_file_rules WHERE type = 'host' ORDER BY line_number DESC LIMIT 1")" scram-sha-256
        check "$tag runs as postgres (999) in PID 1" pid1 "$n" postgres 999
        planted "$tag: another user" pid1 "$n" postgres 0
        check "$tag keeps its volume" has_volume "$tag" /var/lib/postgresql/data
        planted "$tag: another volume" has_volume "$tag" /data
        check "$tag stops by SIGINT" stops_by "$tag" SIGINT
        check "$tag ends well" ends_well "$n" 0
        planted "$tag: no password at all" docker run --rm --name "$prefix-none" "$tag"
        check "$tag runs other programs" docker run --rm --name "$prefix-ls" "$tag" ls /docker-entrypoint-initdb.d
    done
}

group_nginx() {
    local tag n
    mkdir -p "$work/templates"
    chmod 0755 "$work/templates"
    echo 'server { listen 81; location / { return 200 "${GREETING} $uri"; } }' > "$work/templates/hello.conf.template"
    chmod 0644 "$work/templates/hello.conf.template"
    for tag in nginx:1.26 nginx:1.22; do
        n=web${tag#*:}
        start "$n" -v "$work/templates:/etc/nginx/templates:ro" -e GREETING=hello "$tag"
        check "$tag fills templates" soon in_ "$n" sh -c 'curl -fs 127.0.0.1:81/x | grep -qx "hello /x"'
        planted "$tag: a template that was not filled" in_ "$n" grep -q GREETING /etc/nginx/conf.d/hello.conf
        check "$tag serves conf.d/default.conf" in_ "$n" curl -fs 127.0.0.1/
        check "$tag works as nginx (101)" in_ "$n" sh -c 'grep -l "^Uid:.101" /proc/[0-9]*/status'
        check "$tag logs to the standard streams" sh -c "docker logs $prefix-$n 2>&1 | grep -q 'GET /x'"
        check "$tag stops by SIGQUIT" stops_by "$tag" SIGQUIT
        check "$tag ends well" ends_well "$n" 0
    done
}

group_node() {
    check "node:20 takes options as node's" is "$(docker run --rm --name "$prefix-e" node:20 -p '6*7')" 42
    check "node:20 runs other programs" is "$(docker run --rm --name "$prefix-e" node:20 sh -c 'echo hi')" hi
    check "node:20 has node as 1000 and starts as root" is "$(docker run --rm --name "$prefix-e" node:20 sh -c 'id -u node; id -u')" $'1000\n0'
    check "node:20 has npm" docker run --rm --name "$prefix-e" node:20 npm --version
    planted "node:20: a missing program" docker run --rm --name "$prefix-e" node:20 yarn-is-not-here
    check "node:20 sets nothing that node reads" is "$(config node:20 'json .Config.Env' | grep -c 'NODE_OPTIONS\|NODE_EXTRA' || true)" 0
}

group_redis() {
    start queue redis:7
    check "redis:7 is reached from outside without a password" soon docker run --rm --name "$prefix-r" --network "$prefix" redis:7 redis-cli -h queue ping
    check "redis:7 runs as redis (999) in PID 1" pid1 queue redis-server 999
    check "redis:7 keeps its volume" has_volume redis:7 /data
    check "redis:7 ends well" ends_well queue 0
    start guarded redis:7 --protected-mode yes
    planted "redis:7: protected mode" docker run --rm --name "$prefix-r" --network "$prefix" redis:7 sh -c 'test "$(redis-cli -h guarded ping)" = PONG'
}

group_n8n() {
    local tag=n8nio/n8n:1.123.0
    check "$tag runs n8n as node under tini" is "$(config "$tag" '.Config.User')$(config "$tag" 'index .Config.Entrypoint 0')" nodetini
    check "$tag has its folder, empty" is "$(docker run --rm --name "$prefix-n" --entrypoint sh "$tag" -c 'stat -c %U /home/node/.n8n; ls -A /home/node/.n8n')" node
    check "$tag is the version that its tag says" is "$(docker run --rm --name "$prefix-n" "$tag" --version | tail -n 1)" 1.123.0
    planted "$tag: another version" is "$(docker run --rm --name "$prefix-n" "$tag" --version | tail -n 1)" 1.122.0
}

group_mariadb() {
    printf 'of-a-file' > "$work/maria"
    chmod 0644 "$work/maria"
    start maria -v "$work/maria:/run/secret:ro" -e MARIADB_ROOT_PASSWORD_FILE=/run/secret -e MARIADB_DATABASE=stock -e MARIADB_USER=keeper \
        -e MARIADB_PASSWORD_FILE=/run/secret mariadb:11.8 --max-connections=33
    check "mariadb:11.8 answers over TCP with the password of the file" soon in_ maria mariadb -h maria -ukeeper -pof-a-file stock -e 'SELECT 1'
    planted "mariadb:11.8: a wrong password" in_ maria mariadb -h maria -ukeeper -pwrong stock -e 'SELECT 1'
    check "mariadb:11.8 takes options" is "$(in_ maria mariadb -h maria -ukeeper -pof-a-file -Ne 'SELECT @@max_connections')" 33
    check "mariadb:11.8 runs as mysql (999) in PID 1" pid1 maria mariadbd 999
    check "mariadb:11.8 is healthy" in_ maria healthcheck.sh --connect --innodb_initialized
    planted "mariadb:11.8: no password at all" docker run --rm --name "$prefix-none" mariadb:11.8
}

# A docker that answers as if there were a registry, or none; what it is asked is written down.
shim() { # yes|no
    mkdir -p "$work/bin"
    cat > "$work/bin/docker" <<SH
#!/bin/sh
echo "\$*" >> "$work/asked"
case "\$1 \$2" in
    "image inspect") exit 1 ;;
    "pull -q") [ $1 = yes ] ;;
esac
SH
    chmod +x "$work/bin/docker"
    : > "$work/asked"
}
pulls() { # yes|no: what ensuring two images asks of docker
    pulls_aloud "$1" >/dev/null 2>&1
}
pulls_aloud() {
    shim "$1"
    (unset PILOTPROS_REGISTRY; PILOTPROS_CACHE=$work/cache PATH=$work/bin:$PATH ensure_images redis:7 nginx:1.26)
}
group_driver() {
    pulls yes
    check "a registry that answers is asked once, and then pulled from" is "$(grep -c '^pull -q hello' "$work/asked") $(grep -c '^pull -q redis\|^pull -q nginx' "$work/asked") $(grep -c ^build "$work/asked" || true)" '1 2 0'
    mkdir -p "$work/cache/stack"
    local hash
    for hash in trixie bookworm; do echo tar > "$work/cache/stack/base-$hash-$(image_hash "debian:$hash-slim").tar"; done
    pulls no
    check "where none answers, it is asked once and everything is built" is "$(grep -c '^pull' "$work/asked") $(grep -c '^import' "$work/asked") $(grep -c '^build' "$work/asked")" '1 2 2'

    stack=contract
    start web -p 127.0.0.1:0:80 nginx:1.26
    local url
    url=http://$(docker port "$prefix-web" 80)
    asked() { STACK_TOOL_INPUT=$2 STACK_TOOL_RATE=20 STACK_TOOL_CONNECTIONS=2 node_tool "$1" 1; }
    check "answers waits for what comes" asked answers.mjs "$url/ nginx.answers"
    planted "answers: a body that is another" asked answers.mjs "$url/ apache.answers"
    planted "answers: an error" asked answers.mjs "$url/none Not.Found"
    planted "answers: nobody there" asked answers.mjs "http://127.0.0.1:1/ x"
    check "load counts" sh -c "$(declare -f asked node_tool); stack=$stack stack_root=$stack_root; asked load.mjs '1 GET $url/ nginx' | grep -qE '^requests: ok (1[0-9]|2[01]) failed 0'"
    planted "load: a body that is another" asked load.mjs "1 GET $url/ apache"
    planted "load: an error" asked load.mjs "1 GET $url/none Not"

    made() { "$@" 2>&1 | grep -c 'built in\|pulled in' || true; }
    check "images that are there are left alone" is "$(made "$stack_root/stack.sh" images)" 0
    planted "images that are made again" is "$(made pulls_aloud no)" 0
    check "a stack is copied whole" sh -c "'$stack_root/stack.sh' copy third '$work/copy' && diff -r '$stack_root/third' '$work/copy'"
    planted "driver: an unknown stack" "$stack_root/stack.sh" up nothing
}

groups=(postgres nginx node redis n8n mariadb driver)
[ $# -gt 0 ] || set -- "${groups[@]}"
for group in "$@"; do
    [[ " ${groups[*]} " == *" $group "* ]] || { echo "check.sh: no group '$group'; there are: ${groups[*]}" >&2; exit 64; }
    before=$((passed + failed))
    "group_$group"
    [ $((passed + failed)) -gt "$before" ] || verdict "group $group checked nothing" 1
done
echo "check.sh: $passed passed, $failed failed"
[ "$failed" = 0 ]

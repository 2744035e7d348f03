#pragma once

namespace pilotpros::apps::postgres {

/// What runs in the throw-away container, as the server's user. Arguments: the configuration file to include (stands
/// for the user's), ours, the checks to make (words), then the user's flags. Every line that begins with "pilotpros "
/// is an answer. POSIX shell and what every image of PostgreSQL has; what is missing is said.
///
/// Memory is touched on purpose: an anonymous shared mapping costs nothing until then, which is how shared_buffers=4GB
/// is "ready" within 256 MiB. Buffers are filled from sparse files, which cost no disk; eight tables, since a scan of
/// one that is larger than a quarter of the buffers keeps to a small ring of them. A cursor keeps its sort's memory,
/// and an advisory lock keeps every cursor open until all have sorted.
inline constexpr const char* kTrialScript = R"sh(
set -u
own=$1 ours=$2 wanted=" $3 "
shift 3
say() { printf 'pilotpros %s\n' "$*"; }
wants() { case $wanted in *" $1 "*) return 0 ;; esac; return 1; }
for place in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin /opt/bitnami/postgresql/bin /usr/pgsql-*/bin; do
    if [ -x "$place/postgres" ]; then PATH=$PATH:$place; fi
done
for tool in postgres initdb; do command -v $tool > /dev/null || { say "missing $tool"; exit 0; }; done
data=$(mktemp -d) || { say "missing a place to write to"; exit 0; }
say "version $(postgres --version)"
if ! initdb -D "$data" -N -A trust -U postgres -E UTF8 --locale=C > "$data.log" 2>&1; then
    say "unable initdb: $(tail -n 1 "$data.log")"; exit 0
fi
whole=shared_memory_size
postgres -C $whole -D "$data" > /dev/null 2>&1 || whole=max_connections
complaint() { # FILE: PostgreSQL's own words; its cross-checks speak without a level
    said=$(sed -n 's/^.*\(FATAL\|PANIC\|ERROR\|LOG\): *//p' "$1" | grep -v -E '^(starting|listening|database system|redirecting|shutting|checkpoint|skipping)' | head -n 1)
    [ -n "$said" ] || said=$(sed 's/^[a-z]*: *//' "$1" | head -n 1)
    printf '%s' "${said:-no reason given}"
}
if ! postgres -C $whole -D "$data" -c config_file="$own" "$@" > /dev/null 2> "$data.err"; then
    say "unable the present configuration: $(complaint "$data.err")"; exit 0
fi
if wants names; then
    while IFS= read -r line; do
        name=${line%%=*}
        if postgres -C "$name" -D "$data" -c "$line" > /dev/null 2> "$data.err"; then say "takes $name"
        else say "refuses $name $(complaint "$data.err")"; fi
    done < /pilotpros/checks
fi
if wants whole; then
    if postgres -C $whole -D "$data" -c config_file="$ours" "$@" > "$data.out" 2> "$data.err"; then say "loads"
    else say "notwhole $(complaint "$data.err")"; exit 0; fi
fi
wants server || { say "done"; exit 0; }
for tool in psql pgbench truncate awk mkfifo; do command -v $tool > /dev/null || { say "missing $tool"; exit 0; }; done

group=/sys/fs/cgroup
if [ -r $group/memory/memory.stat ]; then group=$group/memory; fi
held() { # bytes that no pressure gives back
    if [ -r $group/memory.kmem.usage_in_bytes ]; then
        read -r kernel < $group/memory.kmem.usage_in_bytes
        awk -v k="$kernel" '$1 == "total_rss" || $1 == "total_shmem" { s += $2 } END { printf "%.0f", s + k }' $group/memory.stat
    elif [ -r $group/memory.stat ]; then
        awk '$1 == "anon" || $1 == "shmem" || $1 == "kernel" { s += $2 } END { printf "%.0f", s }' $group/memory.stat
    else echo 0; fi
}
kills() { cat $group/memory.oom_control $group/memory.events 2> /dev/null | awk '$1 == "oom_kill" { s += $2 } END { printf "%d", s }'; }
fallen() { # WHILE
    sleep 0.2
    died=$(grep -h -o -E 'terminated by signal [0-9]+|out of memory|could not resize shared memory|could not map' "$data.log" | head -n 1)
    # What is no death of the server is a fault of this trial, and no word against the settings.
    if [ "$(kills)" -gt 0 ] || [ -n "$died" ]; then say "fallen $1, $(kills) killed for memory${died:+, $died}"
    else say "unable the trial broke off at its $1"; fi
    exit 0
}
postgres -D "$data" -c config_file="$ours" "$@" -c listen_addresses= -c unix_socket_directories="$data" -c port=5432 \
    -c logging_collector=off -c log_destination=stderr -c fsync=off -c restart_after_crash=off -c ssl=off -c archive_mode=off \
    -c lock_timeout=0 -c statement_timeout=0 > "$data.log" 2>&1 &
server=$!
ask() { psql -X -w -q -A -t -h "$data" -U postgres -d postgres -v ON_ERROR_STOP=1 "$@" 2> /dev/null; }
until ask -c 'select 1' > /dev/null; do
    if ! kill -0 $server 2> /dev/null; then
        if [ "$(kills)" -gt 0 ]; then fallen start; fi
        say "nostart $(complaint "$data.log")"; exit 0
    fi
    sleep 0.2
done
if wants buffers; then
    buffers=$(ask -c "select setting::bigint * 8192 from pg_settings where name = 'shared_buffers'") || fallen buffers
    part=$((buffers / 8 / 8192 * 8192))
    if [ $part -gt 536870912 ]; then part=536870912; fi
    count=$((buffers / part + 1))
    ask -c "select format('create table touched%s (a int);', g) from generate_series(1, $count) g" | ask -f - || fallen buffers
    for file in $(ask -c "checkpoint; select pg_relation_filepath(oid) from pg_class where relname ~ '^touched'"); do
        truncate -s $part "$data/$file"
    done
    ask -c "select format('set max_parallel_workers_per_gather = 0; select count(*) from touched%s', g) from generate_series(1, $count) g" > "$data.touch"
    while IFS= read -r line; do ask -c "$line" > /dev/null || fallen buffers; done < "$data.touch"
    say "touched $buffers $(held)"
fi
if wants sorts; then
    memory=$(ask -c "select setting::bigint from pg_settings where name = 'work_mem'") || fallen sorts
    # As many rows as one sort keeps in memory: what it spills it would not hold any longer.
    query() { printf "select g, repeat('x', 1000) as t from generate_series(1, %d) g order by md5(g::text)" "$1"; }
    rows=$((memory * 1024 / 1200)) tries=0
    while [ $tries -lt 8 ]; do
        used=$(ask -c "set max_parallel_workers_per_gather = 0; explain (analyze, costs off, timing off, summary off) $(query $rows)" |
            sed -n 's/.*Sort Method: .*Memory: \([0-9]*\)kB.*/\1/p') || fallen sorts
        if [ -n "$used" ] && [ $((used * 100)) -ge $((memory * 80)) ]; then break; fi
        if [ -z "$used" ]; then rows=$((rows * 85 / 100)); else rows=$((rows * memory * 93 / 100 / used)); fi
        tries=$((tries + 1))
    done
    clients=$(ask -c "select setting::int - 2 from pg_settings where name = 'max_connections'") || fallen sorts
    printf 'begin;\nset local max_parallel_workers_per_gather = 0;\ndeclare c no scroll cursor for %s;\nfetch 1 from c;\nselect pg_advisory_xact_lock_shared(1);\ncommit;\n' \
        "$(query $rows)" > "$data.sql"
    mkfifo "$data.door"
    ask -f "$data.door" > /dev/null &
    exec 3> "$data.door"
    echo 'select pg_advisory_lock(1);' >&3
    until [ "$(ask -c "select count(*) from pg_locks where locktype = 'advisory' and granted")" = 1 ]; do
        kill -0 $server 2> /dev/null || fallen sorts
        sleep 0.1
    done
    pgbench -n -h "$data" -U postgres -c "$clients" -j 1 -t 1 -f "$data.sql" postgres > "$data.out" 2>&1 3>&- &
    bench=$!
    peak=0 waiting=0
    while [ "$waiting" -lt "$clients" ]; do
        now=$(held); if [ "$now" -gt $peak ]; then peak=$now; fi
        kill -0 $bench 2> /dev/null && kill -0 $server 2> /dev/null || fallen sorts
        sleep 0.2
        waiting=$(ask -c "select count(*) from pg_locks where locktype = 'advisory' and not granted") || fallen sorts
    done
    now=$(held); if [ "$now" -gt $peak ]; then peak=$now; fi
    say "sorted $waiting $peak"
    exec 3>&-
    wait $bench || fallen sorts
fi
if [ "$(kills)" -gt 0 ]; then fallen end; fi
say "done"
kill -INT $server
)sh";

}  // namespace pilotpros::apps::postgres

#!/usr/bin/env bash
# beside: it judges no time
# What we start in a container leaves no orphan to its first process: a PostgreSQL that is the first process takes the end of one for a crash of its own,
# and closes all connections. Cut short at any time, as root, who could kill.
. "$(dirname "$0")/lib.sh"
"$SOURCE_DIR/tests/stack/stack.sh" images reference >"$scratch/images" 2>&1
name=pilotpros-orphans-$$
mkdir "$scratch/project"
cd "$scratch/project"
cat >compose.yaml <<Y
name: $name
services:
  db:
    image: postgres:17
    environment: {POSTGRES_PASSWORD: only-for-this-test, POSTGRES_INITDB_ARGS: --no-sync}
    volumes: [data:/var/lib/postgresql/data]
volumes: {data: {}}
Y
finally "docker compose -p $name down -v -t 1 >/dev/null 2>&1"
docker compose --progress quiet up -d
until docker compose exec -T db pg_isready -q -h 127.0.0.1; do sleep 0.3; done
id=$(docker compose ps -q db)
expect_same "PostgreSQL is the first process" postgres "$(docker exec "$id" cat /proc/1/comm)"
crashes() { docker logs "$id" 2>&1 | grep -c 'terminating any other active server processes' || true; }
sampled() { docker exec "$id" psql -U postgres -Atc "select count(*) from pg_stat_activity where application_name = 'pilotpros'"; }
is_sampled() { # for longer than a question takes
    for _ in {1..100}; do
        if [ "$(sampled)" != 0 ] && sleep 1 && [ "$(sampled)" != 0 ] && sleep 1 && [ "$(sampled)" != 0 ]; then return; fi
        sleep 0.1
    done
    return 1
}
nobody_samples() {
    for _ in {1..100}; do
        [ "$(sampled)" != 0 ] || return 0
        sleep 0.2
    done
    return 1
}
never_crashed() { [ "$(crashes)" = 0 ]; }

for signal in INT TERM; do
    env --default-signal=INT "$PILOTPROS" pilotpros profile --duration 60s >"$scratch/out" 2>&1 &
    pid=$!
    expect "SIG$signal: the connections are watched" is_sampled
    kill -"$signal" "$pid"
    status=0
    wait "$pid" || status=$?
    expect_status "SIG$signal: cut short" 130
    expect "SIG$signal: nobody watches them any more" nobody_samples
    sleep 2 # an orphan's end would be told by now
    expect "SIG$signal: PostgreSQL went on" never_crashed
done
run "$PILOTPROS" pilotpros tune --duration 1s
expect_status "measured for a second only" 0
sleep 3
expect "PostgreSQL went on" never_crashed

# An orphan of a killed shell's, as the engine leaves one of a probe that ran into its timeout.
docker exec "$id" sh -c '(sleep 0.2; exit 2) & exit 0'
for _ in {1..50}; do never_crashed || break; sleep 0.1; done
planted "an orphan that ends with 2" never_crashed

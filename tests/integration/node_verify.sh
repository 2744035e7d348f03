#!/usr/bin/env bash
# The node and the n8n of the image judge what is to be written for them: a heap is the one asked for and lives in its limit when it is full; an
# option that node does not take, a heap that the limit does not hold and a name that n8n does not read are refused. And a real nginx takes the
# lines that are told to its user.
# beside: judges no time
# shellcheck disable=SC2016 # ${…} is Compose's here
. "$(dirname "$0")/lib.sh"
driver=${BINARY_DIR:-$SOURCE_DIR/build/dev}/tests/programs_driver/pilotpros-programs-driver
"$SOURCE_DIR/tests/stack/stack.sh" images reference >"$scratch/images" 2>&1
node=$(docker image inspect -f '{{.Id}}' node:20)
n8n=$(docker image inspect -f '{{.Id}}' n8nio/n8n:1.123.0)
heap() { RUN_SECONDS=200 run "$driver" node "$node" "$@"; } # MIB NODE_OPTIONS [RESOLVED] [argv:WORD]… [without=CHECK]…

# what a small container is advised, filled
heap 192 "--max-old-space-size=120 --max-semi-space-size=4 --enable-source-maps"
expect_in "the heap is the one asked for, and lives when it is full" '^accepted: heap limit 132 MiB; filled' "$out"
heap 512 "--max-old-space-size=384"
expect_in "a large one is not filled, and that is said" '^accepted: heap limit 387 MiB; not filled, .* derived$' "$out"
heap 1024 '${EXTRA} --max-old-space-size=600' "--max-old-space-size=2000 --dns-result-order=ipv4first"
expect_in 'what comes behind ${…} counts' '^accepted: heap limit 612 MiB' "$out"
heap 128 "--require=/nowhere.js --max-old-space-size=48"
expect_in "the user's modules are not loaded" '^accepted: heap limit 51.0 MiB' "$out"
heap 192 "--max-old-space-size=120 --max-semi-space-size=4" argv:--no-opt argv:--title=shop
expect_in "the server's own options are tried with it, and what cannot be is named" \
    '^accepted: heap limit 132 MiB; filled, .*; tried without --title of its command line$' "$out"

# planted
heap 192 "--max-old-space-size=96 --optimize-for-size"
expect_in "an option that node does not take is refused, in node's words" '^refused: node: --optimize-for-size is not allowed in NODE_OPTIONS' "$out"
heap 192 "--max-old-space-size-percentage=50"
expect_in "an option of a later version is refused" '^refused: .*--max-old-space-size-percentage=? is not allowed' "$out"
heap 192 "--max-old-space-size=1024"
expect_in "a heap above the limit is refused" '^refused: heap limit .* do not hold' "$out"
heap 128 "--max-old-space-size=120 --max-semi-space-size=1"
expect_in "a heap that leaves node nothing is killed when it is full" '^refused: heap limit 123 MiB; filled, it is killed in 128 MiB' "$out"

heap 192 "--max-old-space-size=120 --max-semi-space-size=4" argv:--optimize-for-size
expect_in "a heap that the server's own command line makes another is refused" '^refused: heap limit 123 MiB, which is not what was asked for' "$out"

# Each check left out: its plant passes.
heap 192 "--max-old-space-size=96 --optimize-for-size" without=starts without=as-asked without=fill
expect_in "without a start the option passes" '^accepted' "$out"
heap 192 "--max-old-space-size=120 --max-semi-space-size=4" argv:--optimize-for-size without=as-asked without=fill
expect_in "without a look at the heap another one passes" '^accepted' "$out"
heap 192 "--max-old-space-size=1024" without=holds
expect_in "without the sum a heap above the limit passes" '^accepted' "$out"
heap 128 "--max-old-space-size=120 --max-semi-space-size=1" without=fill
expect_in "unfilled the heap that is killed passes" '^accepted' "$out"

run "$driver" n8n "$n8n" DB_POSTGRESDB_POOL_SIZE N8N_GRACEFUL_SHUTDOWN_TIMEOUT
expect_in "n8n knows the names that are written" '^accepted: reads DB_POSTGRESDB_POOL_SIZE' "$out"
expect_in "all of them" '^2$' "$(grep -c '^accepted' <<<"$out")"
run "$driver" n8n "$n8n" DB_POSTGRESDB_POOL_CONNECTION_TIMEOUT
expect_in "a name that it does not read is refused" '^refused: does not read' "$out"
run "$driver" n8n "$n8n" DB_POSTGRESDB_POOL_CONNECTION_TIMEOUT without=known
expect_in "unasked it passes" '^accepted' "$out"
run "$driver" recipe "$n8n"
expect_same "of the recipe's 19 lines seven are not read" "19 7" "$(grep -c . <<<"$out") $(grep -c 'is not read' <<<"$out")"
expect_same "they are five names" 5 "$(grep 'is not read' <<<"$out" | sort -u | grep -c .)"
expect_same "one stops node" 1 "$(grep -c '^NODE_OPTIONS: stops node with exit 9' <<<"$out")"

# nginx: each finding's lines, where its text says that they belong
mkdir "$scratch/nginx"
run "$driver" nginx
expect "the lines of all findings" test "$(jq length <<<"$out")" -ge 8
python3 "$SOURCE_DIR/tests/tools/nginx_files.py" "$scratch/nginx" <<<"$out" >"$scratch/told"
expect_in "most of them are lines of a configuration" '^([7-9]|1[0-9])$' "$(grep -c . "$scratch/told")"
sed 's/keepalive 32;/keepalive many;/' "$scratch/nginx/no-upstream-keepalive.conf" >"$scratch/nginx/planted-value.conf"
sed 's/^ *map .*//' "$scratch/nginx/no-upstream-keepalive.conf" >"$scratch/nginx/planted-variable.conf"
run docker run --rm --network none --add-host app:127.0.0.1 --add-host flow:127.0.0.1 -v "$scratch/nginx:/told:ro" --entrypoint sh nginx:1.26 -c \
    'cd /told && for file in *.conf; do nginx -t -q -c "/told/$file" 2>/tmp/said && echo "$file taken" || echo "$file $(head -n 1 /tmp/said)"; done'
while read -r name; do expect_in "nginx takes the lines of $name" "^$name.conf taken$" "$out"; done <"$scratch/told"
expect_in "noticed: a value that is none" '^planted-value.conf .*invalid' "$out"
expect_in "noticed: the map that is not there" '^planted-variable.conf .*unknown "connection_upgrade" variable' "$out"

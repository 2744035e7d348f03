#!/usr/bin/env bash
# beside: it judges no time but that of a file that never reaches Compose
# Files that Compose does not accept: we say where, never what. Every file holds a canary where a secret could be; it must show in no
# error, hint or warning of ours, although Compose itself quotes it in some. Hostile files end within their bounds.
# shellcheck disable=SC2016 # a variable of Compose's
set -euo pipefail
root="$(mktemp -d)"
trap 'rm -rf "$root"' EXIT
root="$(cd "$root" && pwd -P)"
canary=cAnary-7f3a91
checks=0 quoted=0
unset "${!COMPOSE_@}"

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
probe() {
    "$BINARY_DIR/tests/pilotpros-discovery-driver" "$@" >"$root/out" 2>"$root/log" || { cat "$root/log"; return 1; }
    jq '{code, error, hint, warnings}' "$root/out" | tee "$root/said"
}
refuses() { # NAME EXPECTED... - standard input is the file; each word expected is in the error
    local name=$1 folder="$root/case$checks"
    shift
    mkdir -p "$folder" && cd "$folder" && cat >compose.yaml
    if [ -e "$root/next.env" ]; then mv "$root/next.env" .env; fi
    if docker compose config -q 2>"$root/theirs"; then fail "$name: Compose accepts it"; fi
    if grep -q "$canary" "$root/theirs"; then quoted=$((quoted + 1)); fi
    probe >/dev/null
    [ "$(jq .code "$root/said")" = 65 ] || fail "$name: $(cat "$root/said")"
    if grep -q "$canary" "$root/said" "$root/log"; then fail "$name: $(cat "$root/said")"; fi
    for word in "$@"; do
        jq -e --arg word "$word" '.error | contains($word)' "$root/said" >/dev/null || fail "$name: no '$word' in $(jq .error "$root/said")"
    done
    checks=$((checks + 1))
}

# shellcheck disable=SC2016 # Compose expands these, not the shell
{
    refuses "interpolation" services.web.environment.PASSWORD 'another $' <<<"services: {web: {image: x, environment: {PASSWORD: \"$canary\${\"}}}"
    refuses "interpolation in a label" services.web.labels.token <<<"services: {web: {image: x, labels: {token: \"$canary\${!}\"}}}"
    refuses "a message of the user's own" DB_PASSWORD 'missing a value' services.web.environment.P <<<"services: {web: {image: x, environment: {P: '\${DB_PASSWORD:?$canary}'}}}"
}
refuses "a port" hostPort <<<"services: {web: {image: x, ports: ['$canary:80']}}"
refuses "not a list" services.web.ports 'must be a list' <<<"services: {web: {image: x, ports: $canary}}"
refuses "a size" <<<"services: {web: {image: x, mem_limit: $canary}}"
refuses "a duration" <<<"services: {web: {image: x, healthcheck: {test: [CMD, a], interval: $canary}}}"
refuses "an environment entry that is a list" services.web.environment <<<"services: {web: {image: x, environment: {A: [$canary]}}}"
refuses "an argument" <<<"services: {web: {build: {context: ., args: {A: {b: $canary}}}}}"
refuses "a URL as a volume" <<<"services: {web: {image: x, volumes: ['postgres://u:$canary@h/d:y:z:q']}}"
refuses "an unclosed quotation" yaml line <<<"services: {web: {image: x, environment: {A: \"$canary"
refuses "an unclosed mapping" yaml 'line ' <<<"services:
  web:
    environment: {PASSWORD: $canary
    image: x"
refuses "an unknown alias" 'unknown anchor' <<<"services: {web: *$canary}"
refuses "a duplicate key" 'line 4' '"image"' <<<"services:
  web:
    image: x
    image: $canary"
refuses "a null service" services.web 'must be a mapping' <<<"{services: {web: }, x-c: $canary}"
refuses "an empty file" 'empty compose file' <<<""
refuses "an unknown property" services.web 'not allowed' <<<"services: {web: {image: x, environmet: {A: $canary}}}"
refuses "an undefined network" '"web"' 'undefined network' backend <<<"services: {web: {image: x, networks: [backend], environment: {A: $canary}}}"
refuses "an undefined service" '"web"' 'undefined service' db <<<"services: {web: {image: x, depends_on: [db], environment: {A: $canary}}}"
refuses "a missing env_file" case19/web.env <<<"services: {web: {image: x, env_file: web.env, environment: {A: $canary}}}"
printf 'A=1\nFOO %s=2\n' "$canary" >"$root/next.env"
refuses "a key with a space in .env" .env 'line 2' <<<"services: {web: {image: x}}"
printf 'A=1\nB="%s\n' "$canary" >"$root/next.env"
refuses "an unclosed quotation in .env" .env <<<"services: {web: {image: x}}"
for line in "FOO!$canary=1" "{$canary}=1" "\"$canary\"=1" "A=\${$canary" "A=\${B:?$canary}" "A='$canary"; do
    printf 'Z=1\n%s\n' "$line" >"$root/next.env"
    refuses "in .env: $line" .env <<<"services: {web: {image: x}}"
done
[ "$quoted" -ge 6 ] || fail "Compose quotes the canary in only $quoted of these: they show nothing"
refuses "services that extend each other" 'Circular reference' <<<"services:
  web: {image: x, extends: db, environment: {A: $canary}}
  db: {image: x, extends: web}"

# An unescaped dollar makes Compose warn of "variables" that are the tails of secrets.
mkdir -p "$root/dollar" && cd "$root/dollar"
# shellcheck disable=SC2016
printf 'services: {web: {image: "x:${TAG}", environment: {A: "aa$cAnary", B: "$PLAIN"}}}\n' >compose.yaml
probe >/dev/null
if grep -q cAnary "$root/said"; then fail "a secret's tail shows in a warning: $(cat "$root/said")"; fi
jq -e '.warnings | map(select(contains("TAG") or contains("PLAIN") or contains("doubled"))) | length == 3' "$root/said" >/dev/null || fail "warnings: $(cat "$root/said")"
checks=$((checks + 1))

# What is missing is named, with what is there.
mkdir -p "$root/missing" && cd "$root/missing" && touch stack.yml
[ "$(probe -f stak.yml | jq -r '[.code, .error, .hint] | join("|")')" = "65|there is no file $root/missing/stak.yml|$root/missing holds stack.yml" ] || fail "a missing file: $(cat "$root/said")"
[ "$(probe -f . | jq .code)" = 65 ] || fail "a folder as a file"
[ "$(probe -f stack.yml --env-file none.env | jq -r .error)" = "there is no environment file $root/missing/none.env" ] || fail "a missing environment file"
[ "$(probe | jq .code)" = 5 ] || fail "no file and no engine"
checks=$((checks + 4))

# Hostile files: the time is bounded, the memory too, and nothing stays behind.
mkdir -p "$root/bomb" && cd "$root/bomb"
{
    echo 'x-0: &a0 [x,x,x,x,x,x,x,x,x,x]'
    for i in {1..9}; do printf 'x-%d: &a%d [%s]\n' "$i" "$i" "$(printf "*a$((i - 1)),%.0s" {1..10})"; done
    echo 'services: {web: {image: x}}'
} >compose.yaml
begin=$SECONDS
watched_probe() { # $peak: what Compose needed at most, of all that read the files at the same time
    local bomb now one pid
    probe >/dev/null &
    bomb=$! peak=0
    while kill -0 $bomb 2>/dev/null; do
        now=0
        for pid in $(pgrep -f "docker-compose .*$root/bomb" || true); do
            one="$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status" 2>/dev/null || true)"
            now=$((now + ${one:-0}))
        done
        if [ "$now" -gt "$peak" ]; then peak=$now; fi
        sleep 0.1
    done
    wait $bomb
    [ "$(jq .code "$root/said")" = 65 ] || fail "aliases that multiply: $(cat "$root/said")"
    [ "$peak" -lt 500000 ] || fail "Compose grew to $peak kB"
    if pgrep -f "docker-compose .*$root/bomb" >/dev/null; then fail "Compose still runs"; fi
}
watched_probe
[ $((SECONDS - begin)) -le 10 ] || fail "it took $((SECONDS - begin)) s"
jq -e '.error | contains("line 6, column 47: its aliases multiply to more than 1000000 values")' "$root/said" >/dev/null || fail "the bomb: $(cat "$root/said")"
begin=$SECONDS
mv compose.yaml included.yaml
echo 'include: [included.yaml]' >compose.yaml
watched_probe
[ $((SECONDS - begin)) -le 10 ] || fail "an included bomb took $((SECONDS - begin)) s"
jq -e '.error | contains("included.yaml: line 6, column 47: its aliases multiply")' "$root/said" >/dev/null || fail "an included bomb: $(cat "$root/said")"
# One that only Compose meets: its memory is bounded, and its time.
echo 'include: ["${PART:-included}.yaml"]' >compose.yaml
watched_probe
[ "$peak" -gt 10000 ] || fail "Compose was not seen at all"
jq -e '.error | test("Compose (needed more than 240 MB|did not finish reading)")' "$root/said" >/dev/null || fail "an included bomb: $(cat "$root/said")"
checks=$((checks + 6))
mkdir -p "$root/big" && cd "$root/big"
printf 'x-a: &a "%s"\nx-b: [%s]\nservices: {web: {image: x}}\n' "$(printf 'y%.0s' {1..500000})" "$(printf '*a,%.0s' {1..4000})" >compose.yaml
probe | jq -e '.error | contains("its aliases multiply")' >/dev/null || fail "a file that becomes gigabytes: $(head -c 500 "$root/said")"
mv compose.yaml included.yaml
echo 'include: ["${PART:-included}.yaml"]' >compose.yaml
probe | jq -e '.error | contains("needed more than 240 MB")' >/dev/null || fail "an included one that becomes gigabytes: $(head -c 500 "$root/said")"
checks=$((checks + 2))

printf '%d checks, Compose itself quotes the canary in %d, it grew to %d kB\n' "$checks" "$quoted" "$peak"

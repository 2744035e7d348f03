#!/usr/bin/env bash
# beside: it judges no time but that of a file that has none
# What a user can hand over that is wrong, to the plugin itself and without an engine: no engine, files that are none, names that a terminal would obey,
# no room and no leave to write. Each time a line of what, a line of what next, the exit code of docs/exit-codes.md, and nothing is left behind.
# shellcheck disable=SC2016 # Compose expands these, not the shell
. "$(dirname "$0")/lib.sh"
. "$SOURCE_DIR/tests/tools/traces.sh"
export DOCKER_CONFIG=$scratch/config HOME=$scratch DOCKER_HOST=unix:///nowhere.sock
mkdir -p "$DOCKER_CONFIG/cli-plugins"
ln -s "$PILOTPROS" "$DOCKER_CONFIG/cli-plugins/docker-pilotpros"
ours=("$PILOTPROS" pilotpros)
folder() { mkdir -p "$scratch/projects/$1" && cd "$scratch/projects/$1"; } # NAME: a project's folder, and there
folder empty
folder shop
printf 'services: {web: {image: "nginx:1.26"}}\n' >compose.yaml

# ---- no engine ---------------------------------------------------------------------------------------------------
for words in status "rollback --yes" "tune --apply --yes"; do
    # shellcheck disable=SC2086 # words
    refuses "no engine: $words" 5 'no engine at unix:///nowhere.sock .*no such socket' 'start the Docker Engine' "${ours[@]}" $words
done
refuses "a context that is not there" 5 '"nosuch"' 'docker context ls' env -u DOCKER_HOST docker --context nosuch pilotpros status
refuses "a scheme that is none" 5 'carrier' '.' env DOCKER_HOST=carrier://pigeon "${ours[@]}" status
refuses "a service that is not there" 64 'shop has no service wbe' 'web' "${ours[@]}" tune wbe
refuses "a word that is no command" 64 'nosuch' 'docker pilotpros --help' "${ours[@]}" nosuch
refuses "help for a word that is no command" 64 'no command nosuch' 'docker pilotpros --help' "${ours[@]}" help nosuch
refuses "the same, behind it" 64 'no command nosuch' 'docker pilotpros --help' "${ours[@]}" nosuch --help
refuses "a version of the API that is none" 64 'DOCKER_API_VERSION .*"banana"' 'unset it' env DOCKER_API_VERSION=banana "${ours[@]}" status
refuses "a folder that is gone" 65 'folder that you are in is gone' 'cd to one' bash -c 'mkdir gone && cd gone && rmdir ../gone && exec "$@"' - "${ours[@]}" tune
cd "$scratch/projects/empty"
refuses "a folder without files and without an engine" 5 'no such socket' 'start' "${ours[@]}" tune
refuses "a project that is not there" 5 'no such socket' 'start' "${ours[@]}" tune -p nosuch
refuses "the same, of files alone" 65 'no Compose file' '-f' "${ours[@]}" tune --lint

# ---- files that are none -----------------------------------------------------------------------------------------
file() { # WHAT REGEX-OF-WHAT [STATUS]: standard input is the file
    folder file && cat >compose.yaml
    for words in tune "tune --lint"; do
        # shellcheck disable=SC2086 # words
        refuses "$1: $words" "${3:-65}" "$2" 'docker compose config' "${ours[@]}" $words
    done
}
at() { echo "projects/file/compose.yaml: yaml: line $1, column $2: "; } # LINE COLUMN
file "a list without an end" "$(at 4 6)did not find" <<<$'services:\n  web:\n    image: [a\n    x: b'
file "a tab" "$(at 4 1)found a tab" <<<$'services:\n  web:\n    image: x\n\tbad: tab'
file "a key that stands nowhere" "$(at 4 4)did not find expected key" <<<$'services:\n  web:\n    image: nginx\n   ports: []'
file "two colons" "$(at 3 13)mapping values" <<<$'services:\n  web:\n    image: x: y'
file "quotes without an end" "$(at 3 12)found unexpected end" <<<$'services:\n  web:\n    image: "x'
file "an alias of nothing" "$(at 1 17)unknown anchor" <<<'services: {web: *nothing}'
file "bytes that are not UTF-8" "$(at 2 23)invalid leading UTF-8" <<<$'services:\n  web: {image: "nginx-\xff\xfe"}'
file "a control character" "$(at 2 16)control characters" <<<$'services:\n  web: {image: \e[2J}'
file "the same key twice" 'line 4: mapping key "image" already defined at line 3' <<<$'services:\n  web:\n    image: x\n    image: y'
file "a variable that has to be set" 'DB_PASSWORD is missing a value' <<<'services: {web: {image: x, environment: {P: "${DB_PASSWORD:?set it}"}}}'
file "services that extend each other" 'Circular reference' <<<'services: {web: {image: x, extends: db}, db: {image: x, extends: web}}'
file "a service that is nothing" 'services.web must be a mapping' <<<'services: {web: }'
file "an empty file" 'empty compose file' <<<''
file "a service name with a blank and a quote" 'not allowed' <<<"services: {\"a b'\": {image: x}}"
file "a service name with a newline and an escape" 'not allowed' <<<'services: {"a\n\e]0;owned\a\e[2J": {image: x}}'
file "a network name with an escape" 'undefined network|not allowed' <<<'services: {web: {image: x, networks: ["\e[2J"]}}'
folder file
printf 'A=1\nB \xff\e[2J=3\n' >.env
file "an .env with a key that is none" '\.env.*line 2' <<<'services: {web: {image: x}}'
rm .env
refuses "a file that is not there, and its name has an escape" 65 'there is no file .*\?\[2J' 'compose.yaml' "${ours[@]}" tune -f $'\e[2J.yaml'
refuses "a folder as a file" 65 'is a folder' '.' "${ours[@]}" tune -f "$scratch/projects/empty"
refuses "an environment file that is not there" 65 'no environment file' '.' "${ours[@]}" tune --env-file nosuch.env
refuses "a service that is not there, and its name has an escape" 64 'has no service \?\[2J' 'web' "${ours[@]}" tune $'\e[2J'
refuses "a flag that is none, and has an escape" 64 '.' 'docker pilotpros tune --help' "${ours[@]}" tune $'--\e[2J\xff'

for words in "tune -f -" "tune --lint -f -"; do
    # shellcheck disable=SC2086 # words
    refuses "a folder as standard input: $words" 65 'cannot read standard input: Is a directory' '-f FILE' timeout 20 bash -c '"$@" </' - "${ours[@]}" $words
    # shellcheck disable=SC2086 # words
    refuses "standard input that is open for writing alone: $words" 65 'cannot read standard input: Bad file' '-f FILE' timeout 20 bash -c '"$@" 0>/dev/null' - "${ours[@]}" $words
done

# An empty project is none of these: there is nothing to do, which is told.
printf 'services: {}\n' >compose.yaml
traced "${ours[@]}" tune
expect_status "a project without services" 2
expect_in "a project without services: said" 'no services' "$out$err"
left_nothing "a project without services"

# ---- aliases that multiply: 500 MB, all processes of the run taken together; the time is judged by discovery_errors.sh, beside nothing else ----
gauge() { # COMMAND…: keeps the peak in kB, of all processes of the run at once, and how long it took
    local now one pid
    peak=0
    begin=$SECONDS
    traced "$@" &
    while kill -0 $! 2>/dev/null; do
        now=0
        for pid in $(marked); do
            one=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status" 2>/dev/null || true)
            now=$((now + ${one:-0}))
        done
        if [ "$now" -gt "$peak" ]; then peak=$now; fi
        sleep 0.1
    done
    took=$((SECONDS - begin))
}
within() { [ "$peak" -gt 1000 ] && [ "$peak" -lt 500000 ]; }
folder bomb
{
    echo 'x-0: &a0 [x,x,x,x,x,x,x,x,x,x]'
    for i in {1..9}; do printf 'x-%d: &a%d [%s]\n' "$i" "$i" "$(printf "*a$((i - 1)),%.0s" {1..10})"; done
    echo 'services: {web: {image: x}}'
} >compose.yaml
for words in tune "tune --lint"; do
    # shellcheck disable=SC2086 # words
    gauge "${ours[@]}" $words
    expect "a bomb of aliases: $words took $took s and $peak kB" test "$peak" -lt 500000
    # shellcheck disable=SC2086 # words
    refuses "a bomb of aliases: $words" 65 'line 6, column 47: its aliases multiply' 'alias' "${ours[@]}" $words
done
mv compose.yaml included.yaml
echo 'include: [included.yaml]' >compose.yaml
refuses "an included bomb of aliases" 65 'included.yaml: line 6, column 47: its aliases multiply' 'alias' "${ours[@]}" tune
refuses "a piped bomb of aliases" 65 'standard input: line 6, column 47: its aliases multiply' 'alias' bash -c '"$@" <included.yaml' - "${ours[@]}" tune --lint -f -
# One that only Compose meets.
echo 'include: ["${PART:-included}.yaml"]' >compose.yaml
gauge "${ours[@]}" tune --lint
expect "a bomb of aliases behind a variable: it took $took s and $peak kB" within
refuses "a bomb of aliases behind a variable" 65 'Compose' 'alias|docker compose config' "${ours[@]}" tune --lint
# Of one long text, which is a single value.
{
    printf 'x-a: &a "%s"\nservices:\n  web:\n    image: x\n    labels:\n' "$(printf 'y%.0s' {1..100000})"
    printf '      l%d: *a\n' {1..9000}
} >compose.yaml
for words in tune "tune --lint"; do
    # shellcheck disable=SC2086 # words
    gauge "${ours[@]}" $words
    expect "a long text and many aliases: $words took $took s and $peak kB" test "$peak" -lt 500000
    # shellcheck disable=SC2086 # words
    refuses "a long text and many aliases: $words" 65 'line 645, column 13: its aliases multiply' 'alias' "${ours[@]}" $words
done
# What is named is looked into where that can be done, and no more: a secret's file is none of Compose's, nor a pipe that nobody writes.
mkfifo secret.yml
printf 'services: {web: {image: "node:20", secrets: [s]}}\nsecrets: {s: {file: ./secret.yml}}\n' >compose.yaml
traced "${ours[@]}" tune --lint
expect_status "a pipe that is named like a file of Compose's" 6
left_nothing "a pipe that is named like a file of Compose's"
gauge python3 -c 'import time; kept = b"x" * 520_000_000; time.sleep(1)'
planted "what takes 520 MB ($peak kB)" within

# ---- names and values that a terminal would obey, or that are no text ----------------------------------------------
shows() { # WHAT: everything that can be shown of this folder's project
    for words in "tune" "tune --diff" "tune --explain logging" "tune --lint" "limits" "healthcheck --check" "profile --show" "tune --lint --format github"; do
        # shellcheck disable=SC2086 # words
        traced "${ours[@]}" $words
        wanted=(0 2 6)
        if [ "$words" = "tune --explain logging" ]; then wanted+=(64); fi # where nothing is to be explained
        expect_status "$1: $words" "${wanted[@]}"
        expect "$1: $words: plain text" plain "$scratch/out" "$scratch/err"
        if [ "$status" = 64 ]; then expect "$1: $words: a line of what, a line of what next" only_two_lines "$scratch/err"; fi
        left_nothing "$1: $words"
    done
    for words in "tune" "tune --lint" "tune --lint --format sarif" "profile --show" "limits"; do
        case $words in *--format*) ;; *) words+=" --format json" ;; esac
        # shellcheck disable=SC2086 # words
        traced "${ours[@]}" $words
        expect_status "$1: $words" 2 6 0
        expect "$1: $words: a JSON document in UTF-8" document "$scratch/out"
        expect "$1: $words: plain text" plain "$scratch/out" "$scratch/err"
    done
}
names=("blanks in it" $'a \'quote\' and "another"' $'two\nlines' $'\e]0;owned\a and \e[2J' $'not utf-8 \xff\xfe' '$(touch owned) ; `x`' "-rf")
for i in "${!names[@]}"; do
    folder "${names[i]}"
    printf 'name: named-%s\nservices: {web: {image: "node:20"}}\n' "$i" >compose.yaml
    shows "$(printf 'a folder named %q' "${names[i]}")"
done
folder values
cat >compose.yaml <<'Y'
name: values
services:
  web:
    image: "nginx\e[2J:\e]0;owned\a"
    command: ["sh", "-c", "echo \e[2J\n\x9b2J \u202e"]
    environment: {"A\e[2J": "\e]0;owned\a", NODE_OPTIONS: "--max\e[2J --optimize-for-size\n"}
    labels: {"l\e[2J": "x\r\n"}
    healthcheck: {test: ["CMD", "curl", "http://localhost/\e[2J", "\u2028"]}
    volumes: ["data:/var\e[2J", "/tmp/\e]0;owned\a:/x"]
  odd:
    image: "postgres:17"
    environment: {PGDATA: "/data/\e]0;owned\a"}
    command: ["postgres", "-c", "work_mem=\e[2J", "# \e[2J"]
  program: {image: "node:20", environment: {NODE_OPTIONS: "--optimize-for-size\e[2J --max\e[2J"}}
volumes: {data: {}}
Y
shows "values with escapes"
# Refused, with the same in what is quoted of them.
cp compose.yaml ../accepted.yaml
sed -i '1a x-pilotpros: {"\\e[2J": 1}' compose.yaml
for words in tune "tune --lint" limits "healthcheck --check"; do
    # shellcheck disable=SC2086 # words
    traced "${ours[@]}" $words
    expect_status "a wish with an escape: $words" 65
    expect_in "a wish with an escape: $words: said" '^docker pilotpros: .*unknown key \?\[2J' "$err"
    expect "a wish with an escape: $words: plain text" plain "$scratch/out" "$scratch/err"
    left_nothing "a wish with an escape: $words"
done
sed 's/"data:/"data\\e:/' ../accepted.yaml >compose.yaml
rm ../accepted.yaml
traced "${ours[@]}" tune --lint
expect_status "a volume with an escape: tune --lint" 6
expect_in "a volume with an escape: tune --lint: named" 'mounts the volume data\? on /var\?\[2J' "$out"
expect "a volume with an escape: tune --lint: plain text" plain "$scratch/out" "$scratch/err"
left_nothing "a volume with an escape: tune --lint"
for words in tune "profile --show"; do
    # shellcheck disable=SC2086 # words
    refuses "a volume with an escape: $words" 65 'volume' 'docker compose config' "${ours[@]}" $words
done
folder environment
printf 'services: {web: {image: "node:20", environment: {A: "${A}", NODE_OPTIONS: "${B}"}}}\n' >compose.yaml
printf 'A=\xff\xfe\nB=--max-old-space-size=\xff\e[2J\n' >.env
shows "an .env that is not UTF-8"
rm .env
export A=$'\xff\e[2J' B=$'\xfe'
shows "an environment that is not UTF-8"
unset A B

# ---- many ports: each was once compared with all the text of all of them ------------------------------------------------
folder ports
printf 'services: {relay: {image: coturn/coturn, ports: ["20000-30000:20000-30000", "20000-30000:20000-30000/udp"]}}\n' >compose.yaml
traced "${ours[@]}" tune --lint
expect_status "twenty thousand ports are read in the time of a test" 6
folder more-ports
printf 'services: {relay: {image: coturn/coturn, ports: ["1024-65535:1024-65535"]}}\n' >compose.yaml
refuses "more ports than Compose is given memory for" 65 'more than [0-9]+ MB' 'ranges of very many ports' "${ours[@]}" tune --lint

# ---- no room, and no leave to write ------------------------------------------------------------------------------
folder shop
for words in tune "tune --lint" "tune --format json" --help --version "profile --show"; do
    # shellcheck disable=SC2086 # words
    traced bash -c '"$@" >/dev/full' - "${ours[@]}" $words
    expect_status "no room for the result of $words" 3
    expect "no room for the result of $words: said in two lines" two_lines "$scratch/err"
    expect_in "no room for the result of $words: says so" 'cannot write the result: No space left' "$err"
    left_nothing "no room for the result of $words"
    # shellcheck disable=SC2086 # words
    traced bash -c '"$@" >&-' - "${ours[@]}" $words
    expect_status "nowhere to write the result of $words" 3
    expect_in "nowhere to write the result of $words: says so" 'cannot write the result: Bad file' "$err"
    left_nothing "nowhere to write the result of $words"
done
traced bash -c '"$@" 2>&-' - "${ours[@]}" tune
expect_status "nowhere to write what is wrong" 2
planted "a program that does not look whether its result was written" bash -c '! printf x >/dev/full || exit 0; exit 1'

# As somebody who may read all of it and write none of it.
chmod 755 "$scratch" "$scratch/projects" "$scratch/projects/shop" && mkdir "$scratch/theirs" && cp "$PILOTPROS" "$scratch/theirs/plugin"
chmod 755 "$scratch/theirs" "$scratch/theirs/plugin" && chmod 644 compose.yaml
if [ "$(id -u)" = 0 ]; then drop=(setpriv --reuid=65534 --regid=65534 --clear-groups); else drop=(); fi
as_nobody=("${drop[@]}" env HOME=/nowhere DOCKER_CONFIG=/nowhere XDG_STATE_HOME=/nowhere "$scratch/theirs/plugin" pilotpros)
if [ "$(id -u)" != 0 ]; then chmod 555 .; fi
planted "that nobody may write here" "${drop[@]}" touch here
for words in tune "tune --diff" "profile --show"; do
    # shellcheck disable=SC2086 # words
    traced "${as_nobody[@]}" $words
    expect_status "a folder that cannot be written: $words" 2
    left_nothing "a folder that cannot be written: $words"
done
chmod 755 .
folder closed
printf 'services: {web: {image: x}}\n' >compose.yaml
chmod 000 compose.yaml
refuses "a file that cannot be read" 65 'cannot read|permission denied' '.' "${as_nobody[@]}" tune
chmod 644 compose.yaml

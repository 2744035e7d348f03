#!/usr/bin/env bash
# beside: nothing is started
# What we take for the project is what the user's own `docker compose config` makes of it: same folder, same selectors, same variables.
# No container is started and no engine is asked.
set -euo pipefail
root="$(mktemp -d)"
trap 'rm -rf "$root"' EXIT
root="$(cd "$root" && pwd -P)"
checks=0
unset "${!COMPOSE_@}"

probe() { # ARGUMENT... - prints the project as JSON, or the error
    "$BINARY_DIR/tests/pilotpros-discovery-driver" "$@" >"$root/out" 2>"$root/log" || { cat "$root/log"; return 1; }
    cat "$root/out"
}
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
model() { jq -S '{name, services: (.services // {})}'; }
theirs() { docker compose "$@" config --format json 2>"$root/theirs.error" | model; }

same() { # NAME FOLDER [VARIABLE=VALUE...] -- ARGUMENT...
    local name=$1 folder=$2 variables=() ours expected
    shift 2
    while [ "$1" != -- ]; do variables+=("$1"); shift; done
    shift
    expected="$(cd "$folder" && export "${variables[@]:-_=_}" && theirs "$@" </dev/null)" || fail "$name: Compose itself: $(cat "$root/theirs.error")"
    ours="$(cd "$folder" && export "${variables[@]:-_=_}" && probe "$@" | model)"
    [ "$ours" = "$expected" ] || { diff <(printf '%s' "$expected") <(printf '%s' "$ours") || true; fail "$name: not what docker compose config says"; }
    [ "$(jq '.services | length' <<<"$ours")" -gt 0 ] || fail "$name: nothing was compared"
    # What we would run later gives the same, from anywhere and without the variables that steer Compose.
    ours="$(jq -r '.command[1:][]' "$root/out" | { mapfile -t command; cd / && export "${variables[@]:-_=_}"; unset "${!COMPOSE_@}"; docker "${command[@]}" config --format json 2>/dev/null | model; })"
    [ "$ours" = "$expected" ] || fail "$name: the command that we keep gives another project"
    checks=$((checks + 1))
}
says() { # NAME FILTER EXPECTED ARGUMENT... - in the current folder
    local name=$1 filter=$2 expected=$3 got
    shift 3
    got="$(probe "$@" | jq -r "$filter")"
    [ "$got" = "$expected" ] || fail "$name: $got instead of $expected"
    checks=$((checks + 1))
}

# shellcheck disable=SC2016 # Compose expands these, not the shell
service() { printf 'services:\n  %s:\n    image: "%s"\n    environment: {A: "${A-}", B: "${B-}", C: "${C-}"}\n' "$1" "$2"; }
folder() { mkdir -p "$root/$1" && cd "$root/$1"; }

# Compose's default names, their order, the override beside them, from sub-folders, through symlinks.
folder names/sub/deeper
for name in docker-compose.yaml docker-compose.yml compose.yml compose.yaml; do
    service "from-${name//./-}" base >"../../$name"
    same "default name $name" . --
done
for name in docker-compose.override.yaml docker-compose.override.yml compose.override.yaml compose.override.yml; do
    service extra "$name" >"../../$name"
    same "override $name" "$root/names" --
    same "override $name from a sub-folder" . --
done
ln -s names "$root/linked"
same "a folder by its symlink's name" "$root/linked" "PWD=$root/linked" --
rm "$root/names/compose.override.yml" && ln -s nowhere "$root/names/compose.override.yml"
same "a symlink that leads nowhere" "$root/names" --

# -f, several, from elsewhere, standard input, --project-directory, -p.
folder files/parts
service web one >../dev.yml
service web two >more.yml
service other three >>more.yml && sed -i '4,$ {/^services:/d}' more.yml
same "-f" .. -- -f dev.yml
same "-f twice" .. -- -f dev.yml -f parts/more.yml
same "-f from another folder" / -- -f "$root/files/parts/more.yml" -f "$root/files/dev.yml"
same "--project-directory" / -- --project-directory "$root/files/parts" -f "$root/files/dev.yml"
same "--project-directory alone" / -- --project-directory "$root/names"
same "-p with files" .. -- -p another -f dev.yml
cd "$root/files"
[ "$(probe -f - <dev.yml | model)" = "$(theirs -f - <dev.yml)" ] || fail "standard input"
[ "$(probe -f dev.yml -f - <parts/more.yml | model)" = "$(theirs -f dev.yml -f - <parts/more.yml)" ] || fail "standard input as the second file"
checks=$((checks + 2))

# Variables: .env, --env-file, COMPOSE_*, in the process and in .env.
folder variables/sub
service web web >../compose.yaml
service other other >../other.yaml
printf 'A=project\nB=project\n' >../.env
printf 'A=folder\nC=folder\n' >.env
printf 'A=file\nB=file\n' >../first.env
# shellcheck disable=SC2016 # likewise
printf 'A="with ${B}"\n' >../second.env
same ".env" .. --
same ".env of the project and of the sub-folder" . --
same "--env-file" .. -- --env-file first.env
same "--env-file twice" .. -- --env-file first.env --env-file second.env
same "COMPOSE_ENV_FILES" .. COMPOSE_ENV_FILES=first.env,second.env --
same "COMPOSE_DISABLE_ENV_FILE" .. COMPOSE_DISABLE_ENV_FILE=1 -- --env-file first.env
same "the process's variable wins" .. A=process --
same "COMPOSE_FILE" . COMPOSE_FILE=../compose.yaml:../other.yaml --
same "COMPOSE_PATH_SEPARATOR" .. COMPOSE_FILE=compose.yaml%other.yaml COMPOSE_PATH_SEPARATOR=% --
same "-f beats COMPOSE_FILE" .. COMPOSE_FILE=other.yaml -- -f compose.yaml
same "COMPOSE_PROJECT_NAME" .. COMPOSE_PROJECT_NAME=named --
same "-p beats COMPOSE_PROJECT_NAME" .. COMPOSE_PROJECT_NAME=named -- -p stronger
folder inside
service web web >compose.yaml
service other other >other.yaml
printf 'COMPOSE_FILE=other.yaml\nCOMPOSE_PROJECT_NAME=inside-env\nA=1\n' >.env
same "COMPOSE_FILE and COMPOSE_PROJECT_NAME in .env" . --
printf 'COMPOSE_FILE=compose.yaml;other.yaml\nCOMPOSE_PATH_SEPARATOR=;\n' >.env
same "COMPOSE_PATH_SEPARATOR in .env" . --
same "-f beats COMPOSE_FILE in .env" . -- -f compose.yaml
mkdir elsewhere && service far far >elsewhere/far.yaml
printf 'COMPOSE_FILE=elsewhere/far.yaml\nA=near\nB=near\n' >.env
printf 'A=far\nC=far\n' >elsewhere/.env
same "COMPOSE_FILE in .env leads to a folder with an .env of its own" . --

# Profiles; what is not active is known, but not activated.
folder profiles
service web web >compose.yaml
printf '  debug:\n    image: debug\n    profiles: [dbg]\n  rare:\n    image: rare\n    profiles: [rare]\n' >>compose.yaml
same "no profile" . --
says "inactive services" '.inactive | join(",")' debug,rare
same "--profile" . -- --profile dbg
same "all profiles" . -- --profile '*'
same "COMPOSE_PROFILES" . 'COMPOSE_PROFILES=dbg, rare' --
same "--profile beats COMPOSE_PROFILES" . COMPOSE_PROFILES=dbg -- --profile rare
echo 'COMPOSE_PROFILES=rare' >.env
same "COMPOSE_PROFILES in .env" . --
says "profiles of .env are listed" '.profiles | join(",")' rare
says "a profile that nobody has" '.warnings | map(select(contains("nosuch"))) | length' 1 --profile nosuch

# What Compose can do with files stays Compose's: anchors, extends, include, env_file, !reset, several names, a name in the file.
folder rich/common
cat >../compose.yaml <<'YAML'
name: rich-name
include: [common/included.yaml]
x-defaults: &defaults {restart: unless-stopped, labels: {a: "1"}}
x-pilotpros: {environment: development, say: "${A:-none}"}
services:
  web:
    <<: *defaults
    extends: {file: common/base.yaml, service: base}
    env_file: common/web.env
    x-pilotpros: {application: nginx}
    ports: ["8080-8082:80-82"]
YAML
service included included >included.yaml
service base base >base.yaml
echo 'FROM_FILE=yes' >web.env
printf 'services:\n  web:\n    ports: !reset []\n    environment: !override {ONLY: "1"}\n' >../compose.override.yaml
same "a rich project" .. --
same "a rich project from a sub-folder" . --
says "x-pilotpros as written" '.extension.say' "\${A:-none}"
says "x-pilotpros of a service" '.extensions.web.application' nginx

# Our own files never count, however they come into the merge.
folder ours/sub
service web mine >../compose.yaml
mkdir ../.pilotpros && service web PILOTPROS >../.pilotpros/compose.yaml
expected="$(cd .. && theirs -f compose.yaml)"
without_ours() { # NAME ARGUMENT... - in the current folder
    local name=$1
    shift
    [ "$(probe "$@" | model)" = "$expected" ] || fail "$name: our own file is taken for the user's"
    jq -e '.ours | length == 1' "$root/out" >/dev/null || fail "$name: our own file is not named"
    checks=$((checks + 1))
}
without_ours "-f" -f ../compose.yaml -f ../.pilotpros/compose.yaml
COMPOSE_FILE=../compose.yaml:../.pilotpros/compose.yaml without_ours "COMPOSE_FILE"
ln -s .pilotpros/compose.yaml ../compose.override.yaml
without_ours "symlink" 
cd .. && without_ours "symlink, from the project's folder"
without_ours "symlink by name" -f compose.yaml -f compose.override.yaml
[ "$(theirs)" != "$expected" ] || fail "the planted override changes nothing: these checks cannot fail"
service theirs theirs >docker-compose.override.yml
expected="$(theirs -f compose.yaml -f docker-compose.override.yml)"
without_ours "the user's override that ours hides"
mkdir -p "$root/.pilotpros/named-like-ours" && cd "$root/.pilotpros/named-like-ours" && service web web >compose.yaml
same "a project that lives below a folder of that name" . --

# The comparison above does see a difference.
cd "$root/variables"
[ "$(probe -f compose.yaml -f other.yaml | model)" != "$(theirs -f compose.yaml)" ] || fail "the comparison cannot fail"

printf '%d checks\n' "$checks"

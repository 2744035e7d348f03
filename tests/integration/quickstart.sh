#!/usr/bin/env bash
# beside: it judges no time
# packaging/quickstart.sh: what it says and asks before it does anything, on a Debian that has nothing; and its main job, on a project and on the demo, with
# an engine and without. Only the compiler's work is left out: the plugin under test is what it "builds". (packaging/bare.sh runs it whole.)
. "$(dirname "$0")/lib.sh"
RUN_SECONDS=300
"$SOURCE_DIR/tests/stack/stack.sh" images >/dev/null 2>&1
docker image inspect debian:bookworm-slim >/dev/null

# ---- a Debian with nothing, and no network: what is in it afterwards is what was in it before ------------------------
bare=$(docker run -d --network none -v "$SOURCE_DIR:/checkout:ro" -w /checkout debian:bookworm-slim sleep infinity)
finally "docker rm -f $bare >/dev/null"
docker exec "$bare" sh -c 'rm -rf /etc/apt/sources.list*; mkdir /etc/apt/sources.list.d; echo "Types: deb
URIs: http://deb.example.org/debian
Suites: bookworm
Components: main" >/etc/apt/sources.list.d/known.sources; mkdir /project; echo "services: {web: {image: nginx}}" >/project/compose.yaml'
contents() { docker diff "$bare" | sort; }
docker exec "$bare" apt-cache stats >/dev/null # apt keeps something for itself once it is asked
contents >"$scratch/before"
untouched() { contents | diff "$scratch/before" -; }

run docker exec "$bare" /checkout/packaging/quickstart.sh
expect_status "nobody there to be asked" 1
expect_in "it says which packages" '^Debian packages to install: .*cmake.*g\+\+' "$err"
expect_in "which package source" '^Package source to add: Debian 13 \(trixie\) from http://deb.example.org/debian/?, pinned' "$err"
expect_in "which of Docker's" '^Docker packages to install: .*docker.io' "$err"
expect_in "that an engine is started" 'A Docker Engine is to be started on this machine' "$err"
expect_in "that the demo is" 'The demo, four containers, is to be started' "$err"
expect_in "where the plugin goes" 'goes to /root/.docker/cli-plugins' "$err"
expect_in "and how to agree" 'nobody is there to be asked: pass --yes' "$err"
expect "and has done nothing" untouched
run docker exec -w /project "$bare" /checkout/packaging/quickstart.sh
expect_not_in "beside a project the demo is nobody's business" 'demo' "$err"
on_terminal() { python3 -I -S "$SOURCE_DIR/tests/tools/on_terminal.py" --size 120x60 "$@"; }
on_terminal --press-after 'y/N' 0.2 'n^M' docker exec -it "$bare" /checkout/packaging/quickstart.sh >"$scratch/asked" && status=0 || status=$?
expect_status "asked, and answered with no" 1
expect_in "it says so" 'nothing was installed' "$(tr -d '\r' <"$scratch/asked")"
expect "and has done nothing" untouched
docker exec "$bare" mkdir /root/.docker
planted "a folder more" untouched

# ---- the main job: without the compiler's work ------------------------------------------------------------------------
mkdir -p "$scratch"/{checkout,bin,home,empty,project}
tar -C "$SOURCE_DIR" -c --exclude=./build --exclude=./.git --exclude=node_modules . | tar -C "$scratch/checkout" -x
cat >"$scratch/bin/cmake" <<S
#!/bin/sh
if [ "\$1" != --build ]; then exec /usr/bin/cmake "\$@"; fi
cp "$PILOTPROS" "$scratch/checkout/build/release/docker-pilotpros"
S
chmod +x "$scratch/bin/cmake"
export HOME=$scratch/home PATH=$scratch/bin:$PATH
unset DOCKER_CONFIG
quickstart() { # FOLDER OPTION…
    cd "$scratch/$1"
    run "$scratch/checkout/packaging/quickstart.sh" --yes "${@:2}"
    cd "$scratch"
}
name=pilotpros-quickstart-$$
printf 'name: %s\nservices:\n  web: {image: "debian:trixie-slim", command: sleep infinity, init: true}\n' "$name" >"$scratch/project/compose.yaml"
finally "docker compose -p $name down -v -t 0 >/dev/null 2>&1"
(cd "$scratch/project" && docker compose --progress quiet up -d --wait)
for time in first second; do
    quickstart project -- --duration 2s
    expect_status "the $time time on the user's project" 0
    expect_in "its services are told of" "logging.max-size" "$out"
    expect_in "and what to type next" "docker pilotpros tune --apply" "$out"
    expect_in "and where the rest is told" '^Next: docker pilotpros tune --help' "$err"
done
docker_of() { HOME=$1 docker pilotpros tune --help 2>&1 | grep '^Usage: docker pilotpros tune'; }
expect "the plugin is where docker looks for it" docker_of "$scratch/home"
planted "docker of somebody who has not installed it" docker_of "$scratch/nobody"
expect_not_in "what was there before is not announced" 'is to be built|to install' "$err"
expect_same "nothing of ours lies in the project" "$(ls -A "$scratch/project")" compose.yaml

export DOCKER_HOST=unix:///nowhere.sock
quickstart project
expect_status "without an engine, on the user's project" 0
expect_in "it is said what that means" 'Without an engine nothing can be measured: this is what the files alone say' "$err"
expect_in "and the files are judged" "^  web\.logging: " "$out"
quickstart empty
expect_status "without an engine, on the demo" 0
expect_in "which it is" "No Compose project in $scratch/empty, so the demo is used" "$err"
expect_in "its files are judged" "^  api\.healthcheck\.test, db\.healthcheck\.test" "$out"
unset DOCKER_HOST
quickstart project -- --duration never
expect_status "what tune refuses" 64
expect_not_in "is not called done" '^Next:' "$err"

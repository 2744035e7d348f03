#!/usr/bin/env bash
# beside: it judges no time
# `cmake --install` without a prefix puts the plugin where docker looks for it: nothing is compiled here, the plugin under test is what is installed.
. "$(dirname "$0")/lib.sh"
unset DOCKER_CONFIG

install_for() { # HOME SOURCE OPTION…: as its owner would, who has built it
    local home=$1 source=$2
    shift 2
    mkdir -p "$home"
    rm -rf "$scratch/build"
    HOME=$home cmake -S "$source" -B "$scratch/build" -DBUILD_TESTING=OFF "$@" &&
        cp "$PILOTPROS" "$scratch/build/docker-pilotpros" &&
        HOME=$home cmake --install "$scratch/build"
}
installed() { test -x "$1/.docker/cli-plugins/docker-pilotpros"; }

expect "installed without a prefix" install_for "$scratch/home" "$SOURCE_DIR"
expect "it is in ~/.docker/cli-plugins" installed "$scratch/home"
expect "and nothing else is" test "$(find "$scratch/home" -type f)" = "$scratch/home/.docker/cli-plugins/docker-pilotpros"
docker_of() { HOME=$1 docker pilotpros tune --help 2>&1 | grep '^Usage: docker pilotpros tune'; }
expect "docker finds it" docker_of "$scratch/home"
planted "docker of somebody who has not installed it" docker_of "$scratch/nobody"

expect "installed with a prefix" install_for "$scratch/other" "$SOURCE_DIR" -DCMAKE_INSTALL_PREFIX="$scratch/prefix"
expect "the prefix wins" test -x "$scratch/prefix/cli-plugins/docker-pilotpros"
planted "nothing in the home, where another prefix was given" installed "$scratch/other"

# Without our default it would be CMake's own, /usr/local: DESTDIR keeps it from being written to.
mkdir "$scratch/source"
cp -r "$SOURCE_DIR"/{core,plugin} "$scratch/source"
sed 's/^if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)/if(FALSE)/' "$SOURCE_DIR/CMakeLists.txt" >"$scratch/source/CMakeLists.txt"
if cmp -s "$SOURCE_DIR/CMakeLists.txt" "$scratch/source/CMakeLists.txt"; then fail "our default is not where it was"; fi
export DESTDIR=$scratch/elsewhere
expect "installed without our default" install_for "$scratch/third" "$scratch/source"
planted "our default taken away" installed "$DESTDIR$scratch/third"

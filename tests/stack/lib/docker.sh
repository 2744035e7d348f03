# shellcheck shell=bash
# `docker compose` starts three programs, two of which only pass on: docker, Compose that says what it is, and Compose. Here, as for the plugin's own
# questions, it is started itself, which saves half of the time; where docker is what is tested, `command docker` is docker.
compose_program() { # its path, where docker would find it; nothing where it lies elsewhere
    local folder
    for folder in "${DOCKER_CONFIG:-$HOME/.docker}" /usr/local/lib/docker /usr/local/libexec/docker /usr/lib/docker /usr/libexec/docker; do
        if [ -x "$folder/cli-plugins/docker-compose" ]; then
            echo "$folder/cli-plugins/docker-compose"
            return
        fi
    done
}
docker() {
    local program
    if [ "${1-}" = compose ]; then
        program=$(compose_program)
        if [ -n "$program" ]; then
            "$program" "${@:2}"
            return
        fi
    fi
    command docker "$@"
}

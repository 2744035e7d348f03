# shellcheck shell=bash
# `docker compose` starts three programs, two of which only pass on: docker, Compose that says what it is, and Compose. Here, as for the plugin's own
# questions, it is started itself, which saves half of the time; where docker is what is tested, `command docker` is docker.
docker() {
    local folder
    if [ "${1-}" = compose ]; then
        for folder in "${DOCKER_CONFIG:-$HOME/.docker}" /usr/local/lib/docker /usr/local/libexec/docker /usr/lib/docker /usr/libexec/docker; do
            if [ -x "$folder/cli-plugins/docker-compose" ]; then
                "$folder/cli-plugins/docker-compose" "${@:2}"
                return
            fi
        done
    fi
    command docker "$@"
}

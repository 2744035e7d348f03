# shellcheck shell=bash disable=SC2154,SC2317 # stack_root is the caller's; drive/STACK.sh may replace a function
# How a stack is started, asked and stopped. What is particular to one stack is in drive/STACK.sh:
#   images            tags it needs          compose_args   what its user writes after `docker compose`
#   answers           lines URL REGEX        requests       lines WEIGHT METHOD URL REGEX [BODY]
#   rate connections  bounds of the load     after_up       once it answers (optional)

usage() { sed -n '2,/^set/{/^set/!s/^# \{0,1\}//p}' "$stack_root/stack.sh" >&2; }

all_stacks() { local f; for f in "$stack_root"/drive/*.sh; do basename "$f" .sh; done; }

use_stack() { # STACK
    stack=$1
    [ -f "$stack_root/drive/$stack.sh" ] || { say "stack.sh: no stack '$stack'; there are: $(all_stacks | xargs)"; exit 64; }
    stack_dir=${STACK_DIR:-$stack_root/$stack}
    images=() compose_args=() answers='' requests='' rate=40 connections=8
    after_up() { :; }
    # shellcheck source=/dev/null
    . "$stack_root/drive/$stack.sh"
}

stack_dir() { printf '%s\n' "$stack_dir"; }

stack_copy() { # DIR
    mkdir -p "$1"
    cp -a "$stack_dir/." "$1"
}

stack_compose() { (cd "$stack_dir" && docker compose "${compose_args[@]}" "$@"); }

stack_ps() { stack_compose ps -a "$@"; }

# Our own clients run beside the stack, not in it: node in a throw-away container on the engine's network, so that a bare host will do.
node_tool() { # FILE ARGS…
    local file=$1
    shift
    docker run --rm -i --init --network host --label pilotpros.stack=tool --label "pilotpros.stack.of=$stack" \
        -e STACK_TOOL_INPUT -e STACK_TOOL_RATE -e STACK_TOOL_CONNECTIONS \
        node:20 node --input-type=module - "$@" < "$stack_root/tools/$file"
}

wait_until_healthy() { # SECONDS: no container is left starting or unhealthy
    local deadline=$((SECONDS + $1)) ids bad
    while :; do
        ids=$(stack_compose ps -q)
        # shellcheck disable=SC2086
        bad=$(docker inspect -f '{{.Name}} {{with .State.Health}}{{.Status}}{{end}}' $ids | awk '$2 != "" && $2 != "healthy"')
        [ -n "$bad" ] || return 0
        [ "$SECONDS" -lt "$deadline" ] || { say "stack.sh: not healthy: $bad"; return 1; }
        sleep 0.5
    done
}

stack_up() {
    local start=$SECONDS
    ensure_images node:20 "${images[@]}"
    local ready=$SECONDS
    stack_compose --progress quiet build >&2
    stack_compose --progress quiet up -d "$@" >&2
    STACK_TOOL_INPUT=$answers node_tool answers.mjs 180 >&2
    after_up
    wait_until_healthy 120
    say "$stack: up and answering in $((SECONDS - ready)) s (images $((ready - start)) s)"
}

stack_down() {
    local tools
    tools=$(docker ps -aq --filter "label=pilotpros.stack.of=$stack")
    # shellcheck disable=SC2086
    [ -z "$tools" ] || docker rm -f $tools >/dev/null
    stack_compose --profile '*' down -v --remove-orphans -t 5 "$@" >&2
}

stack_load() { # [SECONDS]
    STACK_TOOL_INPUT=$requests STACK_TOOL_RATE=${STACK_RATE:-$rate} STACK_TOOL_CONNECTIONS=$connections node_tool load.mjs "${1:-10}"
}

#!/usr/bin/env bash
# Not among the tests that tests/run.sh runs: what it compares are times. Run by hand; its tally: tallies.md.
# How long each service of two stacks was said to be away, and was, as `tune --apply` and `rollback` are typed TIMES (3) times in turn. The first time nothing
# was measured yet: what is announced is the stop_grace_period where no stop was seen. From the second on it is at most what was announced, and that at most
# half as much again, or 400 ms more: of what takes a third of a second, that much is the engine's. A stack that does not run is started, and stopped in the end.
# STACKS="other": only these.
. "$(dirname "$0")/../integration/lib.sh"
RUN_SECONDS=600
export COMPOSE_PROGRESS=quiet XDG_STATE_HOME=$scratch/state
stack_script=$SOURCE_DIR/tests/stack/stack.sh

# "web was away for 2.1 s (announced: at most 2.6 s)" of $out, as "web 2.1 2.6".
times() {
    awk 'function seconds(text,   n, part, i, sum) {
             n = split(text, part, " ")
             for (i = 1; i < n; i += 2) sum += part[i] * (part[i + 1] == "min" ? 60 : part[i + 1] == "ms" ? 0.001 : 1)
             return sum
         }
         match($0, / was away for /) && match($0, /\(announced: at most /) {
             service = $1; sub(/^.* was away for /, ""); sub(/\)$/, ""); split($0, both, / \(announced: at most /)
             print service, seconds(both[1]), seconds(both[2])
         }' <<<"$out"
}
holds() { awk -v away="$1" -v announced="$2" -v times="$3" 'BEGIN { exit !(away <= announced && (announced <= times * away || announced <= away + 0.4)) }'; }
judge() { # WHAT TIMES: of $out
    local service away announced some=
    while read -r service away announced; do
        some=1
        expect "$1: $service was away for $away s, announced $announced s, $(awk -v a="$away" -v b="$announced" 'BEGIN { printf "%.2f", b / a }') times" \
            holds "$away" "$announced" "$2"
    done < <(times)
    [ -n "$some" ] || fail "$1: says of no service how long it was away"
}
announced() { # STACK
    local selectors=() turn bound
    if [ "$1" = reference ]; then selectors=(-f docker-compose.dev.yml); fi
    cd "$("$stack_script" dir "$1")"
    if [ -z "$("$stack_script" compose "$1" ps -q 2>/dev/null)" ]; then
        finally "'$stack_script' down '$1' >/dev/null 2>&1"
        "$stack_script" up "$1" >"$scratch/up" 2>&1 || { fail "$1: up: $(tail -n 5 "$scratch/up")"; return; }
    fi
    for turn in $(seq 1 "${TIMES:-3}"); do
        bound=1.5
        if [ "$turn" = 1 ]; then bound=1000; fi # nothing was measured: at most what was announced is all that is asked
        run "$PILOTPROS" pilotpros tune --apply --yes --duration 10s "${selectors[@]}"
        expect_status "$1, apply $turn" 0
        judge "$1, apply $turn" "$bound"
        run "$PILOTPROS" pilotpros rollback --yes
        expect_status "$1, rollback $turn" 0
        judge "$1, rollback $turn" "$bound"
    done
    run "$PILOTPROS" pilotpros rollback --all --purge --yes
    expect_status "$1: nothing of it is left" 0
}
planted "away for longer than was announced" holds 2.1 2 1.5
planted "twice as long was announced" holds 2 4.1 1.5
planted "three times as long was announced, of what is short" holds 0.3 0.9 1.5
for stack in ${STACKS:-other reference}; do announced "$stack"; done

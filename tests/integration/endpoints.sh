#!/usr/bin/env bash
# beside: an answer is late after 12 s only
# Which engine is used, and how it is reached. docker itself is the judge of which one is meant; each fake engine says its own name.
# shellcheck disable=SC2016 # filters of jq
. "$(dirname "$0")/lib.sh"
. "$SOURCE_DIR/tests/tools/traces.sh"
export DOCKER_CONFIG=$scratch/config HOME=$scratch
mkdir -p "$DOCKER_CONFIG/cli-plugins" "$scratch/empty"
ln -s "$PILOTPROS" "$DOCKER_CONFIG/cli-plugins/docker-pilotpros"
cd "$scratch/empty" # no project here: it is found by its name on the engine

for name in one two three; do fake "$name" --services 1 --id "$name" --tcp 127.0.0.1:0; done
port() { awk '{ print $2 }' "$scratch/$1.ready"; }

# certificates made for this run alone
(
    cd "$scratch"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=a test's authority" -keyout ca-key.pem -out ca.pem
    for who in server client; do
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$who" -keyout "$who-key.pem" -out "$who.csr"
        openssl x509 -req -in "$who.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -out "$who.pem" \
            -extfile <(echo "subjectAltName=IP:127.0.0.1,DNS:localhost")
    done
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=another authority" -keyout other-key.pem -out other.pem
    mkdir certs && cp ca.pem certs/ca.pem && cp client.pem certs/cert.pem && cp client-key.pem certs/key.pem
) >"$scratch/openssl.log" 2>&1
: >"$scratch/tls.ready"
python3 "$SOURCE_DIR/tests/tools/tls_proxy.py" "$scratch/three.sock" "$scratch"/{ca,server,server-key}.pem >"$scratch/tls.ready" 2>/dev/null &
finally "kill $! 2>/dev/null"
until grep -q ready "$scratch/tls.ready"; do sleep 0.05; done
tls=tcp://127.0.0.1:$(awk '{ print $2 }' "$scratch/tls.ready")

export PATH=$SOURCE_DIR/tests/tools/bin:$PATH FAKE_SSH_SOCKET=$scratch/two.sock FAKE_SSH_LOG=$scratch/ssh.log
context() { docker context create "$1" --docker "$2" >/dev/null 2>&1; }
context by-unix "host=unix://$scratch/one.sock"
context by-tcp "host=tcp://127.0.0.1:$(port two)"
context by-tls "host=$tls,ca=$scratch/ca.pem,cert=$scratch/client.pem,key=$scratch/client-key.pem"
context by-ssh "host=ssh://somebody@elsewhere"
context by-tls-unverified "host=$tls,skip-tls-verify=true,cert=$scratch/client.pem,key=$scratch/client-key.pem"
context by-tls-wrong "host=$tls,ca=$scratch/other.pem,cert=$scratch/client.pem,key=$scratch/client-key.pem"

# profile [VARIABLE=VALUE]… [GLOBAL FLAG]…
profile() {
    local variables=()
    while [[ ${1-} == *=* && $1 != -* ]]; do variables+=("$1"); shift; done
    run env "${variables[@]}" docker "$@" pilotpros profile -p faked --duration 1s --format json
}
reaches() { # NAME WHAT [VARIABLE=VALUE]… [GLOBAL FLAG]…
    local wanted=$1 what=$2 used judge variables=()
    shift 2
    profile "$@"
    used=$(jq -r .engine.id <<<"$out" 2>/dev/null) || used=nothing
    while [[ ${1-} == *=* && $1 != -* ]]; do variables+=("$1"); shift; done
    judge=$(env "${variables[@]}" docker "$@" info -f '{{.ID}}' 2>/dev/null) || judge=nothing
    if [ "$status $used $judge" = "0 $wanted $wanted" ]; then ok "$what reaches $wanted"
    else fail "$what: we used $used (exit $status), docker $judge, meant was $wanted: $err"; fi
}
unix=unix://$scratch/one.sock tcp=tcp://127.0.0.1:$(port two)
reaches one "-H unix" -H "$unix"
reaches two "-H tcp" -H "$tcp"
reaches two "-H without a scheme" -H "127.0.0.1:$(port two)"
reaches one "DOCKER_HOST" "DOCKER_HOST=$unix"
reaches one "a context, unix" --context by-unix
reaches two "a context, tcp" --context by-tcp
reaches three "a context, TLS" --context by-tls
reaches three "a context, TLS that is not verified" --context by-tls-unverified
reaches two "a context, ssh" -c by-ssh
reaches two "DOCKER_HOST, ssh" DOCKER_HOST=ssh://somebody@elsewhere:2222
expect_in "ssh is asked for the user, the port, and nothing but dial-stdio" '-l somebody -p 2222 .*elsewhere docker system dial-stdio' "$(cat "$scratch/ssh.log")"
reaches two "DOCKER_CONTEXT" DOCKER_CONTEXT=by-tcp
reaches three "TLS by flags" -H "$tls" --tlsverify --tlscacert "$scratch/ca.pem" --tlscert "$scratch/client.pem" --tlskey "$scratch/client-key.pem"
reaches three "TLS by variables" "DOCKER_HOST=$tls" DOCKER_TLS_VERIFY=1 "DOCKER_CERT_PATH=$scratch/certs"
reaches three "TLS without verification" "DOCKER_HOST=$tls" "DOCKER_CERT_PATH=$scratch/certs" --tls
reaches three "TLS that is named and not verified" "DOCKER_HOST=$tls" "DOCKER_CERT_PATH=$scratch/certs" --tlsverify=false
reaches two "no TLS, in Go's words" -H "$tcp" --tls=F
reaches two "a certificate alone is no wish for TLS" -H "$tcp" --tlscacert "$scratch/ca.pem"
reaches two "blanks around an address" "DOCKER_HOST= $tcp "
reaches two "--context before DOCKER_HOST" "DOCKER_HOST=$unix" --context by-tcp
reaches one "-H before DOCKER_HOST" "DOCKER_HOST=$tcp" -H "$unix"
reaches one "-H before DOCKER_CONTEXT" DOCKER_CONTEXT=by-tcp -H "$unix"
reaches one "DOCKER_HOST before DOCKER_CONTEXT" "DOCKER_HOST=$unix" DOCKER_CONTEXT=by-tcp
docker context use by-tcp >/dev/null 2>&1
reaches two "the context in use"
reaches one "DOCKER_CONTEXT before the context in use" DOCKER_CONTEXT=by-unix
reaches one "DOCKER_HOST before the context in use" "DOCKER_HOST=$unix"
reaches one "another configuration" --config "$(mkdir -p "$scratch/other-config/cli-plugins" && cp -P "$DOCKER_CONFIG"/cli-plugins/* "$scratch/other-config/cli-plugins" &&
    DOCKER_CONFIG=$scratch/other-config docker context create mine --docker "host=$unix" >/dev/null 2>&1 && echo "$scratch/other-config")" --context mine
docker context use default >/dev/null 2>&1
mkdir -p "$scratch/broken/cli-plugins"
cp -P "$DOCKER_CONFIG"/cli-plugins/* "$scratch/broken/cli-plugins"
echo '{broken' >"$scratch/broken/config.json"
reaches one "a configuration that cannot be read counts for nothing" --config "$scratch/broken" -H "$unix"

# ---- versions ----------------------------------------------------------------------------------------------------
speaks() { # ENGINE VERSION [VARIABLE=VALUE]: every request after the ping carries that version
    local log=$scratch/$1.log
    : >"$log"
    profile "${@:3}" -H "unix://$scratch/$1.sock"
    expect_status "an engine of $1" 0
    if [ "$(awk '$1 != "-" { print $1 }' "$log" | sort -u)" = "$2" ]; then ok "$1 ${3-}: spoken to in $2"; else fail "$1 ${3-}: not $2 but $(cut -d' ' -f1 "$log" | sort | uniq -c | xargs)"; fi
}
fake v1.24 --services 1 --api-version 1.24 --log "$scratch/v1.24.log"
fake v1.40 --services 1 --api-version 1.40 --log "$scratch/v1.40.log"
fake v1.99 --services 1 --api-version 1.99 --min-api-version 1.40 --log "$scratch/v1.99.log"
newest=$(sed -nE 's/.*kNewestApi = "([0-9.]+)".*/\1/p' "$SOURCE_DIR/core/docker/curl_engine.cpp")
speaks v1.24 1.24
speaks v1.40 1.40
speaks v1.99 "$newest"
speaks v1.99 1.41 DOCKER_API_VERSION=1.41
fake too-new --services 1 --api-version 1.99 --min-api-version 1.98

# ---- what cannot be reached: one line, the next step, exit 5, and soon -------------------------------------------
refused() { # WHAT REGEX [VARIABLE=VALUE]… [GLOBAL FLAG]…
    local what=$1 regex=$2 begin=$SECONDS
    shift 2
    profile "$@"
    expect_status "$what" 5
    expect_in "$what: said in a line" "^docker pilotpros: .*$regex" "$err"
    if [ "$(wc -l <<<"$err")" = 2 ] && [[ $(tail -1 <<<"$err") == "  next: "?* ]]; then ok "$what: and a next step"; else fail "$what: not a line and a hint: $err"; fi
    if [ $((SECONDS - begin)) -le 12 ]; then ok "$what: soon"; else fail "$what: after $((SECONDS - begin)) s"; fi
}
refused "a context that does not exist" '"nosuch"' --context nosuch
refused "a socket that does not exist" "no such socket" "DOCKER_HOST=unix://$scratch/nosuch.sock"
refused "nobody at the port" "127.0.0.1:1" DOCKER_HOST=tcp://127.0.0.1:1
refused "an unknown scheme" "carrier" DOCKER_HOST=carrier://pigeon
refused "a certificate of another authority" "127.0.0.1" --context by-tls-wrong
refused "no certificate of ours" "127.0.0.1" "DOCKER_HOST=$tls" DOCKER_TLS=1
refused "ssh that fails" "ssh: connect to host elsewhere port 22: Connection refused" FAKE_SSH_FAILS=elsewhere -c by-ssh
refused "ssh that is denied, in its last words" "\\): elsewhere: Permission denied \\(publickey\\)" FAKE_SSH_FAILS=elsewhere FAKE_SSH_DENIES=1 -c by-ssh
refused "an engine that is too new" "too old" "DOCKER_HOST=unix://$scratch/too-new.sock"
refused "a version that the engine does not speak" "too new" DOCKER_API_VERSION=1.60 "DOCKER_HOST=unix://$scratch/v1.24.sock"
fake denied --services 1 --fault '403:/(info|containers|version)'
refused "an engine that denies" "denied" "DOCKER_HOST=unix://$scratch/denied.sock"
fake hanging --services 1 --fault 'hang:_ping'
refused "an engine that never answers" "hanging.sock" "DOCKER_HOST=unix://$scratch/hanging.sock"
python3 -u -m http.server --bind 127.0.0.1 --directory "$scratch/empty" 0 >"$scratch/web.log" 2>&1 &
finally "kill $! 2>/dev/null"
until grep -q port "$scratch/web.log"; do sleep 0.05; done
refused "something that is no engine" "not a Docker Engine" "DOCKER_HOST=tcp://127.0.0.1:$(sed -nE 's/.* port ([0-9]+).*/\1/p' "$scratch/web.log")"
expect_not_in "the user of an ssh address is not told" somebody "$(FAKE_SSH_FAILS=x FAKE_SSH_DENIES=1 profile -c by-ssh; echo "$err$out")"
# In a project's folder the files still tell something: exit 2, and why there is no more.
mkdir "$scratch/shop"
printf 'services: { web: { image: nginx:1.26 } }\n' >"$scratch/shop/compose.yaml"
for host in "unix://$scratch/nosuch.sock" tcp://127.0.0.1:1 "unix://$scratch/hanging.sock"; do
    run env --chdir="$scratch/shop" "DOCKER_HOST=$host" docker pilotpros profile --format json
    expect_status "$host, in a project's folder" 2
    expect_in "$host, in a project's folder: says why" "engine.*${host##*[:/]}" "$(jq -c '[.gaps[] | "\(.subject): \(.why)"]' <<<"$out")"
done

chmod 755 "$scratch" && mkdir -m 777 "$scratch/everybody"
run env "DOCKER_HOST=unix://$scratch/one.sock" "$PILOTPROS" pilotpros status -p faked
planted "a socket of one's own" test "$status" = 5
if [ "$(id -u)" = 0 ]; then
    chmod 700 "$scratch/one.sock"
    drop=(setpriv --reuid=65534 --regid=65534 --clear-groups)
else
    chmod 000 "$scratch/one.sock"
    drop=()
fi
cp "$PILOTPROS" "$scratch/everybody/plugin"
as_others=("${drop[@]}" env "XDG_STATE_HOME=$scratch/everybody" HOME=/nowhere DOCKER_CONFIG=/nowhere "DOCKER_HOST=unix://$scratch/one.sock" "$scratch/everybody/plugin" pilotpros)
run "${as_others[@]}" profile -p faked
expect_status "a socket of others" 5
expect_in "a socket of others: said in a line" "permission denied" "$err"
expect_in "a socket of others: and a next step" "^  next: .*group" "$err"
# What is asked of a project that only the engine knows, and of one whose files are there, where advice alone needs no engine.
watched+=("$scratch/everybody" "$scratch/empty" "$scratch/shop")
for words in "tune -p faked" "tune -p faked --apply --yes" "rollback -p faked --yes" "status -p faked"; do
    # shellcheck disable=SC2086 # words
    refuses "a socket of others: $words" 5 "one.sock.*permission denied|permission denied.*one.sock" group "${as_others[@]}" $words
done
cd "$scratch/shop"
for words in "tune --apply --yes" "rollback --yes" status; do
    # shellcheck disable=SC2086 # words
    refuses "a socket of others, in a project's folder: $words" 5 "permission denied" group "${as_others[@]}" $words
done
traced "${as_others[@]}" tune
expect_status "a socket of others, in a project's folder: tune" 2
expect_in "a socket of others, in a project's folder: tune says why" "permission denied" "$out$err"
left_nothing "a socket of others, in a project's folder: tune"

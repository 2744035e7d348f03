#pragma once

#include <array>

namespace pilotpros::apps::redis {

inline constexpr const char* kConfigMark = "pilotpros-config";

/// Settings that hold no secret. (requirepass, masterauth and the like are never asked for.)
inline constexpr std::array<const char*, 16> kConfigNames{"maxmemory",
                                                          "maxmemory-policy",
                                                          "maxmemory-samples",
                                                          "appendonly",
                                                          "appendfsync",
                                                          "save",
                                                          "maxclients",
                                                          "io-threads",
                                                          "databases",
                                                          "timeout",
                                                          "tcp-keepalive",
                                                          "activedefrag",
                                                          "hz",
                                                          "tcp-backlog",
                                                          "lazyfree-lazy-eviction",
                                                          "no-appendfsync-on-rewrite"};

/// For a shell in the container: the password, if any, is the container's own to expand, and reaches redis-cli by its
/// environment. $1 is the port, or empty.
inline constexpr const char* kScript = R"sh(
known() {
    eval "value=\${$1:-} file=\${$1_FILE:-}"
    if [ -z "$value" ] && [ -n "$file" ] && [ -r "$file" ]; then IFS= read -r value < "$file" || :; fi
    [ -n "$value" ]
}
if known REDISCLI_AUTH || known REDIS_PASSWORD || known VALKEY_PASSWORD || known REDIS_PASS; then REDISCLI_AUTH=$value; export REDISCLI_AUTH; fi
cli=redis-cli
command -v redis-cli > /dev/null 2>&1 || cli=valkey-cli
ask() { if [ -n "$port" ]; then "$cli" -p "$port" "$@"; else "$cli" "$@"; fi; }
port=$1
shift
ask INFO || exit
echo pilotpros-config
for name; do ask CONFIG GET "$name"; done
)sh";

}  // namespace pilotpros::apps::redis

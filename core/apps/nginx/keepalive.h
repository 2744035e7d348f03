#pragma once

#include <string>
#include <vector>

#include "core/apps/nginx/facts.h"

namespace pilotpros::apps::nginx {

inline constexpr const char* kHeadersDropped =
    "a proxy_set_header in a location drops all those that it inherits: repeat there what stands further out";

/// Where every request opens a connection of its own, and what keeps them.
struct Keepalive {
    std::vector<std::string> targets;  ///< as proxy_pass names them, each once
    std::string lines;                 ///< by the place in which they belong
    bool hidden = false;               ///< there are such of which nothing is told: gRPC, unix sockets, hidden hosts
};

/// https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive Pure.
Keepalive keepalive_of(const Facts& facts);

}  // namespace pilotpros::apps::nginx

#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apps/nginx/config.h"

namespace pilotpros::apps::nginx {

struct Upstream {
    std::string name;
    std::vector<std::string> servers;  ///< host:port, "unix socket" or "…"; parameters dropped
    int keepalive = 0;                 ///< idle connections kept a worker; 0: not set
    bool resolves = false;             ///< some server is resolved anew at run time
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Upstream, name, servers, keepalive, resolves)

/// One location that proxies, with what it inherits.
struct Location {
    std::string match;   ///< modifier and path; all but a first part of plain small letters is shown as "…"
    std::string scheme;  ///< http or https; of grpc_pass grpc, grpcs or nothing
    std::string target;  ///< host:port, an upstream's name, "variable", "unix socket", or "…" where it is no plain host
    std::string http_version;  ///< proxy_http_version; empty: nginx's default
    std::string upgrade;       ///< the Upgrade header: "passed", "fixed" or empty
    std::string
        connection;    ///< the Connection header: "variable", "upgrade", "empty", "other", or nothing when not set
    std::string host;  ///< the Host header: "$host", "$http_host" …, "other", or nothing when not set
    std::string read_timeout;  ///< as written
    bool buffering = true;
    bool cached = false;       ///< proxy_cache names a zone
    bool cache_valid = false;  ///< proxy_cache_valid keeps what the upstream did not allow to be kept
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Location, match, scheme, target, http_version, upgrade, connection,
                                                host, read_timeout, buffering, cached, cache_valid)

struct ServerBlock {
    std::vector<std::string> listen;  ///< address and port; parameters dropped
    std::vector<std::string> names;   ///< host names; regular expressions as "~…"
    std::string client_max_body_size;
    std::vector<Location> locations;  ///< those that proxy
    int other_locations = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ServerBlock, listen, names, client_max_body_size, locations,
                                                other_locations)

/// What nginx says of itself: facts out of its configuration, never its text, which may hold secrets.
struct Facts {
    std::string version;
    bool accepted = false;  ///< nginx -t takes the files as they lie there now
    std::string complaint;  ///< its complaint when not, everything in quotes left out
    bool complete = true;   ///< the whole configuration was read
    std::string worker_processes, worker_connections, worker_rlimit_nofile, keepalive_timeout, client_max_body_size;
    int workers = 0;  ///< worker processes that run now
    bool gzip = false, gzip_vary = false, sendfile = true, open_file_cache = false;
    std::vector<std::string> gzip_types;
    std::string gzip_level;
    std::string resolver;  ///< addresses; empty when not set
    int cache_zones = 0;   ///< proxy_cache_path
    std::vector<std::string> files;
    std::vector<Upstream> upstreams;
    std::vector<ServerBlock> servers;

    /// Whether what stands here is the server's own: where nginx refuses its files, all but version and workers is not.
    [[nodiscard]] bool is_read() const { return accepted && !files.empty(); }
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Facts, version, accepted, complaint, complete, worker_processes,
                                                worker_connections, worker_rlimit_nofile, keepalive_timeout,
                                                client_max_body_size, workers, gzip, gzip_vary, sendfile,
                                                open_file_cache, gzip_types, gzip_level, resolver, cache_zones, files,
                                                upstreams, servers)

/// Whether a version, "1.27.3", is that one or a later one. Pure.
bool is_at_least(const std::string& version, int major, int minor, int patch);

/// The upstream block of that name, within `facts`; null: there is none. Pure.
const Upstream* upstream_named(const Facts& facts, const std::string& name);

std::vector<std::string> describe(const Facts& facts);

/// The facts that a configuration holds. Pure.
Facts read_facts(const Configuration& configuration);

/// The hosts of its upstreams and proxies that nginx looks up when it reads its configuration, and never again. Source:
/// https://nginx.org/en/docs/http/ngx_http_upstream_module.html#resolve
std::vector<std::string> resolved_once(const Facts& facts);

/// "http://user:word@api:3000/x?key=1" gives scheme "http" and "api:3000"; a target with a variable gives "variable".
std::pair<std::string, std::string> proxy_target(const std::string& argument);

/// A location's path fit for print: "/api/" stays, "/hooks/9f3a" becomes "/hooks/…".
std::string printable_match(const std::vector<std::string>& arguments);

}  // namespace pilotpros::apps::nginx

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/sys/environment.h"
#include "core/sys/files.h"

namespace pilotpros {

/// docker's own flags, which stand before the plugin's name. They are not turned into environment variables by the CLI.
struct GlobalFlags {
    std::optional<std::string> config;   ///< --config
    std::optional<std::string> context;  ///< -c, --context
    std::optional<std::string> host;     ///< -H, --host
    std::optional<std::string> log_level;
    bool debug = false;
    bool tls = false;
    bool tls_verify = false;
    std::optional<std::string> tls_ca;
    std::optional<std::string> tls_cert;
    std::optional<std::string> tls_key;

    /// The same flags as arguments, to repeat them to a docker that we start ourselves.
    [[nodiscard]] std::vector<std::string> as_arguments() const;
};

/// TLS material: paths of PEM files; an empty path means that there is none.
struct Tls {
    bool verify = true;
    Path ca, cert, key;
};

/// Where the engine is and how it is reached.
struct Endpoint {
    enum class Kind { kUnix, kTcp, kDialStdio };
    Kind kind = Kind::kUnix;
    std::string address;  ///< a socket's path, host:port, or the ssh:// URL as given
    std::string base;     ///< what stands before the API's own paths of a tcp:// address: "/prefix"
    std::optional<Tls> tls;
    std::map<std::string, std::string> headers;  ///< HttpHeaders of config.json
    std::optional<std::string> api_version;      ///< DOCKER_API_VERSION pins it
    std::string source;                          ///< what named it: "--host", "DOCKER_HOST", "context \"x\"", "default"
    std::string context = "default";

    /// For messages; user information of a URL is left out.
    [[nodiscard]] std::string display() const;
};

/// Which engine, by the order of docker's CLI: --context, --host, DOCKER_HOST, DOCKER_CONTEXT, currentContext, default.
/// Throws Error when the context does not exist, its files are broken, or the host has no known form. Source:
/// docker/cli, cli/command/cli.go (resolveContextName), opts/hosts.go, cli/context/store.
Endpoint resolve_endpoint(const GlobalFlags& flags, const Environment& environment, const Files& files);

}  // namespace pilotpros

#include "core/docker/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/model/error.h"
#include "core/model/sha256.h"

namespace pilotpros {

namespace {

using nlohmann::json;

constexpr const char* kDefaultSocket = "/var/run/docker.sock";

struct Named {
    std::string host;
    std::string source;
    std::string context = "default";
    Path context_tls;  ///< the context's own TLS directory, or empty
    bool skip_verify = false;
};

json read_json(const Files& files, const Path& path) {
    const auto text = files.read(path);
    if (!text) {
        return json::object();
    }
    json parsed = json::parse(*text, nullptr, false);
    if (parsed.is_discarded() || !parsed.is_object()) {
        throw Error(ExitCode::kBadInput, fmt::format("{} is not a JSON object", path.string()),
                    "docker itself cannot read it either: repair it or move it away");
    }
    return parsed;
}

std::string text_at(const json& object, const std::string& key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

Named from_context(const std::string& name, std::string source, const Path& config, const Files& files) {
    if (name == "default") {
        return {fmt::format("unix://{}", kDefaultSocket), std::move(source), name, {}, false};
    }
    const std::string id = sha256_hex(name);
    const Path meta = config / "contexts" / "meta" / id / "meta.json";
    if (!files.exists(meta)) {
        throw Error(ExitCode::kEngineNeeded, fmt::format("context \"{}\" does not exist (named by {})", name, source),
                    "docker context ls shows the ones that do");
    }
    const json stored = read_json(files, meta);
    const json endpoint = stored.value("/Endpoints/docker"_json_pointer, json::object());
    Named named{text_at(endpoint, "Host"), std::move(source), name, {}, false};
    if (named.host.empty()) {
        named.host = fmt::format("unix://{}", kDefaultSocket);
    }
    const auto skip = endpoint.find("SkipTLSVerify");
    named.skip_verify = skip != endpoint.end() && skip->is_boolean() && skip->get<bool>();
    const Path tls = config / "contexts" / "tls" / id / "docker";
    if (files.is_directory(tls)) {
        named.context_tls = tls;
    }
    return named;
}

/// Without blanks around it; what is empty then is the default, as for docker (opts/hosts.go).
std::string trimmed_host(const std::string& host) {
    const auto begin = host.find_first_not_of(" \t\r\n");
    return begin == std::string::npos ? fmt::format("unix://{}", kDefaultSocket)
                                      : host.substr(begin, host.find_last_not_of(" \t\r\n") + 1 - begin);
}

Named choose(const GlobalFlags& flags, const Environment& environment, const Path& config, const json& config_file,
             const Files& files) {
    if (flags.context) {
        return from_context(*flags.context, "--context", config, files);
    }
    if (flags.host) {
        return {trimmed_host(*flags.host), "--host", "default", {}, false};
    }
    if (const auto host = environment.get("DOCKER_HOST")) {
        return {trimmed_host(*host), "DOCKER_HOST", "default", {}, false};
    }
    if (const auto name = environment.get("DOCKER_CONTEXT")) {
        return from_context(*name, "DOCKER_CONTEXT", config, files);
    }
    const std::string current = text_at(config_file, "currentContext");
    if (!current.empty()) {
        return from_context(current, "currentContext of config.json", config, files);
    }
    return from_context("default", "default", config, files);
}

Path file_if_there(const Files& files, const Path& path) { return files.exists(path) ? path : Path{}; }

std::optional<Tls> tls_of(const Named& named, const GlobalFlags& flags, const Environment& environment,
                          const Path& config, const Files& files) {
    if (!named.context_tls.empty()) {
        return Tls{!named.skip_verify, file_if_there(files, named.context_tls / "ca.pem"),
                   file_if_there(files, named.context_tls / "cert.pem"),
                   file_if_there(files, named.context_tls / "key.pem")};
    }
    if (named.context != "default") {
        return named.skip_verify ? std::optional{Tls{false, {}, {}, {}}} : std::nullopt;
    }
    const bool verify = flags.tls_verify || environment.get("DOCKER_TLS_VERIFY").has_value();
    // Certificates alone are no wish for TLS (docker/cli, cli/flags/options.go).
    if (!verify && !flags.tls && !environment.get("DOCKER_TLS")) {
        return std::nullopt;
    }
    const Path directory = environment.get("DOCKER_CERT_PATH").value_or(config.string());
    const auto material = [&](const std::optional<std::string>& given, const char* name) {
        return given ? Path{*given} : file_if_there(files, directory / name);
    };
    return Tls{verify, material(flags.tls_ca, "ca.pem"), material(flags.tls_cert, "cert.pem"),
               material(flags.tls_key, "key.pem")};
}

bool has_port(const std::string& address) {
    const auto colon = address.rfind(':');
    return colon != std::string::npos && address.find(']', colon) == std::string::npos;
}

Endpoint from_host(const Named& named, std::optional<Tls> tls) {
    Endpoint endpoint;
    endpoint.source =
        named.context == "default" ? named.source : fmt::format("context \"{}\" ({})", named.context, named.source);
    endpoint.context = named.context;
    const auto scheme_end = named.host.find("://");
    const std::string scheme = scheme_end == std::string::npos ? "tcp" : named.host.substr(0, scheme_end);
    std::string rest = scheme_end == std::string::npos ? named.host : named.host.substr(scheme_end + 3);
    if (scheme == "unix") {
        endpoint.kind = Endpoint::Kind::kUnix;
        endpoint.address = rest.empty() ? kDefaultSocket : rest;
        return endpoint;
    }
    if (scheme == "tcp") {
        endpoint.kind = Endpoint::Kind::kTcp;
        const std::size_t path = std::min(rest.find('/'), rest.size());
        endpoint.base = rest.substr(path);
        endpoint.base.resize(endpoint.base.find_last_not_of('/') + 1);
        rest.resize(path);
        if (rest.empty() || rest.front() == ':') {
            rest.insert(0, "localhost");
        }
        endpoint.address = has_port(rest) ? rest : fmt::format("{}:{}", rest, tls ? 2376 : 2375);
        endpoint.tls = std::move(tls);
        return endpoint;
    }
    if (scheme == "ssh") {
        endpoint.kind = Endpoint::Kind::kDialStdio;
        endpoint.address = named.host;
        return endpoint;
    }
    throw Error(ExitCode::kEngineNeeded,
                fmt::format("the engine's address has the unknown form {}:// (named by {})", scheme, named.source),
                "unix://, tcp:// and ssh:// are understood");
}

std::optional<std::string> pinned_api_version(const Environment& environment) {
    const auto pinned = environment.get("DOCKER_API_VERSION");
    if (!pinned) {
        return std::nullopt;
    }
    const std::string number = pinned->starts_with('v') ? pinned->substr(1) : *pinned;
    const auto dot = number.find('.');
    const auto is_number = [](const std::string& text) {
        return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    };
    if (dot == std::string::npos || !is_number(number.substr(0, dot)) || !is_number(number.substr(dot + 1))) {
        throw Error(ExitCode::kUsage, fmt::format("DOCKER_API_VERSION is no version: \"{}\"", *pinned),
                    "unset it, or set one that docker version shows, as 1.45");
    }
    return number;
}

}  // namespace

std::vector<std::string> GlobalFlags::as_arguments() const {
    std::vector<std::string> arguments;
    const auto add = [&](const char* flag, const std::optional<std::string>& value) {
        if (value) {
            arguments.insert(arguments.end(), {flag, *value});
        }
    };
    add("--config", config);
    add("--context", context);
    add("--host", host);
    add("--log-level", log_level);
    if (debug) {
        arguments.emplace_back("--debug");
    }
    if (tls) {
        arguments.emplace_back("--tls");
    }
    if (tls_verify) {
        arguments.emplace_back("--tlsverify");
    }
    add("--tlscacert", tls_ca);
    add("--tlscert", tls_cert);
    add("--tlskey", tls_key);
    return arguments;
}

std::string Endpoint::display() const {
    switch (kind) {
        case Kind::kUnix:
            return "unix://" + address;
        case Kind::kTcp:
            return "tcp://" + address.substr(address.rfind('@') + 1);
        case Kind::kDialStdio:
            break;
    }
    const auto at = address.rfind('@');
    return at == std::string::npos ? address : "ssh://" + address.substr(at + 1);
}

Endpoint resolve_endpoint(const GlobalFlags& flags, const Environment& environment, const Files& files) {
    const Path config = flags.config ? Path{*flags.config} : environment.docker_config_directory();
    json config_file = json::parse(files.read(config / "config.json").value_or("{}"), nullptr, false);
    if (!config_file.is_object()) {
        config_file = json::object();  // docker warns of it, in its own words, before it runs us, and does without
    }
    const Named named = choose(flags, environment, config, config_file, files);
    Endpoint endpoint = from_host(named, tls_of(named, flags, environment, config, files));
    endpoint.api_version = pinned_api_version(environment);
    const auto headers = config_file.find("HttpHeaders");
    if (headers != config_file.end() && headers->is_object()) {
        for (const auto& [name, value] : headers->items()) {
            if (value.is_string()) {
                endpoint.headers[name] = value.get<std::string>();
            }
        }
    }
    return endpoint;
}

}  // namespace pilotpros

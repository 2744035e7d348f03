#include "core/advise/exposure.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr const char* kFirewall = "https://docs.docker.com/engine/network/packet-filtering-firewalls/#docker-and-ufw";

constexpr const char* kHarm =
    "whoever reaches the machine may try passwords, or needs none where it asks for none; a firewall like ufw does not "
    "see it: Docker's rules come first";

struct Published {
    std::string host_address, host_port;
    int container_port = 0;
    std::string protocol;
};

bool on_every_interface(const std::string& address) {
    return address.empty() || address == "0.0.0.0" || address == "::" || address == "[::]";
}

int port_number(const std::string& text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// What the files say; without files, what the containers have.
std::vector<Published> published(const Service* of_files, const ServiceObservation& service) {
    std::vector<Published> ports;
    if (of_files != nullptr && of_files->resolved.is_object()) {
        for (const Json& port : member(of_files->resolved, "ports")) {
            const Json& host = member(port, "published");
            ports.push_back({text(port, "host_ip"), host.is_string() ? host.get<std::string>() : "",
                             static_cast<int>(integer(port, "target")), text(port, "protocol")});
        }
        return ports;
    }
    for (const Container& container : service.containers) {
        for (const PortBinding& port : container.ports) {
            const auto slash = port.container_port.find('/');
            ports.push_back({port.host_address, port.host_port, port_number(port.container_port),
                             slash == std::string::npos ? "tcp" : port.container_port.substr(slash + 1)});
        }
    }
    return ports;
}

/// What listens there by convention; empty when it is meant to be reached.
std::string store_at(int port) {
    switch (port) {
        case 5432:
            return "PostgreSQL";
        case 3306:
            return "MySQL or MariaDB";
        case 6379:
            return "Redis";
        case 11211:
            return "memcached";
        case 27017:
            return "MongoDB";
        case 9200:
        case 9300:
            return "Elasticsearch";
        case 5984:
            return "CouchDB";
        case 8086:
            return "InfluxDB";
        case 9042:
            return "Cassandra";
        case 1433:
            return "SQL Server";
        case 5672:
            return "RabbitMQ";
        case 6333:
            return "Qdrant";
        case 2379:
            return "etcd";
        case 2375:
            return "the Docker API";
        default:
            return {};
    }
}

bool is(const ServiceObservation& service, const char* kind) {
    for (const Application& application : service.applications) {
        if (application.kind == kind && application.confidence >= 0.5) {
            return true;
        }
    }
    return false;
}

/// The ports that node's --inspect flags name, in the command or NODE_OPTIONS: "--inspect=0.0.0.0:9230".
std::set<int> inspector_ports(const Service* of_files) {
    std::set<int> ports{9229};
    const std::string text = of_files == nullptr ? std::string{} : of_files->resolved.dump();
    for (auto at = text.find("--inspect"); at != std::string::npos; at = text.find("--inspect", at + 1)) {
        const std::string flag = text.substr(at, text.find_first_of(" \"\\", at) - at);
        ports.insert(port_number(flag.substr(flag.find_last_of("=:") + 1)));
    }
    return ports;
}

/// The ports of debuggers, by what listens there. Other programs use their ports, too: n8n debugpy's, any server 5005.
std::map<int, std::string> debuggers_of(const ServiceObservation& service, const Service* of_files) {
    std::map<int, std::string> debuggers;
    if (is(service, "python")) {
        debuggers[5678] = "debugpy";
    }
    if (of_files != nullptr && of_files->resolved.dump().find("jdwp") != std::string::npos) {
        debuggers[5005] = "Java's debugger";
    }
    for (const int port : inspector_ports(of_files)) {
        debuggers[port] = "Node's inspector";
    }
    return debuggers;
}

/// Whether the image has this store in it, by its name, where the port is many another program's, too.
bool is_its_port(int port, const std::string& image) {
    static const std::map<int, std::vector<std::string>> kNames{{9200, {"elastic", "opensearch"}},
                                                                {9300, {"elastic", "opensearch"}},
                                                                {5984, {"couch"}},
                                                                {8086, {"influx"}},
                                                                {9042, {"cassandra", "scylla"}},
                                                                {6333, {"qdrant"}}};
    const auto names = kNames.find(port);
    return image.empty() || names == kNames.end() ||
           std::any_of(names->second.begin(), names->second.end(),
                       [&](const std::string& name) { return image.find(name) != std::string::npos; });
}

/// The short form as it is written, where a variable stands for the port that is published: `"${DB_PORT:-5432}:5432"`.
/// Any other text that is not a number may be a secret, and may hold an address already.
std::string written_port(const Json& written, const Published& port, const std::string& resolved) {
    static const std::regex kShort(R"(\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*(?::?-\d+)?\}):(\d+)(?:/tcp)?)");
    std::string found = resolved;
    int mappings = 0;
    for (const std::string& one : texts(written, "ports")) {
        std::smatch match;
        if (std::regex_match(one, match, kShort) && port_number(match[1].str()) == port.container_port) {
            found = one;
        }
        mappings += one.find(std::to_string(port.container_port)) != std::string::npos ? 1 : 0;
    }
    return mappings == 1 ? found : resolved;
}

/// Stores whose port is another program's, too, by the name of their image.
std::string store_of_image(const std::string& image, int port) {
    const bool weaviate = image.find("weaviate") != std::string::npos && (port == 8080 || port == 50051);
    const bool clickhouse = image.find("clickhouse") != std::string::npos && (port == 8123 || port == 9000);
    return weaviate ? "Weaviate" : clickhouse ? "ClickHouse" : "";
}

/// `own`: the port may be that of the service's own program, for its usual one is not published.
void look(const Published& port, bool own, const ServiceObservation& service, const Service* of_files,
          const std::map<int, std::string>& debuggers, const Json& written, Advice& advice) {
    if (!on_every_interface(port.host_address) || port.container_port == 0) {
        return;
    }
    std::string store = store_at(port.container_port);
    if (of_files != nullptr && !is_its_port(port.container_port, of_files->image)) {
        store.clear();
    }
    if (store.empty() && of_files != nullptr) {
        store = store_of_image(of_files->image, port.container_port);
    }
    if (own && is(service, "postgres")) {
        store = "PostgreSQL";
    } else if (own && is(service, "redis")) {
        store = "Redis";
    }
    const auto debugging = debuggers.find(port.container_port);
    const std::string debugger = debugging == debuggers.end() ? "" : debugging->second;
    if (store.empty() && debugger.empty()) {
        return;
    }
    const std::string host = port.host_port.empty() ? "" : port.host_port;
    const std::string resolved =
        host.empty() ? std::to_string(port.container_port) : fmt::format("{}:{}", host, port.container_port);
    const std::string mapping = written_port(written, port, resolved);
    const bool debug = !debugger.empty();
    advice.findings.push_back(
        {service.service, debug ? "debugger-on-every-interface" : "database-on-every-interface",
         debug ? Finding::Severity::kError : Finding::Severity::kWarning,
         fmt::format("{} is published on every interface of the machine{}", debug ? debugger : store,
                     host.empty() ? "" : fmt::format(" (port {})", host)),
         debug ? "whoever reaches the machine runs any code in the container" : kHarm,
         fmt::format("if only this machine needs it, write \"127.0.0.1:{0}\" for {1} in its ports; in a file "
                     "that is merged "
                     "later that takes ports: !override with all of its ports\nother services of the project reach it "
                     "without any port",
                     host.empty() ? ":" + mapping : mapping, mapping),
         kFirewall});
}

/// What listens on the machine's own network, by its image; empty where its command names an address of this machine.
std::string store_on_host_network(const ServiceObservation& service, const Service* of_files) {
    static const std::map<std::string, std::string> kStores{
        {"postgres", "PostgreSQL"}, {"mysql", "MySQL"},       {"mariadb", "MariaDB"},     {"redis", "Redis"},
        {"valkey", "Valkey"},       {"mongo", "MongoDB"},     {"memcached", "memcached"}, {"couchdb", "CouchDB"},
        {"influxdb", "InfluxDB"},   {"rabbitmq", "RabbitMQ"}, {"cassandra", "Cassandra"}, {"qdrant", "Qdrant"}};
    if (of_files == nullptr || text(of_files->resolved, "network_mode") != "host") {
        return {};
    }
    const std::string command = member(of_files->resolved, "command").dump();
    if (command.find("127.0.0.1") != std::string::npos || command.find("localhost") != std::string::npos) {
        return {};
    }
    const std::string last = of_files->image.substr(of_files->image.rfind('/') + 1);
    const auto store = kStores.find(last.substr(0, last.find_first_of(":@")));
    return store != kStores.end()    ? store->second
           : is(service, "postgres") ? "PostgreSQL"
           : is(service, "redis")    ? "Redis"
                                     : "";
}

}  // namespace

Advice advise_exposure(const Case& input) {
    Advice advice;
    for (const ServiceObservation& service : input.observation.services) {
        const auto wish = input.wishes.find(service.service);
        if (wish != input.wishes.end() && wish->second.excludes("exposure")) {
            advice.left_alone.push_back({service.service, "exposure", "*", "excluded by x-pilotpros"});
            continue;
        }
        if (const std::string store = store_on_host_network(service, input.service(service.service)); !store.empty()) {
            advice.findings.push_back(
                {service.service, "database-on-every-interface", Finding::Severity::kWarning,
                 fmt::format("{} listens on every interface of the machine (network_mode: host)", store),
                 "whoever reaches the machine may try passwords, or needs none where it asks for none",
                 "take network_mode out: other services of the project reach it by its name; or have it listen on "
                 "127.0.0.1 alone",
                 kFirewall});
        }
        const Json& written = member(member(input.project.uninterpolated, "services"), service.service.c_str());
        std::set<std::pair<int, std::string>> said;  // IPv4 and IPv6 are one
        const std::vector<Published> ports = published(input.service(service.service), service);
        const bool usual = std::any_of(ports.begin(), ports.end(),
                                       [](const Published& port) { return !store_at(port.container_port).empty(); });
        const std::map<int, std::string> debuggers = debuggers_of(service, input.service(service.service));
        for (const Published& port : ports) {
            if (on_every_interface(port.host_address) && port.protocol != "udp" &&
                said.insert({port.container_port, port.host_port}).second) {
                look(port, !usual, service, input.service(service.service), debuggers, written, advice);
            }
        }
    }
    return advice;
}

}  // namespace pilotpros

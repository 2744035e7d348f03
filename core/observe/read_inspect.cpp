#include "core/observe/read_inspect.h"

#include <algorithm>

#include "core/docker/json.h"

namespace pilotpros {

namespace {

using nlohmann::json;

std::vector<Secret> secrets(const json& object, const char* key) {
    std::vector<Secret> result;
    for (std::string& value : texts(object, key)) {
        result.emplace_back(std::move(value));
    }
    return result;
}

std::map<std::string, Secret> read_environment(const json& config) {
    std::map<std::string, Secret> result;
    for (const std::string& entry : texts(config, "Env")) {
        const auto equals = entry.find('=');
        result[entry.substr(0, equals)] = Secret{equals == std::string::npos ? "" : entry.substr(equals + 1)};
    }
    return result;
}

std::optional<Healthcheck> read_healthcheck(const json& config) {
    const json& check = member(config, "Healthcheck");
    if (!check.is_object() || texts(check, "Test").empty()) {
        return std::nullopt;
    }
    const auto seconds = [&](const char* key) { return Seconds{static_cast<double>(integer(check, key)) / 1e9}; };
    Healthcheck result;
    result.test = secrets(check, "Test");
    result.interval = seconds("Interval");
    result.timeout = seconds("Timeout");
    result.start_period = seconds("StartPeriod");
    result.start_interval = seconds("StartInterval");
    result.retries = static_cast<int>(integer(check, "Retries"));
    return result;
}

Limits read_limits(const json& host) {
    Limits limits;
    limits.memory = integer(host, "Memory");
    limits.memory_swap = integer(host, "MemorySwap");
    limits.memory_reservation = integer(host, "MemoryReservation");
    limits.shm_size = integer(host, "ShmSize");
    limits.cpu_shares = integer(host, "CpuShares");
    limits.pids = std::max<std::int64_t>(integer(host, "PidsLimit"), 0);
    limits.cpuset = text(host, "CpusetCpus");
    limits.oom_score_adj = static_cast<int>(integer(host, "OomScoreAdj"));
    const auto quota = integer(host, "CpuQuota");
    if (const auto nano = integer(host, "NanoCpus"); nano > 0) {
        limits.cpus = static_cast<double>(nano) / 1e9;
    } else if (quota > 0) {
        const auto period = integer(host, "CpuPeriod");
        limits.cpus = static_cast<double>(quota) / static_cast<double>(period > 0 ? period : 100'000);
    }
    for (const json& ulimit : member(host, "Ulimits")) {
        limits.ulimits[text(ulimit, "Name")] = {integer(ulimit, "Soft"), integer(ulimit, "Hard")};
    }
    return limits;
}

bool is_hex_id(const std::string& name) {
    return name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::vector<Mount> read_mounts(const json& inspect) {
    std::vector<Mount> mounts;
    for (const json& mount : member(inspect, "Mounts")) {
        Mount read{text(mount, "Type"),        text(mount, "Name"), text(mount, "Source"),
                   text(mount, "Destination"), flag(mount, "RW"),   false};
        read.anonymous = read.type == "volume" && is_hex_id(read.name);
        mounts.push_back(std::move(read));
    }
    for (const std::string& destination : keys(member(inspect, "HostConfig"), "Tmpfs")) {
        mounts.push_back({"tmpfs", "", "", destination, true, false});
    }
    return mounts;
}

std::vector<PortBinding> read_ports(const json& host) {
    std::vector<PortBinding> ports;
    const json& bindings = member(host, "PortBindings");
    if (bindings.is_object()) {
        for (const auto& [container_port, targets] : bindings.items()) {
            for (const json& target : targets) {
                ports.push_back({text(target, "HostIp"), text(target, "HostPort"), container_port});
            }
        }
    }
    return ports;
}

void read_state(const json& state, Container& into) {
    into.status = text(state, "Status");
    into.started = parse_time(text(state, "StartedAt"));
    into.finished = parse_time(text(state, "FinishedAt"));
    into.exit_code = static_cast<int>(integer(state, "ExitCode"));
    into.pid = static_cast<int>(integer(state, "Pid"));
    into.oom_killed = flag(state, "OOMKilled");
    const json& health = member(state, "Health");
    if (health.is_object() && text(health, "Status") != "none") {
        into.health = text(health, "Status");
        for (const json& probe : member(health, "Log")) {
            into.health_log.push_back({parse_time(text(probe, "Start")), parse_time(text(probe, "End")),
                                       static_cast<int>(integer(probe, "ExitCode"))});
        }
    }
}

}  // namespace

Container read_container(const json& inspect) {
    const json& config = member(inspect, "Config");
    const json& host = member(inspect, "HostConfig");
    Container container;
    container.id = text(inspect, "Id");
    container.name = text(inspect, "Name");
    container.name.erase(0, container.name.starts_with('/') ? 1 : 0);
    const json& labels = member(config, "Labels");
    if (labels.is_object()) {
        for (const auto& [name, value] : labels.items()) {
            container.labels[name] = Secret{value.is_string() ? value.get<std::string>() : ""};
        }
    }
    container.service = text(labels, "com.docker.compose.service");
    container.config_hash = text(labels, "com.docker.compose.config-hash");
    container.number =
        std::max(1, std::atoi(text(labels, "com.docker.compose.container-number").c_str()));  // NOLINT(cert-err34-c)
    container.image_id = text(inspect, "Image");
    container.image_reference = text(config, "Image");
    container.created = parse_time(text(inspect, "Created"));
    container.restart_count = static_cast<int>(integer(inspect, "RestartCount"));
    read_state(member(inspect, "State"), container);
    container.argv = secrets(config, "Entrypoint");
    for (Secret& argument : secrets(config, "Cmd")) {
        container.argv.push_back(std::move(argument));
    }
    container.environment = read_environment(config);
    container.user = text(config, "User");
    container.working_directory = text(config, "WorkingDir");
    container.stop_signal = text(config, "StopSignal");
    container.stop_timeout = static_cast<int>(integer(config, "StopTimeout"));
    container.tty = flag(config, "Tty");
    container.network_mode = text(host, "NetworkMode");
    container.pid_mode = text(host, "PidMode");
    container.ipc_mode = text(host, "IpcMode");
    container.restart_policy = text(member(host, "RestartPolicy"), "Name");
    const json& log = member(host, "LogConfig");
    container.log_driver = text(log, "Type");
    for (const char* const option : {"max-size", "max-file"}) {
        if (std::string value = text(member(log, "Config"), option); !value.empty()) {
            container.log_options[option] = std::move(value);
        }
    }
    container.read_only = flag(host, "ReadonlyRootfs");
    container.init = flag(host, "Init");
    container.limits = read_limits(host);
    container.mounts = read_mounts(inspect);
    container.ports = read_ports(host);
    container.exposed_ports = keys(config, "ExposedPorts");
    container.networks = keys(member(inspect, "NetworkSettings"), "Networks");
    container.healthcheck = read_healthcheck(config);
    return container;
}

Image read_image(const json& inspect) {
    const json& config = member(inspect, "Config");
    Image image;
    image.id = text(inspect, "Id");
    image.tags = texts(inspect, "RepoTags");
    image.size = integer(inspect, "Size");
    image.os = text(inspect, "Os");
    image.architecture = text(inspect, "Architecture");
    image.user = text(config, "User");
    image.working_directory = text(config, "WorkingDir");
    image.stop_signal = text(config, "StopSignal");
    image.entrypoint = secrets(config, "Entrypoint");
    image.command = secrets(config, "Cmd");
    image.environment = read_environment(config);
    image.exposed_ports = keys(config, "ExposedPorts");
    image.volumes = keys(config, "Volumes");
    image.healthcheck = read_healthcheck(config);
    image.shell = texts(config, "Shell");
    image.layers = static_cast<int>(member(member(inspect, "RootFS"), "Layers").size());
    return image;
}

EngineFacts read_engine(const json& info, const json& version) {
    EngineFacts facts;
    facts.id = text(info, "ID");
    facts.name = text(info, "Name");
    facts.version = text(version, "Version");
    facts.api_version = text(version, "ApiVersion");
    facts.operating_system = text(info, "OperatingSystem");
    facts.os_type = text(info, "OSType");
    facts.architecture = text(info, "Architecture");
    facts.kernel = text(info, "KernelVersion");
    facts.storage_driver = text(info, "Driver");
    facts.cgroup_driver = text(info, "CgroupDriver");
    facts.root_directory = text(info, "DockerRootDir");
    facts.cgroup_version = text(info, "CgroupVersion") == "2" ? 2 : 1;
    facts.cpus = static_cast<int>(integer(info, "NCPU"));
    facts.memory = integer(info, "MemTotal");
    facts.swap_limit = flag(info, "SwapLimit");
    facts.memory_limit = flag(info, "MemoryLimit");
    facts.pids_limit = flag(info, "PidsLimit");
    facts.cpu_quota = flag(info, "CpuCfsQuota");
    for (const std::string& option : texts(info, "SecurityOptions")) {
        facts.rootless = facts.rootless || option.find("name=rootless") != std::string::npos;
    }
    facts.warnings = texts(info, "Warnings");
    return facts;
}

}  // namespace pilotpros

#include "plugin/views/profile_json.h"

#include <string>

namespace pilotpros {

namespace {

using nlohmann::json;

json names_as_json(const std::map<std::string, Secret>& values) {
    json names = json::array();
    for (const auto& [name, value] : values) {
        names.push_back(name);
    }
    return names;
}

json optional_time(TimePoint time) { return time == TimePoint{} ? json() : json(format_time(time)); }

json limits_json(const Limits& limits) {
    return {{"memory", limits.memory},
            {"memory_swap", limits.memory_swap},
            {"memory_reservation", limits.memory_reservation},
            {"shm_size", limits.shm_size},
            {"cpus", limits.cpus},
            {"cpu_shares", limits.cpu_shares},
            {"cpuset", limits.cpuset},
            {"pids", limits.pids},
            {"oom_score_adj", limits.oom_score_adj}};
}

json healthcheck_json(const std::optional<Healthcheck>& check) {
    if (!check) {
        return nullptr;
    }
    return {{"disabled", check->disabled()},
            {"interval_seconds", check->interval.count()},
            {"timeout_seconds", check->timeout.count()},
            {"start_period_seconds", check->start_period.count()},
            {"start_interval_seconds", check->start_interval.count()},
            {"retries", check->retries}};
}

json health_log_json(const std::vector<HealthProbe>& log) {
    json probes = json::array();
    for (const HealthProbe& probe : log) {
        probes.push_back({{"start", format_time(probe.start)},
                          {"seconds", std::chrono::duration<double>(probe.end - probe.start).count()},
                          {"exit_code", probe.exit_code}});
    }
    return probes;
}

json mounts_json(const std::vector<Mount>& mounts) {
    json result = json::array();
    for (const Mount& mount : mounts) {
        result.push_back({{"type", mount.type},
                          {"destination", mount.destination},
                          {"writable", mount.writable},
                          {"anonymous", mount.anonymous}});
    }
    return result;
}

json ports_json(const std::vector<PortBinding>& ports) {
    json result = json::array();
    for (const PortBinding& port : ports) {
        result.push_back({{"host_address", port.host_address},
                          {"host_port", port.host_port},
                          {"container_port", port.container_port}});
    }
    return result;
}

json container_json(const Container& container, const ServiceObservation& service) {
    json result{{"id", container.id},
                {"name", container.name},
                {"number", container.number},
                {"image_id", container.image_id},
                {"status", container.status},
                {"health", container.health.empty() ? json() : json(container.health)},
                {"health_log", health_log_json(container.health_log)},
                {"healthcheck", healthcheck_json(container.healthcheck)},
                {"started", optional_time(container.started)},
                {"exit_code", container.exit_code},
                {"restart_count", container.restart_count},
                {"restart_policy", container.restart_policy},
                {"oom_killed", container.oom_killed},
                {"limits", limits_json(container.limits)},
                {"mounts", mounts_json(container.mounts)},
                {"ports", ports_json(container.ports)},
                {"networks", container.networks},
                {"log_driver", container.log_driver},
                {"log_options", container.log_options},
                {"environment_names", names_as_json(container.environment)},
                {"usage", nullptr},
                {"writable_layer", nullptr},
                {"processes", nullptr}};
    if (const auto usage = service.usage.find(container.id); usage != service.usage.end()) {
        result["usage"] = usage->second;
    }
    if (const auto layer = service.writable_layers.find(container.id); layer != service.writable_layers.end()) {
        result["writable_layer"] = {
            {"added", layer->second.added}, {"changed", layer->second.changed}, {"deleted", layer->second.deleted}};
    }
    if (const auto processes = service.processes.find(container.id); processes != service.processes.end()) {
        result["processes"] = processes->second.size();
    }
    return result;
}

json image_json(const Image& image) {
    return {{"id", image.id},
            {"tags", image.tags},
            {"size", image.size},
            {"layers", image.layers},
            {"user", image.user},
            {"volumes", image.volumes},
            {"exposed_ports", image.exposed_ports}};
}

json service_json(const ServiceObservation& service, const Observation& observation) {
    json containers = json::array();
    for (const Container* const container : service.all_containers()) {
        containers.push_back(container_json(*container, service));
    }
    json applications = json::array();
    for (const Application& application : service.applications) {
        applications.push_back({{"kind", application.kind},
                                {"confidence", application.confidence},
                                {"evidence", application.evidence},
                                {"facts", application.facts}});
    }
    const auto image = observation.images.find(service.image_id);
    return {{"name", service.service},
            {"image", image == observation.images.end() ? json() : image_json(image->second)},
            {"containers", containers},
            {"applications", applications},
            {"probe_commands", service.probe_commands_known ? json(service.probe_commands) : json()},
            {"kept", service.kept.empty() ? json() : json(service.kept)}};
}

json engine_json(const std::optional<EngineFacts>& engine) {
    if (!engine) {
        return nullptr;
    }
    return {{"id", engine->id},
            {"version", engine->version},
            {"api_version", engine->api_version},
            {"operating_system", engine->operating_system},
            {"architecture", engine->architecture},
            {"kernel", engine->kernel},
            {"storage_driver", engine->storage_driver},
            {"cgroup_version", engine->cgroup_version},
            {"cgroup_driver", engine->cgroup_driver},
            {"cpus", engine->cpus},
            {"memory", engine->memory},
            {"swap_limit", engine->swap_limit},
            {"rootless", engine->rootless},
            {"local", engine->local},
            {"others_running", engine->others_running},
            {"others_memory", engine->others_memory},
            {"others_by_project", engine->others_by_project}};
}

}  // namespace

json profile_as_json(const Profile& profile) {
    const Project& project = profile.project;
    const Observation& observation = profile.observation;
    json services = json::array();
    for (const ServiceObservation& service : observation.services) {
        services.push_back(service_json(service, observation));
    }
    json gaps = json::array();
    for (const Gap& gap : observation.gaps) {
        gaps.push_back({{"subject", gap.subject}, {"what", gap.what}, {"why", gap.why}});
    }
    return {{"format", 1},
            {"taken", format_time(observation.taken)},
            {"interrupted", profile.interrupted},
            {"engine_lost", !profile.lost.empty()},
            {"project",
             {{"name", project.name},
              {"working_directory", project.working_directory},
              {"files", project.files},
              {"our_files", project.our_files},
              {"found_by", project.found_by},
              {"warnings", project.warnings}}},
            {"engine", engine_json(observation.engine)},
            {"services", services},
            {"gaps", gaps}};
}

}  // namespace pilotpros

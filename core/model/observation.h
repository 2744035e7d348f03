#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/secret.h"
#include "core/model/units.h"
#include "core/model/usage.h"

namespace pilotpros {

/// Something that could not be learned, said instead of guessed.
struct Gap {
    std::string subject;  ///< a service's name, "engine", "host" or "project"
    std::string what;     ///< what is not known, e.g. "settings of PostgreSQL"
    std::string why;      ///< the reason, in one line without secrets
    friend bool operator==(const Gap&, const Gap&) = default;
};

/// The engine and the machine below it.
struct EngineFacts {
    std::string id;  ///< the engine's own; snapshots and profiles are kept under it
    std::string version, api_version, name, operating_system, os_type, architecture, kernel, storage_driver,
        cgroup_driver, root_directory;
    int cgroup_version = 0;  ///< 1 or 2
    int cpus = 0;
    Bytes memory = 0;
    bool swap_limit = false, memory_limit = false, pids_limit = false, cpu_quota = false;
    bool rootless = false;
    bool local =
        false;  ///< proven: a process of one of its containers is visible in our /proc with the container's cgroup
    std::vector<std::string> warnings;
    Bytes others_memory = 0;  ///< working set of running containers outside the project
    int others_running = 0;
    std::map<std::string, Bytes> others_by_project;  ///< the same by Compose project; "" holds those without one
};

/// A health check as the container or image has it. Durations of zero mean the engine's default.
struct Healthcheck {
    std::vector<Secret> test;  ///< first element NONE, CMD or CMD-SHELL
    Seconds interval{0}, timeout{0}, start_period{0}, start_interval{0};
    int retries = 0;
    [[nodiscard]] bool disabled() const { return test.empty() || test.front().reveal() == "NONE"; }
};

struct HealthProbe {
    TimePoint start, end;
    int exit_code = 0;
};

struct Image {
    std::string id;  ///< "sha256:…"
    std::vector<std::string> tags;
    Bytes size = 0;
    std::string os, architecture, user, working_directory, stop_signal;
    std::vector<Secret> entrypoint, command;
    std::map<std::string, Secret> environment;
    std::vector<std::string> exposed_ports, volumes;
    std::optional<Healthcheck> healthcheck;
    std::vector<std::string> shell;  ///< what runs a text of its own, e.g. a test with CMD-SHELL; empty: the engine's
    int layers = 0;
};

/// What bounds a container now. Zero means: not set.
struct Limits {
    Bytes memory = 0, memory_swap = 0, memory_reservation = 0, shm_size = 0;
    double cpus = 0;  ///< from NanoCpus, or quota over period
    std::int64_t cpu_shares = 0, pids = 0;
    std::string cpuset;
    int oom_score_adj = 0;
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> ulimits;  ///< name to soft and hard
    friend bool operator==(const Limits&, const Limits&) = default;
};

struct Mount {
    std::string type, name, source, destination;  ///< type: bind, volume, tmpfs
    bool writable = true;
    bool anonymous = false;  ///< a volume that nobody named
};

struct PortBinding {
    std::string host_address, host_port, container_port;  ///< container_port as "80/tcp"
};

/// The status of one of ServiceObservation::gone.
inline constexpr const char* kGone = "gone";

/// One running or stopped container of the project.
struct Container {
    std::string id, name, service;
    int number = 1;  ///< of a scaled service, from 1
    std::string image_id, image_reference, config_hash;
    std::string status;  ///< created, running, paused, restarting, exited, dead; kGone
    std::string health;  ///< healthy, unhealthy, starting; empty without a health check
    TimePoint created, started, finished;
    int exit_code = 0, pid = 0;
    int restart_count = 0;  ///< by its policy, when it was first looked at
    bool oom_killed = false;
    std::vector<Secret> argv;  ///< entrypoint and command
    std::map<std::string, Secret> environment, labels;
    std::string user, working_directory, restart_policy, log_driver, stop_signal;
    std::string network_mode, pid_mode, ipc_mode;    ///< "container:ID" where it shares another one's
    std::map<std::string, std::string> log_options;  ///< max-size and max-file only: others may hold credentials
    int stop_timeout = 0;                            ///< seconds; 0: the engine's default, 10
    bool read_only = false, init = false, tty = false;
    Limits limits;
    std::vector<Mount> mounts;
    std::vector<PortBinding> ports;
    std::vector<std::string> exposed_ports, networks;
    std::optional<Healthcheck> healthcheck;
    std::vector<HealthProbe> health_log;
    [[nodiscard]] bool running() const { return status == "running"; }
};

/// One process of a container, as the host's ps sees it.
struct ContainerProcess {
    int pid = 0, parent = 0;  ///< in the engine's PID namespace
    Bytes resident = 0;
    std::vector<Secret> argv;  ///< split at blanks: ps gives no better
};

/// What differs between a container's writable layer and its image.
struct WritableLayer {
    std::vector<std::string> added, changed, deleted;  ///< paths; mount points, /run, /tmp and /proc left out
};

/// A program recognised inside a service, and what it said of itself.
struct Application {
    std::string kind;                   ///< postgres, n8n, node, nginx, redis, python
    double confidence = 0;              ///< 0 to 1
    std::vector<std::string> evidence;  ///< what the confidence rests on, without secrets
    nlohmann::json facts;               ///< the application's own facts; its folder in core/apps has their type
};

/// All that is known of one service.
struct ServiceObservation {
    std::string service;
    std::vector<Container> containers;     ///< by number; empty when it does not run
    std::vector<Container> gone;           ///< removed while they were looked at; what they used is in `usage`
    std::vector<std::string> given_files;  ///< where its configs and secrets stand in them (core/compose/given_files.h)
    bool refused = false;                  ///< it has containers that the engine does not show us
    std::string image_id;  ///< of the first container, or of the image that the file names; empty when unknown
    std::vector<Application> applications;
    std::map<std::string, std::string>
        probe_commands;  ///< command to path in the image, e.g. "curl" to "/usr/bin/curl"
    bool probe_commands_known = false;
    std::map<std::string, std::vector<ContainerProcess>> processes;  ///< by container ID
    std::map<std::string, WritableLayer> writable_layers;            ///< by container ID
    std::map<std::string, Usage> usage;                              ///< by container ID, of this run
    Usage kept;               ///< merged over earlier runs of the same image and configuration
    std::string profile_key;  ///< where `kept` lives

    /// The containers, and those that are gone.
    [[nodiscard]] std::vector<const Container*> all_containers() const {
        std::vector<const Container*> all;
        all.reserve(containers.size() + gone.size());
        for (const std::vector<Container>* const some : {&containers, &gone}) {
            for (const Container& container : *some) {
                all.push_back(&container);
            }
        }
        return all;
    }
};

/// Everything read about host, engine, images, containers and applications. Made once, then only read.
struct Observation {
    std::optional<EngineFacts> engine;    ///< none when there is no engine
    std::map<std::string, Image> images;  ///< by ID
    std::vector<ServiceObservation> services;
    std::vector<Gap> gaps;
    TimePoint taken;

    /// What is known of that service, or null.
    [[nodiscard]] const ServiceObservation* service(const std::string& name) const {
        for (const ServiceObservation& one : services) {
            if (one.service == name) {
                return &one;
            }
        }
        return nullptr;
    }
};

}  // namespace pilotpros

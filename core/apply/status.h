#pragma once

#include <string>
#include <vector>

#include "core/apply/store.h"
#include "core/docker/engine.h"
#include "core/model/project.h"
#include "core/world.h"

namespace pilotpros {

/// One transaction of the history.
struct HistoryEntry {
    std::string id, taken, plan;
    std::vector<std::string> services;
    std::string phase;                 ///< applied, taken back, files taken back, pending
    std::vector<std::string> changes;  ///< "memory: 128m", or "db.memory: 128m" where there are several services
};

/// A file of ours, or the link to it.
struct FileStatus {
    std::string path;
    std::string state;  ///< as written, changed, gone
};

/// Whether the running containers of a service carry what was applied.
struct ServiceStatus {
    std::string service;
    /// carries it (until the next up), does not run, drifted, unknown; where the files alone were taken back "as its
    /// files say" or "not as its files say"
    std::string state;
    std::vector<std::string> drift;  ///< what differs, one line each
    bool recreated_by_up = false;    ///< the next `up` with the change replaces its container
};

struct ProjectStatus {
    std::string project;
    std::vector<HistoryEntry> history;  ///< oldest first
    std::vector<FileStatus> files;
    std::vector<ServiceStatus> services;
    std::vector<Mask> masks;  ///< those that hide another value now
    std::string start;        ///< what starts the project with what is applied, typed here; empty when nothing is
    std::string left;         ///< what a rollback of the files alone left to do; empty when nothing is
};

/// `swap_limit`: whether the engine can limit swap. What is applied, whether the files are as written, and whether what
/// runs carries it.
ProjectStatus read_status(World& world, Engine& engine, const Project& project, const ApplyStore& store,
                          bool swap_limit);

/// The history alone; needs no engine.
std::vector<HistoryEntry> history_of(const ApplyStore& store);

}  // namespace pilotpros

#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apply/reload.h"
#include "core/model/bundle.h"
#include "core/sys/files.h"

namespace pilotpros {

/// What stands, or stood, at a path.
struct PathImage {
    std::string kind = "absent";  ///< absent, file, directory, symlink
    unsigned mode = 0;
    std::string content;  ///< of a file: the SHA-256 of its bytes; of a symlink: where it leads
    friend bool operator==(const PathImage&, const PathImage&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PathImage, kind, mode, content)

/// Throws Error when something stands there that is neither file, directory nor symlink.
PathImage image_of(const Path& path, const Files& files);

/// One path that an apply touches.
struct PathRecord {
    std::string path;  ///< absolute
    PathImage before, after;
    std::string kept;     ///< where in the snapshot's directory the bytes from before lie; empty when it was no file
    std::string written;  ///< likewise what we wrote, to show later what the user changed; empty when that is no file
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(PathRecord, path, before, after, kept, written)

/// One container of a service, as it was.
struct ContainerRecord {
    std::string id, name, image_id, config_hash;
    bool running = false;
    std::string kept;    ///< where in the snapshot's directory its inspection lies, whole: it holds the environment
    std::string sha256;  ///< of that file
    std::string given;   ///< likewise an archive of the configs and secrets that Compose copied in; empty: none
    std::string given_sha256;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ContainerRecord, id, name, image_id, config_hash, running, kept, sha256,
                                                given, given_sha256)

/// One service that an apply changes, as it was.
struct ServiceRecord {
    std::string service;
    double start_seconds = 0;  ///< how long it was seen to take to start; 0: never seen
    std::vector<ContainerRecord> containers;
    std::vector<Reload> name_users;        ///< who is to look its name up again after its container was replaced
    std::vector<Reload> reloads;           ///< its own, after files that are mounted into it changed
    bool live = false;                     ///< its containers stayed, and got their limits while they ran
    std::vector<std::string> given_files;  ///< where its configs and secrets stand in them
    std::vector<int> ports;                ///< on which each of its containers listened
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ServiceRecord, service, start_seconds, containers, name_users, reloads,
                                                live, given_files, ports)

/// How many of its containers ran.
int running_in(const ServiceRecord& service);

/// All that is needed to go back from one apply, and to tell later what it was.
struct Snapshot {
    std::string id, taken;  ///< "0001"; ISO 8601, UTC
    std::string engine, project, working_directory;
    std::string plan;                              ///< its hash
    std::vector<std::string> compose_arguments;    ///< from "compose" on: what gives the project without ours
    std::map<std::string, std::string> variables;  ///< COMPOSE_* of that time
    std::string layer;  ///< the file that Compose is to merge last: the link where there is one, else ours
    std::string start;  ///< the command that starts the project with the change, as shown
    std::vector<PathRecord> paths;
    std::vector<ServiceRecord> services;  ///< what others depend on first
    std::vector<Mask> masks;
    nlohmann::json changes;  ///< a list of {service, key, target, before, after}
    /// It takes some services of the transactions since this one back, this one included; empty: it applied a Plan.
    std::string takes_back;
    bool in_place = false;  ///< the values went into the project's own files

    [[nodiscard]] std::vector<std::string> service_names() const;
};
// What a later version added has a default, so that a snapshot of any earlier version is read.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Snapshot, id, taken, engine, project, working_directory, plan,
                                                compose_arguments, variables, layer, start, paths, services, masks,
                                                changes, takes_back, in_place)

/// Of several transactions, newest first: each service as the oldest that changed it has it, and that one's snapshot,
/// which has to outlive the result. `live` where any of them set its limits while it ran.
std::map<std::string, std::pair<const Snapshot*, ServiceRecord>> oldest_of(const std::vector<Snapshot>& newest_first);

/// Reads a snapshot from its directory and proves all of it by its hashes. Throws Error (kRefused) that names what is
/// damaged.
Snapshot read_snapshot(const Path& directory, const Files& files);
/// Writes a snapshot whose kept files are already there; it is complete when this returns.
void write_snapshot(const Snapshot& snapshot, const Path& directory, Files& files);

inline constexpr const char* kSnapshotFile = "snapshot.json";
inline constexpr const char* kJournalFile = "journal.json";

}  // namespace pilotpros

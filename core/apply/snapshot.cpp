#include "core/apply/snapshot.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/apply/sealed.h"
#include "core/model/error.h"
#include "core/model/sha256.h"

namespace pilotpros {

namespace {

void require_intact(const Path& file, const std::string& sha256, const Files& files) {
    const auto content = files.read(file);
    if (!content || sha256_hex(*content) != sha256) {
        throw Error(ExitCode::kRefused,
                    fmt::format("{} is {}", file.string(), content ? "damaged: its hash does not fit" : "gone"),
                    "restore it from a backup, or go back by hand: docs/rollback.md");
    }
}

}  // namespace

PathImage image_of(const Path& path, const Files& files) {
    const FileState state = files.state(path);
    switch (state.kind) {
        case FileState::Kind::kAbsent:
            return {};
        case FileState::Kind::kFile:
            return {"file", state.mode, sha256_hex(files.read(path).value_or(""))};
        case FileState::Kind::kDirectory:
            return {"directory", state.mode, ""};
        case FileState::Kind::kSymlink:
            return {"symlink", 0, files.read_link(path).value_or(Path{}).string()};
        case FileState::Kind::kOther:
            break;
    }
    throw Error(ExitCode::kRefused, fmt::format("{} is neither file, folder nor symlink", path.string()),
                "move it away, and try again");
}

int running_in(const ServiceRecord& service) {
    return static_cast<int>(std::count_if(service.containers.begin(), service.containers.end(),
                                          [](const ContainerRecord& one) { return one.running; }));
}

std::map<std::string, std::pair<const Snapshot*, ServiceRecord>> oldest_of(const std::vector<Snapshot>& newest_first) {
    std::map<std::string, std::pair<const Snapshot*, ServiceRecord>> oldest;
    for (const Snapshot& snapshot : newest_first) {
        for (const ServiceRecord& service : snapshot.services) {
            auto& [of, record] = oldest[service.service];
            const bool live = service.live || record.live;
            of = &snapshot;
            record = service;
            record.live = live;
        }
    }
    return oldest;
}

std::vector<std::string> Snapshot::service_names() const {
    std::vector<std::string> names;
    for (const ServiceRecord& one : services) {
        names.push_back(one.service);
    }
    return names;
}

Snapshot read_snapshot(const Path& directory, const Files& files) {
    const Path file = directory / kSnapshotFile;
    const auto content = files.read(file);
    if (!content) {
        throw Error(ExitCode::kRefused, fmt::format("{} is gone", file.string()),
                    "restore it from a backup, or go back by hand: docs/rollback.md");
    }
    auto snapshot = unseal(*content, file).get<Snapshot>();
    for (const PathRecord& record : snapshot.paths) {
        if (!record.kept.empty()) {
            require_intact(directory / record.kept, record.before.content, files);
        }
    }
    for (const ServiceRecord& service : snapshot.services) {
        for (const ContainerRecord& record : service.containers) {
            require_intact(directory / record.kept, record.sha256, files);
            if (!record.given.empty()) {
                require_intact(directory / record.given, record.given_sha256, files);
            }
        }
    }
    return snapshot;
}

void write_snapshot(const Snapshot& snapshot, const Path& directory, Files& files) {
    files.write_durably(directory / kSnapshotFile, seal(snapshot), 0600);
}

}  // namespace pilotpros

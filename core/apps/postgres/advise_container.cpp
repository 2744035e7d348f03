// Around the server: /dev/shm, the time to stop, and where the data lies.
//
// Rules. Parallel hash joins keep their tables in /dev/shm, of which Docker gives 64 MB: shm_size is 32 MiB, the hash
// tables of as many parallel statements as there are workers for, and maintenance_work_mem; at least 256 MiB (what the
// image's documentation names), at most half of what the limit leaves beside the buffers. It is a bound, not a
// reservation. Stopping writes a checkpoint: half a minute, and the buffers at 50 MiB/s, in half minutes; Docker's 10
// seconds end in a kill and a recovery.
// oom_score_adj stays: a lower one for the whole container protects the fattest session as much as the server, and
// splitting it takes PG_OOM_ADJUST_FILE and a capability that the children need.
// Source: docker-library/docs postgres/content.md "Caveats"; PostgreSQL documentation, 19.4 and 19.5.

#include <fmt/format.h>

#include <algorithm>

#include "core/apps/postgres/advise.h"
#include "core/model/json.h"
#include "core/model/paths.h"

namespace pilotpros::apps::postgres {

namespace {

constexpr const char* kImage = "https://hub.docker.com/_/postgres (Caveats)";

nlohmann::json declared(const Case& input, const std::string& service, const char* key) {
    const Service* const known = input.service(service);
    return known != nullptr && known->resolved.is_object() ? known->resolved.value(key, nlohmann::json())
                                                           : nlohmann::json();
}

bool shares_memory(const Case& input, const std::string& service) {
    const nlohmann::json ipc = declared(input, service, "ipc");
    const nlohmann::json tmpfs = declared(input, service, "tmpfs");
    return (ipc.is_string() && ipc.get<std::string>() != "private" && ipc.get<std::string>() != "shareable") ||
           tmpfs.dump().find("/dev/shm") != std::string::npos;
}

void advise_shm(const Case& input, const std::string& service, const Situation& situation, const MemorySet* set,
                Draft& draft) {
    const MemorySet& sizes = set != nullptr ? *set : situation.now;
    const Bytes segments = shared_segments(sizes);
    const Present type = present(situation.facts, "dynamic_shared_memory_type");
    const nlohmann::json own = declared(input, service, "shm_size");
    if (segments == 0 || shares_memory(input, service) || (type.exists && type.value != "posix")) {
        draft.leave("shm_size", segments == 0 ? "no parallel workers, so nothing of size lies in /dev/shm"
                                              : "dynamic shared memory does not lie in a /dev/shm of this container");
        return;
    }
    const Bytes room =
        situation.limit > 0 ? (situation.limit - sizes.shared_buffers.value) / 2 / (8 * kMiB) * (8 * kMiB) : 256 * kMiB;
    const Bytes size = std::max(64 * kMiB, std::min(std::max(256 * kMiB, round_up(segments)), room));
    const Bytes now = own.is_null() ? 64 * kMiB : parse_size(as_text(own)).value_or(0);
    if (!own.is_null() && !draft.pinned("shm_size") && now >= std::min(segments, size)) {
        draft.leave("shm_size", fmt::format("your {} hold the {} that parallel statements can want", format_bytes(now),
                                            format_bytes(segments)));
        return;
    }
    const Bytes value =
        own.is_null() ? settle(parse_size(draft.earlier("shm_size").value_or("")), size, segments, 0.25) : size;
    if (value <= now && !draft.pinned("shm_size")) {
        draft.leave("shm_size", fmt::format("the limit leaves no room for more than {}", format_bytes(now)));
        return;
    }
    Change change;
    change.key = "shm_size";
    change.target = {Target::Kind::kCompose, {"shm_size"}};
    change.before = own.is_null() ? nlohmann::json() : nlohmann::json(compose_size(now));
    change.after = compose_size(value);
    change.reason = fmt::format("parallel statements can want {} of /dev/shm, it has {}{}", format_bytes(segments),
                                format_bytes(now), own.is_null() ? "" : " as you set it: such a query then fails");
    change.rule =
        "the hash tables of all parallel statements and one maintenance command, at least 256 MiB, at most "
        "half of what the limit leaves";
    change.source = kImage;
    change.inputs = {{"work_mem", format_bytes(sizes.work_mem.value), "as advised"},
                     {"max_parallel_workers", std::to_string(sizes.parallel_workers), "as advised"},
                     {"max_parallel_workers_per_gather", std::to_string(sizes.gather), "as advised"}};
    draft.want(std::move(change));
}

void advise_stop(const Case& input, const std::string& service, const Situation& situation, const MemorySet* set,
                 Draft& draft) {
    const nlohmann::json own = declared(input, service, "stop_grace_period");
    if (!own.is_null() && !draft.pinned("stop_grace_period")) {
        draft.leave("stop_grace_period", fmt::format("you set {}: kept", as_text(own)));
        return;
    }
    const Bytes buffers = set != nullptr ? set->shared_buffers.value : situation.now.shared_buffers.value;
    const Bytes seconds = (30 + buffers / (50 * kMiB) + 29) / 30 * 30;
    Change change;
    change.key = "stop_grace_period";
    change.target = {Target::Kind::kCompose, {"stop_grace_period"}};
    change.before = own;
    change.after = fmt::format("{}s", seconds);
    change.reason = fmt::format("a stop writes up to {} of buffers; Docker kills after 10 s", format_bytes(buffers));
    change.rule = "half a minute, and the time to write the buffers at 50 MiB/s, in half minutes";
    change.source = "https://www.postgresql.org/docs/current/server-shutdown.html";
    change.inputs = {{"shared_buffers", format_bytes(buffers), "as advised"}};
    draft.want(std::move(change));
}

const Mount* holder_of(const Container& container, const std::string& path) {
    const Mount* best = nullptr;
    for (const Mount& mount : container.mounts) {
        if (lies_in(path, mount.destination) &&
            (best == nullptr || mount.destination.size() > best->destination.size())) {
            best = &mount;
        }
    }
    return best;
}

}  // namespace

void advise_container(const Case& input, const ServiceObservation& service, const Situation& situation,
                      const MemorySet* set, Draft& draft) {
    advise_shm(input, service.service, situation, set, draft);
    advise_stop(input, service.service, situation, set, draft);
}

bool find_lost_data(const ServiceObservation& service, const Situation& situation, Draft& draft) {
    const std::string& data = situation.facts.data_directory;
    if (service.containers.empty() || data.empty()) {
        return false;
    }
    const Container& container = service.containers.front();
    const Mount* const holder = holder_of(container, data);
    if (holder != nullptr && !(holder->type == "volume" && holder->anonymous) && holder->type != "tmpfs") {
        return false;
    }
    const auto above = std::find_if(container.mounts.begin(), container.mounts.end(), [&](const Mount& mount) {
        return !mount.anonymous && mount.type != "tmpfs" && data != mount.destination &&
               lies_in(data, mount.destination);
    });
    const bool one_above = holder != nullptr && above != container.mounts.end();
    draft.find(
        {{},
         "postgres-data-not-on-a-named-volume",
         Finding::Severity::kError,
         holder == nullptr         ? fmt::format("the data in {} lies in the container itself", data)
         : holder->type == "tmpfs" ? fmt::format("the data in {} lies in memory", data)
         : one_above
             ? fmt::format("the data in {} lies on an anonymous volume: what is mounted at {} is one level above it",
                           data, above->destination)
             : fmt::format("the data in {} lies on an anonymous volume", data),
         "the next new container, or `docker compose down`, starts with an empty database",
         fmt::format("dump it (docker compose exec -T SERVICE pg_dumpall > dump.sql), mount a named volume at {}, "
                     "start, and load the dump",
                     holder != nullptr ? holder->destination : data),
         kImage});
    return true;
}

}  // namespace pilotpros::apps::postgres

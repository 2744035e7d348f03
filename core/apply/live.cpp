#include "core/apply/live.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/apply/gate.h"
#include "core/apply/live_containers.h"
#include "core/compose/declared_limits.h"
#include "core/docker/json.h"
#include "core/docker/stats.h"
#include "core/model/json.h"
#include "core/model/units.h"
#include "core/observe/containers.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr double kNanoCpus = 1e9;
constexpr std::int64_t kDefaultShares = 1024;  // what the kernel gives a container of which nothing is said
constexpr double kAboveUse = 1.1;  // on cgroup v2 a limit below what is used kills; a tenth is what may come meanwhile

bool is_live(const Target& target) {
    static const std::set<std::vector<std::string>> kPaths{
        {"mem_limit"},
        {"memswap_limit"},
        {"mem_reservation"},
        {"cpus"},
        {"cpu_shares"},
        {"pids_limit"},
        {"deploy", "resources", "limits", "memory"},
        {"deploy", "resources", "limits", "cpus"},
        {"deploy", "resources", "limits", "pids"},
        {"deploy", "resources", "reservations", "memory"},
    };
    return target.kind == Target::Kind::kCompose && kPaths.contains(target.path);
}

std::int64_t whole(const Json& host, const char* key) {
    const Json& value = member(host, key);
    return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

std::int64_t nano(double cpus) { return std::llround(cpus * kNanoCpus); }

void ask_for_memory(LiveUpdate& update, const Limits& asked, const Json& host, std::optional<Bytes> used,
                    bool swap_limit) {
    const Bytes swap = asked.memory_swap > 0 ? asked.memory_swap : 2 * asked.memory;
    const std::int64_t swap_now = whole(host, "MemorySwap");
    const bool same_swap = asked.memory_swap < 0 ? swap_now < 0 : swap == swap_now;
    const bool same = asked.memory == whole(host, "Memory") && (!swap_limit || same_swap);
    if (asked.memory <= 0 || same) {
        return;
    }
    if (asked.memory_swap < 0) {
        update.why_not = "swap without a limit can only be given to a new container";
    } else if (!used) {
        update.why_not = "the engine does not say how much it holds, and a limit below that would kill it";
    } else if (static_cast<double>(asked.memory) < kAboveUse * static_cast<double>(*used)) {
        update.why_not = fmt::format("it holds {} now, too near to the limit of {}", format_bytes(*used),
                                     format_bytes(asked.memory));
    } else {
        update.body["Memory"] = asked.memory;
        if (swap_limit) {
            update.body["MemorySwap"] = swap;
        }
    }
}

/// Nothing where the engine does not tell.
std::optional<Bytes> used_now(Engine& engine, const std::string& id) {
    Request request = stats_request(id);
    request.query = {{"stream", "0"}, {"one-shot", "1"}};
    StatsSample sample;
    const Response response = engine.call(request);
    return response.ok() && parse_stats(response.body, sample) == StatsLine::kSample ? std::optional{sample.working_set}
                                                                                     : std::nullopt;
}

Json inspect_of(Engine& engine, const std::string& id) {
    const Response response = engine.call({"GET", "/containers/" + id + "/json", {}, {}, {}});
    return response.ok() ? Json::parse(response.body, nullptr, false) : Json{};
}

}  // namespace

void keep_live(Plan& plan) {
    std::set<std::pair<std::string, std::string>> joints;
    for (const Change& change : plan.changes) {
        if (!is_live(change.target) && !change.joint.empty()) {
            joints.emplace(change.service, change.joint);
        }
    }
    std::erase_if(plan.changes, [&](const Change& change) {
        const bool joint = joints.contains({change.service, change.joint});
        if (is_live(change.target) && !joint) {
            return false;
        }
        plan.left_alone.push_back({change.service, change.advisor, change.key,
                                   joint && is_live(change.target) ? "it goes together with a change that takes a new "
                                                                     "container: apply it without --live"
                                                                   : "it takes a new container: apply it without "
                                                                     "--live"});
        return true;
    });
    for (Change& change : plan.changes) {
        change.cost = Cost::kLive;
    }
}

LiveUpdate live_update(const Limits& asked, const Json& inspect, std::optional<Bytes> used, bool swap_limit) {
    const Json& host = member(inspect, "HostConfig");
    LiveUpdate update;
    ask_for_memory(update, asked, host, used, swap_limit);
    if (asked.memory_reservation > 0 && asked.memory_reservation != whole(host, "MemoryReservation")) {
        update.body["MemoryReservation"] = asked.memory_reservation;
    }
    if (asked.cpus > 0 && nano(asked.cpus) != whole(host, "NanoCpus")) {
        if (whole(host, "CpuQuota") > 0 || whole(host, "CpuPeriod") > 0) {
            update.why_not =
                "it was made with a CPU quota and period of its own, which a number of CPUs cannot replace";
        }
        update.body["NanoCpus"] = nano(asked.cpus);
    }
    if (asked.cpu_shares > 0 && asked.cpu_shares != whole(host, "CpuShares")) {
        update.body["CpuShares"] = asked.cpu_shares;
    }
    if (asked.pids > 0 && asked.pids != whole(host, "PidsLimit")) {
        update.body["PidsLimit"] = asked.pids;
    }
    return update;
}

LiveUndo live_undo(const Json& before, const Json& now, Bytes host_memory, int host_cpus) {
    const Json& was = member(before, "HostConfig");
    const Json& is = member(now, "HostConfig");
    Json body = Json::object();
    LiveUndo undo;
    const auto differs = [&](const char* key) { return whole(was, key) != whole(is, key); };
    const auto put_back = [&](const char* key, std::int64_t otherwise, const char* name) {
        if (differs(key)) {
            const bool was_set = whole(was, key) > 0;
            body[key] = was_set ? whole(was, key) : otherwise;
            if (!was_set && name != nullptr && whole(is, key) != otherwise) {
                undo.left.emplace_back(name);
            }
        }
    };
    bool swap_without_end = false;
    if (differs("Memory") || differs("MemorySwap")) {
        const Bytes memory = whole(was, "Memory") > 0 ? whole(was, "Memory") : host_memory;
        const Bytes swap = whole(was, "Memory") > 0 ? whole(was, "MemorySwap") : 2 * host_memory;
        // No limit of swap cannot be told together with more memory: runc is not told of it, and the old one is in the
        // way.
        swap_without_end = swap < 0;
        body["Memory"] = memory;
        body["MemorySwap"] = swap > 0 ? swap : 2 * memory;
        if (whole(was, "Memory") <= 0 && whole(is, "Memory") != host_memory) {
            undo.left.emplace_back("memory");
        }
    }
    put_back("MemoryReservation", host_memory, "memory reservation");
    put_back("NanoCpus", nano(host_cpus), "CPUs");
    put_back("CpuShares", kDefaultShares, nullptr);
    put_back("PidsLimit", -1, nullptr);
    if (!body.empty()) {
        undo.bodies.push_back(std::move(body));
    }
    if (swap_without_end) {
        undo.bodies.push_back({{"MemorySwap", -1}});
    }
    return undo;
}

std::vector<std::string> limits_to_set(const Json& resolved, const Limits& limits, bool swap_limit) {
    Json without_shm = resolved;
    if (without_shm.is_object()) {
        without_shm.erase("shm_size");
    }
    return limits_not_in_force(without_shm, limits, swap_limit);
}

void set_limits(Engine& engine, const std::string& project, const std::string& service, const Json& resolved,
                bool swap_limit) {
    const Limits asked = declared_limits(resolved);
    for (const LiveContainer& live : containers_of(engine, project, service)) {
        if (!live.running()) {
            continue;
        }
        const LiveUpdate update =
            live_update(asked, inspect_of(engine, live.id), used_now(engine, live.id), swap_limit);
        if (!update.why_not.empty()) {
            throw Error(ExitCode::kRefused,
                        fmt::format("{} cannot be given its limits while it runs: {}", live.name, update.why_not),
                        fmt::format("docker pilotpros limits --apply {}, without --live, gives it a new container "
                                    "that has them",
                                    service));
        }
        if (!update.body.empty()) {
            const Response response = engine.call(post_json("/containers/" + live.id + "/update", update.body));
            if (!response.ok()) {
                throw Error(ExitCode::kGateFailed,
                            fmt::format("the engine does not give {} its limits: {}", live.name, response.message()));
            }
        }
        std::map<std::string, std::string> refused;
        const std::vector<Container> changed = inspect_containers(engine, {live.id}, &refused);
        if (changed.empty()) {
            throw Error(ExitCode::kGateFailed, fmt::format("the limits of {} cannot be read back: {}", live.name,
                                                           refused.empty() ? "it is gone" : refused.begin()->second));
        }
        for (const Container& container : changed) {
            const std::vector<std::string> wrong = limits_to_set(resolved, container.limits, swap_limit);
            if (!wrong.empty()) {
                throw Error(ExitCode::kGateFailed, fmt::format("{}: {}", live.name, fmt::join(wrong, ", ")));
            }
        }
    }
}

std::vector<std::string> restore_limits(Engine& engine, const ServiceRecord& service, const Path& directory,
                                        const Files& files) {
    std::vector<std::string> said;
    const Json info = parse_answer(engine.get("/info"), "/info");
    for (const ContainerRecord& record : service.containers) {
        const Response told = engine.call({"GET", "/containers/" + record.id + "/json", {}, {}, {}});
        if (told.status == 404) {
            continue;  // whatever stands there now never had them
        }
        const Json now = Json::parse(told.body, nullptr, false);
        if (!told.ok() || !now.is_object()) {
            throw Error(ExitCode::kNotRestored,
                        fmt::format("the limits of {} are not taken back: the engine does not show it: {}", record.name,
                                    told.message()),
                        "docker pilotpros rollback goes on when it does");
        }
        const Json before = Json::parse(files.read(directory / record.kept).value_or(""), nullptr, false);
        const LiveUndo undo = live_undo(before, now, whole(info, "MemTotal"), static_cast<int>(whole(info, "NCPU")));
        for (const Json& body : undo.bodies) {
            const Response response = engine.call(post_json("/containers/" + record.id + "/update", body));
            if (!response.ok()) {
                throw Error(ExitCode::kNotRestored,
                            fmt::format("{} keeps limits that it had not: {}", record.name, response.message()),
                            fmt::format("docker compose up -d --force-recreate {} makes it anew", service.service));
            }
        }
        if (!undo.left.empty()) {
            said.push_back(fmt::format(
                "{} had no limit of {}, and has one as large as the machine until it is made anew: the engine "
                "takes none away from a running container",
                record.name, fmt::join(undo.left, ", ")));
        }
    }
    return said;
}

}  // namespace pilotpros

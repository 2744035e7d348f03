#include "plugin/views/profile_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/apps/application.h"
#include "core/compose/declared_limits.h"
#include "plugin/views/table.h"
#include "plugin/views/text.h"

namespace pilotpros {

namespace {

std::string cores(double value) { return value < 0.0005 ? "0" : fmt::format("{:.3g}", value); }

std::string bytes_or_dash(Bytes bytes) { return bytes > 0 ? format_bytes(bytes) : "-"; }

std::string at(const Histogram& histogram, double q, bool bytes) {
    if (histogram.empty()) {
        return "-";
    }
    const double value = histogram.quantile(q);
    return bytes ? format_bytes(static_cast<Bytes>(value)) : cores(value);
}

/// A service's name, with the container's number where there are several.
std::string row_name(const ServiceObservation& service, const Container& container) {
    const std::string gone = container.status == kGone ? " (gone)" : "";
    const bool several = service.containers.size() + service.gone.size() > 1;
    return (several ? fmt::format("{}/{}", service.service, container.number) : service.service) + gone;
}

std::string state(const ServiceObservation& service, const Observation& observation) {
    if (service.containers.empty()) {
        return !observation.engine || service.refused ? "unknown" : service.gone.empty() ? "not running" : kGone;
    }
    const auto up = std::count_if(service.containers.begin(), service.containers.end(),
                                  [](const Container& container) { return container.running(); });
    const auto there = service.containers.size();
    const Container& first = service.containers.front();
    std::string text = there == 1 ? first.status : fmt::format("{} of {} running", up, there);
    if (!first.health.empty() && first.running()) {
        text += ", " + first.health;
    }
    return text;
}

std::string application_names(const ServiceObservation& service) {
    std::string text;
    for (const Application& application : service.applications) {
        text += (text.empty() ? "" : ", ") + application.kind;
    }
    return text.empty() ? "-" : text;
}

std::string image_name(const ServiceObservation& service, const Project& project) {
    if (!service.containers.empty()) {
        return service.containers.front().image_reference;
    }
    const auto found = project.services.find(service.service);
    return found == project.services.end() ? "" : found->second.image;
}

/// Services of an inactive profile that were asked for by name: a gap tells of each.
std::vector<ServiceObservation> named_but_inactive(const Project& project, const Observation& observation) {
    std::vector<ServiceObservation> inactive;
    for (const Gap& gap : observation.gaps) {
        const auto service = project.services.find(gap.subject);
        if (service != project.services.end() && service->second.profiled_out &&
            observation.service(gap.subject) == nullptr) {
            inactive.emplace_back().service = gap.subject;
        }
    }
    return inactive;
}

/// What bounds the service: of its container, else as the files would have it.
Limits limits_of(const ServiceObservation& service, const Project& project) {
    if (!service.containers.empty()) {
        return service.containers.front().limits;
    }
    const auto found = project.services.find(service.service);
    return found == project.services.end() ? Limits{} : declared_limits(found->second.resolved);
}

std::string header(const Project& project, const Observation& observation, int width) {
    std::size_t containers = 0;
    for (const ServiceObservation& service : observation.services) {
        containers += service.containers.size();
    }
    std::string text = wrap(fmt::format("Project  {}: {} service{}, {} container{} ({})", printable(project.name),
                                        observation.services.size(), observation.services.size() == 1 ? "" : "s",
                                        containers, containers == 1 ? "" : "s", printable(project.found_by)),
                            width, 9);
    if (observation.engine) {
        const EngineFacts& engine = *observation.engine;
        text +=
            wrap(fmt::format("Engine   {} on {}: {} CPUs, {}, cgroup v{} ({}), {}{}", printable(engine.version),
                             printable(engine.operating_system), engine.cpus, format_bytes(engine.memory),
                             engine.cgroup_version, printable(engine.cgroup_driver), printable(engine.storage_driver),
                             engine.local ? "" : "; not proven to be this machine"),
                 width, 9);
        if (engine.others_running > 0) {
            text += wrap(fmt::format("Others   {} container{} outside this project use {}", engine.others_running,
                                     engine.others_running == 1 ? "" : "s", format_bytes(engine.others_memory)),
                         width, 9);
        }
    }
    return text;
}

template <typename Row>
void for_each_usage(const Observation& observation, Row row) {
    for (const ServiceObservation& service : observation.services) {
        for (const Container* const container : service.all_containers()) {
            if (const auto usage = service.usage.find(container->id); usage != service.usage.end()) {
                row(row_name(service, *container), *container, usage->second);
            }
        }
    }
}

std::string cpu_table(const Observation& observation, int width) {
    Table table({{"CPU, CORES"},
                 {"P50", true},
                 {"P95", true, 2},
                 {"P99", true},
                 {"MAX", true},
                 {"QUOTA", true},
                 {"THROTTLED", true},
                 {"SAMPLES", true, 1},
                 {"LOOKS", true}});
    for_each_usage(observation, [&](const std::string& name, const Container& container, const Usage& usage) {
        const Histogram& cpu = usage.cpu.histogram();
        table.add({name, at(cpu, 0.5, false), at(cpu, 0.95, false), at(cpu, 0.99, false), at(cpu, 1, false),
                   container.limits.cpus > 0 ? cores(container.limits.cpus) : "none",
                   usage.periods > 0 ? fmt::format("{:.1f} %", usage.throttled_share() * 100) : "-",
                   std::to_string(usage.samples), usage.samples > 0 ? fmt::format("{:.0f}", usage.cpu.looks()) : "-"});
    });
    return table.empty() ? "" : "\n" + table.render(width);
}

std::string kills(const Usage& usage) {
    return usage.oom_kills_before > 0 ? fmt::format("{} (+{} before)", usage.oom_kills, usage.oom_kills_before)
                                      : std::to_string(usage.oom_kills);
}

/// What the kernel had counted before a run may have been watched in an earlier one.
std::string kept_kills(const Usage& kept) {
    return kept.oom_kills > 0 && kept.oom_kills_before > 0
               ? fmt::format("{} (+ up to {} before)", kept.oom_kills, kept.oom_kills_before)
               : kills(kept);
}

std::string memory_table(const Observation& observation, int width) {
    constexpr std::ptrdiff_t kMissed = 7;
    const bool missed =
        std::any_of(observation.services.begin(), observation.services.end(), [](const ServiceObservation& service) {
            return std::any_of(service.usage.begin(), service.usage.end(),
                               [](const auto& entry) { return entry.second.missed_while_watching(); });
        });
    std::vector<Table::Column> columns{{"MEMORY, NEEDED"},    {"P50", true, 4}, {"P95", true, 2},
                                       {"P99", true, 3},      {"MAX", true},    {"WITH CACHE MAX", true, 5},
                                       {"KERNEL PEAK", true}, {"LIMIT", true},  {"OOM KILLS", true}};
    if (missed) {
        columns.insert(columns.begin() + kMissed, {"MISSED", true, 1});
    }
    Table table(std::move(columns));
    for_each_usage(observation, [&](const std::string& name, const Container& container, const Usage& usage) {
        const Histogram& needed = usage.unreclaimable.histogram();
        std::vector<std::string> cells{name,
                                       at(needed, 0.5, true),
                                       at(needed, 0.95, true),
                                       at(needed, 0.99, true),
                                       at(needed, 1, true),
                                       at(usage.working_set.histogram(), 1, true),
                                       bytes_or_dash(usage.kernel_peak),
                                       container.limits.memory > 0 ? format_bytes(container.limits.memory) : "none",
                                       kills(usage)};
        if (missed) {
            cells.insert(cells.begin() + kMissed,
                         usage.missed_while_watching() ? format_bytes(usage.missed_peak()) : "-");
        }
        table.add(std::move(cells));
    });
    return table.empty() ? "" : "\n" + table.render(width);
}

std::string traffic_table(const Observation& observation, int width) {
    Table table({{"TRAFFIC"},
                 {"RECEIVED", true},
                 {"SENT", true},
                 {"READ", true},
                 {"WRITTEN", true},
                 {"PIDS", true},
                 {"RESTARTS", true},
                 {"START-UP", true, 2},
                 {"NEEDED THEN", true, 3}});
    for_each_usage(observation, [&](const std::string& name, const Container& container, const Usage& usage) {
        table.add({name, usage.network_known ? format_bytes(usage.network_received) : "-",
                   usage.network_known ? format_bytes(usage.network_sent) : "-",
                   usage.block_known ? format_bytes(usage.block_read) : "-",
                   usage.block_known ? format_bytes(usage.block_written) : "-", std::to_string(usage.pids_max),
                   std::to_string(container.restart_count + usage.restarts),
                   usage.start_seconds > 0 ? format_duration(Seconds{usage.start_seconds}) : "-",
                   at(usage.start_unreclaimable, 1, true)});
    });
    return table.empty() ? "" : "\n" + table.render(width);
}

/// `shortened`: columns are left out above it.
std::string legend(const Observation& observation, int width, bool shortened) {
    if (std::all_of(observation.services.begin(), observation.services.end(),
                    [](const ServiceObservation& service) { return service.usage.empty(); })) {
        return "";
    }
    constexpr int kReadable = 120;
    return "\n" +
           wrap(fmt::format(
                    "NEEDED is memory that no pressure gives back (anonymous, shared, kernel). KERNEL PEAK is the "
                    "kernel's own highest since the container's start, page cache included, also between two "
                    "samples; MISSED is what it grew by then and no sample saw. LOOKS is how many independent samples "
                    "these amount to (AR(1)): of CPU, and in KEPT of memory.{}",
                    shortened ? " A wider terminal and --format json have more." : ""),
                width > 0 ? width : kReadable, 0);
}

/// Certainty is left to the user's own word.
int percent_sure(double confidence) { return confidence >= 1 ? 100 : std::min(99, static_cast<int>(confidence * 100)); }

std::string applications_text(const Observation& observation, int width) {
    std::string text;
    for (const ServiceObservation& service : observation.services) {
        for (const Application& application : service.applications) {
            std::string line = fmt::format("{}: {} ({} % sure: ", printable(service.service), application.kind,
                                           percent_sure(application.confidence));
            for (std::size_t i = 0; i < application.evidence.size(); ++i) {
                line += (i == 0 ? "" : ", ") + printable(application.evidence[i]);
            }
            text += "\n" + wrap(line + ")", width, 2);
            for (const std::string& fact : apps::describe(application)) {
                text += wrap("  " + printable(fact), width, 4);
            }
        }
        for (const auto& [id, layer] : service.writable_layers) {
            const std::size_t count = layer.added.size() + layer.changed.size() + layer.deleted.size();
            if (count > 0) {
                const std::string& example = !layer.added.empty()     ? layer.added.front()
                                             : !layer.changed.empty() ? layer.changed.front()
                                                                      : layer.deleted.front();
                text += wrap(
                    fmt::format("{}: {} {} in the container's own writable layer, e.g. {}", printable(service.service),
                                count, count == 1 ? "path" : "paths", printable(example)),
                    width, 2);
            }
        }
    }
    return text;
}

std::string gaps_text(const Observation& observation, int width) {
    if (observation.gaps.empty()) {
        return "";
    }
    std::string text = "\nNot known:\n";
    for (const Gap& gap : observation.gaps) {
        text += wrap(fmt::format("  {}: {}: {}", printable(gap.subject), printable(gap.what), printable(gap.why)),
                     width, 4);
    }
    return text;
}

std::string kept_table(const Observation& observation, int width) {
    Table table({{"KEPT"},
                 {"FROM"},
                 {"TO", false, 3},
                 {"MEASURED", true},
                 {"CPU P95", true},
                 {"MAX", true, 2},
                 {"NEEDED MAX", true},
                 {"KERNEL PEAK", true},
                 {"OOM KILLS", true},
                 {"LOOKS", true, 1}});
    constexpr int kWide = 100;
    const auto when = [&](TimePoint time) {
        return format_time(time).substr(
            0, width > 0 && width < kWide ? std::string{"2026-01-01"}.size() : std::string::npos);
    };
    for (const ServiceObservation& service : observation.services) {
        if (!service.kept.empty()) {
            const Usage& kept = service.kept;
            table.add({service.service, when(kept.from), when(kept.to), format_duration(Seconds{kept.seconds}),
                       at(kept.cpu.histogram(), 0.95, false), at(kept.cpu.histogram(), 1, false),
                       at(kept.unreclaimable.histogram(), 1, true), bytes_or_dash(kept.kernel_peak), kept_kills(kept),
                       fmt::format("{:.0f}", kept.unreclaimable.looks())});
        }
    }
    return table.empty() ? "" : "\n" + table.render(width);
}

}  // namespace

std::string first_facts_as_table(const Project& project, const Observation& observation, int width) {
    Table table(
        {{"SERVICE"}, {"STATE"}, {"APPLICATION"}, {"IMAGE", false, 1}, {"CPU QUOTA", true}, {"MEMORY LIMIT", true}});
    for (const ServiceObservation& service : observation.services) {
        const Limits limits = limits_of(service, project);
        table.add({service.service, state(service, observation), application_names(service),
                   image_name(service, project), limits.cpus > 0 ? cores(limits.cpus) : "none",
                   limits.memory > 0 ? format_bytes(limits.memory) : "none"});
    }
    for (const ServiceObservation& service : named_but_inactive(project, observation)) {
        const Limits limits = limits_of(service, project);
        table.add({service.service, "not active", "-", image_name(service, project),
                   limits.cpus > 0 ? cores(limits.cpus) : "none",
                   limits.memory > 0 ? format_bytes(limits.memory) : "none"});
    }
    std::string text = header(project, observation, width);
    for (const std::string& warning : project.warnings) {
        text += wrap(fmt::format("Note     {}", printable(warning)), width, 9);
    }
    return text + "\n" + table.render(width);
}

std::string usage_as_table(const Observation& observation, int width) {
    Table table({{"SERVICE"},
                 {"CPU NOW", true},
                 {"MAX", true},
                 {"NEEDED NOW", true},
                 {"MAX", true},
                 {"PIDS", true, 1},
                 {"RECEIVED", true, 2},
                 {"SENT", true, 2}});
    for_each_usage(observation, [&](const std::string& name, const Container& /*container*/, const Usage& usage) {
        const bool seen = !usage.cpu.histogram().empty();
        const bool starting = !seen && !usage.start_cpu.empty();
        table.add({name,
                   seen       ? cores(usage.cpu.last())
                   : starting ? "starting"
                              : "-",
                   at(usage.cpu.histogram(), 1, false),
                   usage.unreclaimable.histogram().empty()
                       ? "-"
                       : format_bytes(static_cast<Bytes>(usage.unreclaimable.last())),
                   at(usage.unreclaimable.histogram(), 1, true), std::to_string(usage.pids_max),
                   usage.network_known ? format_bytes(usage.network_received) : "-",
                   usage.network_known ? format_bytes(usage.network_sent) : "-"});
    });
    return table.render(width);
}

std::string profile_as_table(const Profile& profile, int width) {
    const Observation& observation = profile.observation;
    const auto tables = [&](int cells) {
        return cpu_table(observation, cells) + memory_table(observation, cells) + traffic_table(observation, cells);
    };
    const std::string measured = tables(width);
    return first_facts_as_table(profile.project, observation, width) + measured +
           legend(observation, width, measured != tables(0)) + kept_table(observation, width) +
           applications_text(observation, width) + gaps_text(observation, width);
}

}  // namespace pilotpros

#include "plugin/views/status_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "plugin/views/table.h"
#include "plugin/views/text.h"

namespace pilotpros {

namespace {

constexpr std::size_t kShortHash = 12;

}  // namespace

std::string history_as_table(const std::vector<HistoryEntry>& history, int width) {
    if (history.empty()) {
        return "nothing was applied\n";
    }
    Table table({{"ID"}, {"SERVICES"}, {"STATE"}, {"WHEN", false, 1}, {"PLAN", false, 3}, {"CHANGES", false, 2}});
    for (const HistoryEntry& entry : history) {
        constexpr std::size_t kShown = 3;
        std::vector<std::string> changes = entry.changes;
        if (changes.size() > kShown) {
            changes.resize(kShown);
            changes.push_back(fmt::format("and {} more", entry.changes.size() - kShown));
        }
        table.add({entry.id, fmt::format("{}", fmt::join(entry.services, ", ")), entry.phase, entry.taken,
                   entry.plan.substr(0, kShortHash), fmt::format("{}", fmt::join(changes, ", "))});
    }
    return table.render(width);
}

std::string status_as_table(const ProjectStatus& status, int width) {
    std::string text;
    for (const Mask& mask : status.masks) {
        text += printable_line(
            fmt::format("{} of {} is another value now than the one that ours hides: run docker pilotpros tune "
                        "again, or rollback",
                        mask.path, mask.service));
    }
    text += history_as_table(status.history, width);
    if (!status.files.empty()) {
        Table files({{"FILE"}, {"STATE"}});
        for (const FileStatus& file : status.files) {
            files.add({file.path, file.state});
        }
        text += "\n" + files.render(width);
    }
    if (!status.services.empty()) {
        Table services({{"SERVICE"}, {"RUNNING CONTAINER"}, {"WHAT DIFFERS", false, 1}});
        for (const ServiceStatus& service : status.services) {
            services.add({service.service, service.state, fmt::format("{}", fmt::join(service.drift, "; "))});
        }
        text += "\n" + services.render(width);
    }
    if (!status.left.empty()) {
        text += "\n" + printable_line(status.left);
    }
    if (!status.start.empty()) {
        text +=
            "\n" + printable_line("start it with: " + status.start) + "take it back with: docker pilotpros rollback\n";
    }
    return text;
}

nlohmann::json status_as_json(const ProjectStatus& status) {
    nlohmann::json history = nlohmann::json::array();
    for (const HistoryEntry& entry : status.history) {
        history.push_back({{"id", entry.id},
                           {"taken", entry.taken},
                           {"services", entry.services},
                           {"plan", entry.plan},
                           {"state", entry.phase},
                           {"changes", entry.changes}});
    }
    nlohmann::json files = nlohmann::json::array();
    for (const FileStatus& file : status.files) {
        files.push_back({{"path", file.path}, {"state", file.state}});
    }
    nlohmann::json services = nlohmann::json::array();
    for (const ServiceStatus& service : status.services) {
        services.push_back({{"service", service.service},
                            {"state", service.state},
                            {"drift", service.drift},
                            {"recreated_by_up", service.recreated_by_up}});
    }
    nlohmann::json masks = nlohmann::json::array();
    for (const Mask& mask : status.masks) {
        masks.push_back({{"service", mask.service}, {"path", mask.path}});
    }
    return {{"project", status.project}, {"history", history},    {"files", files},     {"services", services},
            {"changed_masks", masks},    {"start", status.start}, {"left", status.left}};
}

}  // namespace pilotpros

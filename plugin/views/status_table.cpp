#include "plugin/views/status_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plugin/views/table.h"
#include "plugin/views/text.h"

namespace pilotpros {

namespace {

constexpr std::size_t kShortHash = 12;

bool stands_within(const std::string& text, int width) {
    for (std::size_t at = 0; width > 0 && at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (cells(text.substr(at, end - at)) > width) {
            return false;
        }
        at = end + 1;
    }
    return true;
}

/// What differs stands beside the service where there is room for it, else below the table: it is never left out.
std::string services_as_table(const std::vector<ServiceStatus>& services, int width) {
    Table beside({{"SERVICE"}, {"RUNNING CONTAINER"}, {"WHAT DIFFERS"}});
    Table alone({{"SERVICE"}, {"RUNNING CONTAINER"}});
    std::string below;
    for (const ServiceStatus& service : services) {
        beside.add({service.service, service.state, fmt::format("{}", fmt::join(service.drift, "; "))});
        alone.add({service.service, service.state});
        for (const std::string& one : service.drift) {
            below += wrap(printable(fmt::format("  {}: {}", service.service, one)), width, 4);
        }
    }
    const std::string whole = beside.render(0);
    return stands_within(whole, width) ? whole : alone.render(width) + (below.empty() ? "" : "What differs:\n" + below);
}

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
        text += wrap(printable(fmt::format("{} of {} is another value now than the one that ours hides: run docker "
                                           "pilotpros tune again, or rollback",
                                           mask.path, mask.service)),
                     width, 2);
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
        text += "\n" + services_as_table(status.services, width);
    }
    if (!status.left.empty()) {
        text += "\n" + wrap(printable(status.left), width, 2);
    }
    if (!status.start.empty()) {
        const bool gone = std::any_of(status.files.begin(), status.files.end(),
                                      [](const FileStatus& file) { return file.state == "gone"; });
        text +=
            "\n" +
            (gone ? wrap("what is gone does nothing from the next up on: docker pilotpros tune --apply writes it again",
                         width, 2)
                  : printable_line("start it with: " + status.start)) +
            "take it back with: docker pilotpros rollback\n";
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

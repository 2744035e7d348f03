#include "core/advise/logging.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "core/model/json.h"
#include "core/model/units.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr const char* kLogging = "logging";
constexpr int kFiles = 3;

/// What the files together are to hold: bytes of a day; nothing where too little was seen.
std::optional<double> a_day_of(const ServiceObservation& service) {
    constexpr double kEnough = 10;  // seconds
    const LogWritten log = usage_of(service).log;
    return log.seconds >= kEnough ? std::optional{log.a_day()} : std::nullopt;
}

/// Whether the container carries it, and not by what an apply wrote.
bool is_the_daemons(const Case& input, const Container& container, const std::string& option) {
    return container.log_options.contains(option) && !input.is_written(container.service, "logging." + option);
}

/// How many files are kept where we say nothing: the user's own number or the daemon's; empty: nobody says.
std::string files_that_stand(const Case& input, const nlohmann::json& options, const Container* container) {
    std::string own = text(options, "max-file");
    return own.empty() && container != nullptr && is_the_daemons(input, *container, "max-file")
               ? container->log_options.at("max-file")
               : own;
}

int count_in(const std::string& written) {
    int files = 0;
    std::from_chars(written.data(), written.data() + written.size(), files);
    return files > 0 ? files : kFiles;
}

std::string size_for(std::optional<double> day, int files, const std::optional<std::string>& standing) {
    const double needed = day.value_or(0) / files;
    if (const auto size = standing ? parse_size(*standing) : std::nullopt) {
        const auto stands = static_cast<double>(*size);
        if (stands >= 0.7 * needed && stands <= std::max(10 * needed, 10.0 * kMiB)) {
            return *standing;
        }
    }
    for (const int mib : {10, 30}) {
        if (needed <= static_cast<double>(mib) * kMiB) {
            return fmt::format("{}m", mib);
        }
    }
    return "100m";
}

std::string why_rotated(std::optional<double> day, int files, const std::string& size) {
    const std::string grows = "json-file without max-size grows until the disk is full";
    if (!day) {
        return grows + "; how much it writes was not measured";
    }
    const double holds = static_cast<double>(parse_size(size).value_or(0)) * files;
    const std::string last = format_duration(Seconds{holds / *day * 86'400});
    return fmt::format("{}: {} a day as measured{}", grows, format_bytes(static_cast<Bytes>(*day)),
                       holds >= *day ? ""
                       : files == 1  ? fmt::format("; one file holds the last {}", last)
                                     : fmt::format("; {} files hold the last {}", files, last));
}

Change option(const std::string& service, const char* name, const char* value, const char* rule) {
    Change change;
    change.service = service;
    change.advisor = kLogging;
    change.key = fmt::format("logging.{}", name);
    change.target = {Target::Kind::kCompose, {"logging", "options", name}};
    change.before = nullptr;
    change.after = value;
    change.reason = "json-file without max-size grows until the disk is full";
    change.rule = rule;
    change.source = "https://docs.docker.com/engine/logging/drivers/json-file/";
    change.recipe = "it has no line for logs";
    change.joint = "log rotation";
    return change;
}

void rotate(const std::string& service, std::optional<double> day, int files, const Case& input, Advice& advice) {
    const std::string size = size_for(day, files, input.earlier_value(service, "logging.max-size"));
    Change change = option(service, "max-size", size.c_str(),
                           "the files together hold a day of what it writes, of 10, 30 or 100 MiB each");
    change.reason = why_rotated(day, files, size);
    change.inputs = {{"what it writes in a day", day ? format_bytes(static_cast<Bytes>(*day)) : "not measured",
                      "its log while it was profiled, with what json-file adds to a line"},
                     {"files", std::to_string(files), "its max-file"}};
    advice.changes.push_back(std::move(change));
}

}  // namespace

Advice advise_logging(const Case& input) {
    Advice advice;
    for (const ServiceObservation& service : input.observation.services) {
        const std::string& name = service.service;
        const auto leave = [&](std::string why) {
            advice.left_alone.push_back({name, kLogging, kLogging, std::move(why)});
        };
        const auto wish = input.wishes.find(name);
        if (wish != input.wishes.end() && wish->second.excludes(kLogging)) {
            leave("excluded by x-pilotpros");
            continue;
        }
        const Service* const of_files = input.service(name);
        if (of_files == nullptr || (of_files->profiled_out && service.containers.empty())) {
            continue;
        }
        const Json& logging = member(of_files->resolved, "logging");
        const Json& options = member(logging, "options");
        const std::string named = text(logging, "driver");
        const Container* const container = service.containers.empty() ? nullptr : &service.containers.front();
        // What the daemon gives a service that names no driver. A container carries the daemon's own options, too,
        // where its driver is the daemon's, be it named or not.
        const std::string driver = !named.empty() ? named : container != nullptr ? container->log_driver : "";
        const bool users_size = options.is_object() && options.contains("max-size");
        const bool daemons_size = !users_size && container != nullptr && is_the_daemons(input, *container, "max-size");
        const std::string standing = files_that_stand(input, options, container);
        Advice pinned;
        if (wish != input.wishes.end()) {
            for (const char* leaf : {"max-size", "max-file"}) {
                const auto pin = wish->second.pinned.find(fmt::format("logging.{}", leaf));
                if (pin != wish->second.pinned.end()) {
                    pinned.changes.push_back(option(name, leaf, pin->second.c_str(), kPinned));
                    pinned.changes.back().reason = kPinned;
                    pinned.changes.back().before = text(options, leaf).empty() ? Json() : Json(text(options, leaf));
                }
            }
        }
        if (!pinned.changes.empty() && !driver.empty() && driver != "json-file" && driver != "local") {
            for (const Change& change : pinned.changes) {
                advice.left_alone.push_back(
                    {name, kLogging, change.key,
                     fmt::format("pinned by x-pilotpros, but the driver {} takes no such option", driver)});
            }
        } else if (!pinned.changes.empty()) {
            const bool has_size = users_size || daemons_size || pinned.changes.front().key == "logging.max-size";
            advice.add(std::move(pinned));
            if (driver == "json-file" && !has_size) {
                // A number of files without a size does nothing.
                rotate(name, a_day_of(service), count_in(wish->second.pinned.at("logging.max-file")), input, advice);
            }
        } else if (driver.empty()) {
            leave("insufficient evidence: it names no driver and does not run, so the daemon's is not known");
        } else if (driver != "json-file") {
            leave(driver == "local" ? "local rotates by itself: five files of 20 MB"
                                    : fmt::format("the driver {} keeps no file that could grow", driver));
        } else if (users_size) {
            leave("yours rotates at " + text(options, "max-size"));
        } else if (daemons_size) {
            leave("the daemon's configuration rotates at " + container->log_options.at("max-size"));
        } else {
            rotate(name, a_day_of(service), count_in(standing), input, advice);
            if (standing.empty()) {
                advice.changes.push_back(
                    option(name, "max-file", std::to_string(kFiles).c_str(), "three files are kept, the oldest goes"));
            }
        }
    }
    return advice;
}

}  // namespace pilotpros

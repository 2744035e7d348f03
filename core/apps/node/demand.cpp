#include "core/apps/node/demand.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/apps/node/heap.h"
#include "core/apps/node/options.h"
#include "core/model/json.h"

namespace pilotpros::apps::node {

namespace {

/// A $ that Compose doubled in what it prints.
std::string single_dollars(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        result += text[i];
        i += text[i] == '$' && i + 1 < text.size() && text[i + 1] == '$' ? 1 : 0;
    }
    return result;
}

/// NODE_OPTIONS below `environment` of the uninterpolated model, which is a mapping or a list. A name without a value
/// is the shell's.
std::optional<std::string> as_written(const nlohmann::json& service, bool& from_shell) {
    const nlohmann::json& environment = member(service, "environment");
    if (environment.is_object() && environment.contains("NODE_OPTIONS")) {
        const nlohmann::json& value = environment["NODE_OPTIONS"];
        from_shell = value.is_null();
        return value.is_string() ? value.get<std::string>() : std::string{};
    }
    if (environment.is_array()) {
        std::optional<std::string> found;
        for (const nlohmann::json& entry : environment) {
            const std::string line = entry.is_string() ? entry.get<std::string>() : std::string{};
            if (line == "NODE_OPTIONS" || line.rfind("NODE_OPTIONS=", 0) == 0) {
                from_shell = line == "NODE_OPTIONS";
                found = from_shell ? std::string{} : line.substr(13);
            }
        }
        return found;
    }
    return std::nullopt;
}

std::string of_image(const Case& input, const ServiceObservation& service) {
    const auto image = input.observation.images.find(service.image_id);
    if (image == input.observation.images.end()) {
        return {};
    }
    const auto found = image->second.environment.find("NODE_OPTIONS");
    return found == image->second.environment.end() ? std::string{} : found->second.reveal();
}

void read_files(const Case& input, const ServiceObservation& service, OwnFlags& own) {
    const Service* const files = input.service(service.service);
    const nlohmann::json nothing;
    const nlohmann::json& resolved = files != nullptr ? files->resolved : nothing;
    const nlohmann::json& value = member(member(resolved, "environment"), "NODE_OPTIONS");
    own.resolved = value.is_string() ? single_dollars(value.get<std::string>()) : std::string{};
    bool from_shell = false;
    const auto written =
        as_written(member(member(input.project.uninterpolated, "services"), service.service.c_str()), from_shell);
    if (written && from_shell) {
        own.where = "the shell";
        own.text = "${NODE_OPTIONS:-}";
        own.interpolated = false;
    } else if (written) {
        own.where = "the Compose file";
        own.interpolated = written->find('$') == std::string::npos;
        own.text = *written;
    } else if (value.is_string()) {
        own.where = "an env_file";
        own.text = own.resolved;
    } else if (const std::string image = of_image(input, service); !image.empty()) {
        own.where = "the image";
        own.text = own.resolved = image;
    }
}

}  // namespace

std::vector<std::string> OwnFlags::all() const {
    std::vector<std::string> flags = environment;
    flags.insert(flags.end(), command.begin(), command.end());
    return flags;
}

OwnFlags own_flags(const Case& input, const ServiceObservation& service, const Facts& facts) {
    OwnFlags own;
    read_files(input, service, own);
    own.environment = read_options(split_node_options(own.resolved)).heap;
    own.command = facts.command_heap_flags;
    own.by_entrypoint = facts.heap_decided_by == "entrypoint" || facts.entrypoint_sets_options;
    return own;
}

std::optional<Demand> demand(const Case& input, const ServiceObservation& service, const nlohmann::json& facts_json) {
    const auto facts = facts_json.get<Facts>();
    const OwnFlags own = own_flags(input, service, facts);
    const HeapFlags flags = heap_flags(own.by_entrypoint ? facts.heap_flags : own.all());
    if (flags.old_space == 0 || flags.percentage > 0) {
        return Demand{};
    }
    const Bytes beside = std::max(measured_beside(service, facts), known_beside(facts));
    // The semi-space follows the limit, so it is looked up twice: for the heap alone, and for what comes of that.
    Demand result;
    for (Bytes memory = flags.old_space; const int round : {1, 2}) {
        result.least = least_limit(heap_in(memory, flags, major_of(facts.version)), beside);
        memory = round == 1 ? result.least : memory;
    }
    result.why = fmt::format("the heap is fixed at {}; with {} beside it the limit has to hold {}",
                             format_bytes(flags.old_space), format_bytes(result.least - flags.old_space),
                             format_bytes(result.least));
    return result;
}

}  // namespace pilotpros::apps::node

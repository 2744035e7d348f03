#include "core/advise/memlock.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/advise/compose_limits.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

/// Whether the image is of a program beside the search engine, which reads no such setting.
bool is_companion(const std::string& image) {
    constexpr std::array kCompanions{"dashboards", "kibana", "logstash"};
    return std::any_of(kCompanions.begin(), kCompanions.end(),
                       [&](const char* name) { return image.find(name) != std::string::npos; });
}

/// The bound as Compose resolves it: a number, or soft and hard; nothing when the files have none.
std::optional<std::int64_t> memlock_of(const Service& service) {
    const nlohmann::json& own = member(member(service.resolved, "ulimits"), "memlock");
    const nlohmann::json& soft = own.is_object() ? member(own, "soft") : own;
    return soft.is_number_integer() ? std::optional{soft.get<std::int64_t>()} : std::nullopt;
}

}  // namespace

std::optional<Finding> heap_not_lockable(const Service& service) {
    const nlohmann::json& asked = member(member(service.resolved, "environment"), "bootstrap.memory_lock");
    const std::optional<std::int64_t> bound = memlock_of(service);
    const std::string image = service.image.empty() ? text(service.resolved, "image") : service.image;
    if (as_text(asked) != "true" || bound == -1 || is_companion(image)) {
        return std::nullopt;
    }
    return Finding{
        service.name,
        "heap-not-lockable",
        Finding::Severity::kWarning,
        bound ? fmt::format("bootstrap.memory_lock is to lock its heap into memory, and it may lock {} bytes", *bound)
              : "bootstrap.memory_lock is to lock its heap into memory, and nothing lets it: there is no memlock",
        "the heap can be swapped out, which stalls it for seconds; as a node of a cluster it does not start: "
        "\"memory locking requested but memory is not locked\"",
        lines_for(service.name, {Target::Kind::kCompose, {"ulimits", "memlock"}}, "-1"),
        "https://www.elastic.co/docs/deploy-manage/deploy/self-managed/"
        "setup-configuration-memory#bootstrap-memory_lock"};
}

}  // namespace pilotpros

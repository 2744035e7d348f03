#include "core/advise/memlock.h"

#include <fmt/format.h>

#include "core/advise/compose_limits.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

/// "elasticsearch" of "docker.elastic.co/elasticsearch/elasticsearch:8.15.0@sha256:…".
std::string name_of_image(const std::string& image) {
    const std::size_t slash = image.rfind('/');
    const std::string last = slash == std::string::npos ? image : image.substr(slash + 1);
    return last.substr(0, last.find_first_of(":@"));
}

/// The bound as Compose resolves it: a number, or soft and hard; nothing when the files have none.
std::optional<std::int64_t> memlock_of(const Service& service) {
    const nlohmann::json& own = member(member(service.resolved, "ulimits"), "memlock");
    const nlohmann::json& soft = own.is_object() ? member(own, "soft") : own;
    return soft.is_number_integer() ? std::optional{soft.get<std::int64_t>()} : std::nullopt;
}

}  // namespace

std::optional<Finding> heap_not_lockable(const Service& service) {
    const std::string name = name_of_image(service.image.empty() ? text(service.resolved, "image") : service.image);
    if (name != "elasticsearch" && name != "opensearch") {
        return std::nullopt;
    }
    const nlohmann::json& asked = member(member(service.resolved, "environment"), "bootstrap.memory_lock");
    const std::optional<std::int64_t> bound = memlock_of(service);
    if (as_text(asked) != "true" || bound == -1) {
        return std::nullopt;
    }
    return Finding{
        service.name,
        "heap-not-lockable",
        Finding::Severity::kWarning,
        bound ? fmt::format("{} is to lock its heap into memory, and may lock {} bytes", name, *bound)
              : fmt::format("{} is to lock its heap into memory, and nothing lets it: there is no memlock", name),
        "the heap can be swapped out, which stalls it for seconds; as a node of a cluster it does not start: "
        "\"memory locking requested but memory is not locked\"",
        lines_for(service.name, {Target::Kind::kCompose, {"ulimits", "memlock"}}, "-1"),
        "https://www.elastic.co/docs/deploy-manage/deploy/self-managed/"
        "setup-configuration-memory#bootstrap-memory_lock"};
}

}  // namespace pilotpros

#include "core/docker/events.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/docker/json.h"
#include "core/model/error.h"

namespace pilotpros {

namespace {

using Kind = ContainerEvent::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 10> kKinds{{
    {"start", Kind::kStart},
    {"kill", Kind::kKill},
    {"die", Kind::kDie},
    {"oom", Kind::kOom},
    {"restart", Kind::kRestart},
    {"destroy", Kind::kDestroy},
    {"health_status: healthy", Kind::kHealthy},
    {"health_status: unhealthy", Kind::kUnhealthy},
    {"pause", Kind::kPause},
    {"unpause", Kind::kUnpause},
}};

}  // namespace

Request events_request(const std::string& project, std::optional<TimePoint> since) {
    Request request;
    request.path = "/events";
    const nlohmann::json filters = {
        {"type", {"container"}},
        {"label", {"com.docker.compose.project=" + project}},
        // The engine matches "health_status" as a prefix, all others whole.
        {"event", {"start", "kill", "die", "oom", "restart", "destroy", "health_status", "pause", "unpause"}},
    };
    request.query = {{"filters", filters.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)}};
    if (since) {
        const auto nanoseconds = since->time_since_epoch().count();
        request.query.emplace_back("since",
                                   fmt::format("{}.{:09}", nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000));
    }
    return request;
}

std::string remembered_events(Engine& engine, Request request, TimePoint now) {
    const auto until = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    request.query.emplace_back("since", "1");
    request.query.emplace_back("until", std::to_string(until));
    request.timeout = std::chrono::seconds{2};  // an engine whose clock is behind would wait for that time
    try {
        Response response = engine.call_all({request}).front();
        return response.ok() ? std::move(response.body) : std::string{};
    } catch (const EngineLost&) {
        return {};  // whether it is gone, the next question tells
    }
}

std::optional<ContainerEvent> parse_event(std::string_view line) {
    const auto json = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
    if (!json.is_object() || text(json, "Type") != "container") {
        return std::nullopt;
    }
    const std::string action = text(json, "Action");
    const auto* const kind =
        std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& one) { return one.first == action; });
    if (kind == kKinds.end()) {
        return std::nullopt;
    }
    const auto& actor = member(json, "Actor");
    const auto& attributes = member(actor, "Attributes");
    ContainerEvent event;
    event.kind = kind->second;
    event.container = text(actor, "ID");
    event.time = TimePoint{std::chrono::nanoseconds{integer(json, "timeNano")}};
    event.project = text(attributes, "com.docker.compose.project");
    event.service = text(attributes, "com.docker.compose.service");
    event.oneoff = text(attributes, "com.docker.compose.oneoff") == "True";
    const std::string code = text(attributes, "exitCode");
    std::from_chars(code.data(), code.data() + code.size(), event.exit_code);
    return event.container.empty() ? std::nullopt : std::optional{event};
}

}  // namespace pilotpros

#include "core/verify/passed_probes.h"

#include <fmt/format.h>

#include "core/model/json.h"
#include "core/model/sha256.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

std::string question_in(const Container& container, const std::vector<std::string>& argv) {
    return fmt::format("{} {}", format_time(container.started),
                       sha256_hex(Json(argv).dump(-1, ' ', false, Json::error_handler_t::replace)));
}

double real(const Json& object, const char* key) {
    const Json& value = member(object, key);
    return value.is_number() ? value.get<double>() : 0;
}

double seconds_of(TimePoint time) { return Seconds{time.time_since_epoch()}.count(); }

}  // namespace

std::optional<PassedProbes::Passed> PassedProbes::find(const Container& container,
                                                       const std::vector<std::string>& argv) const {
    const Json kept = kept_.find(container.id, question_in(container, argv));
    if (!kept.is_object() || container.health == "unhealthy") {
        return std::nullopt;
    }
    const Seconds ago{seconds_of(now_) - real(kept, "at")};
    return ago >= Seconds{0} && ago < kFor ? std::optional{Passed{Seconds{real(kept, "took")}, ago}} : std::nullopt;
}

void PassedProbes::keep(const Container& container, const std::vector<std::string>& argv, Seconds took) {
    kept_.keep(container.id, question_in(container, argv), {{"at", seconds_of(now_)}, {"took", took.count()}});
}

}  // namespace pilotpros

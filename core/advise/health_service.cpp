#include "core/advise/health_service.h"

#include <charconv>
#include <utility>

#include "core/model/durations.h"
#include "core/model/json.h"
#include "core/model/wish_units.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr const char* kAdvisor = "healthcheck";
constexpr const char* kEngineSource = "https://github.com/moby/moby/blob/master/daemon/health.go";

/// Below this the engine does not know start_interval: API 1.44 came with Engine 25.
bool knows_start_interval(const std::string& api) {
    int major = 0;
    int minor = 0;
    const char* const end = api.data() + api.size();
    const auto [dot, error] = std::from_chars(api.data(), end, major);
    if (error != std::errc{} || dot == end) {
        return false;
    }
    std::from_chars(dot + 1, end, minor);
    return major > 1 || (major == 1 && minor >= 44);
}

}  // namespace

HealthDraft::HealthDraft(const Case& given_input, const ServiceObservation& given_service, bool is_waited)
    : input(given_input),
      service(given_service),
      waited(is_waited),
      tools(given_service),
      probes(probes_of(given_service)),
      passed(passed_lately(given_service)) {
    const Service* const of_files = input.service(service.service);
    resolved_ = of_files != nullptr ? &of_files->resolved : nullptr;
    const auto wished = input.wishes.find(service.service);
    wish = wished == input.wishes.end() ? nullptr : &wished->second;
    const auto found = input.observation.images.find(service.image_id);
    image = found == input.observation.images.end() ? nullptr : &found->second;
    kind = service.applications.empty() ? "" : service.applications.front().kind;
    find_test();
    const Healthcheck* const given = without_users();
    timing = timing_of(resolved(), given != nullptr ? *given : Healthcheck{});
}

const Json& HealthDraft::resolved() const {
    static const Json kNone;
    return resolved_ != nullptr ? *resolved_ : kNone;
}

std::optional<std::string> HealthDraft::pinned(const std::string& key) const {
    if (wish == nullptr) {
        return std::nullopt;
    }
    const auto found = wish->pinned.find(key);
    return found == wish->pinned.end() ? std::nullopt : std::optional{found->second};
}

/// What is in force where the files set nothing: the image's check; without files, the container's.
const Healthcheck* HealthDraft::without_users() const {
    const std::optional<Healthcheck>* given = nullptr;
    if (resolved_ == nullptr && !service.containers.empty()) {
        given = &service.containers.front().healthcheck;
    } else if (image != nullptr) {
        given = &image->healthcheck;
    }
    return given != nullptr && given->has_value() && !(*given)->test.empty() ? &given->value() : nullptr;
}

/// The test in force without us: the user's as they wrote it, else the image's.
void HealthDraft::find_test() {
    const Json& own = member(resolved(), "healthcheck");
    disabled = flag(own, "disable");
    // Compose prints $$ for $, so the resolved text reads like a written one.
    Json written = member(own, "test");
    if (!written.is_null()) {
        const Json& services = member(input.project.uninterpolated, "services");
        const Json& raw = member(member(member(services, service.service.c_str()), "healthcheck"), "test");
        written = raw.is_null() ? written : raw;
        users_own = true;
    } else if (const Healthcheck* const given = without_users()) {
        written = Json::array();
        for (const Secret& word : given->test) {
            written.push_back(word.reveal());
        }
    }
    if (written.is_array() && !written.empty() && written.front() == "NONE") {
        disabled = disabled || users_own;
        written = nullptr;
    }
    test_before = written.is_string() ? Json::array({"CMD-SHELL", written}) : written;
    probe = read_probe(test_before);
}

std::string HealthDraft::image_reference() const {
    const Service* const of_files = input.service(service.service);
    const bool named = of_files != nullptr && !of_files->image.empty();
    return named ? of_files->image : service.containers.empty() ? "" : service.containers.front().image_reference;
}

bool HealthDraft::was_advised(const char* leaf) const {
    return input.earlier_value(service.service, std::string{"healthcheck."} + leaf).has_value();
}

bool HealthDraft::engine_knows_start_interval() const {
    return input.observation.engine && knows_start_interval(input.observation.engine->api_version);
}

void HealthDraft::leave(const std::string& key, std::string why) {
    advice.left_alone.push_back({service.service, kAdvisor, key, std::move(why)});
}

Change& HealthDraft::change(const std::string& leaf, Json before, Json after, std::string reason, std::string rule) {
    Change one;
    one.service = service.service;
    one.advisor = kAdvisor;
    one.key = "healthcheck." + leaf;
    one.target = {Target::Kind::kCompose, {"healthcheck", leaf}};
    one.before = std::move(before);
    one.after = std::move(after);
    one.reason = std::move(reason);
    one.rule = std::move(rule);
    one.source = kEngineSource;
    advice.changes.push_back(std::move(one));
    return advice.changes.back();
}

Change* HealthDraft::duration(const std::string& leaf, std::optional<Seconds> before, std::optional<Seconds> after,
                              std::string reason, std::string rule, const std::function<bool(Seconds)>& will_do) {
    const std::string key = "healthcheck." + leaf;
    const Json was = before ? Json(compose_duration(*before)) : Json();
    if (const auto pin = pinned(key)) {
        return &change(leaf, was, *pin, kPinned, kPinned);
    }
    if (!after) {
        return nullptr;
    }
    if (const auto earlier = input.earlier_value(service.service, key)) {
        if (const auto value = parse_duration(*earlier); value && will_do(*value)) {
            after = value;
        }
    }
    const WishBounds bounds = wish != nullptr ? bounds_on(*wish, key) : WishBounds{};
    const auto held = bounds.held(after->count(), before ? std::optional{before->count()} : std::nullopt);
    if (!held) {
        leave(key, why_bounded_away(bounds, WishUnit::kSeconds, compose_duration(*after)));
        return nullptr;
    }
    if (*held != after->count()) {
        reason = why_bounded(compose_duration(*after));
        after = Seconds{*held};
    }
    return &change(leaf, was, compose_duration(*after), std::move(reason), std::move(rule));
}

}  // namespace pilotpros

#include "core/advise/limits_service.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <map>

namespace pilotpros {

namespace {

/// What the recipe's own line does for a limit of a service of this kind; its figures go by the service's name, nothing
/// was measured. Empty where it has no line.
std::string recipe_of_limit(const std::string& key, const std::string& kind) {
    struct Line {
        const char* memory;
        const char* cpus;
    };
    static const std::map<std::string, Line> kLines{{"postgres", {"2G", "1.5, further below 2.0"}},
                                                    {"n8n", {"1.5G", "2.0"}},
                                                    {"node", {"512M", "1.0"}},
                                                    {"nginx", {"128M", "0.5"}}};
    const auto line = kLines.find(kind);
    if (line == kLines.end()) {
        return "";
    }
    if (key == "memory") {
        return fmt::format("deploy.resources.limits.memory: {}, whatever it uses", line->second.memory);
    }
    if (key == "cpus") {
        return fmt::format("deploy.resources.limits.cpus: {}, a quota that cuts in while CPUs are idle",
                           line->second.cpus);
    }
    if (key == "memory_swap") {
        return "nothing, though it asks for swap controls: Docker then allows twice the memory limit";
    }
    return key == "cpu_shares" ? "reservations.cpus, which Compose ignores outside Swarm" : "";
}

}  // namespace

const nlohmann::json* LimitsView::facts(const std::string& kind) const {
    for (const Application& application : observed.applications) {
        if (application.kind == kind) {
            return &application.facts;
        }
    }
    return nullptr;
}

std::optional<std::string> LimitsView::pinned(const std::string& key) const {
    const auto found = wish.pinned.find(key);
    return found == wish.pinned.end() ? std::nullopt : std::optional{found->second};
}

std::optional<double> LimitsView::written(const std::string& key) const {
    const auto text = input.written_value(observed.service, key);
    return text ? number_in(*text) : std::nullopt;
}

std::optional<double> LimitsView::earlier(const std::string& key) const {
    const auto text = input.earlier_value(observed.service, key);
    return text ? number_in(*text) : std::nullopt;
}

Change LimitsView::change(const std::string& key, Target target, nlohmann::json before, nlohmann::json after) const {
    Change change;
    change.service = observed.service;
    change.advisor = "limits";
    change.key = key;
    change.target = std::move(target);
    change.before = std::move(before);
    change.after = std::move(after);
    change.recipe = recipe_of_limit(key, kind());
    return change;
}

LeftAlone LimitsView::left(const std::string& key, std::string why) const {
    return {observed.service, "limits", key, std::move(why)};
}

Finding LimitsView::finding(const std::string& id, Finding::Severity severity) const {
    Finding finding;
    finding.service = observed.service;
    finding.id = id;
    finding.severity = severity;
    return finding;
}

LimitsView view_of(const Case& input, const ServiceObservation& observed) {
    const auto wish = input.wishes.find(observed.service);
    Usage usage = usage_of(observed);
    MemoryEvidence evidence = weigh_memory(usage);
    return {input,
            observed,
            input.observation.engine.value_or(EngineFacts{}),
            declared_bounds(input.service(observed.service)),
            wish == input.wishes.end() ? Wish{} : wish->second,
            std::move(usage),
            std::move(evidence)};
}

bool take_pin(const LimitsView& view, const std::string& key, const Target& target, const nlohmann::json& before,
              Advice& into) {
    const auto pin = view.pinned(key);
    if (!pin) {
        return false;
    }
    const auto number = number_in(*pin);
    if (!number || *number <= 0) {
        Finding finding = view.finding("pin-unreadable", Finding::Severity::kError);
        finding.what = fmt::format("x-pilotpros pins {} to what is no number above zero", key);
        finding.harm = "the pin is not used, and nothing is advised in its place";
        finding.fix = fmt::format("give {} a number", key);
        finding.source = kWishSource;
        into.findings.push_back(std::move(finding));
        return true;
    }
    const bool whole = std::floor(*number) == *number && *number < 9e15;
    const nlohmann::json value = whole ? nlohmann::json(static_cast<std::int64_t>(*number)) : nlohmann::json(*number);
    Change change = view.change(key, target, before, value);
    change.reason = kPinned;
    change.rule = kPinned;
    change.source = kWishSource;
    into.changes.push_back(std::move(change));
    return true;
}

std::optional<double> number_in(const std::string& text) {
    double number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc{} && rest == text.data() + text.size() && std::isfinite(number);
    return whole ? std::optional{number} : std::nullopt;
}

}  // namespace pilotpros

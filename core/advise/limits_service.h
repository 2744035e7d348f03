#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/advise/compose_limits.h"
#include "core/advise/evidence.h"
#include "core/model/advice.h"

namespace pilotpros {

/// One service as the parts of the limits advisor see it.
struct LimitsView {
    const Case& input;
    const ServiceObservation& observed;
    EngineFacts engine;
    DeclaredLimits declared;
    Wish wish;
    Usage usage;
    MemoryEvidence evidence;

    [[nodiscard]] const std::string& name() const { return observed.service; }
    /// What it is, most confident first: "postgres", "n8n" … or empty.
    [[nodiscard]] std::string kind() const {
        return observed.applications.empty() ? std::string{} : observed.applications.front().kind;
    }
    /// The facts of this kind of application, or null.
    [[nodiscard]] const nlohmann::json* facts(const std::string& kind) const;
    /// The user's word for a key, or nothing.
    [[nodiscard]] std::optional<std::string> pinned(const std::string& key) const;
    /// The number that an earlier Plan wrote, or nothing.
    [[nodiscard]] std::optional<double> written(const std::string& key) const;
    [[nodiscard]] std::optional<double> earlier(const std::string& key) const;
    /// A Change of this advisor with service and key filled in.
    [[nodiscard]] Change change(const std::string& key, Target target, nlohmann::json before,
                                nlohmann::json after) const;
    [[nodiscard]] LeftAlone left(const std::string& key, std::string why) const;
    [[nodiscard]] Finding finding(const std::string& id, Finding::Severity severity) const;
};

/// Nothing when the service is not in the Compose files.
LimitsView view_of(const Case& input, const ServiceObservation& observed);

/// A pinned number for `key` as a Change; nothing when there is none. What is no number becomes a Finding.
bool take_pin(const LimitsView& view, const std::string& key, const Target& target, const nlohmann::json& before,
              Advice& into);

/// The number in a text that holds nothing else; nothing otherwise.
std::optional<double> number_in(const std::string& text);

}  // namespace pilotpros

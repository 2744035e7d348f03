#pragma once

#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/advise/health_timing.h"
#include "core/advise/probe_repair.h"
#include "core/advise/probe_words.h"
#include "core/model/advice.h"

namespace pilotpros {

/// One service on its way to the advice on its health check: what is in force without us, what was measured, what the
/// user wishes, and what has been decided so far.
class HealthDraft {
  public:
    /// `waited`: another service waits until this one is healthy.
    HealthDraft(const Case& input, const ServiceObservation& service, bool waited);

    /// The service as Compose resolves it, or null.
    [[nodiscard]] const nlohmann::json& resolved() const;
    [[nodiscard]] std::optional<std::string> pinned(const std::string& key) const;
    /// The image as the files name it; without files, as the container does.
    [[nodiscard]] std::string image_reference() const;
    /// Whether an earlier Plan wrote this: advice that stood before stands longer, so that what lies near a bound does
    /// not come and go.
    [[nodiscard]] bool was_advised(const char* leaf) const;
    [[nodiscard]] bool engine_knows_start_interval() const;

    void leave(const std::string& key, std::string why);
    Change& change(const std::string& leaf, nlohmann::json before, nlohmann::json after, std::string reason,
                   std::string rule);
    /// One duration: a pin as it is, else within the user's bounds; and what was advised before stays while it will do.
    /// Null when none is wanted.
    Change* duration(const std::string& leaf, std::optional<Seconds> before, std::optional<Seconds> after,
                     std::string reason, std::string rule, const std::function<bool(Seconds)>& will_do);

    const Case& input;
    const ServiceObservation& service;
    const bool waited;
    ProbeTools tools;
    const Wish* wish = nullptr;    ///< null: none
    const Image* image = nullptr;  ///< null: not known
    std::string kind;              ///< of its foremost application; empty: none known
    nlohmann::json test_before;    ///< the test in force without us, as a list; null: none
    Probe probe;                   ///< the same, read
    bool disabled = false;         ///< the user switched it off
    bool users_own = false;        ///< the test is of the files, not of the image
    HealthTiming timing;
    ProbeTimes probes;      ///< of the test that is to be
    bool passed = false;    ///< a probe of the present test passed lately
    std::string program;    ///< that the test that is to be calls
    bool proposed = false;  ///< it is to get a test where it had none
    Advice advice;

  private:
    [[nodiscard]] const Healthcheck* without_users() const;
    void find_test();

    const nlohmann::json* resolved_ = nullptr;
};

}  // namespace pilotpros

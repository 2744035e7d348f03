#include "core/advise/check_healthcheck.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/advise/compose_limits.h"
#include "core/advise/health_timing.h"
#include "core/advise/probe_edit.h"
#include "core/advise/probe_repair.h"
#include "core/advise/probe_words.h"
#include "core/advise/service_state.h"
#include "core/model/durations.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;
using Severity = Finding::Severity;

constexpr const char* kDocs = "https://docs.docker.com/reference/compose-file/services/#healthcheck";
constexpr const char* kDependsDocs = "https://docs.docker.com/compose/how-tos/startup-order/";

/// How often a probe has to fail, where nothing is written: moby, daemon/health.go.
constexpr int kDockersRetries = 3;

enum class Has { kCheck, kNone, kUnknown };

/// All that is asked of one service.
class Checking {
  public:
    Checking(const Case& input, const std::string& name, const Service& service)
        : name_(name),
          image_(service.image),
          resolved_(service.resolved),
          own_(member(service.resolved, "healthcheck")),
          job_(is_job(input.project.services, name)) {
        for (const ServiceObservation& one : input.observation.services) {
            if (one.service == name) {
                observed_ = &one;
                const auto image = input.observation.images.find(one.image_id);
                if (image != input.observation.images.end()) {
                    image_known_ = true;
                    of_image_ = image->second.healthcheck;
                }
            }
        }
        off_ = flag(own_, "disable") || (!texts(own_, "test").empty() && texts(own_, "test").front() == "NONE");
        const Json& written = member(input.project.uninterpolated, "services");
        const Json& check = member(member(written, name.c_str()), "healthcheck");
        const Json& raw = member(check, "test");
        probe_ = read_probe(raw.is_null() ? member(own_, "test") : raw);
        // Compose leaves it out of what it resolves.
        means_images_ = as_text(member(check, "disable")) == "false";
        socket_ = service_asks_over_socket(service.resolved, probe_);
        timing_ = timing_of(service.resolved, of_image_.value_or(Healthcheck{}));
    }

    /// Whether the service can become healthy at all; unknown when only the image could tell. Who writes `disable:
    /// false` says that it has one.
    [[nodiscard]] Has has_check() const {
        if (off_) {
            return Has::kNone;
        }
        if (!probe_.none() || (of_image_ && !of_image_->disabled())) {
            return Has::kCheck;
        }
        if (image_known_) {
            return Has::kNone;
        }
        return means_images_ ? Has::kCheck : Has::kUnknown;
    }

    void check(Advice& advice) const {
        if (off_) {
            advice.left_alone.push_back(
                {name_, "healthcheck", "healthcheck.test", "you switched the health check off"});
            return;
        }
        if (has_check() != Has::kCheck && job_) {
            return;  // whoever waits for it waits for its end
        }
        const bool none = has_check() == Has::kNone;
        if (has_check() != Has::kCheck) {
            add(advice, "no-health-check", none ? Severity::kWarning : Severity::kNote,
                none ? "it has no health check"
                     : "it has no health check in the files; whether its image brings one is not known",
                "nobody can wait until it answers, or see that it no longer does",
                "docker compose up -d, then docker pilotpros healthcheck proposes one that is proven on the running "
                "service");
            return;
        }
        test(advice);
        if (timing_.start_interval && !timing_.start_period) {
            add(advice, "start-interval-without-start-period", Severity::kWarning,
                "start_interval is set, and start_period is not",
                "start_interval counts only within start_period: it does nothing, and newer Composes refuse it",
                lines_for(name_, {Target::Kind::kCompose, {"healthcheck", "start_period"}}, "60s"));
        }
        slow_to_notice(advice);
    }

  private:
    void add(Advice& advice, const char* id, Severity severity, std::string what, std::string harm,
             std::string fix) const {
        advice.findings.push_back({name_, id, severity, std::move(what), std::move(harm), std::move(fix), kDocs});
    }

    /// The engine begins to wait for the interval when the last probe has ended: a timeout as long as the interval is
    /// of the same shape as Docker's own defaults, one that is well above it decides alone when a hang is noticed.
    void slow_to_notice(Advice& advice) const {
        if (!timing_.interval || !timing_.timeout || *timing_.timeout < 2 * *timing_.interval) {
            return;
        }
        const int retries = timing_.retries.value_or(kDockersRetries);
        const Seconds noticed = retries * (*timing_.interval + *timing_.timeout);
        add(advice, "timeout-not-below-interval", Severity::kNote,
            fmt::format("a probe may take {}, and the next one is due {} after it", format_duration(*timing_.timeout),
                        format_duration(*timing_.interval)),
            fmt::format("a service that hangs is noticed after up to {}, while the interval alone promises {}",
                        format_duration(noticed), format_duration(retries * *timing_.interval)),
            lines_for(name_, {Target::Kind::kCompose, {"healthcheck", "timeout"}},
                      compose_duration(*timing_.interval) + "    # where a probe that passes takes less"));
    }

    void test(Advice& advice) const {
        static const ServiceObservation kUnknown;
        std::vector<ProbeComplaint> complaints;
        const ProbeTools tools{observed_ != nullptr ? *observed_ : kUnknown};
        const bool orphan =
            observed_ != nullptr && postgres_inherits(*observed_, resolved_) && leaves_child(probe_, image_);
        const bool ipv6 = !has_no_ipv6(resolved_);
        if (const auto plan = repair_probe(probe_, tools, {false, socket_, orphan, ipv6}, complaints)) {
            const bool missing = plan->program != probe_.program || tools.lacks(probe_.program);
            const bool passes = !missing && asks_localhost(probe_) && tries_every_address(probe_);
            add(advice, missing ? "probe-command-missing" : "probe-asks-wrongly",
                missing  ? Severity::kError
                : passes ? Severity::kNote
                         : Severity::kWarning,
                plan->reason,
                missing  ? kNeverPasses
                : passes ? tries_in_vain(probe_)
                         : plan->harm,
                lines_for(name_, {Target::Kind::kCompose, {"healthcheck", "test"}}, plan->test.dump()));
        }
        for (ProbeComplaint& complaint : complaints) {
            add(advice, "health-check-wrong", complaint.severity, std::move(complaint.what), std::move(complaint.harm),
                std::move(complaint.fix));
        }
    }

    std::string name_, image_;
    const Json& resolved_;
    const Json& own_;
    const ServiceObservation* observed_ = nullptr;
    bool image_known_ = false, off_ = false, socket_ = false, job_ = false, means_images_ = false;
    std::optional<Healthcheck> of_image_;
    Probe probe_;
    HealthTiming timing_;
};

}  // namespace

Advice check_healthcheck(const Case& input) {
    Advice advice;
    std::map<std::string, Has> has_check;
    for (const auto& [name, service] : input.project.services) {
        const Checking checking{input, name, service};
        has_check[name] = checking.has_check();
        const auto wish = input.wishes.find(name);
        if (service.profiled_out || (wish != input.wishes.end() && wish->second.excludes("healthcheck"))) {
            continue;
        }
        checking.check(advice);
    }
    for (const auto& [name, service] : input.project.services) {
        const Json& needs = member(service.resolved, "depends_on");
        if (!needs.is_object()) {
            continue;
        }
        for (const auto& [needed, how] : needs.items()) {
            const auto found = has_check.find(needed);
            if (text(how, "condition") != "service_healthy" || found == has_check.end() ||
                found->second == Has::kCheck) {
                continue;
            }
            advice.findings.push_back(
                {name, "waits-for-health-without-check",
                 found->second == Has::kNone ? Severity::kError : Severity::kWarning,
                 fmt::format("it waits until {} is healthy, which has no health check{}", needed,
                             found->second == Has::kNone ? "" : " in the files"),
                 found->second == Has::kNone
                     ? "docker compose up ends with an error: the service has no health check to wait for"
                     : "where its image brings none either, docker compose up ends with an error",
                 fmt::format("a health check for {}, or condition: service_started", needed), kDependsDocs});
        }
    }
    return advice;
}

}  // namespace pilotpros

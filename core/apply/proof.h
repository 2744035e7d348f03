#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/apply/agree.h"
#include "core/apply/gate.h"
#include "core/apply/happenings.h"
#include "core/apply/interruption.h"
#include "core/apply/preview.h"
#include "core/apply/snapshot.h"
#include "core/apply/store.h"
#include "core/observe/image_answers.h"

namespace pilotpros {

class ApplyWatcher;

/// What the services of an apply have to show before it is kept, held against what they showed before it: each through
/// its gate, its programs asked, all of them watched for a while, and the time that each was away. Whatever is missing
/// is an Error (kGateFailed) that names the gate.
class Proof {
  public:
    Proof(World& world, Engine& engine, const ApplyRequest& request, ApplyWatcher& watcher);

    /// Before the first step: where the services listen, which is noted in their records, too, and what they and those
    /// who use their names serve.
    void remember(std::vector<ServiceRecord>& services);
    /// From here on it is this service whose last words are of interest.
    void look_at(const std::string& service) { looked_at_ = service; }
    /// A service's containers have been replaced: running, healthy or stable, listening where it did, not restarted,
    /// not killed for lack of memory, under its limits. Those with an ID in `left_out` are about to go.
    void pass_gate_of(const ServicePreview& service, const std::set<std::string>& left_out);
    /// Before its containers are changed while they run: what they have behind them, which nobody holds against them.
    void remember_standing(const ServicePreview& service);
    /// Its containers stay and were changed: from here on they are watched like what was replaced.
    void keep_in_sight(const ServicePreview& service);
    /// Its programs go by the changes and serve what they did.
    void require_agreement(const ServicePreview& service, const std::set<std::string>& left_out = {});
    /// Those who use its name serve what they did, once they have looked it up again.
    void require_name_users(const ServiceRecord& service);
    /// Why a step with a service that passed its gate failed, where the service itself is the reason; `left_out`: as
    /// pass_gate_of().
    void look_for_the_reason_in(const ServicePreview& service, const std::set<std::string>& left_out);
    /// Before the commit: for ApplyRequest::watch after its gate, each stays as its gate has found it.
    void watch();

    /// How long each service was away, beside what was announced; a line each. Kept for the next announcement.
    std::vector<std::string> conclude(const ApplyStore& store);
    /// What the gates said; a line each.
    [[nodiscard]] const std::vector<std::string>& said() const { return said_; }
    /// The last lines of the service that was looked at last, fit for print; empty where there are none.
    std::vector<std::string> last_words_of_failed();
    /// The last line that docker compose wrote, without what is secret in any of the project's containers.
    [[nodiscard]] std::string last_line_of(const std::string& standard_error) const;

  private:
    struct Passed {
        ServicePreview service;
        std::chrono::steady_clock::time_point at;
        std::optional<TimePoint> served;
        bool replaced = true;
    };

    void agree(const std::string& service, const std::vector<const Change*>& changes, double start_seconds,
               const std::set<std::string>& left_out);
    [[nodiscard]] std::optional<std::set<int>> ports_now(const Container& container) const;
    void require_still_serving(const Passed& passed, const std::set<std::string>& left_out = {});

    World& world_;
    Engine& engine_;
    const ApplyRequest& request_;
    ApplyWatcher& watcher_;
    Happenings happenings_;
    FileImageAnswers answers_;
    std::map<std::string, std::set<int>> ports_;    // by service, before
    std::map<std::string, ServingByKind> serving_;  // …
    struct Standing {
        Pasts pasts;
        std::size_t events = 0;
    };
    std::map<std::string, Standing> standing_;  // of those that stay, …
    std::vector<Passed> passed_;
    std::vector<std::string> said_;
    std::string looked_at_;
};

}  // namespace pilotpros

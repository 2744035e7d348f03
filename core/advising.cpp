#include "core/advising.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/advise/registry.h"
#include "core/advise/wished.h"
#include "core/apps/asking.h"
#include "core/model/error.h"
#include "core/model/near.h"
#include "core/model/wish_units.h"

namespace pilotpros {

namespace {

constexpr const char* kUser = "x-pilotpros";

template <typename Each>
void for_each_application(const Observation& observation, Each each) {
    for (const ServiceObservation& service : observation.services) {
        for (const Application& application : service.applications) {
            if (const apps::ApplicationModule* const found = apps::module_of(application.kind)) {
                each(service, application, *found);
            }
        }
    }
}

class Advising {
  public:
    Advising(const Case& input, const AdvisorChoice& choice) : input_(input), choice_(choice) {}

    Advice all() {
        advise();
        advice_ = within_wishes(input_, std::move(advice_), [&](const std::string& service, const std::string& who) {
            const bool users = who == kUser;
            return wanted(service) && !excluded(service, who) && (users ? choice_.only.empty() : asked(who));
        });
        say_whose_it_is();
        say_which_wishes_nobody_heard();
        return std::move(advice_);
    }

  private:
    void advise() {
        for (const Advisor& advisor : advisors()) {
            if (asked(advisor.name)) {
                take(advisor.name, advisor.advise(input_));
            }
        }
        for_each_application(input_.observation, [&](const ServiceObservation& service, const Application& application,
                                                     const apps::ApplicationModule& module) {
            if (module.advise && asked(module.kind) && has_facts(application)) {
                take(module.kind, module.advise(input_, service, application.facts));
            }
        });
    }

    /// Whoever reads the file sees it, and so do we: a wish of the user's is no advice that stands.
    void say_whose_it_is() {
        for (Change& change : advice_.changes) {
            if (is_pinned(change)) {
                change.rule = kPinned;
            } else if (change.reason.starts_with(kBounded)) {
                change.rule = fmt::format("{}; {}", kBounded, change.rule);
            }
        }
    }

    /// A pin or a bound of a key that nothing was said of is a slip of the pen, or waits for what is not known yet.
    void say_which_wishes_nobody_heard() {
        if (!choice_.only.empty() || !choice_.skip.empty()) {
            return;
        }
        std::set<std::string> heard;  // of any service: a wish at the top is meant for those that it concerns
        std::set<std::pair<std::string, std::string>> heard_there;
        for (const Change& change : advice_.changes) {
            heard.insert(change.key);
            heard_there.emplace(change.service, change.key);
        }
        for (const LeftAlone& one : advice_.left_alone) {
            heard.insert(one.key);
            heard_there.emplace(one.service, one.key);
        }
        for (const auto& [service, wish] : input_.wishes) {
            if (!wanted(service) || wish.excludes("*") || !input_.project.services.contains(service)) {
                continue;
            }
            for (const auto* wishes : {&wish.pinned, &wish.least, &wish.most}) {
                for (const auto& [key, value] : *wishes) {
                    const bool slip = wish_key(key) == nullptr && !nearest(wish_key_names(), key).empty();
                    if (!slip &&
                        (wish.of_all.contains(key) ? !heard.contains(key) : !heard_there.contains({service, key}))) {
                        advice_.left_alone.push_back({service, kUser, key, unheard(key, heard)});
                    }
                }
            }
        }
    }

    [[nodiscard]] std::string unheard(const std::string& key, const std::set<std::string>& heard) const {
        return fmt::format("nobody advises {} here, so the wish has no effect{}", key,
                           wish_key(key) == nullptr    ? did_you_mean({heard.begin(), heard.end()}, key)
                           : input_.observation.engine ? ""
                                                       : ": no engine was asked");
    }

    [[nodiscard]] bool asked(const std::string& advisor) const {
        return (choice_.only.empty() || choice_.only.contains(advisor)) && !choice_.skip.contains(advisor);
    }

    /// Findings on the project as a whole are never out of place.
    [[nodiscard]] bool wanted(const std::string& service) const {
        const auto& services = choice_.services;
        return service.empty() || services.empty() ||
               std::find(services.begin(), services.end(), service) != services.end();
    }

    [[nodiscard]] bool excluded(const std::string& service, const std::string& advisor) const {
        const auto wish = input_.wishes.find(service);
        return wish != input_.wishes.end() && wish->second.excludes(advisor);
    }

    void take(const std::string& advisor, Advice advice) {
        const auto unwanted = [&](const auto& one) { return !wanted(one.service) || excluded(one.service, advisor); };
        std::set<std::string> left_out;
        for (const Change& change : advice.changes) {
            if (wanted(change.service) && excluded(change.service, advisor)) {
                left_out.insert(change.service);
            }
        }
        std::erase_if(advice.changes, unwanted);
        std::erase_if(advice.findings, unwanted);
        std::erase_if(advice.left_alone, unwanted);
        for (const std::string& service : left_out) {
            advice.left_alone.push_back({service, advisor, "", "excluded by x-pilotpros"});
        }
        advice_.add(std::move(advice));
    }

    const Case& input_;
    const AdvisorChoice& choice_;
    Advice advice_;
};

}  // namespace

bool has_facts(const Application& application) { return application.facts.is_object() && !application.facts.empty(); }

std::map<std::string, Demand> demands_of(const Case& input) {
    std::map<std::string, Demand> demands;
    for_each_application(input.observation, [&](const ServiceObservation& service, const Application& application,
                                                const apps::ApplicationModule& module) {
        const auto demand =
            module.demand && has_facts(application) ? module.demand(input, service, application.facts) : std::nullopt;
        if (demand && demand->least >= demands[service.service].least) {
            demands[service.service] = *demand;
        }
    });
    return demands;
}

Advice all_advice(const Case& input, const AdvisorChoice& choice) { return Advising(input, choice).all(); }

std::vector<std::pair<std::string, std::string>> advisor_names() {
    std::vector<std::pair<std::string, std::string>> names;
    for (const Advisor& advisor : advisors()) {
        names.emplace_back(advisor.name, advisor.concern);
    }
    for (const apps::ApplicationModule& module : apps::registry()) {
        if (module.advise) {
            names.emplace_back(module.kind, "settings of " + module.kind);
        }
    }
    return names;
}

void require_advisors(const std::set<std::string>& names) {
    const auto known = advisor_names();
    for (const std::string& name : names) {
        if (std::none_of(known.begin(), known.end(), [&](const auto& one) { return one.first == name; })) {
            std::vector<std::string> all;
            std::transform(known.begin(), known.end(), std::back_inserter(all),
                           [](const auto& one) { return one.first; });
            throw Error(ExitCode::kUsage, fmt::format("there is no advisor {}", name),
                        fmt::format("there are: {}", fmt::join(all, ", ")));
        }
    }
}

std::set<std::string> advisor_set() {
    std::set<std::string> names;
    for (const auto& [name, concern] : advisor_names()) {
        names.insert(name);
    }
    return names;
}

}  // namespace pilotpros

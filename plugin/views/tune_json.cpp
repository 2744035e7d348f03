#include "plugin/views/tune_json.h"

#include <string>

#include "plugin/views/tune_words.h"

namespace pilotpros {

namespace {

using nlohmann::json;

json verdict_json(const Verdict& verdict) {
    return {
        {"outcome", verdict.outcome}, {"by", verdict.by}, {"said", verdict.said}, {"seconds", verdict.took.count()}};
}

json changes_json(const TuneView& view) {
    const BundlePlaces places{view.bundle};
    json result = json::array();
    for (const Change& change : view.plan.changes) {
        json one = change;
        const Verdict* const verdict = view.plan.verdict_on(change);
        const auto [file, line] = places.of(change);
        one["as_written"] = change.as_written;
        one["written_as"] = change.users_text.empty() ? json() : json(change.users_text);
        one["carrier"] = change.carrier;
        one["verdict"] = verdict == nullptr ? json() : verdict_json(*verdict);
        one["place"] = line == 0 ? json() : json{{"file", ".pilotpros/" + file}, {"line", line}};
        result.push_back(std::move(one));
    }
    return result;
}

json verdicts_json(const Plan& plan) {
    json result = json::array();
    for (const Verdict& verdict : plan.verdicts) {
        json one = verdict_json(verdict);
        one["service"] = verdict.service;
        one["key"] = verdict.key;
        result.push_back(std::move(one));
    }
    return result;
}

json budget_json(const Budget& budget) {
    json shares = json::object();
    for (const auto& [service, share] : budget.shares) {
        shares[service] = {
            {"memory", share.memory}, {"advised", share.advised}, {"cpus", share.cpus}, {"why", share.why}};
    }
    return {{"cpus", budget.cpus},     {"total", budget.total},     {"reserved", budget.reserved},
            {"others", budget.others}, {"granted", budget.granted}, {"shares", shares}};
}

json gaps_json(const Observation& observation) {
    json result = json::array();
    for (const Gap& gap : observation.gaps) {
        result.push_back({{"subject", gap.subject}, {"what", gap.what}, {"why", gap.why}});
    }
    return result;
}

json files_json(const Bundle& bundle) {
    json result = json::array();
    for (const BundleFile& file : bundle.files) {
        result.push_back({{"path", ".pilotpros/" + file.path}, {"content", file.content}});
    }
    return result;
}

json command_json(const std::string& command) { return command.empty() ? json() : json(command); }

}  // namespace

json tune_as_json(const TuneView& view) {
    return {{"format", 1},
            {"project", view.plan.project},
            {"hash", view.hash},
            {"changes", changes_json(view)},
            {"left_alone", view.plan.left_alone},
            {"findings", view.plan.findings},
            {"verdicts", verdicts_json(view.plan)},
            {"budget", budget_json(view.plan.budget)},
            {"files", files_json(view.bundle)},
            {"masks", view.bundle.masks},
            {"masked_changes", view.masked_changes},
            {"gaps", gaps_json(view.observation)},
            {"applied", view.applied},
            {"waiting", view.waiting},
            {"try", command_json(view.try_command)},
            {"undo", command_json(view.undo_command)}};
}

}  // namespace pilotpros

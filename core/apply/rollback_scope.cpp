#include "core/apply/rollback_scope.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "core/apply/coupling.h"
#include "core/model/error.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using Ids = std::vector<std::string>;

std::string padded(const std::string& id) {
    constexpr std::size_t kDigits = 4;
    return id.size() < kDigits ? std::string(kDigits - id.size(), '0') + id : id;
}

bool contains(const Ids& ids, const std::string& id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

/// The transactions that are still to be undone, oldest first.
Ids standing(const ApplyStore& store, bool files_only) {
    Ids ids = store.in_phase(Journal::Phase::kApplied);
    if (!files_only) {
        const Ids without_files = store.in_phase(Journal::Phase::kFilesUndone);
        ids.insert(ids.end(), without_files.begin(), without_files.end());
        std::sort(ids.begin(), ids.end());
    }
    return ids;
}

bool applied_a_plan(const ApplyStore& store, const std::string& id) { return store.snapshot(id).takes_back.empty(); }

std::set<std::string> services_of_history(const ApplyStore& store) {
    std::set<std::string> services;
    for (const std::string& id : store.transactions()) {
        try {
            const std::optional<Snapshot> snapshot = store.find_snapshot(id);
            for (const std::string& service : snapshot ? snapshot->service_names() : Ids{}) {
                services.insert(service);
            }
        } catch (const Error&) {  // NOLINT(bugprone-empty-catch): one that is damaged and taken back is in nobody's way
        }
    }
    return services;
}

bool carries_any(const ApplyStore& store, const Ids& ids, const std::vector<std::string>& services) {
    const std::set<std::string> carried = carried_by(store, ids);
    return services.empty() ||
           std::any_of(services.begin(), services.end(), [&](const auto& one) { return carried.contains(one); });
}

/// From the last one back to the first for which there is a reason to stop.
Ids down_to(const ApplyStore& store, const Ids& all, const RollbackRequest& request) {
    Ids ids;
    for (std::size_t at = all.size(); at-- > 0;) {
        ids.push_back(all[at]);
        const bool reached = request.id.empty()
                                 ? applied_a_plan(store, all[at]) && carries_any(store, ids, request.services)
                                 : all[at] == padded(request.id);
        if (reached && !request.all) {
            return ids;
        }
    }
    return request.all ? ids : Ids{};
}

void require_known(const ApplyStore& store, const RollbackRequest& request) {
    if (!request.id.empty() && !contains(store.transactions(), padded(request.id)) &&
        !store.pruned(padded(request.id))) {
        throw Error(ExitCode::kUsage, fmt::format("there is no transaction {}", request.id),
                    "docker pilotpros rollback --list shows all there are");
    }
    const std::set<std::string> known = services_of_history(store);
    for (const std::string& service : request.services) {
        if (!known.empty() && !known.contains(service)) {
            throw Error(ExitCode::kUsage, fmt::format("nothing was ever applied to {}", service),
                        fmt::format("something was to: {}", fmt::join(known, ", ")));
        }
    }
}

std::string words_of(const RollbackRequest& request, const std::set<std::string>& services) {
    std::vector<std::string> words{"docker pilotpros rollback"};
    if (!request.id.empty()) {
        words.push_back(padded(request.id));
    }
    words.insert(words.end(), services.begin(), services.end());
    return fmt::format("{}", fmt::join(words, " "));
}

/// All that was changed since, each value with the one that it goes back to.
nlohmann::json changes_of(const ApplyStore& store, const Ids& all, const Ids& ids) {
    std::map<std::pair<std::string, std::string>, nlohmann::json> in_force;
    nlohmann::json changes = nlohmann::json::array();
    for (const std::string& id : all) {
        for (nlohmann::json change : store.snapshot(id).changes) {
            const std::pair key{text(change, "service"), text(change, "key")};
            if (const auto earlier = in_force.find(key); earlier != in_force.end()) {
                change["before"] = earlier->second;
            }
            in_force[key] = member(change, "after");
            if (contains(ids, id)) {
                changes.push_back(std::move(change));
            }
        }
    }
    return changes;
}

void refuse_couplings(const ApplyStore& store, const Ids& all, const RollbackScope& scope,
                      const RollbackRequest& request) {
    std::set<std::string> together = scope.services;
    std::vector<std::string> why;
    for (const Coupling& coupling : couplings_of(changes_of(store, all, scope.ids), scope.services)) {
        together.insert(coupling.with);
        why.push_back(coupling.why);
    }
    if (!why.empty()) {
        throw Error(ExitCode::kRefused,
                    fmt::format("{} cannot go back alone: {}", fmt::join(scope.services, ", "), fmt::join(why, "; ")),
                    fmt::format("{} takes both back", words_of(request, together)));
    }
}

/// Only the services that were asked for, where that is sound.
void narrow(const ApplyStore& store, const Ids& all, const RollbackRequest& request, RollbackScope& scope) {
    const std::set<std::string> carried = std::move(scope.services);
    scope.services = {request.services.begin(), request.services.end()};
    for (const std::string& service : scope.services) {
        if (!carried.contains(service)) {
            throw Error(
                ExitCode::kRefused, fmt::format("nothing of {} changed since {}", service, scope.ids.back()),
                fmt::format("leave it out, or name an earlier transaction: {} did change", fmt::join(carried, ", ")));
        }
    }
    scope.part = scope.services.size() < carried.size();
    const bool without_files = std::any_of(scope.ids.begin(), scope.ids.end(), [&](const std::string& id) {
        return store.journal(id).phase() == Journal::Phase::kFilesUndone;
    });
    if (scope.part && without_files) {
        throw Error(ExitCode::kRefused, "the files of all services went back already, only containers are left",
                    words_of(request, carried));
    }
    const bool in_place = std::any_of(scope.ids.begin(), scope.ids.end(),
                                      [&](const std::string& id) { return store.snapshot(id).in_place; });
    if (scope.part && in_place) {
        throw Error(ExitCode::kRefused,
                    "the values stand in your own files, which go back as a whole: byte for byte, or not at all",
                    words_of(request, carried));
    }
    if (scope.part) {
        refuse_couplings(store, all, scope, request);
    }
}

}  // namespace

std::set<std::string> carried_by(const ApplyStore& store, std::vector<std::string> ids) {
    std::sort(ids.begin(), ids.end());
    std::map<std::string, std::set<std::string>> carriers;  // by service, those whose change of it stands
    for (const std::string& id : ids) {
        const Snapshot snapshot = store.snapshot(id);
        for (const std::string& service : snapshot.service_names()) {
            std::set<std::string>& those = carriers[service];
            if (snapshot.takes_back.empty()) {
                those.insert(id);
            } else {  // what came before is what it went back to
                those.erase(those.lower_bound(snapshot.takes_back), those.end());
            }
        }
    }
    std::set<std::string> services;
    for (const auto& [service, those] : carriers) {
        if (!those.empty()) {
            services.insert(service);
        }
    }
    return services;
}

bool means_transaction(const ApplyStore& store, const std::string& word) {
    const bool digits = !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
    return digits && (contains(store.transactions(), padded(word)) || !services_of_history(store).contains(word));
}

RollbackScope scope_of(const ApplyStore& store, const RollbackRequest& request) {
    require_known(store, request);
    RollbackScope scope;
    const Ids all = standing(store, request.files_only);
    const std::string id = request.id.empty() ? "" : padded(request.id);
    if (!id.empty() && !contains(all, id)) {
        scope.note = fmt::format("{} was taken back already", id);
        if (store.pruned(id)) {
            scope.note += fmt::format(
                " and pruned since: {}",
                all.empty() ? "nothing stands applied" : fmt::format("what can go back is {}", fmt::join(all, ", ")));
        }
        return scope;
    }
    if (!id.empty() && !applied_a_plan(store, id)) {
        throw Error(
            ExitCode::kRefused,
            fmt::format("{} took services back itself: undone alone, it would apply again what was taken back", id),
            fmt::format("docker pilotpros rollback {} takes the rest back, too", store.snapshot(id).takes_back));
    }
    scope.ids = down_to(store, all, request);
    if (scope.ids.empty()) {
        scope.note = request.services.empty()
                         ? ""
                         : fmt::format("{} carries nothing any more", fmt::join(request.services, ", "));
        return scope;
    }
    scope.services = carried_by(store, scope.ids);
    if (!request.services.empty()) {
        narrow(store, all, request, scope);
    }
    if (scope.ids.size() > 1 && !request.all) {
        const Ids later(scope.ids.begin(), scope.ids.end() - 1);
        scope.note = fmt::format("{} came after {}, so {} taken back with it", fmt::join(later, ", "), scope.ids.back(),
                                 later.size() == 1 ? "it is" : "they are");
    }
    return scope;
}

}  // namespace pilotpros

#include "core/apply/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/model/error.h"

namespace pilotpros {

std::vector<std::string> beyond_retention(const Phases& history) {
    std::vector<std::string> taken_back;
    for (const auto& [id, phase] : history) {
        if (phase == Journal::Phase::kUndone && id != history.front().first) {
            taken_back.push_back(id);
        }
    }
    taken_back.resize(taken_back.size() - std::min(taken_back.size(), kTakenBackKept));
    return taken_back;
}

void prune(Guard& guard, ApplyStore& store, ApplyWatcher& watcher) {
    try {
        Phases history;
        std::set<std::string> needed;
        for (const std::string& id : store.transactions()) {
            history.emplace_back(id, store.journal(id).phase());
            if (history.back().second != Journal::Phase::kUndone) {
                needed.insert(id);
            }
        }
        guard.keep_only(needed);  // first: what no snapshot tells of would be looked for by nobody
        for (const std::string& id : beyond_retention(history)) {
            store.prune(id);
        }
    } catch (const Error& error) {
        watcher.step(fmt::format("what older transactions left could not be removed ({}): the next command tries again",
                                 error.what()));
    }
}

}  // namespace pilotpros

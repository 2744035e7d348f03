#include "core/apply/begun.h"

#include "core/model/json.h"

namespace pilotpros {

Begun begun_of(const Journal& journal) {
    Begun begun;
    for (const JournalRecord& record : journal.records()) {
        if (record.step != Journal::kUndo || record.state != "intent") {
            continue;
        }
        const auto detail = nlohmann::json::parse(record.detail, nullptr, false);
        if (!detail.is_object()) {
            continue;  // an earlier version told nothing there
        }
        // Before there was anything else to tell, the numbers stood there alone.
        const bool alone = !member(detail, "running").is_object();
        begun.running = (alone ? detail : detail["running"]).get<std::map<std::string, int>>();
        if (member(detail, "inside").is_object()) {
            begun.inside = detail["inside"].get<std::map<std::string, int>>();
        }
        begun.exact = flag(detail, "exact");
        begun.force = flag(detail, "force");
    }
    return begun;
}

std::string as_detail(const Begun& begun) {
    return nlohmann::json{
        {"running", begun.running}, {"inside", begun.inside}, {"exact", begun.exact}, {"force", begun.force}}
        .dump();
}

}  // namespace pilotpros

#include "core/apps/n8n/serving.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/apps/asking.h"
#include "core/apps/n8n/facts.h"
#include "core/observe/startup.h"

namespace pilotpros::apps::n8n {

namespace {

constexpr const char* kDone = "Editor is now accessible";

/// The ID in the last "(ID: x)" or "(x)" behind the workflow's name, which may hold anything.
std::string id_in(const std::string& line, const char* open) {
    const std::size_t at = line.rfind(open);
    if (at == std::string::npos) {
        return {};
    }
    const std::size_t begin = at + std::string{open}.size();
    const std::size_t end =
        line.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", begin);
    return end != std::string::npos && line[end] == ')' ? line.substr(begin, end - begin) : std::string{};
}

bool says(const std::string& line, const char* words) { return line.find(words) != std::string::npos; }

void take(std::set<std::string>& into, std::set<std::string>& from, const std::string& id) {
    if (!id.empty()) {
        into.insert(id);
        from.erase(id);
    }
}

std::size_t without(const std::set<std::string>& all, const std::set<std::string>& left_out,
                    const std::set<std::string>& also = {}) {
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const std::string& one) {
        return !left_out.contains(one) && !also.contains(one);
    }));
}

}  // namespace

Activated read_activated(const std::vector<LogLine>& log) {
    Activated result;
    for (const LogLine& line : log) {
        if (says(line.text, "Activated workflow ")) {
            take(result.active, result.failed, id_in(line.text, "(ID: "));
        } else if (says(line.text, "Issue on initial workflow activation try of ")) {
            take(result.failed, result.active, id_in(line.text, "(ID: "));
        } else if (says(line.text, "Activation of workflow ") && says(line.text, " was successful!")) {
            take(result.active, result.failed, id_in(line.text, " ("));
        }
        result.complete = result.complete || says(line.text, kDone);
    }
    return result;
}

Serving serving(Asking& asking, const nlohmann::json& facts) {
    const Container* const container = asking.evidence.container;
    if (why_not_running(asking.evidence) || facts.get<Facts>().role != "main") {
        return {};
    }
    constexpr int kLines = 10'000;
    const TimePoint over =
        container->started + std::chrono::duration_cast<std::chrono::nanoseconds>(StartUp::kLongestStart);
    const auto log = read_logs(asking.engine, {container->id, container->tty, kLines, container->started, over});
    if (!log) {
        return {};
    }
    Serving result{read_activated(*log), Seconds{0}};
    const auto done =
        std::find_if(log->begin(), log->end(), [](const LogLine& line) { return says(line.text, kDone); });
    if (done != log->end()) {
        result.after = done->time - container->started;
    }
    return result;
}

ServedAgain served_again(const nlohmann::json& before, const nlohmann::json& now) {
    const auto earlier = before.get<Activated>();
    const auto later = now.get<Activated>();
    if (!earlier.complete) {
        return {{}, {"which workflows n8n had activated is not in its log any more: not compared"}};
    }
    if (!later.complete) {
        return {{fmt::format("it has not said yet that its workflows are activated ({} of {})", later.active.size(),
                             earlier.active.size())},
                {}};
    }
    ServedAgain result;
    if (const std::size_t failed = without(later.failed, earlier.failed); failed > 0) {
        result.missing.push_back(fmt::format("it could not activate {} of {} workflows again", failed,
                                             later.failed.size() + later.active.size()));
    } else if (later.active.empty() && !earlier.active.empty()) {
        result.missing.push_back(
            fmt::format("none of the {} workflows that it had activated is active", earlier.active.size()));
    } else {
        result.noted.push_back(
            fmt::format("active workflows: {}, before: {}", later.active.size(), earlier.active.size()));
        if (const std::size_t gone = without(earlier.active, later.active, later.failed); gone > 0) {
            result.noted.push_back(
                fmt::format("{} that were active at its last start are not any more: deactivated meanwhile", gone));
        }
    }
    return result;
}

}  // namespace pilotpros::apps::n8n

#include "plugin/views/tune_notes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "plugin/views/text.h"

namespace pilotpros {

namespace {

/// Subjects of whom the same is said, in the order in which each sentence first comes.
class Groups {
  public:
    void add(const std::string& subject, const std::string& said) {
        const auto same = [&](const auto& group) { return group.first == said; };
        auto group = std::find_if(groups_.begin(), groups_.end(), same);
        if (group == groups_.end()) {
            group = groups_.insert(groups_.end(), {said, {}});
        }
        if (std::find(group->second.begin(), group->second.end(), subject) == group->second.end()) {
            group->second.push_back(subject);
        }
    }
    [[nodiscard]] std::string words(const std::string& heading, int width) const {
        std::string result = groups_.empty() ? "" : heading + "\n";
        for (const auto& [said, subjects] : groups_) {
            result += wrap(printable(fmt::format("  {}: {}", fmt::join(subjects, ", "), said)), width, 4);
        }
        return result;
    }

  private:
    std::vector<std::pair<std::string, std::vector<std::string>>> groups_;
};

std::string severity_word(Finding::Severity severity) { return nlohmann::json(severity).get<std::string>(); }

/// Lines to be typed: as they are, however narrow it is.
std::string typed(const std::string& text, const std::string& indent) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string line = text.substr(at, end - at);
        for (std::size_t tab = line.find('\t'); tab != std::string::npos; tab = line.find('\t', tab)) {
            line.replace(tab, 1, "    ");
        }
        result += indent + printable(line) + "\n";
        at = end + 1;
    }
    return result;
}

}  // namespace

std::string left_alone_words(const Plan& plan, int width) {
    Groups groups;
    for (const LeftAlone& one : plan.left_alone) {
        groups.add(one.key.empty()       ? fmt::format("{} ({})", one.service, one.advisor)
                   : one.service.empty() ? one.key
                                         : fmt::format("{}.{}", one.service, one.key),
                   one.why);
    }
    return groups.words("Left alone:", width);
}

std::string finding_words(const Finding& finding, int width) {
    const std::string where = finding.service.empty() ? "the project" : finding.service;
    std::string result =
        wrap(printable(fmt::format("  {}: {}: {}", severity_word(finding.severity), where, finding.what)), width, 4);
    if (!finding.harm.empty()) {
        result += wrap(printable("    harm: " + finding.harm), width, 6);
    }
    if (finding.fix.find('\n') != std::string::npos) {
        result += "    fix:\n" + typed(finding.fix, "      ");
    } else if (!finding.fix.empty()) {
        result += wrap(printable("    fix: " + finding.fix), width, 6);
    }
    return result;
}

std::string findings_words(const Plan& plan, int width) {
    std::vector<const Finding*> findings;
    for (const Finding& finding : plan.findings) {
        findings.push_back(&finding);
    }
    std::stable_sort(findings.begin(), findings.end(),
                     [](const Finding* left, const Finding* right) { return left->severity > right->severity; });
    std::string result = findings.empty() ? "" : "Found, and yours to fix:\n";
    for (const Finding* const finding : findings) {
        result += finding_words(*finding, width);
    }
    return result;
}

std::string masks_words(const Bundle& bundle, int width) {
    std::map<std::string, std::vector<std::string>> by_service;
    for (const Mask& mask : bundle.masks) {
        by_service[mask.service].push_back(mask.path + (mask.of_image ? " (the image's)" : ""));
    }
    std::string result =
        by_service.empty()
            ? ""
            : wrap("Values of yours that our files hide; you are told when one of them changes:", width, 2);
    for (const auto& [service, paths] : by_service) {
        result += wrap(printable(fmt::format("  {}: {}", service, fmt::join(paths, ", "))), width, 4);
    }
    return result;
}

std::string gaps_words(const Observation& observation, int width) {
    Groups groups;
    for (const Gap& gap : observation.gaps) {
        groups.add(fmt::format("{}, {}", gap.subject, gap.what), gap.why);
    }
    return groups.words("Not known:", width);
}

}  // namespace pilotpros

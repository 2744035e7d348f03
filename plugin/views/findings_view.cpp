#include "plugin/views/findings_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/compose/yaml_place.h"
#include "core/lint/registry.h"
#include "plugin/version.h"
#include "plugin/views/text.h"
#include "plugin/views/tune_notes.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

struct FindingPlace {
    std::string file;
    int line = 1;
};

/// The keys on the way to what a finding is about.
std::vector<std::string> way_to(const Finding& finding) {
    if (!finding.service.empty()) {
        return {"services", finding.service};
    }
    const auto& rules = linting::lint_rules();
    const auto rule =
        std::find_if(rules.begin(), rules.end(), [&](const linting::LintRule& one) { return one.id == finding.id; });
    return {rule == rules.end() ? "services" : rule->section};
}

/// Where findings are told: in the last file that has the key, for what it says there counts. Where it stands behind an
/// alias or in a file of an `include`, at the key above it, or at the last file's beginning.
class Places {
  public:
    Places(const Check& check, const Path& from) {
        for (auto file = check.files.rbegin(); file != check.files.rend(); ++file) {
            const auto text = check.texts.find(*file);
            if (text == check.texts.end()) {
                continue;
            }
            const Path relative = Path{*file}.lexically_relative(from);
            const bool below = !relative.empty() && *relative.begin() != "..";
            files_.emplace_back(*file == "-" ? "standard-input"
                                : below      ? relative.string()
                                             : *file,
                                yaml_places(text->second, 2));
        }
    }

    [[nodiscard]] std::optional<FindingPlace> of(const Finding& finding) const {
        for (std::vector<std::string> way = way_to(finding); !way.empty(); way.pop_back()) {
            for (const auto& [name, places] : files_) {
                if (const auto place = places.find(way); place != places.end()) {
                    return FindingPlace{name, place->second.line};
                }
            }
        }
        return files_.empty() ? std::nullopt : std::optional{FindingPlace{files_.front().first, 1}};
    }

  private:
    std::vector<std::pair<std::string, YamlPlaces>> files_;
};

std::vector<const Finding*> worst_first(const Check& check) {
    std::vector<const Finding*> findings;
    std::transform(check.findings.begin(), check.findings.end(), std::back_inserter(findings),
                   [](const Finding& finding) { return &finding; });
    std::stable_sort(findings.begin(), findings.end(),
                     [](const Finding* left, const Finding* right) { return left->severity > right->severity; });
    return findings;
}

std::string message_of(const Finding& finding) {
    std::string message = finding.service.empty() ? finding.what : finding.service + ": " + finding.what;
    if (!finding.harm.empty()) {
        message += "; " + finding.harm;
    }
    return message;
}

std::string printed(const Json& json) {
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

/// A file's name as a URI, relative where the name is (RFC 3986 §3.3).
std::string uri_of(const std::string& file) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    std::string uri = file.starts_with('/') ? "file://" : "";
    for (const char letter : file) {
        uri += kPlain.find(letter) != std::string_view::npos
                   ? std::string(1, letter)
                   : fmt::format("%{:02X}", static_cast<unsigned char>(letter));
    }
    return uri;
}

/// A workflow command ends at its line's end, a property at its comma.
std::string escaped(const std::string& text, bool property) {
    std::string result;
    for (const char letter : text) {
        if (letter == '%' || letter == '\r' || letter == '\n' || (property && (letter == ':' || letter == ','))) {
            result += fmt::format("%{:02X}", static_cast<int>(letter));
        } else {
            result += letter;
        }
    }
    return result;
}

}  // namespace

std::string findings_as_table(const Check& check, int width) {
    std::string result;
    for (const Finding* const finding : worst_first(check)) {
        result += finding_words(*finding, width);
        result += fmt::format("    rule: {}\n", printable(finding->id));
    }
    return result;
}

std::string findings_as_json(const Check& check) {
    return printed(
        {{"format", 1}, {"project", check.project.name}, {"findings", check.findings}, {"inactive", check.inactive}});
}

std::string said_of_inactive(const Check& check) {
    return check.inactive.empty()
               ? std::string{}
               : printable(fmt::format("not looked at in full, since none of their profiles is active: {} (--profile "
                                       "NAME takes them in)",
                                       fmt::join(check.inactive, ", ")));
}

std::string findings_as_sarif(const Check& check, const Path& from) {
    const Places places{check, from};
    std::map<std::string, Json> rules;
    Json results = Json::array();
    for (const Finding& finding : check.findings) {
        const char* const level = finding.severity == Finding::Severity::kError     ? "error"
                                  : finding.severity == Finding::Severity::kWarning ? "warning"
                                                                                    : "note";
        Json& rule = rules[finding.id];
        if (rule.is_null()) {
            // GitHub's code scanning takes a rule with all three alone, although SARIF asks for none.
            const Json text{{"text", finding.harm.empty() ? finding.id : finding.harm}};
            const std::string help = text["text"].get<std::string>() + ". Source: " + finding.source;
            rule = {
                {"id", finding.id}, {"shortDescription", text}, {"fullDescription", text}, {"help", {{"text", help}}}};
            if (finding.source.starts_with("https://")) {
                rule["helpUri"] = finding.source;
            }
        }
        Json result{{"ruleId", finding.id}, {"level", level}, {"message", {{"text", message_of(finding)}}}};
        if (!finding.fix.empty()) {
            result["message"]["text"] = message_of(finding) + "\nfix: " + finding.fix;
        }
        if (const auto place = places.of(finding)) {
            result["locations"] = Json::array(
                {{{"physicalLocation",
                   {{"artifactLocation", {{"uri", uri_of(place->file)}}}, {"region", {{"startLine", place->line}}}}}}});
        }
        results.push_back(std::move(result));
    }
    Json listed = Json::array();
    for (auto& [id, rule] : rules) {
        listed.push_back(std::move(rule));
    }
    const Json driver{{"name", "docker-pilotpros"}, {"semanticVersion", &PILOTPROS_VERSION[1]}, {"rules", listed}};
    Json run{{"tool", {{"driver", driver}}}, {"results", results}};
    if (const std::string said = said_of_inactive(check); !said.empty()) {
        const Json notice{{"level", "note"}, {"message", {{"text", said}}}};
        run["invocations"] =
            Json::array({{{"executionSuccessful", true}, {"toolExecutionNotifications", Json::array({notice})}}});
    }
    return printed({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                    {"version", "2.1.0"},
                    {"runs", Json::array({run})}});
}

std::string findings_as_github(const Check& check, const Path& from) {
    const Places places{check, from};
    std::string result;
    for (const Finding* const finding : worst_first(check)) {
        const char* const level = finding->severity == Finding::Severity::kError     ? "error"
                                  : finding->severity == Finding::Severity::kWarning ? "warning"
                                                                                     : "notice";
        std::string properties;
        if (const auto place = places.of(*finding)) {
            properties = fmt::format("file={},line={},", escaped(place->file, true), place->line);
        }
        result +=
            fmt::format("::{} {}title={}::{}\n", level, properties, escaped(finding->id, true),
                        escaped(message_of(*finding) + (finding->fix.empty() ? "" : "\nfix: " + finding->fix), false));
    }
    return result;
}

}  // namespace pilotpros

#include "core/lint/lint.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "core/lint/as_written.h"
#include "core/lint/registry.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using linting::Json;
using linting::LintCase;

/// A list "NAME=value" as the map that Compose makes of it; NAME alone has no value.
Json environment_as_map(const Json& environment) {
    if (!environment.is_array()) {
        return environment.is_object() ? environment : Json::object();
    }
    Json map = Json::object();
    for (const Json& entry : environment) {
        const std::string line = as_text(entry);
        const auto equals = line.find('=');
        map[line.substr(0, equals)] = equals == std::string::npos ? Json() : Json(line.substr(equals + 1));
    }
    return map;
}

/// What the files have together, near enough where Compose itself gave nothing: later lists replace earlier ones.
Json merged_files(const LintCase& input) {
    Json merged = Json::object();
    for (const linting::WrittenFile& file : input.files) {
        if (file.model.is_object()) {
            merged.merge_patch(file.model);
        }
    }
    return merged;
}

void add_service(LintCase& input, const std::string& name, const Json& model) {
    if (!model.is_object()) {
        return;
    }
    Service& service = input.services[name];
    service.name = name;
    service.resolved = model;
    service.resolved["environment"] = environment_as_map(member(model, "environment"));
    service.image = text(model, "image");
    service.built = !member(model, "build").is_null();
}

/// `web: !reset null` in a later file: what an earlier one says of the service is of no service.
void take_out_reset(Json& model, const Project& project) {
    if (!project.services.empty() && member(model, "services").is_object()) {
        Json& services = model["services"];
        for (auto service = services.begin(); service != services.end();) {
            service = project.services.contains(service.key()) ? std::next(service) : services.erase(service);
        }
    }
}

constexpr int kDeepestExtends = 20;  // Compose refuses a service that extends itself

/// Services with what they take by `extends` from services of other files; those of the same file are looked at
/// themselves.
class Extending {
  public:
    Extending(const Project& project, const std::map<std::string, std::string>& texts)
        : project_(project), texts_(texts) {}

    /// Those of a document of this file.
    Json all(Json model, const std::string& file) {
        const Json as_written = model;
        for (const std::string& name : keys(as_written, "services")) {
            model["services"][name] = whole(linting::written_service(as_written, name), file, as_written, 0);
        }
        return model;
    }

  private:
    Json whole(Json service, const std::string& file, const Json& model, int depth) {
        const auto extended = linting::extended_by(service);
        if (!extended || depth == kDeepestExtends || (depth == 0 && extended->file.empty())) {
            return service;
        }
        Json other;
        if (extended->file.empty()) {
            other = whole(linting::written_service(model, extended->service), file, model, depth + 1);
        } else {
            const std::filesystem::path folder{file == "-" ? project_.working_directory
                                                           : std::filesystem::path{file}.parent_path().string()};
            const std::string path = (folder / extended->file).lexically_normal().string();
            for (const Json& document : documents_of(path)) {
                other = whole(linting::written_service(document, extended->service), path, document, depth + 1);
            }
        }
        if (other.is_object()) {
            other.update(service);
            service = std::move(other);
        }
        return service;
    }

    const std::vector<Json>& documents_of(const std::string& path) {
        const auto text = texts_.find(path);
        const auto [documents, is_new] = read_.try_emplace(path);
        if (is_new && text != texts_.end()) {
            documents->second = linting::read_yaml(text->second);
        }
        return documents->second;
    }

    const Project& project_;
    const std::map<std::string, std::string>& texts_;
    std::map<std::string, std::vector<Json>> read_;
};

LintCase case_of(const Project& project, const LintInput& input) {
    LintCase built{project, {}, false, {}, input.defaults};
    const auto is_known = [&](const std::string& included) {
        return std::any_of(input.texts.begin(), input.texts.end(), [&](const auto& text) {
            return linting::file_name(text.first) == linting::file_name(included);
        });
    };
    bool all_known =
        !input.files.empty() && std::all_of(project.files.begin(), project.files.end(),
                                            [&](const std::string& file) { return input.texts.contains(file); });
    Extending extending(project, input.texts);
    for (const std::string& path : input.files) {
        const auto found = input.texts.find(path);
        all_known = all_known && found != input.texts.end();
        if (found != input.texts.end()) {
            for (Json& document : linting::read_yaml(found->second)) {
                take_out_reset(document, project);
                const std::vector<std::string> included = linting::included_by(document);
                all_known = all_known && document.is_object() && !has_variable(member(document, "include").dump()) &&
                            std::all_of(included.begin(), included.end(), is_known);
                built.files.push_back({path, extending.all(std::move(document), path)});
            }
        }
    }
    built.all_files = all_known;
    for (const auto& [name, service] : project.services) {
        const Json& written = linting::written_service(project.uninterpolated, name);
        add_service(built, name, service.resolved.is_object() ? service.resolved : written);
    }
    if (built.services.empty()) {
        const Json merged = project.uninterpolated.is_object() ? project.uninterpolated : merged_files(built);
        for (const std::string& name : keys(merged, "services")) {
            add_service(built, name, linting::written_service(merged, name));
        }
    }
    return built;
}

/// One finding that says the same; others of that name may say more.
void take_out_same(const linting::Spot& spot, std::vector<Finding>& said) {
    const auto same = std::find_if(said.begin(), said.end(), [&](const Finding& finding) {
        return finding.service == spot.service &&
               std::find(spot.said_as.begin(), spot.said_as.end(), finding.id) != spot.said_as.end();
    });
    if (same != said.end()) {
        said.erase(same);
    }
}

}  // namespace

std::vector<Finding> lint(const Project& project, const LintInput& input) {
    const LintCase built = case_of(project, input);
    std::vector<Finding> said = input.said;
    std::vector<Finding> findings;
    for (const linting::LintRule& rule : linting::lint_rules()) {
        for (linting::Spot& spot : rule.look(built)) {
            take_out_same(spot, said);
            findings.push_back({std::move(spot.service), rule.id, spot.severity.value_or(rule.severity),
                                std::move(spot.what), spot.harm.empty() ? std::string{rule.harm} : std::move(spot.harm),
                                std::move(spot.fix), rule.source});
        }
    }
    said.insert(said.end(), std::make_move_iterator(findings.begin()), std::make_move_iterator(findings.end()));
    return said;
}

bool tells_why_compose_refuses(const std::vector<Finding>& findings) {
    return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
        const auto& rules = linting::lint_rules();
        return std::any_of(rules.begin(), rules.end(), [&](const linting::LintRule& rule) {
            return rule.refused_by_compose && finding.id == rule.id;
        });
    });
}

}  // namespace pilotpros

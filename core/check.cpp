#include "core/check.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "core/advise/check_healthcheck.h"
#include "core/advise/check_limits.h"
#include "core/advise/environment.h"
#include "core/advising.h"
#include "core/compose/selection.h"
#include "core/heard_wishes.h"
#include "core/lint/as_written.h"
#include "core/lint/lint.h"
#include "core/model/json.h"
#include "core/probe_images.h"

namespace pilotpros {

namespace {

using FileLook = std::function<std::vector<Finding>(const Case&, const Check&)>;

/// The files from which its services take others by `extends`, and those from which these do.
void read_extended(const Files& files, const nlohmann::json& document, const Path& folder, Check& check) {
    for (const nlohmann::json& service : member(document, "services")) {
        const auto extended = linting::extended_by(service);
        const std::string file =
            extended && !extended->file.empty() ? (folder / extended->file).lexically_normal().string() : "";
        const bool is_new = !file.empty() && !check.texts.contains(file) && !files.is_directory(file);
        const auto text = is_new ? files.read(file) : std::nullopt;
        if (text) {
            check.texts[file] = *text;
            for (const nlohmann::json& other : linting::read_yaml(*text)) {
                read_extended(files, other, Path{file}.parent_path(), check);
            }
        }
    }
}

/// A file after what it includes. Compose itself refuses one that includes itself.
void read_with_included(const Files& files, const std::string& file, const Project& project, Check& check) {
    if (check.texts.contains(file)) {
        return;
    }
    const auto text = file == "-" ? std::optional{project.standard_input} : files.read(file);
    if (!text) {
        return;
    }
    check.texts[file] = *text;
    const Path folder = file == "-" ? Path{project.working_directory} : Path{file}.parent_path();
    for (const nlohmann::json& document : linting::read_yaml(*text)) {
        for (const std::string& included : linting::included_by(document)) {
            read_with_included(files, (folder / included).lexically_normal().string(), project, check);
        }
        read_extended(files, document, folder, check);
    }
    check.files.push_back(file);
}

/// Of the files alone. No engine is missing where they cannot be found: none would be asked.
Profile profile_of_files(World& world, const ProfileRequest& request) {
    ProfileWatcher nobody;
    try {
        return take_profile(world, no_connection(), request, nobody);
    } catch (const EngineLost& lost) {
        throw Error(ExitCode::kBadInput, lost.what(), lost.hint());
    }
}

Check look_at_files(World& world, const ProfileRequest& request, bool images_too, const FileLook& look) {
    ProfileRequest everything = request;
    everything.named = std::exchange(everything.services, {});
    Profile profile = profile_of_files(world, everything);
    if (images_too) {
        ask_images_of_probes(world, profile.project, profile.observation);
    }
    const Wishes wishes = heard_wishes(world, profile.project);
    const Budget budget;
    const Written none;
    const Case input{profile.project,
                     profile.observation,
                     budget,
                     wishes,
                     none,
                     none,
                     find_development(profile.project, profile.observation, wishes)};
    Check check;
    for (const std::string& file : profile.project.files) {
        read_with_included(world.files, file, profile.project, check);
    }
    const auto is_asked = [&](const std::string& service) {
        return request.services.empty() ||
               std::find(request.services.begin(), request.services.end(), service) != request.services.end();
    };
    check.findings = look(input, check);
    std::erase_if(check.findings,
                  [&](const Finding& finding) { return !finding.service.empty() && !is_asked(finding.service); });
    for (const auto& [name, service] : profile.project.services) {
        if (service.profiled_out && is_asked(name)) {
            check.inactive.push_back(name);
        }
    }
    check.project = std::move(profile.project);
    return check;
}

bool same(const Finding& one, const Finding& other) {
    return one.service == other.service && one.id == other.id && one.what == other.what;
}

}  // namespace

Check check_files(World& world, const ProfileRequest& request, const std::function<Advice(const Case&)>& advisor) {
    return look_at_files(world, request, false,
                         [&](const Case& input, const Check&) { return advisor(input).findings; });
}

namespace {

Check lint_what_compose_accepts(World& world, const ProfileRequest& request) {
    return look_at_files(world, request, true, [](const Case& input, const Check& check) {
        std::vector<Finding> findings;
        for (const Advice& advice : {all_advice(input, {}), check_limits(input), check_healthcheck(input)}) {
            for (const Finding& finding : advice.findings) {
                if (std::none_of(findings.begin(), findings.end(),
                                 [&](const Finding& one) { return same(one, finding); })) {
                    findings.push_back(finding);
                }
            }
        }
        return lint(input.project, {check.files, check.texts, std::move(findings)});
    });
}

/// The files as they are written, where a rule knows why Compose refuses them; nothing where none does. `why`:
/// Compose's own words for it.
std::optional<Check> lint_what_compose_refuses(World& world, const ProfileRequest& request, const std::string& why) {
    const Surroundings surroundings = surroundings_without_engine(world);
    const auto selection = select_by_files(request.selectors, surroundings);
    if (!selection) {
        return std::nullopt;
    }
    Check check;
    check.project.files = selection->files;
    check.project.working_directory = selection->working_directory.string();
    check.project.name = selection->project_name.value_or(selection->working_directory.filename().string());
    for (const std::string& file : check.project.files) {
        if (file == "-") {
            check.project.standard_input = world.read_standard_input();
        }
        read_with_included(world.files, file, check.project, check);
    }
    const bool of_values =
        why.find("undefined volume") != std::string::npos || why.find("can't set") != std::string::npos;
    check.findings = lint(check.project, {check.files, check.texts, {}, of_values});
    return tells_why_compose_refuses(check.findings) ? std::optional{std::move(check)} : std::nullopt;
}

}  // namespace

Check lint_files(World& world, const ProfileRequest& request) {
    World once = world;  // what is piped in can be read once, and may be needed twice
    const auto text = std::make_shared<std::optional<std::string>>();
    once.read_standard_input = [text, &world] {
        if (!*text) {
            *text = world.read_standard_input();
        }
        return **text;
    };
    try {
        return lint_what_compose_accepts(once, request);
    } catch (const Error& error) {
        auto refused =
            error.code() == ExitCode::kBadInput ? lint_what_compose_refuses(once, request, error.what()) : std::nullopt;
        if (!refused) {
            throw;
        }
        return std::move(*refused);
    }
}

}  // namespace pilotpros

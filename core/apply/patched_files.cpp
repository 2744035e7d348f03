#include "core/apply/patched_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/apply/compose_run.h"
#include "core/inplace/in_place.h"
#include "core/model/error.h"
#include "core/model/json.h"
#include "core/model/sha256.h"
#include "core/sys/scratch_directory.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

void refuse_edits(const std::vector<InPlaceRefusal>& refusals, const Plan& plan) {
    std::set<std::string> left;
    std::vector<std::string> why;
    for (const Change& change : plan.changes) {
        left.insert(change.service);
    }
    for (const InPlaceRefusal& refusal : refusals) {
        left.erase(refusal.service);
        why.push_back(refusal.service.empty() ? refusal.why : fmt::format("{}: {}", refusal.service, refusal.why));
    }
    throw Error(ExitCode::kRefused, fmt::format("your files are left as they are; {}", fmt::join(why, "; ")),
                left.empty()
                    ? "without --in-place an override beside them says the same"
                    : fmt::format("without --in-place an override says the same; in place there can be changed: {}",
                                  fmt::join(left, " ")));
}

void require_plain_file(const std::string& path, const Files& files) {
    if (const PathImage image = image_of(path, files); image.kind != "file") {
        throw Error(ExitCode::kRefused, fmt::format("{} is a {}, and stays one", path, image.kind),
                    "leave --in-place out: an override beside it says the same");
    }
}

/// Copies of patched files for Compose to read, by the path that each stands for. They may hold what the user's files
/// hold, so the directory is private.
std::map<std::string, std::string> copies_of(const std::vector<PatchedFile>& patched, const Path& directory,
                                             Files& files) {
    std::map<std::string, std::string> paths;
    for (const PatchedFile& file : patched) {
        const Path copy = directory / fmt::format("{}-{}", paths.size(), Path{file.path}.filename().string());
        files.write_durably(copy, file.after, 0600);
        paths[file.path] = copy.string();
    }
    return paths;
}

std::vector<std::string> with_other_files(std::vector<std::string> arguments,
                                          const std::map<std::string, std::string>& others) {
    for (std::size_t at = 1; at < arguments.size(); ++at) {
        const auto other = others.find(arguments[at]);
        if (arguments[at - 1] == "-f" && other != others.end()) {
            arguments[at] = other->second;
        }
    }
    return arguments;
}

/// Where two models differ; never what they say there.
void places_that_differ(const Json& one, const Json& other, const std::string& way, std::vector<std::string>& found) {
    if (one == other) {
        return;
    }
    if (!one.is_object() || !other.is_object()) {
        found.push_back(way);
        return;
    }
    std::set<std::string> keys;
    for (const Json* side : {&one, &other}) {
        for (const auto& [key, value] : side->items()) {
            keys.insert(key);
        }
    }
    for (const std::string& key : keys) {
        places_that_differ(member(one, key.c_str()), member(other, key.c_str()),
                           way.empty() ? key : fmt::format("{}.{}", way, key), found);
    }
}

}  // namespace

std::vector<PatchedFile> patch_files(const Project& project, const Plan& plan, const Files& files) {
    std::vector<ProjectFile> own;
    for (const std::string& path : project.files) {
        own.push_back({path, files.read(path).value_or("")});
    }
    const InPlaceEdits result = edits_in_place(own, plan);
    if (!result.refusals.empty()) {
        refuse_edits(result.refusals, plan);
    }
    std::vector<PatchedFile> patched;
    for (const ProjectFile& file : own) {
        if (const auto edits = result.edits.find(file.path); edits != result.edits.end()) {
            require_plain_file(file.path, files);
            patched.push_back(
                {file.path, file.bytes, with_edits(file.bytes, edits->second), described(file, edits->second)});
        }
    }
    return patched;
}

void require_same_as_override(World& world, const Project& project, const std::vector<PatchedFile>& patched,
                              const Json& with_override, const std::map<std::string, std::string>& hashes) {
    const ScratchDirectory scratch(world.files,
                                   world.environment.state_directory() / fmt::format("scratch-{}", getpid()));
    const ComposeRun run{
        world, with_other_files(compose_arguments(project, world), copies_of(patched, scratch.path(), world.files)),
        project.working_directory};
    const Finished said = run.run({run.question({"config", "--format", "json"})}).front();
    const Json in_place = Json::parse(said.output, nullptr, false);
    constexpr const char* kNext = "without --in-place an override beside them says the same; nothing was written";
    if (!said.ok() || !in_place.is_object()) {
        throw Error(ExitCode::kRefused, "docker compose would not accept your files with the values in them", kNext);
    }
    std::vector<std::string> differ;
    places_that_differ(in_place, with_override, "", differ);
    if (differ.empty() && run.hashes(said.output) != hashes) {
        differ.emplace_back("the hash of a service");
    }
    if (!differ.empty()) {
        throw Error(
            ExitCode::kRefused,
            fmt::format("docker compose would make something else of your files with the values in them than of "
                        "an override: {}",
                        fmt::join(differ, ", ")),
            kNext);
    }
}

std::vector<PathRecord> paths_to_patch(const std::vector<PatchedFile>& patched, const Files& files) {
    std::vector<PathRecord> records;
    for (const PatchedFile& file : patched) {
        require_plain_file(file.path, files);
        PathImage before = image_of(file.path, files);
        PathImage after{"file", before.mode, sha256_hex(file.after)};
        records.push_back({file.path, std::move(before), std::move(after), "", ""});
    }
    return records;
}

void refuse_edited_meanwhile(const std::vector<PatchedFile>& patched, const std::vector<PathRecord>& kept) {
    for (const PatchedFile& file : patched) {
        const auto record =
            std::find_if(kept.begin(), kept.end(), [&](const PathRecord& one) { return one.path == file.path; });
        if (record == kept.end() || record->before.content != sha256_hex(file.before)) {
            throw Error(ExitCode::kRefused, fmt::format("{} was changed just now", file.path),
                        "run the command again: what it shows has to rest on what is there now");
        }
    }
}

std::vector<std::string> arguments_with_files_before(std::vector<std::string> arguments,
                                                     const std::vector<Snapshot>& undone,
                                                     const std::map<std::string, Path>& directories) {
    std::map<std::string, std::string> before;  // the oldest one comes last, and tells
    for (const Snapshot& snapshot : undone) {
        for (const PathRecord& record : snapshot.paths) {
            if (snapshot.in_place && !record.kept.empty()) {
                before[record.path] = (directories.at(snapshot.id) / record.kept).string();
            }
        }
    }
    return with_other_files(std::move(arguments), before);
}

}  // namespace pilotpros

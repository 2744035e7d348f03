#include "core/inplace/in_place.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "core/inplace/service_patch.h"
#include "core/inplace/yaml_ranges.h"

namespace pilotpros {

namespace {

std::string name_of_file(const std::string& path) { return std::filesystem::path{path}.filename().string(); }

struct ReadFile {
    const ProjectFile* file = nullptr;
    YamlText text;
};

/// The service that another one takes up by `extends`, if that is one of this project's own files.
std::string extended_by(const YamlNode& service, const std::vector<ReadFile>& files) {
    const auto place = service.find("extends");
    if (!place) {
        return {};
    }
    const YamlNode& extends = service.items[*place];
    if (extends.kind == YamlNode::Kind::kScalar) {
        return extends.text;
    }
    const auto name = extends.find("service");
    const auto file = extends.find("file");
    const bool ours = !file || std::any_of(files.begin(), files.end(), [&](const ReadFile& one) {
        return name_of_file(one.file->path) == name_of_file(extends.items[*file].text);
    });
    return name && ours ? extends.items[*name].text : std::string{};
}

/// By service: who extends it.
std::map<std::string, std::string> extended_services(const std::vector<ReadFile>& files) {
    std::map<std::string, std::string> extended;
    for (const ReadFile& one : files) {
        const auto place = one.text.root.find("services");
        if (!place) {
            continue;
        }
        const YamlNode& services = one.text.root.items[*place];
        for (std::size_t at = 0; at < services.keys.size(); ++at) {
            if (const std::string base = extended_by(services.items[at], files); !base.empty()) {
                extended.emplace(base, services.keys[at].text);
            }
        }
    }
    return extended;
}

/// The last file that has the value, else the last one that has the service; nothing where none has.
std::optional<std::size_t> file_for(const Change& change, const std::vector<ReadFile>& files) {
    std::optional<std::size_t> with_service;
    for (std::size_t at = files.size(); at-- > 0;) {
        if (has_place(files[at].text, change.service, change.target.path)) {
            return at;
        }
        if (!with_service && has_service(files[at].text, change.service)) {
            with_service = at;
        }
    }
    return with_service;
}

}  // namespace

InPlaceEdits edits_in_place(const std::vector<ProjectFile>& files, const Plan& plan) {
    InPlaceEdits result;
    std::vector<ReadFile> read;
    read.reserve(files.size());
    for (const ProjectFile& file : files) {
        read.push_back({&file, yaml_ranges(file.bytes)});
    }
    const auto extended = extended_services(read);
    std::map<std::pair<std::size_t, std::string>, std::vector<const Change*>> wanted;  // by file and service
    std::set<std::pair<std::string, std::string>> refused;
    const auto refuse = [&](const std::string& service, std::string why) {
        if (refused.emplace(service, why).second) {
            result.refusals.push_back({service, std::move(why)});
        }
    };
    for (const Change& change : plan.changes) {
        if (change.target.kind != Target::Kind::kCompose || change.target.path.empty()) {
            refuse(
                change.service,
                "PostgreSQL's settings lie in a folder of ours, which an override mounts: --skip postgres leaves them "
                "out");
            continue;
        }
        const auto heir = extended.find(change.service);
        const auto at = file_for(change, read);
        if (heir != extended.end()) {
            refuse(change.service, fmt::format("{} extends it, and would get the same", heir->second));
        } else if (!at) {
            const auto unread =
                std::find_if(read.begin(), read.end(), [](const ReadFile& one) { return !one.text.why_not.empty(); });
            refuse(change.service,
                   unread == read.end()
                       ? "it stands in none of the project's files: what they include may be others' as well"
                       : fmt::format("{}: {}", name_of_file(unread->file->path), unread->text.why_not));
        } else if (!read[*at].text.why_not.empty()) {
            refuse(change.service, fmt::format("{}: {}", name_of_file(read[*at].file->path), read[*at].text.why_not));
        } else {
            wanted[{*at, change.service}].push_back(&change);
        }
    }
    for (const auto& [place, changes] : wanted) {
        const ReadFile& one = read[place.first];
        ServicePatch patch = patch_service(one.text, place.second, wanted_places(changes));
        for (std::string& why : patch.refusals) {
            refuse(place.second, fmt::format("{}: {}", name_of_file(one.file->path), why));
        }
        auto& edits = result.edits[one.file->path];
        edits.insert(edits.end(), patch.edits.begin(), patch.edits.end());
    }
    for (auto& [path, edits] : result.edits) {
        put_in_order(edits);
        if (overlap(edits)) {
            result.refusals.push_back({"", fmt::format("{}: two changes would meet in one place", name_of_file(path))});
        }
    }
    std::erase_if(result.edits, [](const auto& one) { return one.second.empty(); });
    return result;
}

std::vector<std::string> described(const ProjectFile& file, const std::vector<ByteEdit>& edits) {
    const YamlText text{file.bytes, {}, {}, {}, {}, {}};
    std::vector<std::string> lines;
    for (const ByteEdit& edit : edits) {
        std::string words;
        for (const char letter : edit.text) {
            const bool blank = letter == ' ' || letter == '\n' || letter == '\r';
            if (!blank || (!words.empty() && words.back() != ' ')) {
                words += blank ? ' ' : letter;
            }
        }
        lines.push_back(fmt::format("{}, line {}{}: {}", name_of_file(file.path), text.line_of(edit.at),
                                    edit.length == 0 ? ", added" : "", words.empty() ? "items go" : words));
    }
    return lines;
}

}  // namespace pilotpros

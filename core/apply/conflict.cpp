#include "core/apply/conflict.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "core/apply/project_files.h"
#include "core/model/error.h"
#include "core/model/lines.h"
#include "core/model/sha256.h"

namespace pilotpros {

namespace {

/// Indentation and key of "  key: value" or "key = value", up to and including what follows the key; empty for any
/// other line.
std::string key_part(const std::string& line) {
    static constexpr std::string_view kKey = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.\"";
    const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t end = std::min(line.find_first_not_of(kKey, begin), line.size());
    if (end == begin || line[begin] == '-') {
        return {};
    }
    for (const std::string_view mark : {": ", ":\n", " = "}) {
        if (std::string_view{line}.substr(end).starts_with(mark)) {
            return line.substr(0, end + mark.size() - (mark.back() == '\n' ? 1 : 0));
        }
    }
    return {};
}

std::string what_is(const PathImage& now, const PathImage& after) {
    if (now.kind == "absent") {
        return "was removed";
    }
    if (now.kind != after.kind) {
        return fmt::format("is a {} now", now.kind == "directory" ? "folder" : now.kind);
    }
    return now.kind == "symlink" ? "leads elsewhere now" : "was changed";
}

/// No name that is_leftover() takes for a killed writer's: what it finds is removed.
Path free_name(const Path& path, const PathImage& theirs, const Files& disk) {
    for (int number = 1;; ++number) {
        Path name = number == 1 ? path.string() + ".pilotpros-kept"
                                : fmt::format("{}-{}.pilotpros-kept", path.string(), number);
        const PathImage there = image_of(name, disk);
        if (there.kind == "absent" || (there.kind == theirs.kind && there.content == theirs.content)) {
            return name;
        }
    }
}

}  // namespace

std::string without_values(const std::string& theirs, const std::string& ours) {
    std::set<std::string> lines;
    std::set<std::string> keys;
    for (const std::string& line : lines_with_ends(ours)) {
        lines.insert(line);
        keys.insert(key_part(line));
    }
    keys.erase("");
    std::string shown;
    for (const std::string& line : lines_with_ends(theirs)) {
        const std::string key = key_part(line);
        if (lines.contains(line) || line.find_first_not_of(" \n") == std::string::npos || keys.contains(key)) {
            shown += line;
            continue;
        }
        const std::size_t indent = line.find_first_not_of(' ');
        const bool value = key.empty() || line.find_first_not_of(" \n", key.size()) != std::string::npos;
        shown += key.empty() ? std::string(indent, ' ') : key;
        shown += value ? "(not shown)" : "";
        shown += line.ends_with('\n') ? "\n" : "";
    }
    return shown;
}

std::vector<Conflict> conflicts_of(const std::vector<PathRecord>& paths, const Path& directory, const Files& disk) {
    std::vector<Conflict> conflicts;
    for (const std::string& path : changed_since(paths, disk)) {
        const auto record =
            std::find_if(paths.begin(), paths.end(), [&](const PathRecord& one) { return one.path == path; });
        const PathImage now = image_of(path, disk);
        Conflict conflict{path, what_is(now, record->after), std::nullopt, ""};
        if (!record->written.empty()) {
            conflict.ours = disk.read(directory / record->written);
        }
        if (conflict.ours && sha256_hex(*conflict.ours) != record->after.content) {
            conflict.ours.reset();
        }
        if (conflict.ours && now.kind == "file") {
            conflict.theirs = without_values(disk.read(path).value_or(""), *conflict.ours);
        }
        conflicts.push_back(std::move(conflict));
    }
    return conflicts;
}

std::vector<std::string> keep_theirs(const std::vector<std::string>& paths, Files& disk) {
    for (const std::string& path : paths) {
        if (image_of(path, disk).kind == "directory") {
            throw Error(ExitCode::kRefused, fmt::format("{} is a folder now: --force does not decide about that", path),
                        "move it away, and run docker pilotpros rollback again");
        }
    }
    std::vector<std::string> kept;
    for (const std::string& path : paths) {
        const PathImage theirs = image_of(path, disk);
        if (theirs.kind == "absent") {
            continue;
        }
        const Path name = free_name(path, theirs, disk);
        if (theirs.kind == "symlink") {
            disk.write_link(name, theirs.content);
        } else {
            disk.write_durably(name, disk.read(path).value_or(""), theirs.mode);
        }
        kept.push_back(name.string());
    }
    return kept;
}

void refuse_changed(const std::vector<std::string>& changed) {
    if (!changed.empty()) {
        throw Error(ExitCode::kRefused, fmt::format("{} changed since we wrote it", fmt::join(changed, ", ")),
                    "take your change back, or docker pilotpros rollback --force, which keeps your version beside it");
    }
}

void keep_changed(const std::vector<std::string>& changed, Files& disk, std::vector<std::string>& said) {
    for (const std::string& kept : keep_theirs(changed, disk)) {
        said.push_back(fmt::format("your version is kept: {}", kept));
    }
}

}  // namespace pilotpros

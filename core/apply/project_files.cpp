#include "core/apply/project_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/model/error.h"
#include "core/model/sha256.h"

namespace pilotpros {

namespace {

constexpr unsigned kFolderMode = 0755;
constexpr unsigned kFileMode = 0644;

void refuse_at(const Path& path, const std::string& what) {
    throw Error(ExitCode::kRefused, fmt::format("{} is {}, where a file of ours has to go", path.string(), what),
                "move it away, and try again");
}

void add(std::vector<PathRecord>& records, const Path& path, PathImage after, const Files& disk) {
    PathImage before = image_of(path, disk);
    const bool known = std::any_of(records.begin(), records.end(),
                                   [&](const PathRecord& record) { return record.path == path.string(); });
    if (known || before == after || (before.kind == "directory" && after.kind == "directory")) {
        return;
    }
    if (before.kind != "absent" && before.kind != after.kind) {
        refuse_at(path, "a " + before.kind);
    }
    records.push_back({path.string(), std::move(before), std::move(after), "", ""});
}

/// With which mode a file from before goes back: its own, but for one to which the user gave another since we wrote it.
/// That is known as well once the old content stands there again, so that doing it twice is doing it once.
unsigned mode_to_restore(const PathRecord& record, const PathImage& now) {
    const bool content_is_known =
        now.kind == "file" && (now.content == record.after.content || now.content == record.before.content);
    return content_is_known && now.mode != record.after.mode ? now.mode : record.before.mode;
}

}  // namespace

std::vector<PathRecord> paths_to_write(const std::vector<BundleFile>& files, const Route& route, const Files& disk) {
    std::vector<PathRecord> records;
    const Path folder = route.folder / kOurFolder;
    for (const BundleFile& file : files) {
        const Path path = folder / file.path;
        std::vector<Path> parents;
        for (Path parent = path.parent_path(); parent != route.folder && parent != parent.root_path();
             parent = parent.parent_path()) {
            parents.insert(parents.begin(), parent);
        }
        for (const Path& parent : parents) {
            add(records, parent, {"directory", kFolderMode, ""}, disk);
        }
        add(records, path, {"file", kFileMode, sha256_hex(file.content)}, disk);
    }
    if (route.kind == Route::Kind::kLink) {
        const std::string target = route.ours.lexically_relative(route.link.parent_path()).string();
        const PathImage before = image_of(route.link, disk);
        if (before.kind == "symlink" && before.content != target) {
            refuse_at(route.link, "a symlink to " + before.content);
        }
        add(records, route.link, {"symlink", 0, target}, disk);
    }
    return records;
}

void keep_bytes(std::vector<PathRecord>& paths, const Path& directory, Files& disk) {
    int number = 0;
    for (PathRecord& record : paths) {
        if (record.before.kind != "file") {
            continue;
        }
        record.kept = fmt::format("file-{}", ++number);
        const std::string bytes = disk.read(record.path).value_or("");
        record.before.content = sha256_hex(bytes);
        disk.write_durably(directory / record.kept, bytes, 0600);
    }
}

void keep_written(std::vector<PathRecord>& paths, const std::map<std::string, std::string>& contents,
                  const Path& directory, Files& disk) {
    int number = 0;
    for (PathRecord& record : paths) {
        if (const auto content = contents.find(record.path); content != contents.end()) {
            record.written = fmt::format("written-{}", ++number);
            disk.write_durably(directory / record.written, content->second, 0600);
        }
    }
}

std::map<std::string, std::string> contents_by_path(const std::vector<BundleFile>& files, const Route& route) {
    std::map<std::string, std::string> contents;
    for (const BundleFile& file : files) {
        contents[(route.folder / kOurFolder / file.path).string()] = file.content;
    }
    return contents;
}

void refuse_changed_just_now(const std::vector<PathRecord>& paths, const Files& disk) {
    for (const PathRecord& record : paths) {
        if (!(image_of(record.path, disk) == record.before)) {
            throw Error(ExitCode::kRefused, fmt::format("{} was changed just now", record.path),
                        "run the command again: what it shows has to rest on what is there now");
        }
    }
}

void write_paths(const std::vector<PathRecord>& paths, const std::map<std::string, std::string>& contents,
                 Files& disk) {
    for (const PathRecord& record : paths) {
        if (record.after.kind == "directory") {
            disk.make_directory(record.path, record.after.mode);
        } else if (record.after.kind == "symlink") {
            disk.write_link(record.path, record.after.content);
        } else if (const auto content = contents.find(record.path); content != contents.end()) {
            disk.write_durably(record.path, content->second, record.after.mode);
        } else if (record.after.kind == "absent") {
            disk.remove(record.path);
        }
    }
}

std::vector<std::string> changed_since(const std::vector<PathRecord>& paths, const Files& disk) {
    std::map<std::string, bool> known;  // whether what stands there is of one of the records
    for (const PathRecord& record : paths) {
        PathImage now = image_of(record.path, disk);
        const auto same = [&](const PathImage& image) {
            return now.kind == image.kind && now.content == image.content;
        };
        known[record.path] = known[record.path] || same(record.before) || same(record.after);
    }
    std::vector<std::string> changed;
    for (const auto& [path, is_known] : known) {
        if (!is_known) {
            changed.push_back(path);
        }
    }
    return changed;
}

namespace {

/// Who removed the folder as a whole gets it again with what was in it.
void make_missing_parents(const Path& path, Files& disk) {
    const Path parent = path.parent_path();
    if (parent != path && !disk.exists(parent)) {
        make_missing_parents(parent, disk);
        disk.make_directory(parent, kFolderMode);
    }
}

}  // namespace

void restore_paths(const std::vector<PathRecord>& paths, const Path& directory, Files& disk) {
    // clang 14 cannot compile libstdc++'s reverse_view. NOLINTNEXTLINE(modernize-loop-convert)
    for (auto record = paths.rbegin(); record != paths.rend(); ++record) {
        const Path path{record->path};
        for (const std::string& name : disk.list(path.parent_path())) {
            if (is_leftover(name, path.filename().string())) {
                disk.remove(path.parent_path() / name);
            }
        }
        const PathImage now = image_of(path, disk);
        PathImage before = record->before;
        if (before.kind == "file") {
            before.mode = mode_to_restore(*record, now);
        }
        if (now == before) {
            continue;
        }
        if (record->before.kind == "file" || record->before.kind == "symlink") {
            make_missing_parents(path, disk);
        }
        if (record->before.kind == "file") {
            disk.write_durably(path, disk.read(directory / record->kept).value_or(""), before.mode);
        } else if (record->before.kind == "symlink") {
            disk.write_link(path, record->before.content);
        } else if (record->before.kind == "absent" && (now.kind != "directory" || disk.list(path).empty())) {
            disk.remove(path);
        }
    }
}

}  // namespace pilotpros

#include "core/sys/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "core/model/error.h"
#include "core/sys/descriptor.h"
#include "core/sys/file_lock.h"

namespace pilotpros {

namespace {

// What a temporary file's name adds to the name of the file that it becomes.
constexpr const char* kTemporary = ".pilotpros-tmp-";  // no name that somebody gives a copy of theirs
constexpr const char* kRandom = "XXXXXX";

[[noreturn]] void fail_to_read(const Path& path, const std::string& reason) {
    throw Error(ExitCode::kBadInput, fmt::format("cannot read {}: {}", path.string(), reason),
                "make it a file that you can read");
}

[[noreturn]] void fail(const char* doing, const Path& path, int error) {
    const std::string reason = std::generic_category().message(error);
    std::string hint;
    if (error == ENOSPC || error == EDQUOT) {
        hint = "free some space on that file system and run the same command again";
    } else if (error == EACCES || error == EPERM || error == EROFS) {
        hint = "make it writable for you; what we keep goes elsewhere with XDG_STATE_HOME";
    } else {
        hint = "ls -ld shows what is there; what we keep goes elsewhere with XDG_STATE_HOME";
    }
    throw Error(ExitCode::kRefused, fmt::format("cannot {} {}: {}", doing, path.string(), reason), hint);
}

void write_all(int descriptor, const std::string& bytes, const Path& path) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto count = ::write(descriptor, bytes.data() + done, bytes.size() - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            fail("write", path, count < 0 ? errno : ENOSPC);
        }
        done += static_cast<std::size_t>(count);
    }
}

/// What takes the place of a file of somebody else's stays theirs, as far as the system lets us: a file of the user's
/// that root changes is not root's.
void keep_owner(const Path& path, int descriptor) {
    struct stat old {};
    struct stat fresh {};
    if (lstat(path.c_str(), &old) != 0 || !S_ISREG(old.st_mode) || fstat(descriptor, &fresh) != 0) {
        return;
    }
    const bool theirs = old.st_uid != fresh.st_uid || old.st_gid != fresh.st_gid;
    if (theirs && fchown(descriptor, old.st_uid, old.st_gid) != 0) {
        return;  // it is for root alone to give files away; who may replace the file may do so nevertheless
    }
}

/// What was done to the names in the directory that holds `path` survives a power cut.
void sync_directory_of(const Path& path) {
    const Path parent = path.has_parent_path() ? path.parent_path() : Path{"."};
    const Descriptor directory{open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.valid() && fsync(directory.get()) != 0 && errno != EINVAL) {
        fail("sync the directory of", path, errno);
    }
}

FileState::Kind kind_of(mode_t mode) {
    return S_ISREG(mode)   ? FileState::Kind::kFile
           : S_ISDIR(mode) ? FileState::Kind::kDirectory
           : S_ISLNK(mode) ? FileState::Kind::kSymlink
                           : FileState::Kind::kOther;
}

}  // namespace

bool is_leftover(const std::string& name, const std::string& file) {
    const std::string begin = file + kTemporary;
    return name.starts_with(begin) && name.size() == begin.size() + std::string{kRandom}.size();
}

std::optional<std::string> DiskFiles::read(const Path& path) const {
    constexpr std::size_t kLongest = 64U << 20U;  // beyond that it is no file of the kinds that we read
    // Not blocking: opening a pipe would wait for its writer, for ever.
    const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (!file.valid()) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return std::nullopt;
        }
        fail_to_read(path, std::generic_category().message(errno));
    }
    struct stat status {};
    if (fstat(file.get(), &status) != 0 || !(S_ISREG(status.st_mode) || S_ISCHR(status.st_mode))) {
        fail_to_read(path, S_ISDIR(status.st_mode)    ? "it is a folder"
                           : S_ISFIFO(status.st_mode) ? "it is a pipe; -f - reads a Compose file from standard input"
                                                      : "it is no regular file");
    }
    std::string content;
    std::array<char, 65536> buffer{};
    for (;;) {
        const auto count = ::read(file.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            fail_to_read(path, std::generic_category().message(errno));
        }
        if (count == 0) {
            return content;
        }
        content.append(buffer.data(), static_cast<std::size_t>(count));
        if (content.size() > kLongest) {
            fail_to_read(path, "it is longer than 64 MiB");
        }
    }
}

bool DiskFiles::exists(const Path& path) const {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

bool DiskFiles::is_directory(const Path& path) const {
    std::error_code ignored;
    return std::filesystem::is_directory(path, ignored);
}

std::vector<std::string> DiskFiles::list(const Path& directory) const {
    std::error_code error;
    std::vector<std::string> names;
    for (std::filesystem::directory_iterator entry{directory, error}, end; !error && entry != end;
         entry.increment(error)) {
        names.push_back(entry->path().filename().string());
    }
    if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory) {
        fail("list", directory, error.value());
    }
    std::sort(names.begin(), names.end());
    return names;
}

Path DiskFiles::canonical(const Path& path) const {
    std::error_code error;
    Path resolved = std::filesystem::weakly_canonical(path, error);
    return error ? path.lexically_normal() : resolved;
}

void DiskFiles::write_durably(const Path& path, const std::string& bytes, unsigned mode) {
    std::string name = path.string() + kTemporary + kRandom;
    Descriptor file{mkostemp(name.data(), O_CLOEXEC)};
    if (!file.valid()) {
        fail("create a file beside", path, errno);
    }
    try {
        write_all(file.get(), bytes, path);
        keep_owner(path, file.get());
        if (fchmod(file.get(), static_cast<mode_t>(mode)) != 0 || fsync(file.get()) != 0) {
            fail("write", path, errno);
        }
        if (rename(name.c_str(), path.c_str()) != 0) {
            fail("replace", path, errno);
        }
    } catch (...) {
        unlink(name.c_str());
        throw;
    }
    sync_directory_of(path);
}

FileState DiskFiles::state(const Path& path) const {
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return {};
        }
        fail_to_read(path, std::generic_category().message(errno));
    }
    const FileState::Kind kind = kind_of(status.st_mode);
    return {kind, kind == FileState::Kind::kSymlink ? 0U : status.st_mode & 07777U};
}

std::optional<Path> DiskFiles::read_link(const Path& path) const {
    std::error_code error;
    Path target = std::filesystem::read_symlink(path, error);
    return error ? std::nullopt : std::optional{std::move(target)};
}

void DiskFiles::write_link(const Path& path, const Path& target) {
    // A symlink cannot be made under a name of the system's choosing, so the name is tried until it is free.
    std::string name;
    for (int attempt = 0;; ++attempt) {
        name = fmt::format("{}{}{:06x}", path.string(), kTemporary, (getpid() + attempt) & 0xffffff);
        if (symlink(target.c_str(), name.c_str()) == 0) {
            break;
        }
        if (errno != EEXIST || attempt == 100) {
            fail("make a link beside", path, errno);
        }
    }
    if (rename(name.c_str(), path.c_str()) != 0) {
        const int error = errno;
        unlink(name.c_str());
        fail("replace", path, error);
    }
    sync_directory_of(path);
}

void DiskFiles::make_directory(const Path& directory, unsigned mode) {
    if (mkdir(directory.c_str(), static_cast<mode_t>(mode)) != 0) {
        if (errno == EEXIST && is_directory(directory)) {
            return;
        }
        fail("make the directory", directory, errno);
    }
    if (chmod(directory.c_str(), static_cast<mode_t>(mode)) != 0) {
        fail("set the mode of", directory, errno);
    }
    sync_directory_of(directory);
}

void DiskFiles::remove_tree(const Path& directory) {
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    if (error) {
        fail("remove", directory, error.value());
    }
    sync_directory_of(directory);
}

FileLock DiskFiles::lock_with_children(const Path& file, std::chrono::milliseconds at_most) {
    return {file, at_most, FileLock::Children::kHoldItToo};
}

void DiskFiles::make_private_directory(const Path& directory) {
    if (is_directory(directory)) {
        return;
    }
    if (directory.has_parent_path() && directory.parent_path() != directory) {
        make_private_directory(directory.parent_path());
    }
    if (mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
        fail("make the directory", directory, errno);
    }
    sync_directory_of(directory);  // or a power cut takes it, with all that was synced in it
}

void DiskFiles::remove(const Path& path) {
    std::error_code error;
    const bool was_there = std::filesystem::remove(path, error);
    if (error) {
        fail("remove", path, error.value());
    }
    if (was_there) {
        sync_directory_of(path);
    }
}

std::optional<std::string> MemoryFiles::read(const Path& path) const {
    const auto found = contents.find(canonical(path));
    return found == contents.end() ? std::nullopt : std::optional{found->second};
}

bool MemoryFiles::exists(const Path& path) const { return contents.contains(canonical(path)) || is_directory(path); }

bool MemoryFiles::is_directory(const Path& path) const {
    const std::string prefix = (path.lexically_normal() / "").string();
    return std::any_of(contents.begin(), contents.end(),
                       [&](const auto& entry) { return entry.first.string().starts_with(prefix); });
}

std::vector<std::string> MemoryFiles::list(const Path& directory) const {
    const std::string prefix = (directory.lexically_normal() / "").string();
    std::vector<std::string> names;
    const auto add = [&](const Path& path) {
        const std::string text = path.string();
        if (text.starts_with(prefix) && text.size() > prefix.size()) {
            names.push_back(text.substr(prefix.size(), text.find('/', prefix.size()) - prefix.size()));
        }
    };
    for (const auto& [path, content] : contents) {
        add(path);
    }
    for (const auto& [path, target] : links) {
        add(path);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

Path MemoryFiles::canonical(const Path& path) const {
    const auto link = links.find(path.lexically_normal());
    return link == links.end() ? path.lexically_normal() : (path.parent_path() / link->second).lexically_normal();
}

void MemoryFiles::write_durably(const Path& path, const std::string& bytes, unsigned mode) {
    links.erase(path.lexically_normal());
    contents[path.lexically_normal()] = bytes;
    modes[path.lexically_normal()] = mode;
}

void MemoryFiles::make_private_directory(const Path& directory) { contents[directory.lexically_normal() / ""]; }

FileState MemoryFiles::state(const Path& path) const {
    const Path normal = path.lexically_normal();
    if (links.contains(normal)) {
        return {FileState::Kind::kSymlink, 0};
    }
    const auto mode = modes.find(normal);
    if (contents.contains(normal)) {
        return {FileState::Kind::kFile, mode == modes.end() ? 0644U : mode->second};
    }
    if (is_directory(normal)) {
        return {FileState::Kind::kDirectory, mode == modes.end() ? 0755U : mode->second};
    }
    return {};
}

std::optional<Path> MemoryFiles::read_link(const Path& path) const {
    const auto link = links.find(path.lexically_normal());
    return link == links.end() ? std::nullopt : std::optional{link->second};
}

void MemoryFiles::write_link(const Path& path, const Path& target) {
    remove(path);
    links[path.lexically_normal()] = target;
}

void MemoryFiles::make_directory(const Path& directory, unsigned mode) {
    if (!is_directory(directory)) {
        contents[directory.lexically_normal() / ""];
        modes[directory.lexically_normal()] = mode;
    }
}

void MemoryFiles::remove(const Path& path) {
    const Path normal = path.lexically_normal();
    if (is_directory(normal) && !list(normal).empty()) {
        fail("remove", path, ENOTEMPTY);
    }
    contents.erase(normal);
    contents.erase(normal / "");
    links.erase(normal);
    modes.erase(normal);
}

void MemoryFiles::remove_tree(const Path& directory) {
    const std::string prefix = (directory.lexically_normal() / "").string();
    const auto below = [&](const auto& entry) { return entry.first.string().starts_with(prefix); };
    std::erase_if(contents, below);
    std::erase_if(links, below);
    std::erase_if(modes, below);
    modes.erase(directory.lexically_normal());
}

FileLock MemoryFiles::lock_with_children(const Path& /*file*/, std::chrono::milliseconds /*at_most*/) { return {}; }

}  // namespace pilotpros

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

namespace pilotpros {

namespace {

[[noreturn]] void fail_to_read(const Path& path, const std::string& reason) {
    throw Error(ExitCode::kBadInput, fmt::format("cannot read {}: {}", path.string(), reason),
                "make it a file that you can read");
}

[[noreturn]] void fail(const char* doing, const Path& path, int error) {
    const std::string reason = std::generic_category().message(error);
    std::string hint;
    if (error == ENOSPC || error == EDQUOT) {
        hint = "free some space on that file system and run the same command again; nothing was changed";
    } else if (error == EACCES || error == EPERM || error == EROFS) {
        hint = "make it writable for you, or name another place with XDG_STATE_HOME";
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

}  // namespace

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
        fail_to_read(path, S_ISDIR(status.st_mode) ? "it is a folder" : "it is no regular file");
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
    std::string name = path.string() + ".XXXXXX";
    Descriptor file{mkostemp(name.data(), O_CLOEXEC)};
    if (!file.valid()) {
        fail("create a file beside", path, errno);
    }
    try {
        write_all(file.get(), bytes, path);
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
    const Descriptor directory{open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.valid() && fsync(directory.get()) != 0 && errno != EINVAL) {
        fail("sync the directory of", path, errno);
    }
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
}

void DiskFiles::remove(const Path& path) {
    std::error_code error;
    std::filesystem::remove(path, error);
    if (error) {
        fail("remove", path, error.value());
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
    for (const auto& [path, content] : contents) {
        const std::string text = path.string();
        if (text.starts_with(prefix) && text.size() > prefix.size()) {
            const std::string name = text.substr(prefix.size(), text.find('/', prefix.size()) - prefix.size());
            if (names.empty() || names.back() != name) {
                names.push_back(name);
            }
        }
    }
    return names;
}

Path MemoryFiles::canonical(const Path& path) const {
    const auto link = links.find(path.lexically_normal());
    return link == links.end() ? path.lexically_normal() : (path.parent_path() / link->second).lexically_normal();
}

void MemoryFiles::write_durably(const Path& path, const std::string& bytes, unsigned mode) {
    contents[path.lexically_normal()] = bytes;
    modes[path.lexically_normal()] = mode;
}

void MemoryFiles::make_private_directory(const Path& directory) { contents[directory.lexically_normal() / ""]; }

void MemoryFiles::remove(const Path& path) { contents.erase(path.lexically_normal()); }

}  // namespace pilotpros

#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pilotpros {

using Path = std::filesystem::path;

class FileLock;

/// What stands at a path, itself: a symlink is a symlink.
struct FileState {
    enum class Kind { kAbsent, kFile, kDirectory, kSymlink, kOther };
    Kind kind = Kind::kAbsent;
    unsigned mode = 0;  ///< permission bits; 0 for a symlink and for what is absent
    friend bool operator==(const FileState&, const FileState&) = default;
};

/// The file system, as far as we touch it. Every failure but "it is not there" throws Error, with the path and the
/// system's reason.
class Files {
  public:
    Files() = default;
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    Files(Files&&) = delete;
    Files& operator=(Files&&) = delete;
    virtual ~Files() = default;

    /// The whole content; nothing when there is no such file.
    [[nodiscard]] virtual std::optional<std::string> read(const Path& path) const = 0;
    [[nodiscard]] virtual bool exists(const Path& path) const = 0;
    [[nodiscard]] virtual bool is_directory(const Path& path) const = 0;
    /// Names in a directory, sorted; empty when there is no such directory.
    [[nodiscard]] virtual std::vector<std::string> list(const Path& directory) const = 0;
    /// All symlinks resolved, as far as the path exists.
    [[nodiscard]] virtual Path canonical(const Path& path) const = 0;
    [[nodiscard]] virtual FileState state(const Path& path) const = 0;
    /// Where a symlink leads, as it is written; nothing when it is none.
    [[nodiscard]] virtual std::optional<Path> read_link(const Path& path) const = 0;
    /// Replaces a file as one step that survives a power cut: temporary file beside it, fsync, rename, fsync of the
    /// directory. A process that is killed meanwhile leaves that temporary file, see is_leftover().
    virtual void write_durably(const Path& path, const std::string& bytes, unsigned mode) = 0;
    /// Makes a directory and its missing parents, each with mode 0700.
    virtual void make_private_directory(const Path& directory) = 0;
    /// Makes a symlink, or replaces the one of that name, as one step that survives a power cut.
    virtual void write_link(const Path& path, const Path& target) = 0;
    /// Makes one directory with this very mode, whatever the umask; no error when it is there.
    virtual void make_directory(const Path& directory, unsigned mode) = 0;
    /// Removes a file, a symlink or an empty directory; no error when it is not there. Survives a power cut.
    virtual void remove(const Path& path) = 0;
    /// Removes a directory with all that is in it; symlinks are not followed.
    virtual void remove_tree(const Path& directory) = 0;
    /// A lock on that file which our children hold, too: a child that outlives us keeps it. Throws as FileLock does.
    [[nodiscard]] virtual FileLock lock_with_children(const Path& file, std::chrono::milliseconds at_most) = 0;
};

/// Whether a name is that of the temporary file that a killed writer of `file` left beside it.
bool is_leftover(const std::string& name, const std::string& file);

/// The real one.
class DiskFiles final : public Files {
  public:
    [[nodiscard]] std::optional<std::string> read(const Path& path) const override;
    [[nodiscard]] bool exists(const Path& path) const override;
    [[nodiscard]] bool is_directory(const Path& path) const override;
    [[nodiscard]] std::vector<std::string> list(const Path& directory) const override;
    [[nodiscard]] Path canonical(const Path& path) const override;
    [[nodiscard]] FileState state(const Path& path) const override;
    [[nodiscard]] std::optional<Path> read_link(const Path& path) const override;
    void write_durably(const Path& path, const std::string& bytes, unsigned mode) override;
    void make_private_directory(const Path& directory) override;
    void write_link(const Path& path, const Path& target) override;
    void make_directory(const Path& directory, unsigned mode) override;
    void remove(const Path& path) override;
    void remove_tree(const Path& directory) override;
    [[nodiscard]] FileLock lock_with_children(const Path& file, std::chrono::milliseconds at_most) override;
};

/// A disk in memory, for tests: paths to contents. A path that ends in '/' is a directory; parents exist by themselves.
class MemoryFiles : public Files {
  public:
    [[nodiscard]] std::optional<std::string> read(const Path& path) const override;
    [[nodiscard]] bool exists(const Path& path) const override;
    [[nodiscard]] bool is_directory(const Path& path) const override;
    [[nodiscard]] std::vector<std::string> list(const Path& directory) const override;
    [[nodiscard]] Path canonical(const Path& path) const override;
    [[nodiscard]] FileState state(const Path& path) const override;
    [[nodiscard]] std::optional<Path> read_link(const Path& path) const override;
    void write_durably(const Path& path, const std::string& bytes, unsigned mode) override;
    void make_private_directory(const Path& directory) override;
    void write_link(const Path& path, const Path& target) override;
    void make_directory(const Path& directory, unsigned mode) override;
    void remove(const Path& path) override;
    void remove_tree(const Path& directory) override;
    [[nodiscard]] FileLock lock_with_children(const Path& file, std::chrono::milliseconds at_most) override;

    std::map<Path, std::string> contents;
    std::map<Path, Path> links;  ///< symlinks of files: where, to what
    std::map<Path, unsigned> modes;
};

}  // namespace pilotpros

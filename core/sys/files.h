#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pilotpros {

using Path = std::filesystem::path;

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
    /// Replaces a file as one step that survives a power cut: temporary file beside it, fsync, rename, fsync of the
    /// directory.
    virtual void write_durably(const Path& path, const std::string& bytes, unsigned mode) = 0;
    /// Makes a directory and its missing parents, each with mode 0700.
    virtual void make_private_directory(const Path& directory) = 0;
    /// Removes a file or an empty directory; no error when it is not there.
    virtual void remove(const Path& path) = 0;
};

/// The real one.
class DiskFiles final : public Files {
  public:
    [[nodiscard]] std::optional<std::string> read(const Path& path) const override;
    [[nodiscard]] bool exists(const Path& path) const override;
    [[nodiscard]] bool is_directory(const Path& path) const override;
    [[nodiscard]] std::vector<std::string> list(const Path& directory) const override;
    [[nodiscard]] Path canonical(const Path& path) const override;
    void write_durably(const Path& path, const std::string& bytes, unsigned mode) override;
    void make_private_directory(const Path& directory) override;
    void remove(const Path& path) override;
};

/// A disk in memory, for tests: paths to contents. A path that ends in '/' is a directory; parents exist by themselves.
class MemoryFiles final : public Files {
  public:
    [[nodiscard]] std::optional<std::string> read(const Path& path) const override;
    [[nodiscard]] bool exists(const Path& path) const override;
    [[nodiscard]] bool is_directory(const Path& path) const override;
    [[nodiscard]] std::vector<std::string> list(const Path& directory) const override;
    [[nodiscard]] Path canonical(const Path& path) const override;
    void write_durably(const Path& path, const std::string& bytes, unsigned mode) override;
    void make_private_directory(const Path& directory) override;
    void remove(const Path& path) override;

    std::map<Path, std::string> contents;
    std::map<Path, Path> links;  ///< symlinks of files: where, to what
    std::map<Path, unsigned> modes;
};

}  // namespace pilotpros

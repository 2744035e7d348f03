#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pilotpros {

/// A file for a container.
struct TarFile {
    std::string path;  ///< absolute or relative to the archive's root; its parts are made
    std::string content;
    unsigned mode = 0644;  ///< permission bits
    unsigned uid = 0, gid = 0;
};

/// A ustar archive of these files, in directories of 0755 that are root's, all without a date: the same files give the
/// same bytes. `kept`: directories whose mode and owner must stay as the image has them; they get no entry. Throws
/// Error when a path is too long for the format (255). Source: POSIX.1-2017, pax, "ustar Interchange Format".
std::string tar_of(const std::vector<TarFile>& files,
                   const std::vector<std::string>& kept = {"etc", "var", "tmp", "usr", "opt", "home", "root"});

/// The first regular file of an archive, by the name that it has there; nothing when there is none, or half of one.
std::optional<TarFile> first_file_of(const std::string& archive);

}  // namespace pilotpros

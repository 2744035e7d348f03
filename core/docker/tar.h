#pragma once

#include <string>
#include <vector>

namespace pilotpros {

/// A file for a container.
struct TarFile {
    std::string path;  ///< absolute or relative to the archive's root; its parts are made
    std::string content;
};

/// A ustar archive of these files, 0644, in directories of 0755, all of root and without a date: the same files give
/// the same bytes. `kept`: directories whose mode and owner must stay as the image has them; they get no entry. Throws
/// Error when a path is too long for the format (255). Source: POSIX.1-2017, pax, "ustar Interchange Format".
std::string tar_of(const std::vector<TarFile>& files,
                   const std::vector<std::string>& kept = {"etc", "var", "tmp", "usr", "opt", "home", "root"});

}  // namespace pilotpros

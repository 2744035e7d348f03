#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace pilotpros {

/// Where the directory of PostgreSQL's configuration is mounted in the container.
inline constexpr const char* kPostgresDirectory = "/etc/pilotpros/postgres";

/// A generated file, below the project's `.pilotpros/`.
struct BundleFile {
    std::string path;  ///< relative, e.g. "compose.yaml", "postgres/db/postgresql.conf"
    std::string content;
    friend bool operator==(const BundleFile&, const BundleFile&) = default;
};

/// A generated value that hides one the user has elsewhere. When what it hides changes, every command says so first.
struct Mask {
    std::string service;
    std::string path;  ///< e.g. "command", "environment.NODE_OPTIONS", "healthcheck.test"
    std::string hash;  ///< SHA-256 of the hidden value's JSON as the user's files resolve it, or as the image has it
    bool of_image = false;  ///< the image has it, the files do not
    friend bool operator==(const Mask&, const Mask&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Mask, service, path, hash, of_image)

/// The files that a Plan becomes. A pure function of Plan, Project and the images.
struct Bundle {
    std::vector<BundleFile> files;  ///< by path; empty when the Plan has no Changes
    std::vector<Mask> masks;

    [[nodiscard]] const BundleFile* file(const std::string& path) const {
        for (const BundleFile& one : files) {
            if (one.path == path) {
                return &one;
            }
        }
        return nullptr;
    }
};

}  // namespace pilotpros

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/lint/rule.h"
#include "core/model/dollars.h"

namespace pilotpros::linting {

/// The documents of a YAML text as JSON: every scalar a text but null, aliases and `<<` followed, tags dropped
/// (`!reset` gives null). One null when it is no YAML, is larger than 4 MiB, or grows beyond all reason when its
/// aliases are followed. Of a folded text (`>`) a line that begins with # keeps its break.
std::vector<Json> read_yaml(const std::string& yaml);

/// The files that a model takes in by `include`, as written; what holds a ${…} is left out.
std::vector<std::string> included_by(const Json& model);

/// What a service takes from another one by `extends`.
struct Extended {
    std::string service;
    std::string file;  ///< as written; empty: the same one
};
/// Nothing where it extends none, or where a ${…} would have to say which.
std::optional<Extended> extended_by(const Json& service);

/// One entry of a service's `volumes`.
struct WrittenMount {
    enum class Kind { kVolume, kBind, kTmpfs, kUnknown };
    Kind kind = Kind::kUnknown;
    std::string source;                ///< as written; empty: none, e.g. an anonymous volume
    std::string target;                ///< as Compose writes it: no slash at its end, none twice, no ".."
    std::vector<std::string> options;  ///< of the short form; the long form's `consistency` likewise
    bool computed = false;             ///< source or target hold a ${…}
};

/// The mounts of a service, in the short and the long form; what is neither is left out.
std::vector<WrittenMount> mounts_of(const Json& service);

/// "c:/path": what Compose takes for a path of Windows, also where a volume with such a name was meant.
bool is_windows_path(const std::string& target);

/// What `tmpfs` of a service lies on, written like a mount's target.
std::vector<std::string> tmpfs_targets(const Json& service);

/// With the default of each `${NAME:-default}` and `${NAME-default}` in its place, in all texts of a value: what it is
/// where NAME is not set. What has no default stays as it is.
Json with_defaults(Json value);

/// A service of a model, or null.
const Json& written_service(const Json& model, const std::string& name);

/// The last part of a path, for output.
std::string file_name(const std::string& path);

}  // namespace pilotpros::linting

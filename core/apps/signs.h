#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/apps/application.h"
#include "core/apps/programs.h"

namespace pilotpros::apps {

/// By what one application is recognised.
struct Signs {
    std::string name;                                ///< for the evidence, e.g. "postgres"
    std::function<bool(const Program&)> is_program;  ///< of a process, a command or an entrypoint
    std::vector<std::string> image_environment;      ///< names that its images set, e.g. PG_MAJOR
    std::vector<std::string> user_environment;  ///< beginnings of names that users set for it; clients may, too: weak
    std::vector<int> ports;
    std::vector<std::string> images;  ///< last part of an image's name, e.g. "postgres": weak
};

/// Weighs what there is. Independent signs add up as 1 - (1 - a)(1 - b)…: a process 0.95, the command 0.8, the image's
/// own command 0.6, its environment 0.5, its name 0.5, a port 0.2, names that the user sets 0.15. Where the processes
/// are known and none fits, only the command still counts in full: an image of PostgreSQL that runs a backup script is
/// no server. Pure.
std::optional<Recognition> weigh(const Signs& signs, const Evidence& evidence);

}  // namespace pilotpros::apps

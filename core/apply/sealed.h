#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/sys/files.h"

namespace pilotpros {

/// JSON with its version and the hash of its content, so that damage is found before anything rests on it.
std::string seal(const nlohmann::json& content);

/// What was sealed. Throws Error (kRefused) that names the file when it is damaged or of a later version: never a
/// guess.
nlohmann::json unseal(const std::string& text, const Path& file);

}  // namespace pilotpros

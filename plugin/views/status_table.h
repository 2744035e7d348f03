#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apply/status.h"

namespace pilotpros {

std::string history_as_table(const std::vector<HistoryEntry>& history, int width);
std::string status_as_table(const ProjectStatus& status, int width);
nlohmann::json status_as_json(const ProjectStatus& status);

}  // namespace pilotpros

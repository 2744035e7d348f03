#include "core/model/yaml_key.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <nlohmann/json.hpp>

namespace pilotpros {

std::string yaml_key(const std::string& key) {
    const bool plain = !key.empty() && std::isalpha(static_cast<unsigned char>(key.front())) != 0 &&
                       std::all_of(key.begin(), key.end(),
                                   [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
    static const char* const kWords[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
    std::string lower = key;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const bool word = std::any_of(std::begin(kWords), std::end(kWords), [&](const char* one) { return lower == one; });
    // JSON's quoting is YAML's double quoting.
    return plain && !word ? key : nlohmann::json(key).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace pilotpros

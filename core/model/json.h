#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace pilotpros {

// Reading of JSON that may be of any version, or nonsense: what is missing or of another type gives the fallback, never
// an exception.

/// The member, or a JSON null when there is none.
inline const nlohmann::json& member(const nlohmann::json& object, const char* key) {
    static const nlohmann::json kNull;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() ? *found : kNull;
}

inline std::string text(const nlohmann::json& object, const char* key) {
    const auto& value = member(object, key);
    return value.is_string() ? value.get<std::string>() : std::string{};
}

/// A string's own content, every other value as JSON writes it.
inline std::string as_text(const nlohmann::json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
}

inline std::int64_t integer(const nlohmann::json& object, const char* key) {
    const auto& value = member(object, key);
    return value.is_number() ? value.get<std::int64_t>() : 0;
}

inline bool flag(const nlohmann::json& object, const char* key) {
    const auto& value = member(object, key);
    return value.is_boolean() && value.get<bool>();
}

inline std::vector<std::string> texts(const nlohmann::json& object, const char* key) {
    std::vector<std::string> result;
    for (const auto& value : member(object, key)) {
        if (value.is_string()) {
            result.push_back(value.get<std::string>());
        }
    }
    return result;
}

/// Keys of an object member, sorted.
inline std::vector<std::string> keys(const nlohmann::json& object, const char* key) {
    std::vector<std::string> result;
    const auto& value = member(object, key);
    if (value.is_object()) {
        for (const auto& [name, ignored] : value.items()) {
            result.push_back(name);
        }
    }
    return result;
}

}  // namespace pilotpros

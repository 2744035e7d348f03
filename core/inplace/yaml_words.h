#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/change.h"

namespace pilotpros {

/// What is wanted at one place of a service: Changes, or further places below it.
struct WantedPlace {
    std::map<std::string, WantedPlace> below;
    std::vector<const Change*> changes;  ///< several only where Compose adds lists up

    [[nodiscard]] bool is_list() const { return !changes.empty() && changes.front()->after.is_array(); }
};
WantedPlace wanted_places(const std::vector<const Change*>& changes);

/// How a file writes what is to be added to it.
struct YamlStyle {
    std::string line_break = "\n";
    std::size_t step = 2;       ///< by how much a mapping is further in than its key
    std::size_t list_step = 2;  ///< likewise a list
    bool json = false;          ///< keys and texts in double quotes
};

/// The texts that a Change puts into the file, as Compose has to read them: each $ doubled unless it is the user's own.
std::vector<std::string> file_texts(const Change& change);

/// A text or number as YAML: plain where nobody could read it otherwise and `plain` allows it, else in double quotes.
std::string yaml_scalar(const nlohmann::json& value, bool as_written, bool plain);
std::string yaml_key(const std::string& key, bool json);

/// All in one line: a scalar, or [a, b]; of several places `a: 1, b: {c: 2}` without the outer braces.
std::string in_one_line(const WantedPlace& place, const YamlStyle& style, bool plain);
std::vector<std::string> entries_in_one_line(const WantedPlace& place, const YamlStyle& style);

/// Lines of their own, `column` blanks in, each with the line break before it.
std::string in_lines(const WantedPlace& place, const YamlStyle& style, std::size_t column);

/// The ${…} and $NAME of a text, as they are written.
std::vector<std::string> variables_in(const std::string& text);

}  // namespace pilotpros

#pragma once

#include <string>
#include <vector>

#include "core/inplace/yaml_ranges.h"
#include "core/inplace/yaml_words.h"

namespace pilotpros {

/// Why a change inside of the node would be one elsewhere, too: it is a reference, or others refer to it. Empty: it
/// would not.
std::string why_shared(const YamlText& text, const YamlNode& node, const std::string& way);

/// What a key of a mapping gets by `<<`; null: nothing.
const YamlNode* merged_value(const YamlText& text, const YamlNode& mapping, const std::string& key);

/// The ${…} and $NAME in all texts of a node; of a reference those that it refers to.
std::vector<std::string> variables_of(const YamlText& text, const YamlNode& node);

/// How far in the file's own mappings and lists are.
YamlStyle style_of(const YamlText& text);

/// Whether Compose adds what is wanted there to what is there, instead of taking its place.
bool adds_to_list(const WantedPlace& wanted);

}  // namespace pilotpros

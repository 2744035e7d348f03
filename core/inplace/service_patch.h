#pragma once

#include <string>
#include <vector>

#include "core/inplace/byte_edit.h"
#include "core/inplace/yaml_ranges.h"
#include "core/inplace/yaml_words.h"

namespace pilotpros {

/// The edits that give one service of a file its values, or why that cannot be done without changing anything else.
struct ServicePatch {
    std::vector<ByteEdit> edits;
    std::vector<std::string> refusals;  ///< a line each; with any of them the edits mean nothing
};

/// Whether a file has the service, and whether it has a say at that place of it: a value, or a tag on the way to it,
/// such as `healthcheck: !reset null`, which rules what earlier files say there.
bool has_service(const YamlText& text, const std::string& service);
bool has_place(const YamlText& text, const std::string& service, const std::vector<std::string>& path);

/// What an override with these values would make of the service, as edits of the file that has it. A value that others
/// take up (an anchor, an alias, what `<<` brings along) is refused, and so is one that a variable gives. Pure.
ServicePatch patch_service(const YamlText& text, const std::string& service, const WantedPlace& wanted);

}  // namespace pilotpros

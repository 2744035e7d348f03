#pragma once

#include <string>
#include <vector>

#include "core/inplace/byte_edit.h"
#include "core/inplace/yaml_ranges.h"
#include "core/inplace/yaml_words.h"

namespace pilotpros {

/// A list of a file becomes the one that is wanted, item by item, so that what is the same stays untouched; with
/// `adds` what is wanted and not there yet is added. Why not, where it cannot be done, goes into `refusals`.
void patch_list(const YamlText& text, const YamlNode& list, const std::string& way, const WantedPlace& wanted,
                bool adds, std::vector<ByteEdit>& edits, std::vector<std::string>& refusals);

/// Items, as they are to be written, at the end of a list.
void append_to_list(const YamlText& text, const YamlNode& list, const std::string& way,
                    const std::vector<std::string>& fresh, std::vector<ByteEdit>& edits,
                    std::vector<std::string>& refusals);

/// Entries behind the last one of a list or mapping in brackets, which ends at `end` and begins at `last`; in lines of
/// their own where that one has one.
void add_after(const YamlText& text, std::size_t end, std::size_t last, const std::vector<std::string>& entries,
               std::vector<ByteEdit>& edits);

}  // namespace pilotpros

#pragma once

#include <string>
#include <vector>

#include "core/apps/n8n/facts.h"

namespace pilotpros::apps::n8n {

/// Whether this version's configuration reads the name, or NAME_FILE of a name that it reads.
bool is_configured(const Facts& facts, const std::string& name);

/// What somebody meant by a name that this version does not read.
struct Meant {
    std::vector<std::string> names;  ///< that this version reads; the likeliest first; empty: nothing like it
    std::string note;                ///< what became of it, or what to know when it is renamed; may be empty
    bool dangerous = false;          ///< something that the user believes to be protected is not
};

/// From a small table of known mistakes, each right name checked against this version, else the nearest names: same
/// words in another order or number, or at most two letters apart. Pure.
Meant meant_by(const std::string& name, const Facts& facts);

/// One line of the recipe for n8n: 19 lines, 15 names. By 1.123.0 seven lines, five
/// names, are not read, two more say what is the default anyway, and one stops node.
struct RecipeLine {
    std::string name, value;
};
const std::vector<RecipeLine>& recipe_lines();

/// What this version does with such a line: "is not read …", "is the default", or what it changes.
std::string effect_of(const RecipeLine& line, const Facts& facts);

}  // namespace pilotpros::apps::n8n

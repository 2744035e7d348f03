#pragma once

#include <string>
#include <vector>

namespace pilotpros::apps::node {

/// Options that decide the size of V8's heap, apart from all others.
struct Options {
    std::vector<std::string> heap;   ///< "--name=value" with a checked, numeric value: safe to show and to hand on
    std::vector<std::string> names;  ///< of the others, values dropped
};

/// NODE_OPTIONS as Node splits it: at blanks, double quotes and backslashes as in its documentation.
std::vector<std::string> split_node_options(const std::string& text);

/// Sorts options; words that are none (values of the one before) are dropped. `--max_old_space_size` is read as
/// `--max-old-space-size`.
Options read_options(const std::vector<std::string>& words);

}  // namespace pilotpros::apps::node

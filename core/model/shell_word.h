#pragma once

#include <string>

namespace pilotpros {

/// The word in single quotes, as every shell takes it back letter by letter. Pure.
/// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html#tag_18_02_02
std::string single_quoted(const std::string& word);

}  // namespace pilotpros

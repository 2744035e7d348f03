#pragma once

#include <cstddef>
#include <string_view>

namespace pilotpros {

/// A character and how many bytes it takes; length 0 where the bytes are not UTF-8.
struct CodePoint {
    char32_t value = 0;
    std::size_t length = 0;
};

/// The one that begins at text[at], which has to be there.
CodePoint read_code_point(std::string_view text, std::size_t at);

}  // namespace pilotpros

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/advise/probe_words.h"

namespace pilotpros {

/// Where the ${…} that begins here ends, or npos.
std::size_t end_of_braces(const std::string& text, std::size_t at);

/// Letters, digits and a few marks, and variables; not long, not many digits: a name, not a key.
bool is_plain_word(const std::string& text, std::string_view marks, int most_digits = 5);

/// The address in a probe's word; nothing when it is none.
std::optional<ProbeUrl> read_probe_url(const std::string& raw, std::size_t index);

/// Whether it can be shown: no part of it looks like a key, and there is no user in it.
bool is_public_url(const ProbeUrl& url);

}  // namespace pilotpros

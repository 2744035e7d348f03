#pragma once

#include <string>

#include "core/model/error.h"

namespace pilotpros {

/// What to do about an error: its own hint, or where whoever threw it knew none, what helps with every error of its
/// kind. Never empty.
std::string what_next(const Error& error);

}  // namespace pilotpros

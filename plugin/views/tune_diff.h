#pragma once

#include <map>
#include <string>

#include "core/model/bundle.h"

namespace pilotpros {

/// What would change below `.pilotpros/`, as `diff -u` says it and `patch -p1` in the project's folder takes it.
/// `present` holds the files that lie there now, by their path below it. Empty when nothing would change.
std::string bundle_as_diff(const Bundle& bundle, const std::map<std::string, std::string>& present);

}  // namespace pilotpros

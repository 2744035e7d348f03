#pragma once

#include <functional>
#include <string>

#include "core/model/advice.h"

namespace pilotpros {

/// Whether an advisor has a word on a service: it is asked, and nobody excludes it there. The name "x-pilotpros" stands
/// for what the user alone says.
using Speaks = std::function<bool(const std::string& service, const std::string& advisor)>;

/// Brings what all advisors said under the user's pins and bounds: a value stays within its bounds, a pin that nobody
/// wrote is written where Compose has a place for it, one that cannot be read is told, and a pin with ${…} goes into
/// the file as the user wrote it. A key that is none and is spelled nearly as one that an advisor who is asked hears is
/// told, too: a setting of a program's own is spelled like none of them. What then changes nothing is left alone.
/// Advisors that others follow (memory, the heap, PostgreSQL's settings) hear their wishes themselves.
Advice within_wishes(const Case& input, Advice advice, const Speaks& speaks);

}  // namespace pilotpros

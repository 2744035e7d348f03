#pragma once

#include "core/model/advice.h"

namespace pilotpros {

/// Rotation of logs that grow without bound: json-file keeps everything unless max-size is set (local rotates by
/// itself: five files of 20 MB). Three files that hold at least a day of what was written while it was measured, each
/// of 10, 30 or at most 100 MiB; where nothing was measured 10 MiB, which is a day of 350 bytes a second. What was
/// written before stands while it holds seven tenths of a day and is no more than ten times too large. A driver of
/// another kind, rotation that the user or the daemon's configuration set, and the user's own options stay. Source:
/// https://docs.docker.com/engine/logging/drivers/json-file/
Advice advise_logging(const Case& input);

}  // namespace pilotpros

#pragma once

#include "core/model/advice.h"

namespace pilotpros {

/// Rotation of logs that grow without bound: json-file keeps everything unless max-size is set (local rotates by
/// itself: five files of 20 MB). Nothing measures the log's rate, so the size is the stated default of 10 MiB in three
/// files: what `docker logs` shows of a day at 350 bytes a second. A driver of another kind, rotation that the user or
/// the daemon's configuration set, and the user's own options stay. Source:
/// https://docs.docker.com/engine/logging/drivers/json-file/
Advice advise_logging(const Case& input);

}  // namespace pilotpros

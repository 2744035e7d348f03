#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace pilotpros::apps::python {

/// What a Python service says of itself.
struct Facts {
    std::string version;     ///< e.g. "3.11.2"
    std::string executable;  ///< of the server's process, as it was started
    std::string server;      ///< "gunicorn", "uvicorn", "celery" …; "plain" for a script or module of the user's own
    int configured_workers = 0;  ///< by the command line; 0: not said
    int worker_processes = 0;    ///< Python processes below the first one
    bool reload = false;         ///< the server watches its source: a development server
    bool from_files = false;     ///< nothing ran: by files and image
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Facts, version, executable, server, configured_workers,
                                                worker_processes, reload, from_files)

std::vector<std::string> describe(const Facts& facts);

}  // namespace pilotpros::apps::python

#include <unistd.h>

#include <cstring>

#include "plugin/run.h"
#include "plugin/version.h"

// docker runs every plugin with this word at each `docker --help` and twice at each completion, and waits: the answer
// is one write, before anything is constructed that takes time.
static constexpr char kMetadata[] =
    "{\"SchemaVersion\":\"0.1.0\",\"Vendor\":\"docker pilotpros\",\"Version\":\"" PILOTPROS_VERSION
    "\",\"ShortDescription\":\"Make a Compose stack fast, bounded and safe, and prove it\"}\n";

int main(int argc, char** argv) {
    if (argc == 2 && std::strcmp(argv[1], "docker-cli-plugin-metadata") == 0) {
        return write(STDOUT_FILENO, kMetadata, sizeof kMetadata - 1) == static_cast<ssize_t>(sizeof kMetadata - 1) ? 0
                                                                                                                   : 70;
    }
    return pilotpros::run(argc, argv);
}

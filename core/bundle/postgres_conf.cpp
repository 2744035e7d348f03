#include "core/bundle/postgres_conf.h"

namespace pilotpros {

std::vector<BundleFile> postgres_files(const std::string& /*service*/, const std::vector<Change>& /*changes*/) {
    return {};
}

std::string postgres_quoted(const std::string& value) { return value; }

}  // namespace pilotpros

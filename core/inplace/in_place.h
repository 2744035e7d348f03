#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/inplace/byte_edit.h"
#include "core/model/plan.h"

namespace pilotpros {

/// A Compose file that the user wrote.
struct ProjectFile {
    std::string path, bytes;
};

/// A service that cannot get its values in the files, and why.
struct InPlaceRefusal {
    std::string service, why;
};

struct InPlaceEdits {
    std::map<std::string, std::vector<ByteEdit>> edits;  ///< by path, in order
    std::vector<InPlaceRefusal> refusals;                ///< with any of them nothing is to be written
};

/// What the Plan's override would say, as edits of the project's own files (in merge order): each value in the last
/// file that has it, else in the last one that has the service. Pure.
InPlaceEdits edits_in_place(const std::vector<ProjectFile>& files, const Plan& plan);

/// Each edit in a line: where, and what comes to stand there.
std::vector<std::string> described(const ProjectFile& file, const std::vector<ByteEdit>& edits);

}  // namespace pilotpros

#include "core/sys/scratch_directory.h"

#include <utility>

namespace pilotpros {

ScratchDirectory::ScratchDirectory(Files& files, Path path) : files_(files), path_(std::move(path)) {
    files_.make_private_directory(path_);
}

ScratchDirectory::~ScratchDirectory() {
    try {
        files_.remove_tree(path_);
    } catch (...) {  // NOLINT(bugprone-empty-catch): the private directory keeps what is left to itself
    }
}

}  // namespace pilotpros

#include "core/sys/lock_holders.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>

namespace pilotpros {

namespace {

std::string content_of(const Path& file) {
    std::ifstream input{file};
    return {std::istreambuf_iterator<char>{input}, {}};
}

/// Whether the process holds it by one of its descriptors: of an open file /proc tells the locks that were taken
/// through it, whoever took them (proc(5), fdinfo).
bool holds(const Path& process, const struct stat& wanted) {
    std::error_code error;
    const std::filesystem::directory_iterator descriptors{process / "fd", error};
    return std::any_of(begin(descriptors), end(descriptors), [&](const auto& descriptor) {
        struct stat found {};
        return stat(descriptor.path().c_str(), &found) == 0 && found.st_ino == wanted.st_ino &&
               found.st_dev == wanted.st_dev &&
               content_of(process / "fdinfo" / descriptor.path().filename()).find("FLOCK") != std::string::npos;
    });
}

}  // namespace

std::vector<std::string> lock_holders(const Path& file) {
    std::vector<std::string> holders;
    struct stat wanted {};
    if (stat(file.c_str(), &wanted) != 0) {
        return holders;
    }
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc", error}) {
        const std::string number = entry.path().filename();
        if (number.find_first_not_of("0123456789") == std::string::npos && holds(entry.path(), wanted)) {
            std::string name = content_of(entry.path() / "comm");
            std::erase(name, '\n');
            holders.push_back(fmt::format("{} (process {})", name, number));
        }
    }
    return holders;
}

}  // namespace pilotpros

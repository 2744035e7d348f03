#include "core/sys/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <thread>

#include "core/sys/lock_holders.h"

namespace pilotpros {

namespace {

Descriptor open_lock(const Path& file, FileLock::Children children) {
    const int inherited = children == FileLock::Children::kHoldItToo ? 0 : O_CLOEXEC;
    Descriptor opened{open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | inherited, S_IRUSR | S_IWUSR)};
    if (!opened.valid()) {
        throw Error(ExitCode::kRefused,
                    fmt::format("cannot open the lock {}: {}", file.string(), std::generic_category().message(errno)),
                    "make room there, or let it be written to");
    }
    return opened;
}

/// Whether the open file is still the one of that name: its holder may have removed it while we waited.
bool still_named(const Descriptor& opened, const Path& file) {
    struct stat mine {};
    struct stat named {};
    return fstat(opened.get(), &mine) == 0 && lstat(file.c_str(), &named) == 0 && mine.st_ino == named.st_ino &&
           mine.st_dev == named.st_dev;
}

}  // namespace

FileLock::FileLock(const Path& file, std::chrono::milliseconds at_most, Children children) {
    constexpr std::chrono::milliseconds kPause{10};
    const auto end = std::chrono::steady_clock::now() + at_most;
    file_ = open_lock(file, children);
    for (;;) {
        if (flock(file_.get(), LOCK_EX | LOCK_NB) == 0) {
            if (still_named(file_, file)) {
                return;
            }
            file_ = open_lock(file, children);
            continue;
        }
        const int reason = errno;
        if (reason != EWOULDBLOCK && reason != EINTR) {
            throw Error(ExitCode::kRefused,
                        fmt::format("cannot lock {}: {}", file.string(), std::generic_category().message(reason)));
        }
        if (std::chrono::steady_clock::now() >= end) {
            const std::vector<std::string> holders = lock_holders(file);
            throw LockHeld(
                ExitCode::kRefused,
                fmt::format("{} is held by {}", file.string(),
                            holders.empty() ? "another process" : fmt::format("{}", fmt::join(holders, ", "))),
                "wait until it is done, and try again");
        }
        std::this_thread::sleep_for(kPause);
    }
}

}  // namespace pilotpros

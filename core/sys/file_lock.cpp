#include "core/sys/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <thread>

#include "core/model/error.h"

namespace pilotpros {

FileLock::FileLock(const Path& file, std::chrono::milliseconds at_most) {
    file_ = Descriptor{open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR)};
    if (!file_.valid()) {
        throw Error(ExitCode::kRefused,
                    fmt::format("cannot open the lock {}: {}", file.string(), std::generic_category().message(errno)));
    }
    constexpr std::chrono::milliseconds kPause{10};
    const auto end = std::chrono::steady_clock::now() + at_most;
    while (flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
        const int reason = errno;
        if (reason != EWOULDBLOCK && reason != EINTR) {
            throw Error(ExitCode::kRefused,
                        fmt::format("cannot lock {}: {}", file.string(), std::generic_category().message(reason)));
        }
        if (std::chrono::steady_clock::now() >= end) {
            throw Error(ExitCode::kRefused, fmt::format("{} is held by another process", file.string()),
                        "wait until it is done, and try again");
        }
        std::this_thread::sleep_for(kPause);
    }
}

}  // namespace pilotpros

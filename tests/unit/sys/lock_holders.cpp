#include "core/sys/lock_holders.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <memory>
#include <string>

#include "core/sys/descriptor.h"
#include "core/sys/file_lock.h"

using namespace pilotpros;
using namespace std::chrono_literals;

namespace {

/// A file to lock, until the end of the test.
class Lockable {
  public:
    Lockable() { close(mkstemp(name_.data())); }
    Lockable(const Lockable&) = delete;
    Lockable& operator=(const Lockable&) = delete;
    Lockable(Lockable&&) = delete;
    Lockable& operator=(Lockable&&) = delete;
    ~Lockable() { unlink(name_.c_str()); }
    [[nodiscard]] Path path() const { return name_; }

  private:
    std::string name_ = "/tmp/pilotpros-lock-XXXXXX";
};

/// A child that inherits what is open; it ends, and is waited for, with this object.
class Waiting {
  public:
    Waiting() {
        REQUIRE(pipe(ends_.data()) == 0);
        process_ = fork();
        if (process_ == 0) {
            close(ends_[1]);
            char byte = 0;
            _exit(read(ends_[0], &byte, 1) == 0 ? 0 : 1);
        }
        close(ends_[0]);
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    Waiting(Waiting&&) = delete;
    Waiting& operator=(Waiting&&) = delete;
    ~Waiting() {
        close(ends_[1]);
        waitpid(process_, nullptr, 0);
    }
    [[nodiscard]] std::string number() const { return fmt::format("(process {})", process_); }

  private:
    std::array<int, 2> ends_{};
    pid_t process_ = 0;
};

}  // namespace

TEST_CASE("who holds a lock is told by name and number") {
    const Lockable file;
    CHECK(lock_holders(file.path()).empty());
    CHECK(lock_holders("/nowhere/lock").empty());
    const FileLock held{file.path(), 0ms};
    REQUIRE(lock_holders(file.path()).size() == 1);
    CHECK(lock_holders(file.path()).front().find(fmt::format("(process {})", getpid())) != std::string::npos);
    CHECK_THROWS_WITH(FileLock(file.path(), 0ms), Catch::Contains(fmt::format("(process {})", getpid())));
}

TEST_CASE("a child that outlives who took the lock is told in its place") {
    const Lockable file;
    auto taken = std::make_unique<FileLock>(file.path(), 0ms, FileLock::Children::kHoldItToo);
    const Waiting orphan;
    CHECK(lock_holders(file.path()).size() == 2);
    taken.reset();
    REQUIRE(lock_holders(file.path()).size() == 1);
    CHECK_THROWS_WITH(FileLock(file.path(), 0ms), Catch::Contains("is held by ") && Catch::Contains(orphan.number()));
}

TEST_CASE("planted: who has the file open and no lock on it holds nothing") {
    const Lockable file;
    const Descriptor opened{open(file.path().c_str(), O_RDWR | O_CLOEXEC)};
    REQUIRE(opened.valid());
    CHECK(lock_holders(file.path()).empty());
    CHECK_NOTHROW(FileLock(file.path(), 0ms));
}

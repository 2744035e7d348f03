#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/sys/cancel.h"
#include "core/sys/descriptor.h"
#include "core/sys/files.h"

namespace pilotpros {

/// A program to run and the bounds it runs in.
struct Command {
    std::vector<std::string> argv;                     ///< argv[0] is looked up in PATH
    std::map<std::string, std::string> set_variables;  ///< added to, or replacing, our own environment
    Path working_directory;                            ///< ours when empty
    std::string input;                                 ///< becomes standard input; /dev/null when empty
    std::chrono::milliseconds timeout{30'000};         ///< then the whole process group is killed
    std::uint64_t memory_limit = 0;         ///< bytes of data segment a process may have (RLIMIT_DATA); 0: no bound
    std::size_t output_limit = 64U << 20U;  ///< bytes of standard output and of standard error that are kept
};

/// How a program ended.
struct Finished {
    int exit_code = -1;      ///< -1 when a signal ended it
    int signal = 0;          ///< the signal, or 0
    bool timed_out = false;  ///< we killed it because its time was over
    bool not_found = false;  ///< argv[0] is no program
    std::string output;
    std::string error;
    [[nodiscard]] bool ok() const { return exit_code == 0; }
};

/// A child that waits for us on a socket of its own; the connection becomes its standard input and output. Ends with
/// this object. Not a socket pair: libcurl 7.88 connects every socket, also one that it was told is connected (mended
/// in 8.0).
class ConnectedChild {
  public:
    ConnectedChild(pid_t pid, std::string address) : pid_(pid), address_(std::move(address)) {}
    ConnectedChild(const ConnectedChild&) = delete;
    ConnectedChild& operator=(const ConnectedChild&) = delete;
    ConnectedChild(ConnectedChild&& other) noexcept
        : pid_(std::exchange(other.pid_, -1)), address_(std::move(other.address_)) {}
    ConnectedChild& operator=(ConnectedChild&& other) noexcept {
        std::swap(pid_, other.pid_);
        std::swap(address_, other.address_);
        return *this;
    }
    ~ConnectedChild();

    /// Where it waits: sun_path of an abstract address, its first byte zero. It accepts this process alone, and once.
    [[nodiscard]] const std::string& address() const { return address_; }

  private:
    pid_t pid_;
    std::string address_;
};

/// Other programs. Never a shell: argument vectors only. A child dies with us, also when we are killed; what it started
/// itself ends as it sees fit.
class Process {
  public:
    Process() = default;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    Process(Process&&) = delete;
    Process& operator=(Process&&) = delete;
    virtual ~Process() = default;

    /// Programs on their way. Ending this object ends them.
    class Started {
      public:
        Started() = default;
        Started(const Started&) = delete;
        Started& operator=(const Started&) = delete;
        Started(Started&&) = delete;
        Started& operator=(Started&&) = delete;
        virtual ~Started() = default;
        /// Waits for all, once. A request to stop kills them and throws Interrupted.
        virtual std::vector<Finished> finish(const Cancel& cancel) = 0;
    };

    /// Starts all at once; they run while we do something else. What they write is read in finish(), from where on
    /// their timeouts count: a pipe holds 64 KiB of it until then.
    virtual std::unique_ptr<Started> begin(const std::vector<Command>& commands);
    /// Runs all at once and waits for all. A request to stop kills them and throws Interrupted.
    virtual std::vector<Finished> run_all(const std::vector<Command>& commands, const Cancel& cancel) = 0;
    /// Starts a program whose standard input and output are the connection that we make to it.
    virtual ConnectedChild connect(const std::vector<std::string>& argv) = 0;

    Finished run(const Command& command, const Cancel& cancel) { return run_all({command}, cancel).front(); }
};

/// The real one.
class SystemProcess final : public Process {
  public:
    std::unique_ptr<Started> begin(const std::vector<Command>& commands) override;
    std::vector<Finished> run_all(const std::vector<Command>& commands, const Cancel& cancel) override;
    ConnectedChild connect(const std::vector<std::string>& argv) override;
};

}  // namespace pilotpros

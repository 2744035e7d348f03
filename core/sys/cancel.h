#pragma once

#include <string>
#include <vector>

namespace pilotpros {

/// Whether the user wants us to stop: SIGINT, SIGTERM, SIGHUP, or the end of the Docker CLI's socket (the CLI forwards
/// signals that way when its standard output is not a terminal, and it also ends when the CLI was killed).
class Cancel {
  public:
    /// Never asked to stop. For tests and for pure callers.
    Cancel() = default;

    /// Installs the signal handlers and connects to the CLI's socket, if `cli_socket` (the value of
    /// DOCKER_CLI_PLUGIN_SOCKET) names one. A socket that cannot be reached is ignored, as the CLI itself expects. One
    /// instance a process.
    static Cancel install(const std::string& cli_socket);

    Cancel(const Cancel&) = delete;
    Cancel& operator=(const Cancel&) = delete;
    Cancel(Cancel&& other) noexcept;
    Cancel& operator=(Cancel&& other) noexcept;
    ~Cancel();

    /// True from the first request until `acknowledge()`, and again from a further one.
    [[nodiscard]] bool requested() const;
    /// From here on the work that closes a run goes through; a further request interrupts that, too.
    void acknowledge();
    /// Throws Interrupted when requested.
    void check() const;
    /// Descriptors that become readable on a request; to be polled for reading.
    [[nodiscard]] const std::vector<int>& descriptors() const { return descriptors_; }

  private:
    void drain() const;

    std::vector<int> descriptors_;
    int socket_ = -1;
    mutable int requests_ = 0;
    int acknowledged_ = 0;
};

}  // namespace pilotpros

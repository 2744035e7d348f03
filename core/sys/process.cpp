#include "core/sys/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <deque>
#include <memory>
#include <system_error>

#include "core/model/error.h"
#include "core/sys/environment.h"

namespace pilotpros {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr const char* kTooMany = "end other programs, or raise what ulimit -n and ulimit -u show";

struct Pipe {
    Descriptor read;
    Descriptor write;
};

Pipe make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw Error(ExitCode::kInternal, "cannot make a pipe: " + std::generic_category().message(errno), kTooMany);
    }
    return {Descriptor{ends[0]}, Descriptor{ends[1]}};
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    result.reserve(strings.size() + 1);
    for (std::string& text : strings) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

struct ChildSetup {
    int input = -1;
    int output = -1;
    int error = -1;
    int listener = -1;  ///< input and output are what is accepted here, from our own process
    const char* directory = nullptr;
    std::uint64_t memory_limit = 0;
    bool own_group = true;
};

/// The first connection that comes from this process: others can find an abstract address, too.
int accept_from(int listener, pid_t process) {
    while (true) {
        const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) {
            return -1;
        }
        ucred peer{};
        socklen_t size = sizeof peer;
        if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == process) {
            return connection;
        }
        close(connection);
    }
}

/// Forks and executes. Only functions that are safe between fork and exec run in the child.
pid_t start(std::vector<std::string> argv, std::vector<std::string> environment, const ChildSetup& setup) {
    std::vector<char*> arguments = pointers(argv);
    std::vector<char*> variables = pointers(environment);
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child < 0) {
        throw Error(ExitCode::kInternal, "cannot start a process: " + std::generic_category().message(errno), kTooMany);
    }
    if (child > 0) {
        if (setup.own_group) {
            setpgid(child, child);  // in both, so that whoever comes first has done it
        }
        return child;
    }
    if (setup.own_group) {
        setpgid(0, 0);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(127);  // the parent died before the line above
    }
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
        ::signal(signal, SIG_DFL);
    }
    if (setup.memory_limit > 0) {
        const rlimit limit{setup.memory_limit, setup.memory_limit};
        setrlimit(RLIMIT_DATA, &limit);
    }
    if (setup.directory != nullptr && chdir(setup.directory) != 0) {
        _exit(127);
    }
    int input = setup.input;
    int output = setup.output;
    if (setup.listener >= 0) {
        input = output = accept_from(setup.listener, parent);
        if (input < 0) {
            _exit(127);
        }
    }
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    if (setup.error >= 0) {
        dup2(setup.error, STDERR_FILENO);
    }
    execvpe(arguments.front(), arguments.data(), variables.data());
    _exit(errno == ENOENT ? 127 : 126);
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& set_variables) {
    std::map<std::string, std::string> variables = Environment::of_process().variables;
    for (const auto& [name, value] : set_variables) {
        variables[name] = value;
    }
    std::vector<std::string> result;
    result.reserve(variables.size());
    for (const auto& [name, value] : variables) {
        result.push_back(fmt::format("{}={}", name, value));
    }
    return result;
}

/// One running command: its pipes, what came out so far, when its time is over.
class Running {
  public:
    explicit Running(const Command& command) : command_(command), deadline_(SteadyClock::now() + command.timeout) {
        Pipe input = make_pipe();
        Pipe output = make_pipe();
        Pipe error = make_pipe();
        const Descriptor nothing{open("/dev/null", O_RDONLY | O_CLOEXEC)};
        ChildSetup setup;
        setup.input = command.input.empty() ? nothing.get() : input.read.get();
        setup.output = output.write.get();
        setup.error = error.write.get();
        setup.directory = command.working_directory.empty() ? nullptr : command.working_directory.c_str();
        setup.memory_limit = command.memory_limit;
        pid_ = start(command.argv, environment_with(command.set_variables), setup);
        output_ = std::move(output.read);
        error_ = std::move(error.read);
        if (!command.input.empty()) {
            input_ = std::move(input.write);
            fcntl(input_.get(), F_SETFL, O_NONBLOCK);
        }
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    Running(Running&&) = delete;
    Running& operator=(Running&&) = delete;
    ~Running() {
        if (pid_ > 0) {
            kill_group();
            waitpid(pid_, nullptr, 0);
        }
    }

    [[nodiscard]] bool open_pipes() const { return output_.valid() || error_.valid(); }
    [[nodiscard]] SteadyClock::time_point deadline() const { return deadline_; }
    /// Nobody looked at it until now.
    void count_from_now() { deadline_ = SteadyClock::now() + command_.timeout; }

    void add_to(std::vector<pollfd>& polled) const {
        for (const auto& [descriptor, events] :
             {std::pair{output_.get(), POLLIN}, std::pair{error_.get(), POLLIN}, std::pair{input_.get(), POLLOUT}}) {
            if (descriptor >= 0) {
                polled.push_back({descriptor, static_cast<short>(events), 0});
            }
        }
    }

    void react(const pollfd& event) {
        if (event.revents == 0) {
            return;
        }
        if (event.fd == output_.get()) {
            take(output_, result_.output);
        } else if (event.fd == error_.get()) {
            take(error_, result_.error);
        } else if (event.fd == input_.get()) {
            give();
        }
    }

    void expire() {
        result_.timed_out = true;
        kill_group();
        output_.reset();
        error_.reset();
    }

    Finished finish(const Cancel& cancel) {
        int status = 0;
        input_.reset();
        const auto limit = std::max(deadline_, SteadyClock::now() + std::chrono::milliseconds{100});
        while (waitpid(pid_, &status, WNOHANG) == 0) {
            cancel.check();
            // It closed its output but lives on: give it the rest of its time.
            if (SteadyClock::now() > limit) {
                result_.timed_out = true;
                kill_group();
                waitpid(pid_, &status, 0);
                break;
            }
            poll(nullptr, 0, 1);
        }
        pid_ = -1;
        if (WIFEXITED(status)) {
            result_.exit_code = WEXITSTATUS(status);
            result_.not_found = result_.exit_code == 127 && result_.output.empty() && result_.error.empty();
        } else {
            result_.signal = WTERMSIG(status);
        }
        return std::move(result_);
    }

  private:
    void kill_group() const { kill(-pid_, SIGKILL); }

    void take(Descriptor& from, std::string& into) const {
        std::array<char, 65536> buffer{};
        const auto count = read(from.get(), buffer.data(), buffer.size());
        if (count > 0) {
            into.append(buffer.data(), std::min(static_cast<std::size_t>(count),
                                                command_.output_limit - std::min(command_.output_limit, into.size())));
        } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
            from.reset();
        }
    }

    void give() {
        const auto count = write(input_.get(), command_.input.data() + given_, command_.input.size() - given_);
        if (count > 0) {
            given_ += static_cast<std::size_t>(count);
        }
        if (given_ == command_.input.size() || (count < 0 && errno != EINTR && errno != EAGAIN)) {
            input_.reset();
        }
    }

    Command command_;
    SteadyClock::time_point deadline_;
    pid_t pid_ = -1;
    Descriptor input_, output_, error_;
    std::size_t given_ = 0;
    Finished result_;
};

void pump(std::deque<Running>& running, const Cancel& cancel) {
    for (;;) {
        std::vector<pollfd> polled;
        auto next = SteadyClock::time_point::max();
        for (const Running& one : running) {
            if (one.open_pipes()) {
                one.add_to(polled);
                next = std::min(next, one.deadline());
            }
        }
        if (polled.empty()) {
            return;
        }
        for (const int descriptor : cancel.descriptors()) {
            polled.push_back({descriptor, POLLIN, 0});
        }
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - SteadyClock::now()).count();
        poll(polled.data(), polled.size(), static_cast<int>(std::clamp<std::int64_t>(wait, 0, 60'000)));
        cancel.check();
        for (Running& one : running) {
            for (const pollfd& event : polled) {
                one.react(event);
            }
            if (one.open_pipes() && SteadyClock::now() >= one.deadline()) {
                one.expire();
            }
        }
    }
}

class StartedOnes final : public Process::Started {
  public:
    explicit StartedOnes(const std::vector<Command>& commands) {
        for (const Command& command : commands) {
            running_.emplace_back(command);
        }
    }
    std::vector<Finished> finish(const Cancel& cancel) override {
        for (Running& one : running_) {
            one.count_from_now();
        }
        pump(running_, cancel);
        std::vector<Finished> results;
        results.reserve(running_.size());
        for (Running& one : running_) {
            results.push_back(one.finish(cancel));
        }
        return results;
    }

  private:
    std::deque<Running> running_;
};

/// For whoever cannot do two things at once: they run when they are waited for.
class Postponed final : public Process::Started {
  public:
    Postponed(Process& process, std::vector<Command> commands) : process_(process), commands_(std::move(commands)) {}
    std::vector<Finished> finish(const Cancel& cancel) override { return process_.run_all(commands_, cancel); }

  private:
    Process& process_;
    std::vector<Command> commands_;
};

}  // namespace

std::unique_ptr<Process::Started> Process::begin(const std::vector<Command>& commands) {
    return std::make_unique<Postponed>(*this, commands);
}

std::unique_ptr<Process::Started> SystemProcess::begin(const std::vector<Command>& commands) {
    return std::make_unique<StartedOnes>(commands);
}

std::vector<Finished> SystemProcess::run_all(const std::vector<Command>& commands, const Cancel& cancel) {
    return StartedOnes(commands).finish(cancel);
}

ConnectedChild SystemProcess::connect(const std::vector<std::string>& argv) {
    const Descriptor listener{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socklen_t size = sizeof address;
    // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): the socket interface asks for it
    // Bound to nothing but a family, Linux chooses a free abstract name.
    if (!listener.valid() ||
        bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address.sun_family) != 0 ||
        listen(listener.get(), 1) != 0 ||
        getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw Error(ExitCode::kInternal, "cannot make a socket: " + std::generic_category().message(errno), kTooMany);
    }
    // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
    const Descriptor nothing{open("/dev/null", O_WRONLY | O_CLOEXEC)};
    ChildSetup setup;
    setup.listener = listener.get();
    setup.error = nothing.get();
    const pid_t child = start(argv, environment_with({}), setup);
    return {child, std::string{&address.sun_path[0], size - offsetof(sockaddr_un, sun_path)}};
}

ConnectedChild::~ConnectedChild() {
    if (pid_ > 0) {
        kill(-pid_, SIGTERM);
        for (int waited = 0; waitpid(pid_, nullptr, WNOHANG) == 0; ++waited) {
            if (waited == 500) {
                kill(-pid_, SIGKILL);  // ssh on a dead link does not hear the first
            }
            poll(nullptr, 0, 2);
        }
    }
}

}  // namespace pilotpros

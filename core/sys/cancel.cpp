#include "core/sys/cancel.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/model/error.h"

namespace pilotpros {

namespace {

// A signal handler can reach nothing but statics.
volatile std::sig_atomic_t wake_descriptor = -1;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

void on_signal(int /*signal*/) {
    const int saved = errno;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake_descriptor, &one, sizeof one);
    errno = saved;
}

int connect_to_cli(const std::string& name) {
    sockaddr_un address{};
    if (name.empty() || name.size() >= sizeof address.sun_path) {
        return -1;
    }
    address.sun_family = AF_UNIX;
    std::memcpy(&address.sun_path, name.data(), name.size());
    if (name.front() == '@') {
        address.sun_path[0] = '\0';  // Linux's abstract namespace
    }
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return -1;
    }
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket interface asks for it
    if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
        close(descriptor);
        return -1;
    }
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    return descriptor;
}

}  // namespace

Cancel Cancel::install(const std::string& cli_socket) {
    Cancel cancel;
    wake_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    cancel.descriptors_.push_back(int{wake_descriptor});
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        sigaction(signal, &action, nullptr);
    }
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, nullptr);  // a closed pager is an error of a write, not our death in mid-step
    struct sigaction reset {};
    reset.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &reset, nullptr);  // inherited as ignored, it would make every child's exit status unknown
    cancel.socket_ = connect_to_cli(cli_socket);
    if (cancel.socket_ >= 0) {
        cancel.descriptors_.push_back(cancel.socket_);
    }
    return cancel;
}

Cancel::Cancel(Cancel&& other) noexcept
    : descriptors_(std::exchange(other.descriptors_, {})),
      socket_(std::exchange(other.socket_, -1)),
      requests_(other.requests_),
      acknowledged_(other.acknowledged_) {}

Cancel& Cancel::operator=(Cancel&& other) noexcept {
    std::swap(descriptors_, other.descriptors_);
    std::swap(socket_, other.socket_);
    std::swap(requests_, other.requests_);
    std::swap(acknowledged_, other.acknowledged_);
    return *this;
}

Cancel::~Cancel() {
    for (const int descriptor : descriptors_) {
        if (descriptor == wake_descriptor) {
            wake_descriptor = -1;
        }
        close(descriptor);
    }
}

void Cancel::drain() const {
    std::uint64_t count = 0;
    if (!descriptors_.empty() && read(descriptors_.front(), &count, sizeof count) == sizeof count) {
        requests_ += static_cast<int>(std::min<std::uint64_t>(count, 3));
    }
    if (socket_ >= 0) {
        char byte = 0;
        // The CLI never sends a byte: the end of the stream is the message. It stays at its end, so it counts once.
        if (recv(socket_, &byte, 1, MSG_DONTWAIT) == 0 && requests_ == 0) {
            requests_ = 1;
        }
    }
}

bool Cancel::requested() const {
    drain();
    return requests_ > acknowledged_;
}

void Cancel::acknowledge() {
    drain();
    acknowledged_ = requests_;
    if (socket_ >= 0 && descriptors_.size() > 1) {
        // At its end it is readable for ever and would turn every later wait into a busy loop.
        char byte = 0;
        if (recv(socket_, &byte, 1, MSG_DONTWAIT) == 0) {
            close(socket_);
            socket_ = -1;
            descriptors_.pop_back();
        }
    }
}

void Cancel::check() const {
    if (requested()) {
        throw Interrupted();
    }
}

}  // namespace pilotpros

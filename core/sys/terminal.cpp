#include "core/sys/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "core/model/error.h"

namespace pilotpros {

namespace {

/// Returns 0, or the error that stopped it.
int write_whole(int descriptor, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const auto count = write(descriptor, text.data() + done, text.size() - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return errno;
        }
        done += static_cast<std::size_t>(count);
    }
    return 0;
}

winsize window_size() {
    for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
        winsize size{};
        if (isatty(descriptor) == 1 && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
            return size;
        }
    }
    return {};
}

}  // namespace

void StandardTerminal::out(const std::string& text) {
    const int error = write_whole(STDOUT_FILENO, text);
    if (error != 0 && error != EPIPE) {  // a reader that is gone wants no more; a full disk is told
        throw Error(ExitCode::kRefused, "cannot write the result: " + std::generic_category().message(error),
                    "free some space, or send it elsewhere");
    }
}
void StandardTerminal::err(const std::string& text) { write_whole(STDERR_FILENO, text); }
bool StandardTerminal::out_is_terminal() const { return isatty(STDOUT_FILENO) == 1; }
bool StandardTerminal::err_is_terminal() const { return isatty(STDERR_FILENO) == 1; }

int StandardTerminal::width() const {
    const auto size = window_size();
    return size.ws_col > 0 ? size.ws_col
                           : std::atoi(environment_.get("COLUMNS")
                                           .value_or("0")
                                           .c_str());  // NOLINT(cert-err34-c): nonsense means unknown
}

int StandardTerminal::height() const {
    const auto size = window_size();
    return size.ws_row > 0 ? size.ws_row : 24;
}

bool StandardTerminal::err_can_redraw() const {
    return err_is_terminal() && environment_.get("TERM").value_or("dumb") != "dumb";
}

bool StandardTerminal::out_in_colour() const {
    return out_is_terminal() && environment_.get("TERM").value_or("dumb") != "dumb" && !environment_.get("NO_COLOR");
}

}  // namespace pilotpros

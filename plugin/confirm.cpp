#include "plugin/confirm.h"

#include <poll.h>
#include <unistd.h>

#include <vector>

#include "core/model/error.h"

namespace pilotpros {

bool confirm(const std::string& question, Terminal& terminal, const Cancel& cancel) {
    if (isatty(STDIN_FILENO) == 0 || !terminal.err_is_terminal()) {
        throw Error(ExitCode::kRefused, "there is nobody to ask", "look at what is shown, then pass --yes");
    }
    terminal.err(question + " [y/N] ");
    std::string answer;
    while (answer.empty() || answer.back() != '\n') {
        std::vector<pollfd> polled{{STDIN_FILENO, POLLIN, 0}};
        for (const int descriptor : cancel.descriptors()) {
            polled.push_back({descriptor, POLLIN, 0});
        }
        poll(polled.data(), polled.size(), -1);
        cancel.check();
        if (polled.front().revents == 0) {
            continue;
        }
        char letter = 0;
        if (read(STDIN_FILENO, &letter, 1) != 1) {
            break;
        }
        answer += letter;
    }
    return answer == "y\n" || answer == "Y\n" || answer == "yes\n";
}

}  // namespace pilotpros

#include "plugin/views/help_text.h"

#include <algorithm>

#include "plugin/views/text.h"

namespace pilotpros {

namespace {

constexpr int kHelpWidth = 120;      // where nobody says how wide it is
constexpr std::size_t kSaidAt = 30;  // CLI11's column for what is said of an option

/// Where the lines go on that one line of help becomes: below what is said of an option, a command or an example.
int indent_of_help(const std::string& line) {
    const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
    if (line.compare(first, 1, "-") == 0 || first >= kSaidAt) {
        return static_cast<int>(kSaidAt);
    }
    const std::size_t gap = line.find("  ", first);
    return static_cast<int>(gap == std::string::npos ? first : line.find_first_not_of(' ', gap));
}

}  // namespace

std::string help_as_text(const std::string& help, int width) {
    std::string result;
    bool empty = true;
    for (std::size_t at = 0; at < help.size();) {
        const std::size_t end = std::min(help.find('\n', at), help.size());
        const std::string line = help.substr(at, end - at);
        if (!line.empty() || !empty) {
            result += wrap(line, width > 0 ? width : kHelpWidth, indent_of_help(line));
        }
        empty = line.empty();
        at = end + 1;
    }
    return result;
}

}  // namespace pilotpros

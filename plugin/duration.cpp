#include "plugin/duration.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/model/error.h"

namespace pilotpros {

std::chrono::milliseconds duration_option(const std::string& text) {
    double total = 0;
    const char* at = text.data();
    const char* const end = at + text.size();
    bool any = false;
    while (at != end) {
        double number = 0;
        const auto [rest, error] = std::from_chars(at, end, number);
        if (error != std::errc{} || !(number >= 0 && number <= 1e9)) {
            break;
        }
        const std::string unit{rest,
                               std::find_if(rest, end, [](char c) { return (c >= '0' && c <= '9') || c == '.'; })};
        const double factor = unit == "ms"                            ? 0.001
                              : unit == "s" || (unit.empty() && !any) ? 1
                              : unit == "m"                           ? 60
                              : unit == "h"                           ? 3600
                                                                      : -1;
        if (factor < 0) {
            break;
        }
        total += number * factor;
        at = rest + unit.size();
        any = true;
    }
    if (!any || at != end || total > 7.0 * 86400) {
        throw Error(ExitCode::kUsage,
                    fmt::format("\"{}\" is not a duration of at most a week such as 30s, 2m or 1m30s", text));
    }
    return std::chrono::milliseconds{static_cast<std::int64_t>(total * 1000)};
}

}  // namespace pilotpros

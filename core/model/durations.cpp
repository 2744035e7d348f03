#include "core/model/durations.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace pilotpros {

namespace {

/// Of Go's units, as far as anybody uses them; below zero when it is none.
double unit_in_seconds(const std::string& unit) {
    if (unit == "h") {
        return 3600;
    }
    if (unit == "m") {
        return 60;
    }
    if (unit == "s") {
        return 1;
    }
    if (unit == "ms") {
        return 1e-3;
    }
    return unit == "us" ? 1e-6 : unit == "ns" ? 1e-9 : -1;
}

}  // namespace

std::optional<Seconds> parse_duration(const std::string& text) {
    double total = 0;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        double number = 0;
        const auto [rest, error] = std::from_chars(at, end, number, std::chars_format::fixed);
        if (error != std::errc{} || !std::isfinite(number) || number < 0) {
            return std::nullopt;
        }
        const char* const unit_end = std::find_if(rest, end, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
        const double unit = unit_in_seconds({rest, unit_end});
        if (unit < 0) {
            return std::nullopt;
        }
        total += number * unit;
        at = unit_end;
    }
    constexpr double kLongest = 100.0 * 365 * 86'400;
    return text.empty() || total > kLongest ? std::nullopt : std::optional{Seconds{total}};
}

std::string compose_duration(Seconds duration) {
    auto milliseconds = std::llround(duration.count() * 1000);
    if (milliseconds <= 0) {
        return "0s";
    }
    std::string text;
    if (milliseconds >= 3'600'000) {
        text += fmt::format("{}h", milliseconds / 3'600'000);
        milliseconds %= 3'600'000;
    }
    if (milliseconds >= 60'000) {
        text += fmt::format("{}m", milliseconds / 60'000);
        milliseconds %= 60'000;
    }
    if (milliseconds % 1000 == 0) {
        return milliseconds == 0 ? text : text + fmt::format("{}s", milliseconds / 1000);
    }
    if (milliseconds < 1000 && text.empty()) {
        return fmt::format("{}ms", milliseconds);
    }
    return text + fmt::format("{}s{}ms", milliseconds / 1000, milliseconds % 1000);
}

Seconds step_up(Seconds least, const std::vector<double>& steps) {
    const auto found = std::lower_bound(steps.begin(), steps.end(), least.count());
    return Seconds{found == steps.end() ? steps.back() : *found};
}

}  // namespace pilotpros

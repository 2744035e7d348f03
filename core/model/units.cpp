#include "core/model/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <ctime>

namespace pilotpros {

namespace {

/// The number at text[from, from+count), or nothing when it is not all digits.
bool read_digits(const std::string& text, std::size_t from, std::size_t count, int& into) {
    if (from + count > text.size()) {
        return false;
    }
    const char* const begin = text.data() + from;
    const auto [end, error] = std::from_chars(begin, begin + count, into);
    return error == std::errc{} && end == begin + count;
}

}  // namespace

std::string format_bytes(Bytes bytes) {
    constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (std::abs(value) >= 1024.0 && unit + 1 < kUnits.size()) {
        value /= 1024.0;
        ++unit;
    }
    if (unit == 0) {
        return fmt::format("{} B", bytes);
    }
    const int decimals = std::abs(value) >= 100.0 ? 0 : (std::abs(value) >= 10.0 ? 1 : 2);
    return fmt::format("{:.{}f} {}", value, decimals, kUnits.at(unit));
}

std::string format_duration(Seconds duration) {
    const double seconds = duration.count();
    if (seconds < 1.0) {
        return fmt::format("{:.0f} ms", seconds * 1000.0);
    }
    if (seconds < 60.0) {
        return seconds < 10.0 ? fmt::format("{:.1f} s", seconds) : fmt::format("{:.0f} s", seconds);
    }
    const auto whole = std::llround(seconds);
    if (whole < 3600) {
        return fmt::format("{} min {} s", whole / 60, whole % 60);
    }
    if (whole < 86400) {
        return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
    }
    return fmt::format("{} d {} h", whole / 86400, whole % 86400 / 3600);
}

std::string format_time(TimePoint time) {
    const std::time_t seconds =
        std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(time));
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                       parts.tm_hour, parts.tm_min, parts.tm_sec);
}

TimePoint parse_time(const std::string& text) {
    std::tm parts{};
    if (!read_digits(text, 0, 4, parts.tm_year) || !read_digits(text, 5, 2, parts.tm_mon) ||
        !read_digits(text, 8, 2, parts.tm_mday) || !read_digits(text, 11, 2, parts.tm_hour) ||
        !read_digits(text, 14, 2, parts.tm_min) || !read_digits(text, 17, 2, parts.tm_sec) || parts.tm_year < 1970) {
        return {};
    }
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    std::size_t at = 19;
    std::int64_t nanoseconds = 0;
    if (at < text.size() && text[at] == '.') {
        std::int64_t weight = 100'000'000;
        for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, weight /= 10) {
            nanoseconds += weight * (text[at] - '0');
        }
    }
    std::int64_t offset = 0;
    if (at + 5 < text.size() && (text[at] == '+' || text[at] == '-')) {
        int hours = 0;
        int minutes = 0;
        if (!read_digits(text, at + 1, 2, hours) || !read_digits(text, at + 4, 2, minutes)) {
            return {};
        }
        offset = (std::int64_t{hours} * 3600 + std::int64_t{minutes} * 60) * (text[at] == '-' ? -1 : 1);
    }
    return TimePoint{std::chrono::seconds{timegm(&parts) - offset} + std::chrono::nanoseconds{nanoseconds}};
}

}  // namespace pilotpros

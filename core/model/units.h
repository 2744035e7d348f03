#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace pilotpros {

/// Bytes; never negative. Signed, so that differences are ordinary numbers.
using Bytes = std::int64_t;
inline constexpr Bytes kMiB = Bytes{1} << 20U;
using Seconds = std::chrono::duration<double>;
/// Wall clock, UTC, to the nanosecond as the engine gives it.
using TimePoint = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

/// "12.3 MiB", base 1024, three significant digits; "0 B" for zero.
std::string format_bytes(Bytes bytes);
/// "1.5 s", "250 ms", "3 min 20 s", "2 h 5 min".
std::string format_duration(Seconds duration);
/// RFC 3339 in UTC with second precision: "2026-01-31T23:59:59Z".
std::string format_time(TimePoint time);
/// Reads RFC 3339 as the engine writes it (fraction up to nine digits, Z or an offset). The zero time of Go
/// ("0001-01-01T00:00:00Z") and anything unreadable give the epoch.
TimePoint parse_time(const std::string& text);

}  // namespace pilotpros

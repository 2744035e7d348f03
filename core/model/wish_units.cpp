#include "core/model/wish_units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/model/advice.h"
#include "core/model/durations.h"

namespace pilotpros {

namespace {

constexpr auto kWishKeys = std::to_array<WishKey>({
    {"memory", WishUnit::kBytes, "limits"},
    {"memory_swap", WishUnit::kBytes, "limits"},
    {"cpus", WishUnit::kNumber, "limits"},
    {"cpu_shares", WishUnit::kCount, "limits"},
    {"pids", WishUnit::kCount, "limits"},
    {"nofile", WishUnit::kCount, "limits"},
    {"healthcheck.test", WishUnit::kText, "healthcheck"},
    {"healthcheck.interval", WishUnit::kSeconds, "healthcheck", "30s"},
    {"healthcheck.timeout", WishUnit::kSeconds, "healthcheck", "30s"},
    {"healthcheck.start_period", WishUnit::kSeconds, "healthcheck"},
    {"healthcheck.start_interval", WishUnit::kSeconds, "healthcheck"},
    {"healthcheck.retries", WishUnit::kCount, "healthcheck"},
    {"logging.max-size", WishUnit::kBytes, "logging"},
    {"logging.max-file", WishUnit::kCount, "logging"},
    {"heap", WishUnit::kMebibytes, "node"},
    {"pool_size", WishUnit::kCount, "n8n", "2"},
    {"shm_size", WishUnit::kBytes, nullptr, "64m"},
    {"stop_grace_period", WishUnit::kSeconds, nullptr, "10s"},
});

std::optional<double> plain_number(const std::string& text) {
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    const bool whole = error == std::errc{} && rest == end && std::isfinite(number);
    return whole ? std::optional{number} : std::nullopt;
}

std::optional<double> bytes_in(const std::string& text) {
    const auto size = parse_size(text);
    return size ? std::optional{static_cast<double>(*size)} : std::nullopt;
}

std::optional<double> bound_in(const std::map<std::string, std::string>& bounds, const WishKey& key) {
    const auto found = bounds.find(key.key);
    return found == bounds.end() ? std::nullopt : wish_amount(key.unit, found->second);
}

}  // namespace

const WishKey* wish_key(const std::string& key) {
    const auto* const found =
        std::find_if(kWishKeys.begin(), kWishKeys.end(), [&](const WishKey& one) { return key == one.key; });
    return found == kWishKeys.end() ? nullptr : &*found;
}

std::vector<std::string> wish_key_names() {
    std::vector<std::string> names(kWishKeys.size());
    std::transform(kWishKeys.begin(), kWishKeys.end(), names.begin(), [](const WishKey& one) { return one.key; });
    return names;
}

std::optional<double> wish_amount(WishUnit unit, const std::string& text) {
    switch (unit) {
        case WishUnit::kBytes:
            return bytes_in(text);
        case WishUnit::kMebibytes:
            return bytes_in(plain_number(text) ? text + "m" : text);
        case WishUnit::kSeconds: {
            const auto duration = parse_duration(text);
            return duration ? std::optional{duration->count()} : std::nullopt;
        }
        case WishUnit::kNumber:
        case WishUnit::kCount: {
            const auto number = plain_number(text);
            const bool whole = unit == WishUnit::kNumber || (number && std::floor(*number) == *number);
            return number && *number > 0 && *number < 9e15 && whole ? number : std::nullopt;
        }
        case WishUnit::kText:
            break;
    }
    return std::nullopt;
}

std::string wish_text(WishUnit unit, double amount) {
    switch (unit) {
        case WishUnit::kBytes:
        case WishUnit::kMebibytes:
            return compose_size(static_cast<Bytes>(amount));
        case WishUnit::kSeconds:
            return compose_duration(Seconds{amount});
        case WishUnit::kCount:
            return fmt::format("{:.0f}", amount);
        case WishUnit::kNumber:
        case WishUnit::kText:
            break;
    }
    return fmt::format("{}", amount);
}

const char* what_it_takes(WishUnit unit) {
    switch (unit) {
        case WishUnit::kBytes:
            return "a size as Compose reads it, e.g. 512m";
        case WishUnit::kMebibytes:
            return "a size, e.g. 512m, or a number of MiB";
        case WishUnit::kSeconds:
            return "a duration as Compose reads it, e.g. 1m30s";
        case WishUnit::kNumber:
            return "a number above zero";
        case WishUnit::kCount:
            return "a whole number above zero";
        case WishUnit::kText:
            break;
    }
    return "a text, which can be pinned but has no order";
}

std::optional<double> WishBounds::held(double advised, std::optional<double> now) const {
    double value = least ? std::max(advised, *least) : advised;
    value = most ? std::min(value, *most) : value;
    const bool moved = value != advised;
    const bool away = now && (advised > *now ? value <= *now : value >= *now);
    return moved && away ? std::nullopt : std::optional{value};
}

WishBounds bounds_on(const Wish& wish, const std::string& key) {
    const WishKey* const known = wish_key(key);
    if (known == nullptr) {
        return {};
    }
    const WishBounds bounds{bound_in(wish.least, *known), bound_in(wish.most, *known)};
    const bool contradict = bounds.least && bounds.most && *bounds.least > *bounds.most;
    return contradict ? WishBounds{} : bounds;
}

std::string why_bounded(const std::string& without) { return fmt::format("{}; without it {}", kBounded, without); }

std::string why_bounded_away(const WishBounds& bounds, WishUnit unit, const std::string& without) {
    const std::string least = bounds.least ? fmt::format("at least {}", wish_text(unit, *bounds.least)) : "";
    const std::string most = bounds.most ? fmt::format("at most {}", wish_text(unit, *bounds.most)) : "";
    return fmt::format("what is there stays: x-pilotpros allows {}{}{}, and without that {} would be advised", least,
                       least.empty() || most.empty() ? "" : " and ", most, without);
}

}  // namespace pilotpros

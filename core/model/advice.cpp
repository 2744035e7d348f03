#include "core/model/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

#include "core/model/json.h"

namespace pilotpros {

namespace {}  // namespace

void Advice::add(Advice more) {
    std::move(more.changes.begin(), more.changes.end(), std::back_inserter(changes));
    std::move(more.findings.begin(), more.findings.end(), std::back_inserter(findings));
    std::move(more.left_alone.begin(), more.left_alone.end(), std::back_inserter(left_alone));
}

Bytes settle(std::optional<Bytes> before, Bytes now, Bytes floor, double share) {
    const bool stands = before && *before >= floor &&
                        std::abs(static_cast<double>(*before - now)) <= share * static_cast<double>(*before);
    return stands ? *before : now;
}

Bytes round_up(Bytes bytes) {
    const Bytes step = bytes < 256 * kMiB    ? 8 * kMiB
                       : bytes < 1024 * kMiB ? 32 * kMiB
                       : bytes < 4096 * kMiB ? 128 * kMiB
                                             : 512 * kMiB;
    return (bytes + step - 1) / step * step;
}

std::string compose_size(Bytes bytes) {
    return bytes % kMiB == 0 ? fmt::format("{}m", bytes / kMiB) : fmt::format("{}b", bytes);
}

std::optional<Bytes> parse_size(const std::string& text) {
    constexpr std::array<std::pair<char, Bytes>, 4> kUnits{
        {{'k', Bytes{1} << 10U}, {'m', kMiB}, {'g', Bytes{1} << 30U}, {'t', Bytes{1} << 40U}}};
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    if (error != std::errc{} || !std::isfinite(number) || number < 0) {
        return std::nullopt;
    }
    std::string unit(rest, end);
    unit.erase(0, std::min(unit.find_first_not_of(' '), unit.size()));
    std::transform(unit.begin(), unit.end(), unit.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    Bytes factor = unit.empty() || unit == "b" ? 1 : 0;
    for (const auto& [letter, size] : kUnits) {
        const std::string one(1, letter);
        if (unit == one || unit == one + "b" || unit == one + "ib") {
            factor = size;
        }
    }
    const double bytes = number * static_cast<double>(factor);
    if (factor == 0 || bytes >= 9e18) {
        return std::nullopt;
    }
    return static_cast<Bytes>(bytes);
}

Usage usage_of(const ServiceObservation& service) {
    if (!service.kept.empty()) {
        return service.kept;
    }
    std::vector<Usage> replicas;
    replicas.reserve(service.usage.size());
    for (const auto& [container, usage] : service.usage) {
        replicas.push_back(usage);
    }
    return merged_replicas(std::move(replicas));
}

int most_replicas_of(const Case& input, const ServiceObservation& service) {
    const Service* const of_files = input.service(service.service);
    const auto running = static_cast<int>(service.containers.size());
    return std::max({1, of_files != nullptr ? of_files->replicas : 1, running});
}

bool is_reached_as(const Case& input, const ServiceObservation& service, const std::string& host) {
    if (host == service.service || std::any_of(service.containers.begin(), service.containers.end(),
                                               [&](const Container& container) { return container.name == host; })) {
        return true;
    }
    const Service* const of_files = input.service(service.service);
    if (of_files == nullptr) {
        return false;
    }
    if (text(of_files->resolved, "container_name") == host) {
        return true;
    }
    const nlohmann::json& networks = member(of_files->resolved, "networks");
    return networks.is_object() && std::any_of(networks.begin(), networks.end(), [&](const nlohmann::json& network) {
               const nlohmann::json& aliases = member(network, "aliases");
               return aliases.is_array() && std::find(aliases.begin(), aliases.end(), host) != aliases.end();
           });
}

}  // namespace pilotpros

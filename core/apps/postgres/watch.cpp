#include "core/apps/postgres/watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <functional>

#include "core/apps/postgres/module.h"
#include "core/apps/postgres/questions.h"

namespace pilotpros::apps::postgres {

void to_json(nlohmann::json& json, const Watched& watched) {
    json = {{"connections_max", watched.connections_max},
            {"active_often", watched.active_often},
            {"connection_samples", watched.connection_samples},
            {"rates", nullptr}};
    if (watched.rates) {
        json["rates"] = *watched.rates;
    }
}

void from_json(const nlohmann::json& json, Watched& watched) {
    watched.connections_max = json.value("connections_max", -1);
    watched.active_often = json.value("active_often", -1);
    watched.connection_samples = json.value("connection_samples", 0);
    if (json.contains("rates") && json["rates"].is_object()) {
        watched.rates = json["rates"].get<Rates>();
    }
}

namespace {

/// The transactions of others in a second, between the first look and the last. Each look is one of its own.
double transactions_per_second(const std::vector<ConnectionLook>& looks) {
    const double seconds = looks.empty() ? 0 : looks.back().at - looks.front().at;
    if (seconds <= 0 || looks.back().commits < looks.front().commits) {
        return -1;
    }
    const auto ours = static_cast<std::int64_t>(looks.size()) - 1;
    return static_cast<double>(std::max<std::int64_t>(0, looks.back().commits - looks.front().commits - ours)) /
           seconds;
}

}  // namespace

Watched summarise(const std::string& written, const Reading& first, const std::optional<Reading>& last) {
    Watched watched;
    std::vector<int> active;
    const std::vector<ConnectionLook> looks = read_looks(written);
    for (const ConnectionLook& look : looks) {
        watched.connections_max = std::max(watched.connections_max, look.connections);
        active.push_back(look.active);
        ++watched.connection_samples;
    }
    if (!active.empty()) {
        const auto tenth = active.begin() + static_cast<std::ptrdiff_t>(active.size() / 10);
        std::nth_element(active.begin(), tenth, active.end(), std::greater<>{});
        watched.active_often = *tenth;
    }
    if (last) {
        watched.rates = rates(first, *last);
        if (watched.rates) {
            watched.rates->transactions_per_second = transactions_per_second(looks);
        }
    }
    return watched;
}

std::vector<std::string> describe_watched(const nlohmann::json& facts) {
    if (!facts.contains("watched")) {
        return {};
    }
    const auto watched = facts["watched"].get<Watched>();
    std::vector<std::string> lines;
    if (watched.connections_max >= 0) {
        lines.push_back(
            fmt::format("at most {} client connection{} in {} looks, one a second, by a psql of ours in the container",
                        watched.connections_max, watched.connections_max == 1 ? "" : "s", watched.connection_samples));
    }
    if (watched.rates) {
        const Rates& rates = *watched.rates;
        std::string line = fmt::format("in {} measured:", format_duration(Seconds{rates.seconds}));
        if (rates.wal_bytes_per_second >= 0) {
            line += fmt::format(" {}/s of WAL,", format_bytes(static_cast<Bytes>(rates.wal_bytes_per_second)));
        }
        if (rates.transactions_per_second >= 0) {
            line += fmt::format(" {:.1f} transactions/s,", rates.transactions_per_second);
        }
        if (rates.checkpoints_timed >= 0 && rates.checkpoints_requested >= 0) {
            line += fmt::format(" {} timed and {} requested checkpoints,", rates.checkpoints_timed,
                                rates.checkpoints_requested);
        }
        if (rates.temp_bytes >= 0) {
            line += fmt::format(" {} of temporary files,", format_bytes(rates.temp_bytes));
        }
        line.pop_back();
        lines.push_back(std::move(line));
    }
    return lines;
}

std::vector<std::string> watch(const Evidence& evidence, const nlohmann::json& facts, int seconds) {
    // Who could not be asked will not answer now.
    return facts.contains("settings") ? connection_sampler(std::clamp(seconds, 1, 86'400), data_directory_of(evidence))
                                      : std::vector<std::string>{};
}

void conclude(Asking& asking, const std::string& written, nlohmann::json& facts) {
    if (facts.contains("reading")) {
        facts["watched"] = summarise(written, facts["reading"].get<Reading>(), ask_reading(asking));
    }
}

}  // namespace pilotpros::apps::postgres

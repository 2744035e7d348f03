#include "core/apps/postgres/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>

namespace pilotpros::apps::postgres {

const Setting* Facts::setting(const std::string& name) const {
    const auto found =
        std::find_if(settings.begin(), settings.end(), [&](const Setting& one) { return one.name == name; });
    return found == settings.end() ? nullptr : &*found;
}

bool is_public_setting(const std::string& name, const std::string& type) {
    if (type == "bool" || type == "integer" || type == "real" || type == "enum") {
        return true;
    }
    static const std::set<std::string> kHarmless{"DateStyle",
                                                 "TimeZone",
                                                 "client_encoding",
                                                 "config_file",
                                                 "data_directory",
                                                 "data_directory_mode",
                                                 "default_tablespace",
                                                 "default_text_search_config",
                                                 "dynamic_library_path",
                                                 "external_pid_file",
                                                 "hba_file",
                                                 "ident_file",
                                                 "jit_provider",
                                                 "lc_collate",
                                                 "lc_ctype",
                                                 "lc_messages",
                                                 "lc_monetary",
                                                 "lc_numeric",
                                                 "lc_time",
                                                 "listen_addresses",
                                                 "local_preload_libraries",
                                                 "log_destination",
                                                 "log_directory",
                                                 "log_filename",
                                                 "log_timezone",
                                                 "server_encoding",
                                                 "server_version",
                                                 "session_preload_libraries",
                                                 "shared_preload_libraries",
                                                 "ssl_library",
                                                 "timezone_abbreviations",
                                                 "unix_socket_directories",
                                                 "wal_consistency_checking",
                                                 "debug_io_direct"};
    return kHarmless.contains(name);
}

std::optional<Bytes> bytes_of(const Setting& setting) {
    static const std::map<std::string, Bytes> kUnits{{"B", 1},           {"kB", 1 << 10},    {"8kB", 8 << 10},
                                                     {"16kB", 16 << 10}, {"32kB", 32 << 10}, {"MB", 1 << 20},
                                                     {"GB", 1 << 30}};
    const auto unit = kUnits.find(setting.unit);
    Bytes value = 0;
    const auto [end, error] = std::from_chars(setting.value.data(), setting.value.data() + setting.value.size(), value);
    if (unit == kUnits.end() || error != std::errc{} || end != setting.value.data() + setting.value.size() ||
        value < 0) {
        return std::nullopt;
    }
    return value * unit->second;
}

std::vector<std::string> describe(const Facts& facts) {
    if (facts.version.empty()) {
        return {};
    }
    std::vector<std::string> lines;
    const auto size = [&](const char* name) {
        const Setting* const setting = facts.setting(name);
        const auto bytes = setting != nullptr ? bytes_of(*setting) : std::nullopt;
        return bytes ? format_bytes(*bytes) : std::string{"unknown"};
    };
    const Bytes total = std::accumulate(facts.database_sizes.begin(), facts.database_sizes.end(), Bytes{0});
    lines.push_back(fmt::format("PostgreSQL {}, {} in {} database{}{}", facts.version, format_bytes(total),
                                facts.databases, facts.databases == 1 ? "" : "s",
                                facts.data_lies_on.empty() ? "" : " on " + facts.data_lies_on));
    if (!facts.settings.empty()) {
        lines.push_back(fmt::format("shared_buffers {}, work_mem {}, effective_cache_size {}, max_wal_size {}",
                                    size("shared_buffers"), size("work_mem"), size("effective_cache_size"),
                                    size("max_wal_size")));
    }
    if (facts.max_connections > 0) {
        lines.push_back(fmt::format("{} of {} connections in use now", facts.connections_now, facts.max_connections));
    }
    const Reading& reading = facts.reading;
    if (reading.blocks_hit >= 0 && reading.blocks_hit + reading.blocks_read > 0) {
        const auto hit = static_cast<double>(reading.blocks_hit);
        lines.push_back(fmt::format(
            "buffer hits {:.1f} %, {} of temporary files, checkpoints {} timed and {} requested since statistics began",
            100 * hit / (hit + static_cast<double>(reading.blocks_read)),
            format_bytes(std::max<Bytes>(0, reading.temp_bytes)), reading.checkpoints_timed,
            reading.checkpoints_requested));
    }
    return lines;
}

double image_share(std::int64_t images, std::int64_t bytes) {
    constexpr double kPage = 8192;
    return bytes > 0 && images >= 0 ? static_cast<double>(images) * kPage / static_cast<double>(bytes) : -1;
}

std::optional<Rates> rates(const Reading& earlier, const Reading& later) {
    const double seconds = later.at - earlier.at;
    // The start comes as a difference of clocks and may move by a rounding.
    if (seconds <= 0 || later.started - earlier.started > 0.5) {
        return std::nullopt;
    }
    bool reset = false;
    const auto between = [&](std::int64_t from, std::int64_t to) -> std::int64_t {
        if (from < 0 || to < 0) {
            return -1;
        }
        reset = reset || to < from;
        return to - from;
    };
    Rates result;
    result.seconds = seconds;
    if (const auto bytes = between(earlier.wal_position, later.wal_position); bytes >= 0) {
        result.wal_bytes_per_second = static_cast<double>(bytes) / seconds;
    }
    const auto logged = between(earlier.wal_bytes, later.wal_bytes);
    const auto images = between(earlier.wal_full_page_images, later.wal_full_page_images);
    if (logged > 0 && images >= 0) {
        result.wal_image_share = image_share(images, logged);
    }
    result.checkpoints_timed = between(earlier.checkpoints_timed, later.checkpoints_timed);
    result.checkpoints_requested = between(earlier.checkpoints_requested, later.checkpoints_requested);
    result.temp_files = between(earlier.temp_files, later.temp_files);
    result.temp_bytes = between(earlier.temp_bytes, later.temp_bytes);
    result.deadlocks = between(earlier.deadlocks, later.deadlocks);
    return reset ? std::nullopt : std::optional{result};
}

}  // namespace pilotpros::apps::postgres

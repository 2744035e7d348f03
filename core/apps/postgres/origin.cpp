#include "core/apps/postgres/origin.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "core/model/bundle.h"
#include "core/model/paths.h"

namespace pilotpros::apps::postgres {

namespace {

bool is_our_file(const std::string& file) { return lies_in(file, kPostgresDirectory); }

/// What initdb writes into a new configuration file, beyond what concerns time zones and languages. Source:
/// src/bin/initdb/initdb.c, setup_config().
bool is_initdbs(const std::string& name) {
    static const std::set<std::string> kNames{"max_connections",       "shared_buffers", "dynamic_shared_memory_type",
                                              "max_wal_size",          "min_wal_size",   "autovacuum_worker_slots",
                                              "autovacuum_max_workers"};
    return kNames.contains(name);
}

/// "128MB" as written in a file, in the server's unit; what has no unit is in it already.
std::string in_unit(const std::string& text, const std::string& unit) {
    Bytes number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string suffix(rest, text.data() + text.size());
    if (error != std::errc{} || suffix.empty()) {
        return text;
    }
    Setting wanted;
    wanted.value = "1";
    wanted.unit = unit;
    Setting written;
    written.value = std::to_string(number);
    written.unit = suffix;
    const auto step = bytes_of(wanted);
    auto bytes = bytes_of(written);
    if (suffix == "TB") {
        bytes = number << 40U;
    }
    if (step && bytes && *step > 0) {
        return std::to_string(*bytes / *step);
    }
    constexpr std::pair<const char*, long long> kTimes[] = {
        {"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
    long long from = 0;
    long long to = 0;
    for (const auto& [name, milliseconds] : kTimes) {
        from = suffix == name ? milliseconds : from;
        to = unit == name ? milliseconds : to;
    }
    return from > 0 && to > 0 ? std::to_string(number * from / to) : text;
}

}  // namespace

Present present(const Facts& facts, const std::string& name) {
    const Setting* const row = facts.setting(name);
    if (row == nullptr) {
        return {};
    }
    Present result{true, Whose::kNobody, row->value, row->unit, row->context == "postmaster", {}};
    const std::string& source = row->source;
    std::string file = row->source_file;
    if (source == "configuration file" && is_our_file(file)) {
        const auto own = facts.own_values.find(name);
        result.value = own == facts.own_values.end() ? row->boot_value : in_unit(own->second, row->unit);
        if (own == facts.own_values.end()) {
            return result;
        }
        file.clear();
    }
    if (source == "command line" || source == "environment variable") {
        result.whose = Whose::kCommand;
        result.set_by = "the command line of the service";
    } else if (source == "database" || source == "user" || source == "database user") {
        result.whose = Whose::kRole;
        result.set_by = "ALTER ROLE or ALTER DATABASE";
    } else if (source == "configuration file") {
        const bool system = file.ends_with("/postgresql.auto.conf");
        if (!system && is_initdbs(name) && result.value == row->boot_value) {
            return result;
        }
        result.whose = system ? Whose::kAlterSystem : Whose::kFile;
        result.set_by = system ? "ALTER SYSTEM (postgresql.auto.conf), which wins over every file of ours"
                               : "your own configuration file";
    }
    return result;
}

double number_of(const Present& present, double otherwise) {
    double value = 0;
    const char* const end = present.value.data() + present.value.size();
    const auto [rest, error] = std::from_chars(present.value.data(), end, value);
    return error == std::errc{} && rest == end ? value : otherwise;
}

Bytes size_of(const Present& present) {
    Setting row;
    row.value = present.value;
    row.unit = present.unit;
    return bytes_of(row).value_or(-1);
}

std::string postgres_size(Bytes bytes) {
    return bytes % (Bytes{1} << 20U) == 0 ? fmt::format("{}MB", bytes >> 20U) : fmt::format("{}kB", bytes >> 10U);
}

std::string shown(const Present& present) {
    if (const Bytes size = size_of(present); size >= 0 && !present.unit.empty()) {
        return postgres_size(size);
    }
    const bool number = !present.value.empty() && present.value != "-1" && present.value != "0";
    return number ? present.value + present.unit : present.value;
}

bool carries_ours(const Facts& facts) {
    const Setting* const row = facts.setting("config_file");
    return row != nullptr && is_our_file(row->value);
}

}  // namespace pilotpros::apps::postgres

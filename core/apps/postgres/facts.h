#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/units.h"

namespace pilotpros::apps::postgres {

/// One row of pg_settings. Values are in the server's own unit.
struct Setting {
    std::string name, value, unit, source, source_file, context, type, boot_value, reset_value;
    bool pending_restart = false;
    bool hidden = false;   ///< a text that may hold a secret: value, boot_value and reset_value are empty
    bool changed = false;  ///< differs from boot_value
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Setting, name, value, unit, source, source_file, context, type,
                                                boot_value, reset_value, pending_restart, hidden, changed)

/// Counters at one moment; two of them give rates. What the version does not count is -1.
struct Reading {
    double at = 0;                   ///< the server's clock, seconds since 1970
    double started = 0;              ///< the server's start, likewise
    std::int64_t wal_position = -1;  ///< bytes since the beginning of time; of the replay on a standby
    std::int64_t wal_bytes = -1, wal_full_page_images = -1;  ///< from 14 on
    std::int64_t checkpoints_timed = -1, checkpoints_requested = -1, checkpoint_write_ms = -1;
    std::int64_t commits = -1, rollbacks = -1, blocks_read = -1, blocks_hit = -1, temp_files = -1, temp_bytes = -1,
                 deadlocks = -1;
    std::int64_t sessions = -1;  ///< from 14 on
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Reading, at, started, wal_position, wal_bytes, wal_full_page_images,
                                                checkpoints_timed, checkpoints_requested, checkpoint_write_ms, commits,
                                                rollbacks, blocks_read, blocks_hit, temp_files, temp_bytes, deadlocks,
                                                sessions)

/// What happened between two readings. What was not counted is -1.
struct Rates {
    double seconds = 0;
    double wal_bytes_per_second = -1, transactions_per_second = -1;
    double wal_image_share = -1;  ///< of the WAL of that time, what full page images of 8 kB would be; from 14 on
    std::int64_t checkpoints_timed = -1, checkpoints_requested = -1, temp_files = -1, temp_bytes = -1, deadlocks = -1;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Rates, seconds, wal_bytes_per_second, transactions_per_second,
                                                wal_image_share, checkpoints_timed, checkpoints_requested, temp_files,
                                                temp_bytes, deadlocks)

/// What share of so many bytes of WAL so many full page images are, each a page of 8 kB; -1 when it cannot be said.
/// Pure.
double image_share(std::int64_t images, std::int64_t bytes);

/// Nothing when the server was restarted or its statistics were reset in between, or no time passed. Pure.
std::optional<Rates> rates(const Reading& earlier, const Reading& later);

/// What PostgreSQL says of itself. Names of databases, tables and roles are the user's: only counts and sizes are kept.
struct Facts {
    int version_number = 0;  ///< server_version_num, e.g. 170002
    std::string version;     ///< e.g. "17.2"
    bool superuser = false;  ///< asked as one: else some settings and statistics stay unseen
    bool standby = false;
    double uptime_seconds = 0;
    bool data_checksums = false;
    std::string data_directory;
    std::string data_lies_on;  ///< "volume", "anonymous volume", "bind", "tmpfs" or "container layer"
    std::vector<Setting> settings;
    /// Numbers, switches and choices that the server's files set outside of ours, as written, the last one of each:
    /// what ours may hide. Only a superuser is told.
    std::map<std::string, std::string> own_values;
    Reading reading;
    std::vector<Bytes> database_sizes;  ///< descending
    int databases = 0;
    std::map<std::string, int> connections;  ///< client connections by state, ours left out
    int connections_now = 0, max_connections = 0, superuser_reserved_connections = 0;
    std::vector<std::string> extensions;                            ///< of the database that was asked
    bool statements_preloaded = false, statements_created = false;  ///< pg_stat_statements
    /// Execution of all statements that pg_stat_statements remembers, in milliseconds, and of it what compiling took;
    /// from 15 on, 0 where it is not there.
    double statements_ms = 0, jit_ms = 0;
    std::int64_t tables = -1, live_rows = -1, dead_rows = -1;  ///< of the database that was asked
    std::vector<Bytes> largest_tables;                         ///< with indexes and TOAST, descending, at most ten
    int replication_slots = -1, inactive_replication_slots = -1;

    /// The setting's row, or null.
    [[nodiscard]] const Setting* setting(const std::string& name) const;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Facts, version_number, version, superuser, standby, uptime_seconds,
                                                data_checksums, data_directory, data_lies_on, settings, own_values,
                                                reading, database_sizes, databases, connections, connections_now,
                                                max_connections, superuser_reserved_connections, extensions,
                                                statements_preloaded, statements_created, statements_ms, jit_ms, tables,
                                                live_rows, dead_rows, largest_tables, replication_slots,
                                                inactive_replication_slots)

/// A setting of memory or disk in bytes; nothing when it is of another kind or -1. Pure.
std::optional<Bytes> bytes_of(const Setting& setting);

/// The facts in a few lines for people.
std::vector<std::string> describe(const Facts& facts);

/// Whether a setting's value may be shown: numbers, switches and choices always; texts only when they are on a list of
/// harmless ones. Commands, connection strings and whatever an extension or the user defined may hold secrets.
bool is_public_setting(const std::string& name, const std::string& type);

}  // namespace pilotpros::apps::postgres

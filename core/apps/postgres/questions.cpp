#include "core/apps/postgres/questions.h"

#include <algorithm>
#include <charconv>

namespace pilotpros::apps::postgres {

namespace {

// POSIX shell and its builtins only. Names of the official image first, then Bitnami's. The socket: postmaster.pid
// names it exactly (line 4 the port, line 5 the directory), else whichever is found; an own port or PGDATA changes
// nothing.
constexpr const char* kFindServer = R"sh(
known() {
    eval "value=\${$1:-} file=\${$1_FILE:-}"
    if [ -z "$value" ] && [ -n "$file" ] && [ -r "$file" ]; then IFS= read -r value < "$file" || :; fi
    [ -n "$value" ]
}
user=postgres
if known POSTGRES_USER || known POSTGRESQL_USERNAME || known PGUSER; then user=$value; fi
base=$user
if known POSTGRES_DB || known POSTGRESQL_DATABASE || known PGDATABASE; then base=$value; fi
if known POSTGRES_PASSWORD || known POSTGRESQL_PASSWORD || known PGPASSWORD; then PGPASSWORD=$value; export PGPASSWORD; fi
where=
for data in "${PGDATA:-}" "$2" /var/lib/postgresql/data /bitnami/postgresql/data; do
    if [ -z "$where" ] && [ -n "$data" ] && [ -r "$data/postmaster.pid" ]; then
        number=0
        while IFS= read -r line; do
            number=$((number + 1))
            case $number in 4) port=$line ;; 5) folder=$line ;; esac
        done < "$data/postmaster.pid"
        if [ -S "${folder:-}/.s.PGSQL.${port:-}" ]; then where="$folder $port"; fi
    fi
done
for socket in /var/run/postgresql/.s.PGSQL.* /run/postgresql/.s.PGSQL.* /tmp/.s.PGSQL.*; do
    if [ -z "$where" ] && [ -S "$socket" ]; then where="${socket%/*} ${socket##*.}"; fi
done
unset PGHOST PGPORT PGHOSTADDR PGSERVICE PGDATABASE PGUSER
unset PGOPTIONS
if [ -n "$where" ]; then PGHOST=${where% *} PGPORT=${where##* }; export PGHOST PGPORT; fi
PGCONNECT_TIMEOUT=2 PGAPPNAME=pilotpros PGCLIENTENCODING=UTF8
export PGCONNECT_TIMEOUT PGAPPNAME PGCLIENTENCODING
)sh";

constexpr const char* kAsk = R"sh(
for who in "$user" postgres; do
    for which in "$base" postgres; do
        printf '%s\n' "$1" | psql -X -w -q -A -t -U "$who" -d "$which" -f -
        status=$?
        [ "$status" -eq 2 ] || exit "$status"
    done
done
exit 2
)sh";

// The connection that was found serves all samples. Without a server every try ends at once, so the loop cannot outlive
// its time.
constexpr const char* kSample = R"sh(
for who in "$user" postgres; do
    for which in "$base" postgres; do
        if psql -X -w -q -A -t -U "$who" -d "$which" -c 'select 1' > /dev/null 2>&1; then
            left=$3
            while [ "$left" -gt 0 ]; do
                printf '%s\n' "$1"
                sleep 1
                left=$((left - 1))
            done | psql -X -w -q -A -t -U "$who" -d "$which" -f -
            exit
        fi
    done
done
exit 2
)sh";

// Asked first, and before kBounds: what we set for our own session must not be taken for the server's settings. Three
// rows are no settings but the state of the transaction that asks.
constexpr const char* kSettings = R"sql(
begin read only;
select 'settings|' || pg_catalog.json_agg(pg_catalog.json_build_object('name', name, 'value', setting, 'unit', unit, 'source', source, 'source_file', sourcefile,
    'context', context, 'type', vartype, 'boot_value', boot_val, 'reset_value', reset_val, 'pending_restart', pending_restart) order by name)::text
    from pg_catalog.pg_settings where name not in ('transaction_deferrable', 'transaction_isolation', 'transaction_read_only');
commit;
)sql";

constexpr const char* kBounds = R"sql(
set default_transaction_read_only = on;
set statement_timeout = 3000;
set lock_timeout = 300;
set search_path = pg_catalog;
)sql";

// Through to_jsonb(row)->>'name', a column that the version does not have is null instead of an error.
constexpr const char* kReading = R"sql(
select 'server|' || json_build_object('version_number', current_setting('server_version_num')::int,
    'version', current_setting('server_version'), 'superuser', current_setting('is_superuser') = 'on',
    'standby', pg_is_in_recovery(), 'at', extract(epoch from clock_timestamp()), 'started', extract(epoch from pg_postmaster_start_time()));
select 'wal_position|' || json_build_object('bytes',
    (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end - '0/0'::pg_lsn)::bigint);
select 'statistics|' || json_build_object('commits', sum(xact_commit), 'rollbacks', sum(xact_rollback), 'blocks_read', sum(blks_read),
    'blocks_hit', sum(blks_hit), 'temp_files', sum(temp_files), 'temp_bytes', sum(temp_bytes), 'deadlocks', sum(deadlocks),
    'sessions', sum((to_jsonb(d)->>'sessions')::bigint)) from pg_stat_database d;
select current_setting('server_version_num')::int >= 170000 as has_checkpointer, current_setting('server_version_num')::int >= 140000 as has_wal \gset
\if :has_checkpointer
select 'checkpoints|' || json_build_object('timed', num_timed, 'requested', num_requested, 'write_ms', write_time::bigint) from pg_stat_checkpointer;
\else
select 'checkpoints|' || json_build_object('timed', checkpoints_timed, 'requested', checkpoints_req, 'write_ms', checkpoint_write_time::bigint)
    from pg_stat_bgwriter;
\endif
\if :has_wal
select 'wal|' || json_build_object('bytes', wal_bytes::bigint, 'full_page_images', wal_fpi) from pg_stat_wal;
\endif
)sql";

constexpr const char* kMore = R"sql(
select 'own_values|' || coalesce(json_object_agg(name, setting)::text, '{}') from (select distinct on (s.name) s.name, f.setting
    from pg_file_settings f join pg_settings s on lower(s.name) = lower(f.name)
    where s.vartype <> 'string' and f.sourcefile not like '/etc/pilotpros/%' order by s.name, f.seqno desc) o;
select 'databases|' || json_build_object('count', count(*),
    'sizes', json_agg(case when has_database_privilege(oid, 'CONNECT') then pg_database_size(oid) end)) from pg_database where not datistemplate;
select 'connections|' || coalesce(json_object_agg(state, n)::text, '{}') from (select coalesce(state, 'unknown') as state, count(*) as n
    from pg_stat_activity where (backend_type = 'client backend' or backend_type is null and datid is not null) and pid <> pg_backend_pid() group by 1) s;
select 'extensions|' || coalesce(json_agg(extname order by extname)::text, '[]') from pg_extension;
select 'tables|' || json_build_object('count', count(*), 'live', coalesce(sum(n_live_tup), 0), 'dead', coalesce(sum(n_dead_tup), 0)) from pg_stat_user_tables;
select 'largest_tables|' || coalesce(json_agg(pg_total_relation_size(oid))::text, '[]') from (select c.oid from pg_class c
    join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
    order by c.relpages desc limit 10) t;
select current_setting('server_version_num')::int >= 150000 and count(*) > 0 as has_statements, coalesce(min(quote_ident(nspname)), '') as statements_schema
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace where extname = 'pg_stat_statements' \gset
\if :has_statements
select 'statements|' || json_build_object('ms', sum(total_exec_time), 'jit_ms', sum(jit_generation_time + jit_inlining_time + jit_optimization_time
    + jit_emission_time)) from :statements_schema.pg_stat_statements;
\endif
select 'slots|' || json_build_object('count', count(*), 'inactive', count(*) filter (where not active)) from pg_replication_slots;
)sql";

constexpr const char* kCount =
    "select count(*), count(*) filter (where state = 'active'), (select coalesce(sum(xact_commit), 0) from "
    "pg_stat_database), extract(epoch from clock_timestamp()) from pg_stat_activity where (backend_type = 'client "
    "backend' or backend_type is null and datid is "
    "not null) and pid <> "
    "pg_backend_pid();";

using Json = nlohmann::json;
using AnswerMap = std::map<std::string, Json>;

const Json& answer(const AnswerMap& answers, const char* name) {
    static const Json kNone;
    const auto found = answers.find(name);
    return found == answers.end() ? kNone : found->second;
}

const Json& part(const AnswerMap& answers, const char* name, const char* key) {
    static const Json kNone;
    const Json& whole = answer(answers, name);
    const auto found = whole.is_object() ? whole.find(key) : whole.end();
    return whole.is_object() && found != whole.end() ? *found : kNone;
}

std::int64_t count(const Json& value) { return value.is_number() ? value.get<std::int64_t>() : -1; }
double number(const Json& value) { return value.is_number() ? value.get<double>() : 0; }
bool truth(const Json& value) { return value.is_boolean() && value.get<bool>(); }
std::string words_said(const Json& value) { return value.is_string() ? value.get<std::string>() : std::string{}; }

std::vector<Bytes> sizes(const Json& value) {
    std::vector<Bytes> result;
    if (value.is_array()) {
        for (const Json& size : value) {
            if (size.is_number()) {
                result.push_back(size.get<Bytes>());
            }
        }
    }
    std::sort(result.rbegin(), result.rend());
    return result;
}

Setting read_setting(const Json& row) {
    const auto get = [&](const char* key) { return row.contains(key) ? words_said(row[key]) : std::string{}; };
    Setting setting{get("name"),        get("value"),
                    get("unit"),        get("source"),
                    get("source_file"), get("context"),
                    get("type"),        get("boot_value"),
                    get("reset_value"), row.contains("pending_restart") && truth(row["pending_restart"])};
    setting.changed = setting.value != setting.boot_value;
    if (!is_public_setting(setting.name, setting.type)) {
        setting.hidden = true;
        setting.value.clear();
        setting.boot_value.clear();
        setting.reset_value.clear();
    }
    return setting;
}

int number_said(const Facts& facts, const char* name) {
    const Setting* const setting = facts.setting(name);
    int result = 0;
    if (setting != nullptr) {
        std::from_chars(setting->value.data(), setting->value.data() + setting->value.size(), result);
    }
    return result;
}

}  // namespace

std::vector<std::string> psql_command(const std::string& sql, const std::string& data_directory) {
    return {"sh", "-c", std::string{kFindServer} + kAsk, "pilotpros", sql, data_directory};
}

const std::string& all_questions() {
    static const std::string kText = std::string{kSettings} + kBounds + kReading + kMore;
    return kText;
}

const std::string& reading_questions() {
    static const std::string kText = std::string{kBounds} + kReading;
    return kText;
}

std::vector<std::string> connection_sampler(int seconds, const std::string& data_directory) {
    return {"sh",   "-c",           std::string{kFindServer} + kSample,           "pilotpros",
            kCount, data_directory, std::to_string(std::clamp(seconds, 1, 86400))};
}

std::vector<ConnectionLook> read_looks(const std::string& written) {
    std::vector<ConnectionLook> looks;
    const char* begin = written.data();
    for (const char* const end = begin + written.size(); begin != end;) {
        const char* const line_end = std::find(begin, end, '\n');
        if (line_end == end) {
            break;
        }
        ConnectionLook look;
        const char* at = begin;
        bool complete = true;
        const auto read = [&](auto& value) {
            const auto [stop, error] = std::from_chars(at, line_end, value);
            complete = complete && error == std::errc{} && value >= 0;
            at = stop;
        };
        const auto skip_bar = [&] {
            complete = complete && at != line_end && *at == '|';
            at += at == line_end ? 0 : 1;
        };
        read(look.connections);
        skip_bar();
        read(look.active);
        skip_bar();
        read(look.commits);
        skip_bar();
        read(look.at);
        if (complete && at == line_end) {
            looks.push_back(look);
        }
        begin = line_end + 1;
    }
    return looks;
}

AnswerMap read_answers(const std::string& output) {
    AnswerMap answers;
    std::size_t begin = 0;
    while (begin < output.size()) {
        const auto end = std::min(output.find('\n', begin), output.size());
        const std::string line = output.substr(begin, end - begin);
        const auto bar = line.find('|');
        if (bar != std::string::npos) {
            Json value = Json::parse(line.begin() + static_cast<std::ptrdiff_t>(bar) + 1, line.end(), nullptr, false);
            if (!value.is_discarded()) {
                answers[line.substr(0, bar)] = std::move(value);
            }
        }
        begin = end + 1;
    }
    return answers;
}

Reading read_reading(const AnswerMap& answers) {
    const auto get = [&](const char* name, const char* key) { return count(part(answers, name, key)); };
    Reading reading;
    reading.at = number(part(answers, "server", "at"));
    reading.started = number(part(answers, "server", "started"));
    reading.wal_position = get("wal_position", "bytes");
    reading.wal_bytes = get("wal", "bytes");
    reading.wal_full_page_images = get("wal", "full_page_images");
    reading.checkpoints_timed = get("checkpoints", "timed");
    reading.checkpoints_requested = get("checkpoints", "requested");
    reading.checkpoint_write_ms = get("checkpoints", "write_ms");
    reading.commits = get("statistics", "commits");
    reading.rollbacks = get("statistics", "rollbacks");
    reading.blocks_read = get("statistics", "blocks_read");
    reading.blocks_hit = get("statistics", "blocks_hit");
    reading.temp_files = get("statistics", "temp_files");
    reading.temp_bytes = get("statistics", "temp_bytes");
    reading.deadlocks = get("statistics", "deadlocks");
    reading.sessions = get("statistics", "sessions");
    return reading;
}

Facts read_facts(const AnswerMap& answers) {
    Facts facts;
    facts.version_number =
        static_cast<int>(std::max<std::int64_t>(0, count(part(answers, "server", "version_number"))));
    facts.version = words_said(part(answers, "server", "version"));
    facts.version.erase(std::min(facts.version.find(' '), facts.version.size()));  // "15.18 (Debian 15.18-0+deb12u1)"
    facts.superuser = truth(part(answers, "server", "superuser"));
    facts.standby = truth(part(answers, "server", "standby"));
    facts.reading = read_reading(answers);
    facts.uptime_seconds = std::max(0.0, facts.reading.at - facts.reading.started);
    if (const Json& rows = answer(answers, "settings"); rows.is_array()) {
        for (const Json& row : rows) {
            if (row.is_object()) {
                facts.settings.push_back(read_setting(row));
            }
        }
    }
    if (const Json& values = answer(answers, "own_values"); values.is_object()) {
        for (const auto& [name, value] : values.items()) {
            facts.own_values[name] = words_said(value);
        }
    }
    const auto value_of = [&](const char* name) {
        const Setting* const setting = facts.setting(name);
        return setting == nullptr ? std::string{} : setting->value;
    };
    facts.data_directory = value_of("data_directory");
    facts.data_checksums = value_of("data_checksums") == "on";
    facts.max_connections = number_said(facts, "max_connections");
    facts.superuser_reserved_connections = number_said(facts, "superuser_reserved_connections");
    facts.statements_preloaded = value_of("shared_preload_libraries").find("pg_stat_statements") != std::string::npos;
    facts.databases = static_cast<int>(std::max<std::int64_t>(0, count(part(answers, "databases", "count"))));
    facts.database_sizes = sizes(part(answers, "databases", "sizes"));
    if (const Json& states = answer(answers, "connections"); states.is_object()) {
        for (const auto& [state, n] : states.items()) {
            facts.connections[state] = static_cast<int>(std::max<std::int64_t>(0, count(n)));
            facts.connections_now += facts.connections[state];
        }
    }
    if (const Json& names = answer(answers, "extensions"); names.is_array()) {
        for (const Json& name : names) {
            facts.extensions.push_back(words_said(name));
        }
    }
    facts.statements_created =
        std::find(facts.extensions.begin(), facts.extensions.end(), "pg_stat_statements") != facts.extensions.end();
    facts.statements_ms = number(part(answers, "statements", "ms"));
    facts.jit_ms = number(part(answers, "statements", "jit_ms"));
    facts.tables = count(part(answers, "tables", "count"));
    facts.live_rows = count(part(answers, "tables", "live"));
    facts.dead_rows = count(part(answers, "tables", "dead"));
    facts.largest_tables = sizes(answer(answers, "largest_tables"));
    facts.replication_slots = static_cast<int>(count(part(answers, "slots", "count")));
    facts.inactive_replication_slots = static_cast<int>(count(part(answers, "slots", "inactive")));
    return facts;
}

}  // namespace pilotpros::apps::postgres

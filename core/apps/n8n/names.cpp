#include "core/apps/n8n/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/model/near.h"

namespace pilotpros::apps::n8n {

namespace {

struct Known {
    const char* right;  ///< "" : nothing took its place
    const char* note;
    bool dangerous = false;
};

const std::map<std::string, Known>& known_mistakes() {
    static const std::map<std::string, Known> kKnown{
        {"N8N_CONCURRENCY", {"N8N_CONCURRENCY_PRODUCTION_LIMIT", "0 is an error there, -1 is no limit"}},
        {"DB_POSTGRESDB_POOL_CONNECTION_TIMEOUT",
         {"DB_POSTGRESDB_CONNECTION_TIMEOUT", "in milliseconds; it bounds waiting for a free connection, too"}},
        {"N8N_RUNNERS_MAX_PAYLOAD_SIZE", {"N8N_RUNNERS_MAX_PAYLOAD", "in bytes; 1 GiB is the default"}},
        {"N8N_BINARY_DATA_BUFFER_SIZE",
         {"N8N_DEFAULT_BINARY_DATA_MODE", "there is no such buffer; the value filesystem is what saves memory"}},
        {"N8N_EXECUTION_PROCESS", {"", "there is no such setting: executions run in n8n's own process"}},
        {"EXECUTIONS_PROCESS", {"", "executions run in n8n's own process since 1.27"}},
        {"N8N_QUEUE_BULL_REDIS_HOST", {"QUEUE_BULL_REDIS_HOST", "and EXECUTIONS_MODE=queue"}},
        {"N8N_RUNNERS_DISABLED", {"N8N_RUNNERS_ENABLED", "its opposite"}},
        {"N8N_RUNNERS_ENABLED", {"", "task runners are always on from 2.0"}},
        {"N8N_RUNNERS_SERVER_PORT", {"N8N_RUNNERS_BROKER_PORT", ""}},
        {"N8N_WORKERS", {"", "workers are containers of their own (n8n worker), in queue mode"}},
        {"N8N_CACHE_ENABLED", {"N8N_CACHE_BACKEND", "removed in 1.24"}},
        {"QUEUE_RECOVERY_INTERVAL", {"", "removed in 1.65"}},
        {"QUEUE_WORKER_MAX_STALLED_COUNT", {"", "removed in 2.0"}},
        {"N8N_BASIC_AUTH_ACTIVE", {"", "removed in 1.0: accounts took its place", true}},
        {"N8N_BASIC_AUTH_USER", {"", "removed in 1.0: accounts took its place", true}},
        {"N8N_BASIC_AUTH_PASSWORD", {"", "removed in 1.0: accounts took its place", true}}};
    return kKnown;
}

std::vector<std::string> parts(const std::string& name) {
    std::vector<std::string> result;
    for (std::size_t at = 0; at <= name.size();) {
        const std::size_t end = std::min(name.find('_', at), name.size());
        result.push_back(name.substr(at, end - at));
        at = end + 1;
    }
    std::sort(result.begin(), result.end());
    return result;
}

/// Smaller is nearer; nothing when they are not alike.
std::optional<std::size_t> likeness(const std::string& name, const std::string& candidate) {
    const auto mine = parts(name);
    const auto theirs = parts(candidate);
    std::vector<std::string> common;
    std::set_intersection(mine.begin(), mine.end(), theirs.begin(), theirs.end(), std::back_inserter(common));
    const std::size_t apart = mine.size() + theirs.size() - 2 * common.size();
    const std::size_t letters = edit_distance(name, candidate);
    if (letters <= 2) {
        return letters;
    }
    return common.size() >= 3 && apart <= 1 ? std::optional{apart + 3} : std::nullopt;
}

}  // namespace

bool is_configured(const Facts& facts, const std::string& name) {
    const auto reads = [&](const std::string& one) {
        return std::find(facts.configured.begin(), facts.configured.end(), one) != facts.configured.end() ||
               std::find(facts.mentioned.begin(), facts.mentioned.end(), one) != facts.mentioned.end();
    };
    return reads(name) || (name.size() > 5 && name.ends_with("_FILE") && reads(name.substr(0, name.size() - 5)));
}

Meant meant_by(const std::string& name, const Facts& facts) {
    Meant meant;
    if (const auto found = known_mistakes().find(name); found != known_mistakes().end()) {
        const Known& known = found->second;
        if (*known.right == '\0' || is_configured(facts, known.right)) {
            meant.note = known.note;
            meant.dangerous = known.dangerous;
            if (*known.right != '\0') {
                meant.names.emplace_back(known.right);
            }
            return meant;
        }
    }
    std::vector<std::pair<std::size_t, std::string>> near;
    for (const std::string& candidate : facts.configured) {
        if (const auto rank = likeness(name, candidate)) {
            near.emplace_back(*rank, candidate);
        }
    }
    std::sort(near.begin(), near.end());
    for (std::size_t i = 0; i < std::min<std::size_t>(near.size(), 3); ++i) {
        meant.names.push_back(near[i].second);
    }
    return meant;
}

const std::vector<RecipeLine>& recipe_lines() {
    static const std::vector<RecipeLine> kLines{
        // its tuning of n8n
        {"N8N_EXECUTION_PROCESS", "main"},
        {"N8N_CONCURRENCY", "10"},
        {"NODE_OPTIONS", "--max-old-space-size=1024 --optimize-for-size"},
        {"DB_POSTGRESDB_POOL_SIZE", "20"},
        {"DB_POSTGRESDB_POOL_CONNECTION_TIMEOUT", "60000"},
        {"EXECUTIONS_TIMEOUT", "300"},
        {"EXECUTIONS_TIMEOUT_MAX", "1800"},
        {"EXECUTIONS_DATA_SAVE_ON_ERROR", "all"},
        {"EXECUTIONS_DATA_SAVE_ON_SUCCESS", "none"},
        {"EXECUTIONS_DATA_MAX_AGE", "168"},
        {"N8N_PAYLOAD_SIZE_MAX", "64"},
        {"N8N_BINARY_DATA_BUFFER_SIZE", "1073741824"},
        {"N8N_RUNNERS_ENABLED", "true"},
        {"N8N_RUNNERS_MODE", "internal"},
        {"N8N_RUNNERS_MAX_PAYLOAD_SIZE", "1073741824"},
        // what its Compose file says of it again, without the option that stops node
        {"N8N_EXECUTION_PROCESS", "main"},
        {"N8N_CONCURRENCY", "10"},
        {"NODE_OPTIONS", "--max-old-space-size=1024"},
        {"DB_POSTGRESDB_POOL_SIZE", "20"}};
    return kLines;
}

std::string effect_of(const RecipeLine& line, const Facts& facts) {
    static const std::map<std::string, std::string> kEffects{
        {"DB_POSTGRESDB_POOL_SIZE", "is read: 10 gave as much as 20, and the database has to have the connections"},
        {"EXECUTIONS_TIMEOUT", "is read: workflows that take longer than 5 minutes are ended"},
        {"EXECUTIONS_TIMEOUT_MAX", "is read: no workflow may ask for more than 30 minutes"},
        {"EXECUTIONS_DATA_SAVE_ON_ERROR", "changes nothing: it is the default"},
        {"EXECUTIONS_DATA_SAVE_ON_SUCCESS", "is read: successful executions leave no trace; it made nothing faster"},
        {"EXECUTIONS_DATA_MAX_AGE", "is read: executions older than a week are deleted"},
        {"N8N_PAYLOAD_SIZE_MAX", "is read: bodies of 64 MiB are taken, and held in memory several times over"},
        {"N8N_RUNNERS_ENABLED", "is read: Code nodes that take longer than 10 s are lost at each stop"},
        {"N8N_RUNNERS_MODE", "changes nothing: it is the default"}};
    if (line.name == "NODE_OPTIONS") {
        return line.value.find("--optimize-for-size") != std::string::npos
                   ? "stops node with exit 9: --optimize-for-size is not allowed in NODE_OPTIONS"
                   : "is read by node: the heap's bound, whatever the memory limit is";
    }
    if (!is_configured(facts, line.name)) {
        return fmt::format("is not read by n8n {}", facts.version);
    }
    const auto found = kEffects.find(line.name);
    return found == kEffects.end() ? "is read" : found->second;
}

}  // namespace pilotpros::apps::n8n

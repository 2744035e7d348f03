#include "core/apps/redis/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "core/apps/redis/question.h"

namespace pilotpros::apps::redis {

namespace {

std::int64_t number(const std::map<std::string, std::string>& values, const char* name) {
    const auto found = values.find(name);
    std::int64_t result = 0;
    if (found != values.end()) {
        std::from_chars(found->second.data(), found->second.data() + found->second.size(), result);
    }
    return result;
}

std::string word(const std::map<std::string, std::string>& values, const char* name) {
    const auto found = values.find(name);
    const bool plain = found != values.end() && found->second.size() <= 64 &&
                       found->second.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._- ") == std::string::npos;
    return plain ? found->second : std::string{};
}

/// "keys=12,expires=0,avg_ttl=0" of each db line.
std::int64_t keys_of(const std::map<std::string, std::string>& info) {
    std::int64_t sum = 0;
    for (const auto& [name, value] : info) {
        if (name.rfind("db", 0) == 0 && value.rfind("keys=", 0) == 0) {
            std::int64_t count = 0;
            std::from_chars(value.data() + 5, value.data() + value.size(), count);
            sum += count;
        }
    }
    return sum;
}

bool is_asked(const std::string& name) {
    for (const char* one : kConfigNames) {
        if (name == one) {
            return true;
        }
    }
    return false;
}

}  // namespace

Facts read_facts(const std::string& output) {
    std::map<std::string, std::string> info;
    Facts facts;
    std::istringstream lines{output};
    bool config = false;
    std::string name;
    for (std::string line; std::getline(lines, line);) {
        if (!line.empty() && line.back() == '\r') {
            line.pop_back();
        }
        if (line == kConfigMark) {
            config = true;
        } else if (!config) {
            if (const auto colon = line.find(':'); colon != std::string::npos && line.front() != '#') {
                info[line.substr(0, colon)] = line.substr(colon + 1);
            }
        } else if (!name.empty()) {
            facts.config[name] = line;
            name.clear();
        } else if (is_asked(line)) {
            name = line;
        }
    }
    for (auto& [key, value] : facts.config) {
        value = word(facts.config, key.c_str());
    }
    facts.server = info.contains("valkey_version") ? "valkey" : "redis";
    facts.version = word(info, facts.server == "valkey" ? "valkey_version" : "redis_version");
    facts.mode = word(info, "redis_mode");
    facts.role = word(info, "role");
    facts.used_memory = number(info, "used_memory");
    facts.used_memory_rss = number(info, "used_memory_rss");
    facts.used_memory_peak = number(info, "used_memory_peak");
    facts.maxmemory = number(info, "maxmemory");
    facts.maxmemory_policy = word(info, "maxmemory_policy");
    facts.clients = std::max<std::int64_t>(0, number(info, "connected_clients") - 1);  // one is ours
    facts.maxclients = number(info, "maxclients");
    facts.evicted_keys = number(info, "evicted_keys");
    facts.keyspace_hits = number(info, "keyspace_hits");
    facts.keyspace_misses = number(info, "keyspace_misses");
    facts.rejected_connections = number(info, "rejected_connections");
    facts.operations_per_second = number(info, "instantaneous_ops_per_sec");
    facts.uptime_seconds = number(info, "uptime_in_seconds");
    facts.last_fork_us = number(info, "latest_fork_usec");
    facts.keys = keys_of(info);
    facts.append_only = number(info, "aof_enabled") == 1;
    facts.snapshots = !word(facts.config, "save").empty();
    return facts;
}

std::vector<std::string> describe(const Facts& facts) {
    if (facts.version.empty()) {
        return {};
    }
    return {fmt::format("{} {}, {} keys, {} clients", facts.server == "valkey" ? "Valkey" : "Redis", facts.version,
                        facts.keys, facts.clients),
            fmt::format("memory {} (peak {}), maxmemory {}, {}", format_bytes(facts.used_memory),
                        format_bytes(facts.used_memory_peak),
                        facts.maxmemory > 0 ? format_bytes(facts.maxmemory) : "not set", facts.maxmemory_policy),
            fmt::format("append-only file {}, snapshots {}", facts.append_only ? "on" : "off",
                        facts.snapshots ? "on" : "off")};
}

std::optional<Demand> demand(const Facts& facts) {
    if (facts.maxmemory <= 0) {
        return std::nullopt;
    }
    const bool saves = facts.append_only || facts.snapshots;
    const Bytes beside = std::max<Bytes>(0, facts.used_memory_rss - facts.used_memory);
    const Bytes least = facts.maxmemory + std::max(beside, facts.maxmemory / 20);
    return Demand{least, saves ? least + facts.maxmemory : 0,
                  fmt::format("maxmemory {}{}", format_bytes(facts.maxmemory), saves ? " and its saves" : "")};
}

}  // namespace pilotpros::apps::redis

#include "core/advise/memory_flags.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <optional>
#include <sstream>

#include "core/model/advice.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

struct Known {
    const char* name;       ///< as reported
    const char* flag;       ///< as searched: '_' counts as '-'
    const char* unit;       ///< of a bare number
    Bytes block;            ///< bytes of a bare number when `unit` is empty
    double dangerous;       ///< see MemoryFlag
    const char* variables;  ///< that hold options, too, a blank between two; the first in this order that has it
    const char* only_of = nullptr;  ///< the program's name where the flag alone tells too little
};

/// Node.js dies by the OOM killer, not by an error it can report, from about seven eighths of the limit on (measured
/// with 256 and 512 MiB).
/// Beside a JVM's heap stand its classes, compiled code and threads: images that set MaxRAMPercentage leave them a
/// quarter, which is not too little yet. InnoDB takes about a tenth more than its pool, and memory for its connections
/// (https://dev.mysql.com/doc/refman/8.4/en/innodb-parameters.html#sysvar_innodb_buffer_pool_size).
constexpr const char* kJavaOptions =
    "_JAVA_OPTIONS JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS JAVA_OPTS JVM_OPTS CATALINA_OPTS ES_JAVA_OPTS LS_JAVA_OPTS "
    "OPENSEARCH_JAVA_OPTS KAFKA_HEAP_OPTS";
constexpr std::array<Known, 7> kKnown{{{"--max-old-space-size", "--max-old-space-size", "m", 0, 0.85, "NODE_OPTIONS"},
                                       {"shared_buffers", "shared-buffers", "", 8192, 0.75, ""},
                                       {"-Xmx", "-Xmx", "b", 0, 0.8, kJavaOptions},
                                       {"innodb_buffer_pool_size", "innodb-buffer-pool-size", "b", 0, 0.75, ""},
                                       {"--maxmemory", "--maxmemory", "b", 0, 0.95, ""},
                                       {"-m", "-m", "m", 0, 0.9, "", "memcached"},
                                       {"--memory-limit", "--memory-limit", "m", 0, 0.9, "", "memcached"}}};

/// So far below what is dangerous nothing is said.
constexpr double kCalm = 0.85;

/// Words as a command line or an option variable holds them; what a shell would do with quotes does not matter here.
std::string joined(const nlohmann::json& value) {
    if (value.is_string()) {
        return value.get<std::string>();
    }
    std::string all;
    for (const nlohmann::json& word : value) {
        all += (all.empty() ? "" : " ") + (word.is_string() ? word.get<std::string>() : std::string{});
    }
    return all;
}

std::optional<Bytes> bytes_of(const Known& known, const std::string& value) {
    const bool bare = std::all_of(value.begin(), value.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    const auto size = parse_size(bare && known.block == 0 ? value + known.unit : value);
    if (!size) {
        return std::nullopt;
    }
    const bool too_many = known.block > 0 && *size > (Bytes{1} << 50U) / known.block;
    return bare && known.block > 0 && !too_many ? std::optional{*size * known.block} : size;
}

std::optional<MemoryFlag> find_flag(const Known& known, const std::string& text, const std::string& where) {
    std::string plain = text;
    std::replace(plain.begin(), plain.end(), '_', '-');
    const std::string flag = known.flag;
    const bool is_letter = flag.size() == 2;
    const bool takes_glued = is_letter || flag == "-Xmx";
    std::optional<MemoryFlag> found;
    for (auto at = plain.find(flag); at != std::string::npos; at = plain.find(flag, at + 1)) {
        auto begin = at + flag.size();
        const bool glued =
            begin < plain.size() && takes_glued && std::isdigit(static_cast<unsigned char>(plain[begin])) != 0;
        if (begin >= plain.size() || (plain[begin] != '=' && plain[begin] != ' ' && !glued)) {
            continue;  // a longer name
        }
        if (is_letter && at > 0 && plain[at - 1] != ' ') {
            continue;  // the end of another
        }
        begin = std::min(plain.find_first_not_of("= '\"", begin), plain.size());
        const auto end = std::find_if_not(plain.begin() + static_cast<std::ptrdiff_t>(begin), plain.end(),
                                          [](unsigned char c) { return std::isalnum(c) != 0; });
        const std::string value(plain.begin() + static_cast<std::ptrdiff_t>(begin), end);
        if (const auto bytes = value.empty() ? std::nullopt : bytes_of(known, value); bytes && *bytes > 0) {
            found = MemoryFlag{known.name, value, where, *bytes, known.dangerous};
        }
    }
    return found;
}

/// By its command line, or by its image where the entrypoint puts the name before the flags.
bool runs(const char* program, const Service& service) {
    const auto names = [&](const std::string& words) { return words.find(program) != std::string::npos; };
    return names(joined(member(service.resolved, "command"))) ||
           names(joined(member(service.resolved, "entrypoint"))) || names(text(service.resolved, "image"));
}

}  // namespace

Bytes least_limit(const MemoryFlag& flag) {
    return static_cast<Bytes>(std::ceil(static_cast<double>(flag.bytes) / (flag.dangerous * kCalm)));
}

Bytes most_within(const MemoryFlag& flag, Bytes limit) {
    const auto most = static_cast<Bytes>(static_cast<double>(limit) * flag.dangerous * kCalm);
    return most < kMiB ? most : most / kMiB * kMiB;
}

std::vector<MemoryFlag> memory_flags(const Service& service) {
    std::vector<MemoryFlag> flags;
    const std::string command = joined(member(service.resolved, "command"));
    const std::string entrypoint = joined(member(service.resolved, "entrypoint"));
    const nlohmann::json& environment = member(service.resolved, "environment");
    for (const Known& known : kKnown) {
        if (known.only_of != nullptr && !runs(known.only_of, service)) {
            continue;
        }
        auto found = find_flag(known, command, "command");
        if (!found) {
            found = find_flag(known, entrypoint, "entrypoint");
        }
        std::istringstream variables(known.variables);
        for (std::string name; !found && variables >> name;) {
            found = find_flag(known, text(environment, name.c_str()), name);
        }
        if (found) {
            flags.push_back(std::move(*found));
        }
    }
    return flags;
}

}  // namespace pilotpros

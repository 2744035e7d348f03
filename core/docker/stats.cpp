#include "core/docker/stats.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

namespace pilotpros {

namespace {

/// The objects and lists of a sample that hold something for us.
enum class Place : unsigned char {
    kNowhere,
    kRoot,
    kCpu,
    kCpuUsage,
    kThrottling,
    kMemory,
    kMemoryStats,
    kPids,
    kNetworks,
    kInterface,
    kBlock,
    kBlockBytes,
    kBlockEntry,
};

/// The numbers of a sample, as they come; a negative one was not there.
struct Raw {
    std::int64_t cpu = -1, periods = -1, throttled_periods = -1, throttled_time = -1;
    std::int64_t usage = -1, max_usage = -1, failures = -1, pids = -1;
    std::int64_t total_cache = -1, total_rss = -1, total_inactive_file = -1, total_active_file = -1;
    std::int64_t inactive_file = -1, active_file = -1;
    std::int64_t total_inactive_anon = -1, total_active_anon = -1, total_unevictable = -1;
    std::int64_t anon = -1, shared = -1, kernel_stack = -1, slab_reclaimable = -1, slab_unreclaimable = -1, socket = -1;
    std::int64_t received = -1, sent = -1, block_value = -1;
};

struct Field {
    Place place;
    std::string_view key;
    std::int64_t Raw::*number;
};

constexpr std::array kFields{
    Field{Place::kCpuUsage, "total_usage", &Raw::cpu},
    Field{Place::kThrottling, "periods", &Raw::periods},
    Field{Place::kThrottling, "throttled_periods", &Raw::throttled_periods},
    Field{Place::kThrottling, "throttled_time", &Raw::throttled_time},
    Field{Place::kMemory, "usage", &Raw::usage},
    Field{Place::kMemory, "max_usage", &Raw::max_usage},
    Field{Place::kMemory, "failcnt", &Raw::failures},
    Field{Place::kPids, "current", &Raw::pids},
    Field{Place::kMemoryStats, "total_cache", &Raw::total_cache},
    Field{Place::kMemoryStats, "total_rss", &Raw::total_rss},
    Field{Place::kMemoryStats, "total_inactive_file", &Raw::total_inactive_file},
    Field{Place::kMemoryStats, "total_active_file", &Raw::total_active_file},
    Field{Place::kMemoryStats, "total_inactive_anon", &Raw::total_inactive_anon},
    Field{Place::kMemoryStats, "total_active_anon", &Raw::total_active_anon},
    Field{Place::kMemoryStats, "total_unevictable", &Raw::total_unevictable},
    Field{Place::kMemoryStats, "inactive_file", &Raw::inactive_file},
    Field{Place::kMemoryStats, "active_file", &Raw::active_file},
    Field{Place::kMemoryStats, "anon", &Raw::anon},
    Field{Place::kMemoryStats, "shmem", &Raw::shared},
    Field{Place::kMemoryStats, "kernel_stack", &Raw::kernel_stack},
    Field{Place::kMemoryStats, "slab_reclaimable", &Raw::slab_reclaimable},
    Field{Place::kMemoryStats, "slab_unreclaimable", &Raw::slab_unreclaimable},
    Field{Place::kMemoryStats, "sock", &Raw::socket},
    Field{Place::kInterface, "rx_bytes", &Raw::received},
    Field{Place::kInterface, "tx_bytes", &Raw::sent},
    Field{Place::kBlockEntry, "value", &Raw::block_value},
};

struct Door {
    Place from;
    std::string_view key;
    Place to;
};

constexpr std::array kDoors{
    Door{Place::kRoot, "cpu_stats", Place::kCpu},
    Door{Place::kCpu, "cpu_usage", Place::kCpuUsage},
    Door{Place::kCpu, "throttling_data", Place::kThrottling},
    Door{Place::kRoot, "memory_stats", Place::kMemory},
    Door{Place::kMemory, "stats", Place::kMemoryStats},
    Door{Place::kRoot, "pids_stats", Place::kPids},
    Door{Place::kRoot, "networks", Place::kNetworks},
    Door{Place::kRoot, "blkio_stats", Place::kBlock},
    Door{Place::kBlock, "io_service_bytes_recursive", Place::kBlockBytes},
};

constexpr std::int64_t kMost = std::int64_t{1} << 60U;  // more is nonsense, and sums of a few of them still fit
constexpr std::size_t kDeepest = 64;  // a sample is six deep; what is deeper is an attempt to eat our memory

std::int64_t sum_of(std::initializer_list<std::int64_t> numbers) {
    std::int64_t sum = 0;
    for (const std::int64_t number : numbers) {
        sum += std::max<std::int64_t>(number, 0);
    }
    return sum;
}

/// Walks the JSON and picks the numbers by where they stand.
class Reader final : public nlohmann::json_sax<nlohmann::json> {
  public:
    bool key(string_t& name) override {
        key_ = name;
        return true;
    }
    bool start_object(std::size_t /*elements*/) override {
        const Place here = place();
        Place next = door();
        if (stack_.empty()) {
            next = Place::kRoot;
        } else if (here == Place::kNetworks) {
            next = Place::kInterface;
            raw.received = raw.sent = -1;
        } else if (here == Place::kBlockBytes) {
            next = Place::kBlockEntry;
            operation_.clear();
            raw.block_value = -1;
        }
        stack_.push_back(next);
        return stack_.size() <= kDeepest;
    }
    bool end_object() override {
        const Place here = place();
        stack_.pop_back();
        if (here == Place::kInterface) {
            network_known = network_known || raw.received >= 0;
            count(received, raw.received);
            count(sent, raw.sent);
        } else if (here == Place::kBlockEntry && raw.block_value >= 0) {
            // "Read" and "Write" on cgroup v1, among sums of them; "read" and "write" on v2.
            if (operation_ == "Read" || operation_ == "read") {
                count(block_read, raw.block_value);
                block_known = true;
            } else if (operation_ == "Write" || operation_ == "write") {
                count(block_written, raw.block_value);
                block_known = true;
            }
        }
        return true;
    }
    bool start_array(std::size_t /*elements*/) override {
        stack_.push_back(door());
        return stack_.size() <= kDeepest;
    }
    bool end_array() override {
        stack_.pop_back();
        return true;
    }
    bool number_integer(number_integer_t value) override { return number(value); }
    bool number_unsigned(number_unsigned_t value) override {
        return number(static_cast<std::int64_t>(std::min(value, static_cast<number_unsigned_t>(kMost))));
    }
    bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
    bool string(string_t& value) override {
        if (place() == Place::kRoot && key_ == "read") {
            read = parse_time(value);
            has_read = true;
        } else if (place() == Place::kBlockEntry && key_ == "op") {
            operation_ = value;
        }
        return true;
    }
    bool null() override { return true; }
    bool boolean(bool /*value*/) override { return true; }
    bool binary(binary_t& /*value*/) override { return true; }
    bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                     const nlohmann::detail::exception& /*error*/) override {
        return false;
    }

    Raw raw;
    TimePoint read;
    bool has_read = false;
    bool network_known = false, block_known = false;
    Bytes received = 0, sent = 0, block_read = 0, block_written = 0;

  private:
    [[nodiscard]] Place place() const { return stack_.empty() ? Place::kNowhere : stack_.back(); }
    [[nodiscard]] Place door() const {
        const Place here = place();
        for (const Door& one : kDoors) {
            if (one.from == here && one.key == key_) {
                return one.to;
            }
        }
        return Place::kNowhere;
    }
    static void count(Bytes& total, std::int64_t more) {
        total = std::min(total + std::max<std::int64_t>(more, 0), kMost);
    }
    bool number(std::int64_t value) {
        const Place here = place();
        if (here == Place::kNowhere) {
            return true;
        }
        for (const Field& field : kFields) {
            if (field.place == here && field.key == key_) {
                raw.*field.number = std::min(value, kMost);
                break;
            }
        }
        return true;
    }

    std::vector<Place> stack_;
    std::string key_, operation_;
};

Bytes unreclaimable_of(const Raw& raw) {
    const bool first_version = raw.total_cache >= 0 || raw.total_rss >= 0;
    const Bytes files = first_version ? sum_of({raw.total_active_file, raw.total_inactive_file})
                                      : sum_of({raw.active_file, raw.inactive_file, raw.slab_reclaimable});
    // Shared memory is on the lists of anonymous pages, too.
    const Bytes known = first_version
                            ? std::max(sum_of({raw.total_active_anon, raw.total_inactive_anon, raw.total_unevictable}),
                                       sum_of({raw.total_rss}))
                            : sum_of({raw.anon, raw.shared, raw.kernel_stack, raw.slab_unreclaimable, raw.socket});
    return std::clamp<Bytes>(std::max(raw.usage - files, known), 0, raw.usage);
}

Bytes working_set_of(const Raw& raw) {
    // As docker/cli, cli/command/container/stats_helpers.go (calculateMemUsageUnixNoCache).
    const Bytes inactive = raw.total_inactive_file >= 0 ? raw.total_inactive_file : raw.inactive_file;
    return inactive >= 0 && inactive < raw.usage ? raw.usage - inactive : raw.usage;
}

}  // namespace

Request stats_request(const std::string& container) {
    Request request;
    request.path = "/containers/" + container + "/stats";
    request.query = {{"stream", "1"}};
    return request;
}

StatsLine parse_stats(std::string_view line, StatsSample& sample) {
    Reader reader;
    if (!nlohmann::json::sax_parse(line.begin(), line.end(), &reader) || !reader.has_read) {
        return StatsLine::kNonsense;
    }
    const Raw& raw = reader.raw;
    if (reader.read == TimePoint{} || raw.usage < 0 || raw.cpu < 0) {
        return StatsLine::kNoSample;
    }
    sample = StatsSample{};
    sample.read = reader.read;
    sample.cpu_seconds = static_cast<double>(raw.cpu) / 1e9;
    sample.memory_usage = raw.usage;
    sample.working_set = working_set_of(raw);
    sample.unreclaimable = unreclaimable_of(raw);
    if (raw.max_usage >= 0) {
        sample.kernel_peak = raw.max_usage;
    }
    sample.periods = std::max<std::int64_t>(raw.periods, 0);
    sample.throttled_periods = std::max<std::int64_t>(raw.throttled_periods, 0);
    sample.throttled_seconds = static_cast<double>(std::max<std::int64_t>(raw.throttled_time, 0)) / 1e9;
    sample.pids = std::max<std::int64_t>(raw.pids, 0);
    sample.memory_failures = std::max<std::int64_t>(raw.failures, 0);
    sample.network_known = reader.network_known;
    sample.network_received = reader.received;
    sample.network_sent = reader.sent;
    sample.block_known = reader.block_known;
    sample.block_read = reader.block_read;
    sample.block_written = reader.block_written;
    return StatsLine::kSample;
}

}  // namespace pilotpros

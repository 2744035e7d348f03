#include "core/model/usage.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace pilotpros {

namespace {

// Fewer values say nothing about how they hang together, and the bias correction divides by n - 4.
constexpr double kFewestForCorrelation = 6;

double looks_of_run(double count, double last, double sum, double squares, double products) {
    if (count < kFewestForCorrelation) {
        return std::min(count, 1.0);
    }
    const double mean = sum / count;
    const double variance = squares - count * mean * mean;
    if (variance <= squares * 1e-12 || variance <= 0) {
        return 1;
    }
    // The first value is 0 here, since every value is taken relative to it.
    const double covariance = products - mean * (sum + (sum - last)) + (count - 1) * mean * mean;
    const double raw = covariance / variance;
    const double r = std::clamp((raw + 1 / count) / (1 - 4 / count), -1.0, 1.0);
    return std::clamp(count * (1 - r) / (1 + r), 1.0, count);
}

nlohmann::json time_to_json(TimePoint time) {
    return time == TimePoint{} ? nlohmann::json{} : nlohmann::json(format_time(time));
}

TimePoint time_from_json(const nlohmann::json& object, const char* key) {
    const nlohmann::json& value = object.at(key);
    return value.is_null() ? TimePoint{} : parse_time(value.get<std::string>());
}

/// A count or an amount: negative ones are nonsense in a file that somebody else may have written.
std::int64_t amount(const nlohmann::json& object, const char* key) {
    const auto value = object.at(key).get<std::int64_t>();
    if (value < 0) {
        throw std::invalid_argument("a usage holds a negative amount");
    }
    return value;
}

double real(const nlohmann::json& object, const char* key) {
    const auto value = object.at(key).get<double>();
    if (!std::isfinite(value) || value < 0) {
        throw std::invalid_argument("a usage holds a negative or infinite number");
    }
    return value;
}

}  // namespace

void Series::add(double value) {
    if (!std::isfinite(value)) {
        return;
    }
    histogram_.add(value);
    if (count_ == 0) {
        first_ = value;
    }
    const double here = value - first_;
    products_ += here * (last_ - first_) * (count_ > 0 ? 1 : 0);
    sum_ += here;
    squares_ += here * here;
    last_ = value;
    count_ += 1;
}

double Series::looks() const {
    const double here = looks_of_run(count_, last_ - first_, sum_, squares_, products_);
    return earlier_looks_ + here;
}

void Series::merge(const Series& other) {
    const double looks = this->looks() + other.looks();
    const double last = other.histogram_.empty() ? last_ : other.last_;
    histogram_.merge(other.histogram_);
    earlier_looks_ = looks;
    count_ = first_ = sum_ = squares_ = products_ = 0;
    last_ = last;
}

void Series::fade(double factor) {
    histogram_.fade(factor);
    earlier_looks_ = looks() * factor;
    count_ = first_ = sum_ = squares_ = products_ = 0;
}

void to_json(nlohmann::json& json, const Series& series) {
    json = series.histogram_;
    json["looks"] = series.looks();
    json["last"] = series.last_;
}

void from_json(const nlohmann::json& json, Series& series) {
    Series read;
    read.histogram_ = json.get<Histogram>();
    read.earlier_looks_ = real(json, "looks");
    read.last_ = real(json, "last");
    series = std::move(read);
}

void ProbeTimes::add(double seconds) {
    if (std::isfinite(seconds) && seconds > 0) {
        merge({1, seconds, seconds});
    }
}

void ProbeTimes::merge(const ProbeTimes& other) {
    if (other.passed == 0) {
        return;
    }
    fastest = passed == 0 ? other.fastest : std::min(fastest, other.fastest);
    slowest = std::max(slowest, other.slowest);
    passed += other.passed;
}

void LogWritten::merge(const LogWritten& other) {
    seconds += other.seconds;
    bytes += other.bytes;
}

Bytes Usage::need_peak() const {
    const auto sampled = static_cast<Bytes>(std::max(unreclaimable.histogram().max(), start_unreclaimable.max()));
    return earlier_need_peak > 0 ? earlier_need_peak : sampled + missed_peak();
}

void Usage::merge(const Usage& other) {
    if (other.from != TimePoint{} && (from == TimePoint{} || other.from < from)) {
        from = other.from;
    }
    if (other.unreclaimable.histogram().max() > unreclaimable.histogram().max() ||
        (other.unreclaimable.histogram().max() == unreclaimable.histogram().max() &&
         other.unreclaimable_peak_at > unreclaimable_peak_at)) {
        unreclaimable_peak_at = other.unreclaimable_peak_at;
    }
    earlier_need_peak = std::max(need_peak(), other.need_peak());
    // The kernel's peak and the samples beside it belong together: the higher peak brings its own.
    if (kernel_peak == 0 && other.kernel_peak == 0) {
        sampled_peak = std::max(sampled_peak, other.sampled_peak);
    } else if (other.kernel_peak > kernel_peak ||
               (other.kernel_peak == kernel_peak && other.kernel_peak_seen > kernel_peak_seen)) {
        kernel_peak = other.kernel_peak;
        kernel_peak_source = other.kernel_peak_source;
        kernel_peak_seen = other.kernel_peak_seen;
        kernel_peak_before = other.kernel_peak_before;
        sampled_peak = other.sampled_peak;
    }
    beside = std::max(beside, other.beside);
    to = std::max(to, other.to);
    seconds += other.seconds;
    container_seconds += other.container_seconds;
    samples += other.samples;
    gaps += other.gaps;
    cpu.merge(other.cpu);
    working_set.merge(other.working_set);
    unreclaimable.merge(other.unreclaimable);
    page_cache.merge(other.page_cache);
    start_cpu.merge(other.start_cpu);
    start_unreclaimable.merge(other.start_unreclaimable);
    start_seconds = std::max(start_seconds, other.start_seconds);
    probes.merge(other.probes);
    log.merge(other.log);
    periods += other.periods;
    throttled_periods += other.throttled_periods;
    throttled_seconds += other.throttled_seconds;
    oom_kills_before = std::max(oom_kills_before, other.oom_kills_before);
    oom_kills += other.oom_kills;
    oom_at = std::max(oom_at, other.oom_at);
    restarts += other.restarts;
    pids_max = std::max(pids_max, other.pids_max);
    pids_kernel_peak = std::max(pids_kernel_peak, other.pids_kernel_peak);
    memory_failures += other.memory_failures;
    network_received += other.network_received;
    network_sent += other.network_sent;
    network_known = network_known || other.network_known;
    block_read += other.block_read;
    block_written += other.block_written;
    block_known = block_known || other.block_known;
}

void Usage::merge_replica(const Usage& other) {
    // Where one took the other's place, they ran one after the other.
    const double shorter = std::min(Seconds{to - from}.count(), Seconds{other.to - other.from}.count());
    const double beside_each_other = Seconds{std::min(to, other.to) - std::max(from, other.from)}.count();
    const double share = shorter > 0 ? std::clamp(beside_each_other / shorter, 0.0, 1.0) : 1;
    const double together = seconds + other.seconds - share * std::min(seconds, other.seconds);
    merge(other);
    seconds = together;
}

Usage merged_replicas(std::vector<Usage> replicas) {
    std::sort(replicas.begin(), replicas.end(),
              [](const Usage& left, const Usage& right) { return left.from < right.from; });
    Usage merged;
    for (const Usage& replica : replicas) {
        merged.merge_replica(replica);
    }
    return merged;
}

void Usage::fade(double factor) {
    cpu.fade(factor);
    working_set.fade(factor);
    unreclaimable.fade(factor);
    page_cache.fade(factor);
    start_cpu.fade(factor);
    start_unreclaimable.fade(factor);
    const auto faded = [&](std::int64_t count) {
        return static_cast<std::int64_t>(std::llround(static_cast<double>(count) * factor));
    };
    periods = faded(periods);
    throttled_periods = std::min(faded(throttled_periods), periods);
    throttled_seconds *= factor;
}

void to_json(nlohmann::json& json, const Usage& usage) {
    json = {
        {"from", time_to_json(usage.from)},
        {"to", time_to_json(usage.to)},
        {"seconds", usage.seconds},
        {"container_seconds", usage.container_seconds},
        {"samples", usage.samples},
        {"gaps", usage.gaps},
        {"cpu_cores", usage.cpu},
        {"working_set_bytes", usage.working_set},
        {"unreclaimable_bytes", usage.unreclaimable},
        {"unreclaimable_peak_at", time_to_json(usage.unreclaimable_peak_at)},
        {"page_cache_bytes", usage.page_cache},
        {"need_peak_bytes", usage.need_peak()},
        {"start",
         {{"seconds", usage.start_seconds},
          {"cpu_cores", usage.start_cpu},
          {"unreclaimable_bytes", usage.start_unreclaimable}}},
        {"log", {{"seconds", usage.log.seconds}, {"bytes", usage.log.bytes}}},
        {"probes",
         {{"passed", usage.probes.passed},
          {"fastest_seconds", usage.probes.fastest},
          {"slowest_seconds", usage.probes.slowest}}},
        {"kernel_peak",
         {{"bytes", usage.kernel_peak},
          {"source", usage.kernel_peak_source},
          {"seen", time_to_json(usage.kernel_peak_seen)},
          {"before_bytes", usage.kernel_peak_before},
          {"sampled_bytes", usage.sampled_peak},
          {"missed_bytes", usage.missed_peak()},
          {"missed_while_watching", usage.missed_while_watching()}}},
        {"throttling",
         {{"periods", usage.periods},
          {"throttled_periods", usage.throttled_periods},
          {"share", usage.throttled_share()},
          {"seconds", usage.throttled_seconds}}},
        {"oom",
         {{"kills", usage.oom_kills}, {"kills_before", usage.oom_kills_before}, {"at", time_to_json(usage.oom_at)}}},
        {"restarts", usage.restarts},
        {"pids_max", usage.pids_max},
        {"pids_kernel_peak", usage.pids_kernel_peak},
        {"memory_failures", usage.memory_failures},
        {"network",
         {{"known", usage.network_known},
          {"received_bytes", usage.network_received},
          {"sent_bytes", usage.network_sent}}},
        {"block",
         {{"known", usage.block_known}, {"read_bytes", usage.block_read}, {"written_bytes", usage.block_written}}},
    };
    if (usage.beside) {
        json["beside_bytes"] = *usage.beside;
    }
}

void from_json(const nlohmann::json& json, Usage& usage) {
    Usage read;
    read.from = time_from_json(json, "from");
    read.to = time_from_json(json, "to");
    read.seconds = real(json, "seconds");
    if (json.contains("container_seconds")) {
        read.container_seconds = real(json, "container_seconds");
    } else {
        // Earlier versions kept the sum over replicas in its place; it was not longer than from the first to the last.
        read.container_seconds = read.seconds;
        read.seconds = std::min(read.seconds, std::max(0.0, Seconds{read.to - read.from}.count()));
    }
    read.samples = amount(json, "samples");
    read.gaps = amount(json, "gaps");
    read.cpu = json.at("cpu_cores").get<Series>();
    read.working_set = json.at("working_set_bytes").get<Series>();
    read.unreclaimable = json.at("unreclaimable_bytes").get<Series>();
    read.unreclaimable_peak_at = time_from_json(json, "unreclaimable_peak_at");
    read.page_cache = json.at("page_cache_bytes").get<Histogram>();
    const auto& start = json.at("start");
    read.start_seconds = real(start, "seconds");
    read.start_cpu = start.at("cpu_cores").get<Histogram>();
    read.start_unreclaimable = start.at("unreclaimable_bytes").get<Histogram>();
    // Earlier versions did not keep these three.
    if (json.contains("beside_bytes")) {
        read.beside = amount(json, "beside_bytes");
    }
    if (const auto log = json.find("log"); log != json.end()) {
        read.log = {real(*log, "seconds"), amount(*log, "bytes")};
    }
    if (const auto probes = json.find("probes"); probes != json.end()) {
        read.probes = {amount(*probes, "passed"), real(*probes, "fastest_seconds"), real(*probes, "slowest_seconds")};
    }
    const auto& peak = json.at("kernel_peak");
    read.kernel_peak = amount(peak, "bytes");
    read.kernel_peak_source = peak.at("source").get<std::string>();
    read.kernel_peak_seen = time_from_json(peak, "seen");
    read.kernel_peak_before = amount(peak, "before_bytes");
    read.sampled_peak = amount(peak, "sampled_bytes");
    read.earlier_need_peak = amount(json, "need_peak_bytes");
    const auto& throttling = json.at("throttling");
    read.periods = amount(throttling, "periods");
    read.throttled_periods = amount(throttling, "throttled_periods");
    read.throttled_seconds = real(throttling, "seconds");
    const auto& oom = json.at("oom");
    read.oom_kills = amount(oom, "kills");
    read.oom_kills_before = amount(oom, "kills_before");
    read.oom_at = time_from_json(oom, "at");
    read.restarts = amount(json, "restarts");
    read.pids_max = amount(json, "pids_max");
    read.pids_kernel_peak = amount(json, "pids_kernel_peak");
    read.memory_failures = amount(json, "memory_failures");
    const auto& network = json.at("network");
    read.network_known = network.at("known").get<bool>();
    read.network_received = amount(network, "received_bytes");
    read.network_sent = amount(network, "sent_bytes");
    const auto& block = json.at("block");
    read.block_known = block.at("known").get<bool>();
    read.block_read = amount(block, "read_bytes");
    read.block_written = amount(block, "written_bytes");
    usage = std::move(read);
}

}  // namespace pilotpros

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/model/histogram.h"
#include "core/model/units.h"

namespace pilotpros {

/// A measured quantity over time: its distribution, and how many independent looks the samples amount to.
class Series {
  public:
    /// The next value of this run; what is not finite is ignored.
    void add(double value);
    void merge(const Series& other);
    void fade(double factor);
    [[nodiscard]] const Histogram& histogram() const { return histogram_; }
    [[nodiscard]] double last() const { return last_; }
    /// n (1 - r) / (1 + r) with r the lag-1 autocorrelation (AR(1) effective sample size; von Storch and Zwiers,
    /// "Statistical Analysis in Climate Research", 6.6.8); r is corrected for its bias in short series, (1 + 4r) / n
    /// (Marriott and Pope, Biometrika 41, 1954). At least 1 when there is a sample, at most n. A constant series, and
    /// one of fewer than six values, counts as one look. Runs add up.
    [[nodiscard]] double looks() const;
    /// As Histogram, and "looks".
    friend void to_json(nlohmann::json& json, const Series& series);
    friend void from_json(const nlohmann::json& json, Series& series);

  private:
    Histogram histogram_;
    double earlier_looks_ = 0;  // of merged runs
    // Running sums of this run, for the autocorrelation; relative to the first value, so that they do not cancel.
    double count_ = 0, first_ = 0, last_ = 0, sum_ = 0, squares_ = 0, products_ = 0;
};

/// One sample of a container's counters, from the statistics stream.
struct StatsSample {
    TimePoint read;
    double cpu_seconds = 0;  ///< since the container's start
    Bytes memory_usage = 0;  ///< with page cache
    Bytes working_set = 0;   ///< usage less inactive file pages, as `docker stats` shows it
    Bytes unreclaimable =
        0;  ///< anonymous, shared, kernel: what no pressure gives back; see parse_stats for how and how exact
    std::optional<Bytes> kernel_peak;  ///< cgroup v1's max_usage: the highest usage since start, page cache included
    std::int64_t periods = 0, throttled_periods = 0;
    double throttled_seconds = 0;
    std::int64_t pids = 0;
    std::int64_t memory_failures = 0;  ///< v1: how often the limit was hit; v2: how often that led to the OOM killer
    Bytes network_received = 0, network_sent = 0;  ///< over all interfaces
    bool network_known = false;  ///< false: the engine says nothing of the network (host's, another container's, none)
    Bytes block_read = 0, block_written = 0;
    bool block_known = false;  ///< false: the kernel keeps no such counters, or there was no block I/O yet
};

/// What probes of a health check took that passed, in seconds. An engine remembers the last five of a container only.
struct ProbeTimes {
    std::int64_t passed = 0;
    double fastest = 0, slowest = 0;
    void add(double seconds);
    void merge(const ProbeTimes& other);
};

/// What a container wrote to standard output and error.
struct LogWritten {
    double seconds = 0;  ///< over which it was looked at; 0: it was not
    Bytes bytes = 0;     ///< as json-file keeps it: kJsonLine more than the text of each line
    static constexpr Bytes kJsonLine = 75;
    /// What it would come to in a day.
    [[nodiscard]] double a_day() const { return seconds > 0 ? static_cast<double>(bytes) / seconds * 86'400 : 0; }
    void merge(const LogWritten& other);
};

/// What a container used over a time, mergeable over runs and replicas.
struct Usage {
    TimePoint from, to;
    double seconds = 0;            ///< observed; gaps and the time of our own questions left out; of replicas
                                   ///< the time for which any ran
    double container_seconds = 0;  ///< the same, of all replicas together: what amounts are divided by
    std::int64_t samples = 0;
    std::int64_t gaps = 0;  ///< intervals too long to be a sample

    Series cpu;            ///< cores, over each interval between two samples
    Series working_set;    ///< bytes
    Series unreclaimable;  ///< bytes
    Histogram page_cache;  ///< bytes: usage less what cannot be reclaimed; a wish, not a need
    TimePoint unreclaimable_peak_at;

    Histogram start_cpu, start_unreclaimable;  ///< the same while the container was starting, kept apart
    double start_seconds =
        0;  ///< the slowest start seen from its begin to its first verdict of health; 0: none was seen

    LogWritten log;     ///< as far as the engine gives it
    ProbeTimes probes;  ///< as far as the engine's log had them when it was looked at

    Bytes kernel_peak = 0;  ///< highest the kernel knows since start, page cache included; 0 when it could not be read
    std::string kernel_peak_source;  ///< e.g. "memory.max_usage_in_bytes", "memory.peak"
    TimePoint kernel_peak_seen;      ///< when it was read: the peak itself is older
    Bytes kernel_peak_before = 0;    ///< the same as it stood when watching began
    Bytes sampled_peak = 0;          ///< highest usage among the samples of the same run, page cache included
    /// need_peak() of merged runs and replicas, 0: it is none. One run's samples say nothing beside another's kernel
    /// peak.
    Bytes earlier_need_peak = 0;
    /// The most that the programs beside the application held, as it tells (apps/application.h, `beside`): what they
    /// hold moves from look to look, and the advice with it would. Nothing: it was not looked at.
    std::optional<Bytes> beside;

    std::int64_t periods = 0, throttled_periods = 0;
    double throttled_seconds = 0;
    std::int64_t oom_kills = 0;         ///< while watched
    std::int64_t oom_kills_before = 0;  ///< since the container's start, before it was watched
    TimePoint oom_at;                   ///< the latest known; epoch: none
    std::int64_t restarts = 0, pids_max = 0, memory_failures = 0;
    std::int64_t pids_kernel_peak = 0;  ///< since start, with what the engine runs in the group to start it or to enter
                                        ///< it; a limit has to bear that, too
    Bytes network_received = 0, network_sent = 0, block_read = 0, block_written = 0;
    bool network_known = false, block_known = false;

    [[nodiscard]] bool empty() const { return samples == 0; }
    /// Share of the enforcement periods with work in which the CPU quota cut in; 0 without a quota.
    [[nodiscard]] double throttled_share() const {
        return periods > 0 ? static_cast<double>(throttled_periods) / static_cast<double>(periods) : 0;
    }
    /// What the kernel's peak has above the highest sample: a spike between two samples, or one from before the
    /// watching. Page cache and other memory cannot be told apart in it; it counts as memory that cannot be reclaimed.
    [[nodiscard]] Bytes missed_peak() const {
        return kernel_peak > sampled_peak && samples > 0 ? kernel_peak - sampled_peak : 0;
    }
    /// Whether that happened while we watched.
    [[nodiscard]] bool missed_while_watching() const { return missed_peak() > 0 && kernel_peak > kernel_peak_before; }
    /// The highest memory that could not be reclaimed, as far as anything knows: sampled, while starting, and what
    /// sampling missed.
    [[nodiscard]] Bytes need_peak() const;

    /// A later run of the same: its time comes on top.
    void merge(const Usage& other);
    /// Another container of the same run, which began later: all adds up but the time for which both ran.
    void merge_replica(const Usage& other);
    /// Lets what was seen fade by this factor; peaks stay, with their dates.
    void fade(double factor);
    friend void to_json(nlohmann::json& json, const Usage& usage);
    /// Throws nlohmann::json::exception or std::invalid_argument when the JSON is no Usage.
    friend void from_json(const nlohmann::json& json, Usage& usage);
};

/// The containers of one run as one. Pure.
Usage merged_replicas(std::vector<Usage> replicas);

}  // namespace pilotpros

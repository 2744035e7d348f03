#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/docker/events.h"
#include "core/model/observation.h"
#include "core/model/usage.h"
#include "core/observe/kernel_files.h"
#include "core/observe/remembered_starts.h"
#include "core/observe/startup.h"

namespace pilotpros {

/// Turns the samples, events and kernel readings of one container into its Usage. Pure: all times come with what is
/// told.
class ContainerRecorder {
  public:
    /// A longer interval between two samples is a gap: its mean says nothing about a second of use. The engine sends
    /// one a second and is late when it has hundreds of containers to read.
    static constexpr Seconds kLongestInterval{5};

    ContainerRecorder(const Container& container, TimePoint now);

    void sample(const StatsSample& sample);
    void event(const ContainerEvent& event);
    /// How it started before it was watched.
    void remember(const RememberedStart& start);
    void kernel(const KernelReading& reading, TimePoint at);
    /// Between true and false we run programs inside the container: what is sampled then is not its own use. The
    /// kernel's counters have to be read and told right before true and right after false.
    void asking(bool now);

    [[nodiscard]] const Usage& usage() const { return usage_; }
    [[nodiscard]] bool starting(TimePoint at) const { return start_.starting(at); }
    [[nodiscard]] bool running() const { return running_; }
    [[nodiscard]] bool frozen() const { return frozen_; }
    /// Changes with every new life, so that whoever keeps something of a life (its process number) knows that it is
    /// stale.
    [[nodiscard]] int life() const { return life_; }

  private:
    /// A peak that the kernel keeps and that grows when we ask, too: only what it grows by otherwise is the container's
    /// own.
    class OwnPeak {
      public:
        void questions_ran() { skip_ = true; }
        void begin() { *this = OwnPeak{0}; }
        /// Whether this reading is a new peak of the container's own. The first that anybody gives counts, also after
        /// questions: on an engine elsewhere it is the only word on the time before, and a little too much of it is
        /// better than none.
        bool grew(std::int64_t reading) {
            const bool own = (!skip_ || told_ < 0) && reading > told_;
            told_ = std::max(told_, reading);
            skip_ = false;
            return own;
        }
        explicit OwnPeak(std::int64_t told = -1) : told_(told) {}

      private:
        std::int64_t told_;
        bool skip_ = false;
    };
    enum class BlockSource { kNone, kStream, kKernel };

    void begin_life(TimePoint at, bool from_zero);
    void add_interval(const StatsSample& before, const StatsSample& now);
    void note_peak(Bytes peak, const std::string& source, TimePoint at);
    void note_start();
    void count_oom();

    Usage usage_;
    StartUp start_;
    bool running_, frozen_, lived_, asking_ = false;
    bool peak_told_ = false, sampled_ = false;
    int life_ = 1;
    std::optional<StatsSample> last_;  ///< what the next sample's counters are compared with
    bool last_is_use_ = true;          ///< false: questions ran since
    OwnPeak memory_peak_, pids_peak_;

    // OOM kills of this life; the kernel counts them while the group exists, events tell of those that it took with it.
    std::optional<std::int64_t> kills_at_begin_;
    std::int64_t kills_told_ = 0, oom_events_ = 0, oom_of_earlier_lives_ = 0;
    TimePoint kills_told_at_, oom_event_at_;

    BlockSource block_source_ = BlockSource::kNone;
    std::optional<std::pair<Bytes, Bytes>> kernel_block_;  ///< read and written, as last told
};

}  // namespace pilotpros

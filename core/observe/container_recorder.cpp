#include "core/observe/container_recorder.h"

#include <algorithm>

namespace pilotpros {

namespace {

// The event comes after the moment that the engine writes down as the start: first the network is set up.
constexpr std::chrono::seconds kStartEventLag{5};

std::int64_t grown(std::int64_t before, std::int64_t now) { return std::max<std::int64_t>(now - before, 0); }

StatsSample zero_at(TimePoint time) {
    StatsSample sample;
    sample.read = time;
    sample.network_known = sample.block_known = true;
    return sample;
}

}  // namespace

ContainerRecorder::ContainerRecorder(const Container& container, TimePoint now)
    : start_(container),
      running_(container.running() || container.status == "paused"),
      frozen_(container.status == "paused"),
      lived_(running_) {
    usage_.from = usage_.to = now;
    if (running_ && now - container.started < kLongestInterval) {
        kills_at_begin_ = 0;  // all that the kernel counts is of our own time
        peak_told_ = true;
    } else if (container.oom_killed) {
        usage_.oom_kills_before = 1;  // at least; the kernel may know better
    }
    note_start();
}

void ContainerRecorder::begin_life(TimePoint at, bool from_zero) {
    ++life_;
    usage_.restarts += lived_ ? 1 : 0;
    lived_ = running_ = peak_told_ = sampled_ = true;
    frozen_ = false;
    oom_of_earlier_lives_ = usage_.oom_kills;
    oom_events_ = kills_told_ = 0;
    kills_at_begin_ = 0;
    memory_peak_.begin();
    pids_peak_.begin();
    kernel_block_ = {0, 0};
    last_.reset();
    if (from_zero) {
        last_ = zero_at(at);
        last_is_use_ = !asking_;
    }
    start_.restarted(at);
}

void ContainerRecorder::note_start() {
    if (const auto took = start_.took()) {
        usage_.start_seconds = std::max(usage_.start_seconds, took->count());
    }
}

void ContainerRecorder::remember(const RememberedStart& start) {
    const Seconds lag{start.started - start_.started()};
    if (lag >= Seconds{0} && lag <= kStartEventLag) {  // of this life
        start_.remembered(start.verdict);
        note_start();
    }
}

void ContainerRecorder::note_peak(Bytes peak, const std::string& source, TimePoint at) {
    if (asking_) {
        return;
    }
    if (!peak_told_) {
        usage_.kernel_peak_before = peak;
        peak_told_ = true;
    }
    if (memory_peak_.grew(peak) && peak > usage_.kernel_peak) {
        usage_.kernel_peak = peak;
        usage_.kernel_peak_source = source;
        usage_.kernel_peak_seen = at;
    }
}

void ContainerRecorder::asking(bool now) {
    if (asking_ && !now) {
        memory_peak_.questions_ran();
        pids_peak_.questions_ran();
        kernel_block_.reset();
    }
    asking_ = now;
    last_is_use_ = last_is_use_ && !now;
}

void ContainerRecorder::sample(const StatsSample& sample) {
    if (last_ && sample.read <= last_->read) {
        return;
    }
    if (!sampled_ && !last_ && sample.read - start_.started() < kLongestInterval) {
        // The counters began at zero when it started: with a start just now that is as good as a sample.
        last_ = zero_at(start_.started());
    }
    sampled_ = true;
    if (last_ && sample.cpu_seconds < last_->cpu_seconds) {
        begin_life(sample.read, false);
    }
    if (sample.kernel_peak) {
        note_peak(*sample.kernel_peak, "memory.max_usage_in_bytes", sample.read);
    }
    if (frozen_) {
        last_.reset();
        return;
    }
    if (last_) {
        add_interval(*last_, sample);
    }
    last_ = sample;
    last_is_use_ = !asking_;
    if (asking_) {
        return;
    }
    ++usage_.samples;
    usage_.to = std::max(usage_.to, sample.read);
    usage_.pids_max = std::max(usage_.pids_max, sample.pids);
    usage_.sampled_peak = std::max(usage_.sampled_peak, sample.memory_usage);
    const double highest = std::max(usage_.unreclaimable.histogram().max(), usage_.start_unreclaimable.max());
    const auto unreclaimable = static_cast<double>(sample.unreclaimable);
    if (unreclaimable > highest) {
        usage_.unreclaimable_peak_at = sample.read;
    }
    if (start_.starting(sample.read)) {
        usage_.start_unreclaimable.add(unreclaimable);
        return;
    }
    usage_.unreclaimable.add(unreclaimable);
    usage_.working_set.add(static_cast<double>(sample.working_set));
    usage_.page_cache.add(static_cast<double>(sample.memory_usage - sample.unreclaimable));
}

void ContainerRecorder::add_interval(const StatsSample& before, const StatsSample& now) {
    // Programs that we run inside use neither its network nor, to speak of, its sockets.
    usage_.network_known = usage_.network_known || now.network_known;
    if (before.network_known && now.network_known) {
        usage_.network_received += grown(before.network_received, now.network_received);
        usage_.network_sent += grown(before.network_sent, now.network_sent);
    }
    if (!last_is_use_ || asking_) {
        return;
    }
    usage_.periods += grown(before.periods, now.periods);
    usage_.throttled_periods += grown(before.throttled_periods, now.throttled_periods);
    usage_.throttled_seconds += std::max(now.throttled_seconds - before.throttled_seconds, 0.0);
    usage_.memory_failures += grown(before.memory_failures, now.memory_failures);
    if (now.block_known && block_source_ != BlockSource::kKernel) {
        // Without a device line there was no I/O yet: the first one that appears began at zero.
        block_source_ = BlockSource::kStream;
        usage_.block_known = true;
        usage_.block_read += grown(before.block_read, now.block_read);
        usage_.block_written += grown(before.block_written, now.block_written);
    }
    const Seconds interval{now.read - before.read};
    if (interval > kLongestInterval) {
        ++usage_.gaps;
        return;
    }
    usage_.seconds += interval.count();
    usage_.container_seconds += interval.count();
    const double cores = (now.cpu_seconds - before.cpu_seconds) / interval.count();
    if (start_.starting(now.read)) {
        usage_.start_cpu.add(cores);
    } else {
        usage_.cpu.add(cores);
    }
}

void ContainerRecorder::count_oom() {
    // The kernel is exact about a group that still exists; of one that went, the last events may be all there is.
    const std::int64_t by_kernel = kills_at_begin_ ? grown(*kills_at_begin_, kills_told_) : 0;
    const bool kernel_is_newer = kills_at_begin_ && kills_told_at_ > oom_event_at_;
    usage_.oom_kills = oom_of_earlier_lives_ + (kernel_is_newer ? by_kernel : std::max(by_kernel, oom_events_));
}

void ContainerRecorder::kernel(const KernelReading& reading, TimePoint at) {
    if (reading.peak) {
        note_peak(*reading.peak, reading.peak_source, at);
    }
    if (reading.oom_kills) {
        if (!kills_at_begin_) {
            kills_at_begin_ = reading.oom_kills;
            usage_.oom_kills_before = std::max(usage_.oom_kills_before, *reading.oom_kills);
        }
        if (*reading.oom_kills > std::max(kills_told_, *kills_at_begin_) && oom_events_ == 0) {
            usage_.oom_at = at;
        }
        kills_told_ = *reading.oom_kills;
        kills_told_at_ = at;
        count_oom();
    }
    if (reading.pids_peak && !asking_ && pids_peak_.grew(*reading.pids_peak)) {
        usage_.pids_kernel_peak = std::max(usage_.pids_kernel_peak, *reading.pids_peak);
    }
    if ((reading.block_read || reading.block_written) && !asking_ && block_source_ != BlockSource::kStream) {
        const std::pair<Bytes, Bytes> block{reading.block_read.value_or(0), reading.block_written.value_or(0)};
        if (kernel_block_) {
            block_source_ = BlockSource::kKernel;
            usage_.block_known = true;
            usage_.block_read += grown(kernel_block_->first, block.first);
            usage_.block_written += grown(kernel_block_->second, block.second);
        }
        kernel_block_ = block;
    }
}

void ContainerRecorder::event(const ContainerEvent& event) {
    using Kind = ContainerEvent::Kind;
    if (event.time < start_.started() && event.kind != Kind::kDestroy) {
        return;  // of a life that was over before, by inspection or by counters that went back
    }
    switch (event.kind) {
        case Kind::kStart:
            if (!running_ || event.time - start_.started() > kStartEventLag) {
                begin_life(event.time, true);
            }
            break;
        case Kind::kDie:
        case Kind::kDestroy:
            running_ = false;
            last_.reset();
            break;
        case Kind::kOom:
            ++oom_events_;
            oom_event_at_ = event.time;
            usage_.oom_at = std::max(usage_.oom_at, event.time);
            count_oom();
            break;
        case Kind::kHealthy:
        case Kind::kUnhealthy:
            start_.verdict(event.time);
            note_start();
            break;
        case Kind::kPause:
        case Kind::kUnpause:
            frozen_ = event.kind == Kind::kPause;
            last_.reset();
            break;
        case Kind::kKill:     // a signal; what it led to is told by itself
        case Kind::kRestart:  // follows the start that it made
            break;
    }
}

}  // namespace pilotpros

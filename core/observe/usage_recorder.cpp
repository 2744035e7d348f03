#include "core/observe/usage_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "core/docker/stats.h"
#include "core/observe/containers.h"

namespace pilotpros {

struct UsageRecorder::Watched {
    Watched(const Container& container, TimePoint now)
        : recorder(container, now),
          id(container.id),
          service(container.service.empty() ? container.name : container.service),
          pid(container.pid) {}

    ContainerRecorder recorder;
    std::string id, service;
    int pid = 0;  ///< of the life `pid_of_life`
    int pid_of_life = 1;
    std::optional<ControlGroup> group;
    std::string kernel_complaint, stream_complaint;
    std::unique_ptr<JsonLines> lines;
    Engine::StreamId stream = 0;
    bool ended = false;  ///< the stream
};

UsageRecorder::UsageRecorder(Engine& engine, const Clock& clock, const Files* local_files, std::string project)
    : engine_(engine),
      clock_(clock),
      files_(local_files),
      events_(engine, clock, std::move(project), [this](const ContainerEvent& event) { hear(event); }),
      kernels_read_(clock.steady()) {}

void UsageRecorder::mend_events() {
    Request ping;
    ping.path = "/_ping";
    ping.versioned = false;
    ping.timeout = std::chrono::seconds{5};
    if (!engine_.call_all({ping}).front().ok()) {
        lost_ = true;
    } else if (events_.mend()) {
        for (const auto& [id, watched] : watched_) {
            if (watched->ended && watched->recorder.running()) {
                open_statistics(*watched);
            }
        }
    }
}

void UsageRecorder::remember_starts(const std::string& project) {
    remembered_ = remembered_starts(engine_, project, clock_.now());
}

UsageRecorder::~UsageRecorder() {
    if (!finished_) {
        for (const auto& [id, watched] : watched_) {
            engine_.close(watched->stream);
        }
    }
}

void UsageRecorder::watch(const Container& container) {
    if (finished_ || watched_.contains(container.id)) {
        return;
    }
    Watched& watched =
        *watched_.emplace(container.id, std::make_unique<Watched>(container, clock_.now())).first->second;
    if (const auto start = remembered_.find(container.id); start != remembered_.end()) {
        watched.recorder.remember(start->second);
    }
    read_kernel_of(watched);
    watched.lines = std::make_unique<JsonLines>([&watched](std::string_view line) {
        StatsSample sample;
        const StatsLine kind = parse_stats(line, sample);
        if (kind == StatsLine::kSample) {
            watched.recorder.sample(sample);
        }
        return kind != StatsLine::kNonsense;
    });
    open_statistics(watched);
}

void UsageRecorder::open_statistics(Watched& watched) {
    watched.ended = false;
    watched.stream = engine_.open(
        stats_request(watched.id), [&watched](std::string_view bytes) { watched.lines->feed(bytes); },
        [&watched](int status, const std::string& complaint) {
            watched.ended = true;
            if (status >= 400 || !complaint.empty()) {
                watched.stream_complaint = complaint.empty() ? fmt::format("the engine answers {}", status) : complaint;
            }
        });
}

void UsageRecorder::step(std::chrono::milliseconds at_most) {
    const auto begin = clock_.steady();
    engine_.pump(at_most);
    if (events_.broken() && !lost_) {
        mend_events();
    }
    // The engine reads its containers one after the other and sends each sample by itself. Nobody waits for one: its
    // time is written in it. Looking at all streams once for many samples is what keeps the cost of hundreds of
    // containers linear.
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(at_most - (clock_.steady() - begin));
    if (left > kGather) {
        std::this_thread::sleep_for(kGather);
    }
    look_up_processes();
    if (clock_.steady() - kernels_read_ >= kKernelInterval) {
        read_kernels();
    }
}

bool UsageRecorder::newcomers() { return std::exchange(newcomers_, false); }

void UsageRecorder::hear(const ContainerEvent& event) {
    const auto found = watched_.find(event.container);
    if (found != watched_.end()) {
        found->second->recorder.event(event);
    }
    newcomers_ = newcomers_ || (found == watched_.end() && event.kind == ContainerEvent::Kind::kStart && !event.oneoff);
}

void UsageRecorder::look_up_processes() {
    std::map<std::string, int> lives;
    std::vector<std::string> ids;
    for (const auto& [id, watched] : watched_) {
        if (files_ != nullptr && watched->recorder.running() && watched->pid_of_life != watched->recorder.life()) {
            ids.push_back(id);
            lives[id] = watched->recorder.life();
        }
    }
    if (ids.empty()) {
        return;
    }
    for (const Container& container : inspect_containers(engine_, ids)) {
        Watched& watched = *watched_.at(container.id);
        watched.pid = container.pid;
        watched.pid_of_life = lives.at(container.id);
        watched.group.reset();
        read_kernel_of(watched);
    }
}

void UsageRecorder::read_kernel_of(Watched& watched) {
    if (files_ == nullptr || !watched.recorder.running() || watched.pid_of_life != watched.recorder.life()) {
        return;
    }
    if (!watched.group) {
        watched.group = find_control_group(*files_, watched.pid, watched.id, watched.kernel_complaint);
    }
    if (watched.group) {
        watched.kernel_complaint.clear();
        watched.recorder.kernel(read_kernel(*files_, *watched.group), clock_.now());
    }
}

void UsageRecorder::read_kernels() {
    kernels_read_ = clock_.steady();
    for (const auto& [id, watched] : watched_) {
        read_kernel_of(*watched);
    }
}

void UsageRecorder::begin_questions() {
    read_kernels();
    for (const auto& [id, watched] : watched_) {
        watched->recorder.asking(true);
    }
}

void UsageRecorder::end_questions() {
    for (const auto& [id, watched] : watched_) {
        watched->recorder.asking(false);
    }
    read_kernels();
}

void UsageRecorder::finish() {
    if (finished_) {
        return;
    }
    read_kernels();
    for (const auto& [id, watched] : watched_) {
        engine_.close(watched->stream);
    }
    events_.close();
    finished_ = true;
}

std::map<std::string, Usage> UsageRecorder::usage() const {
    std::map<std::string, Usage> result;
    for (const auto& [id, watched] : watched_) {
        result.emplace(id, watched->recorder.usage());
    }
    return result;
}

std::vector<Gap> UsageRecorder::gaps(bool interrupted) const {
    std::vector<Gap> result;
    std::set<std::pair<std::string, std::string>> said;
    const auto say = [&](const std::string& subject, const std::string& what, const std::string& why) {
        if (said.insert({subject, what}).second) {
            result.push_back({subject, what, why});
        }
    };
    if (files_ == nullptr && !watched_.empty()) {
        say("engine", "the kernel's own counters",
            "the engine is not proven to run on this machine, so its kernel's own files cannot be read");
    }
    if (!events_.ended().empty()) {
        say("engine", "restarts and OOM kills since then", "the stream of events ended: " + events_.ended());
    }
    std::size_t without_block = 0, without_peak = 0;
    for (const auto& [id, watched] : watched_) {
        const Usage& usage = watched->recorder.usage();
        if (!watched->kernel_complaint.empty() && watched->recorder.running()) {
            say(watched->service, "the kernel's own counters", watched->kernel_complaint);
        }
        const bool denied = !watched->stream_complaint.empty() && usage.samples == 0;
        if (denied) {
            say(watched->service, "use", watched->stream_complaint);
        } else if (!watched->stream_complaint.empty()) {
            say(watched->service, "use since then", "the statistics stream ended: " + watched->stream_complaint);
        } else if (watched->ended && watched->recorder.running() && !usage.empty()) {
            say(watched->service, "use since then", "the statistics stream ended");
        } else if (usage.empty() && watched->recorder.running()) {
            say(watched->service, "use",
                watched->recorder.frozen() ? "it is paused"
                : interrupted              ? "it was interrupted before there was a sample of it"
                                           : "the engine sent no sample of it");
        }
        if (watched->lines->nonsense() > 0 && !denied) {  // what says why it is denied is no sample
            say(watched->service, "some samples",
                fmt::format("{} lines of the statistics stream could not be read", watched->lines->nonsense()));
        }
        without_peak += watched->group && usage.samples > 0 && usage.kernel_peak == 0 ? 1 : 0;
        without_block += usage.samples > 0 && !usage.block_known ? 1 : 0;
    }
    if (without_peak > 0) {
        say("host", "the kernel's own highest memory use",
            "this kernel keeps none: memory.peak of cgroup v2 is there from Linux 5.19 on");
    }
    const bool all_without_block = without_block > 0 && without_block == watched_.size();
    if (all_without_block) {
        say("host", "block I/O",
            "the kernel counted none: there was none, or it keeps no books on this cgroup version (late kernels with "
            "cgroup v1: not before a disk has its first limit)");
    }
    return result;
}

}  // namespace pilotpros

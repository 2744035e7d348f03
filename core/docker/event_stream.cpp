#include "core/docker/event_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pilotpros {

EventStream::EventStream(Engine& engine, const Clock& clock, std::string project, OnEvent on_event)
    : engine_(engine),
      clock_(clock),
      project_(std::move(project)),
      on_event_(std::move(on_event)),
      begin_(clock.now()) {
    open(std::nullopt);
}

void EventStream::open(std::optional<TimePoint> since) {
    // What was heard last comes again.
    lines_ = std::make_unique<JsonLines>([this, fresh = !since, known = last_](std::string_view line) mutable {
        auto event = parse_event(line);
        fresh = fresh || (event && event->time != known);
        if (event && fresh) {
            last_ = std::max(last_, event->time);
            on_event_(std::move(*event));
            return true;
        }
        return event.has_value();
    });
    opened_ = clock_.steady();
    ended_.clear();
    owes_ = since.has_value();
    stream_ = engine_.open(
        events_request(project_, since),
        [this](std::string_view bytes) {
            owes_ = false;
            lines_->feed(bytes);
        },
        [this](int status, const std::string& complaint) {
            status_ = status;
            ended_ = complaint.empty() ? fmt::format("the engine ended them (status {})", status) : complaint;
        });
}

bool EventStream::mend() {
    constexpr int kDenied = 400, kQuickEnds = 3;
    quick_ends_ = clock_.steady() - opened_ < std::chrono::seconds{1} ? quick_ends_ + 1 : 0;
    if (status_ >= kDenied || quick_ends_ > kQuickEnds) {
        given_up_ = true;
        return false;
    }
    open(last_ == TimePoint{} ? begin_ : last_);
    return true;
}

}  // namespace pilotpros

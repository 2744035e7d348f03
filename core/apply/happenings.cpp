#include "core/apply/happenings.h"

#include <algorithm>

namespace pilotpros {

Happenings::Happenings(Engine& engine, const std::string& project)
    : engine_(engine), lines_([this](std::string_view line) {
          auto event = parse_event(line);
          if (event) {
              events_.push_back(std::move(*event));
          }
          return event.has_value();
      }) {
    stream_ = engine_.open(
        events_request(project), [this](std::string_view bytes) { lines_.feed(bytes); },
        // Without them less is known, and nothing is wrong.
        [this](int /*status*/, const std::string& /*complaint*/) { ended_ = true; });
}

Happenings::~Happenings() { engine_.close(stream_); }

void Happenings::catch_up() {
    constexpr std::chrono::milliseconds kShort{20};
    constexpr int kLooks = 10;
    for (int look = 0; look < kLooks; ++look) {
        const std::size_t before = events_.size();
        engine_.pump(kShort);
        if (events_.size() == before) {
            return;
        }
    }
}

void Happenings::wait_until(const std::function<bool()>& told) {
    constexpr std::chrono::milliseconds kLook{100};
    constexpr int kLooks = 20;
    catch_up();
    for (int look = 0; look < kLooks && !ended_ && !told(); ++look) {
        engine_.pump(kLook);
    }
}

bool Happenings::oom_killed(const std::string& container, std::size_t from) const {
    const auto begin = events_.begin() + static_cast<std::ptrdiff_t>(std::min(from, events_.size()));
    return std::any_of(begin, events_.end(), [&](const ContainerEvent& event) {
        return event.kind == ContainerEvent::Kind::kOom && event.container == container;
    });
}

}  // namespace pilotpros

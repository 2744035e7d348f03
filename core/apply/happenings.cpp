#include "core/apply/happenings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pilotpros {

Happenings::Happenings(Engine& engine, const Clock& clock, const std::string& project)
    : engine_(engine),
      stream_(engine, clock, project, [this](ContainerEvent event) { events_.push_back(std::move(event)); }) {}

void Happenings::catch_up() {
    constexpr std::chrono::milliseconds kShort{20};
    constexpr int kLooks = 10;
    for (int look = 0; look < kLooks; ++look) {
        const std::size_t before = events_.size();
        engine_.pump(kShort);
        if (stream_.broken() && stream_.mend()) {
            hear_what_was_missed();
        } else if (events_.size() == before) {
            return;
        }
    }
}

void Happenings::hear_what_was_missed() {
    constexpr std::chrono::milliseconds kLook{100};
    constexpr int kLooks = 20;
    for (int look = 0; look < kLooks && stream_.owes() && stream_.ended().empty(); ++look) {
        engine_.pump(kLook);
    }
}

void Happenings::wait_until(const std::function<bool()>& told) {
    constexpr std::chrono::milliseconds kLook{100};
    constexpr int kLooks = 20;
    catch_up();
    for (int look = 0; look < kLooks && stream_.ended().empty() && !told(); ++look) {
        engine_.pump(kLook);
    }
}

bool Happenings::oom_killed(const std::string& container, std::size_t from) {
    if (stream_.broken()) {
        catch_up();
    }
    const auto begin = events_.begin() + static_cast<std::ptrdiff_t>(std::min(from, events_.size()));
    return std::any_of(begin, events_.end(), [&](const ContainerEvent& event) {
        return event.kind == ContainerEvent::Kind::kOom && event.container == container;
    });
}

std::string Happenings::unheard() const {
    // Before the first event there is nothing that would have to come again.
    const std::string why = !stream_.ended().empty() ? stream_.ended()
                            : stream_.owes() && !events_.empty()
                                ? "it broke off, and nothing came since it was opened again"
                                : "";
    return why.empty()
               ? std::string{}
               : fmt::format(
                     "not seen: whether a process inside of a container was killed for lack of memory while the "
                     "container went on, since the engine's events were not heard to the end: {}",
                     why);
}

}  // namespace pilotpros

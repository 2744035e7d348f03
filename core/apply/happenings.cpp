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
        const bool mended = stream_.broken() && stream_.mend();
        if (events_.size() == before && !mended) {
            return;
        }
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
    return stream_.ended().empty()
               ? std::string{}
               : fmt::format(
                     "not seen: whether a process inside of a container was killed for lack of memory while the "
                     "container went on, since the engine's events were not heard to the end: {}",
                     stream_.ended());
}

}  // namespace pilotpros

#pragma once

#include <chrono>

#include "core/model/units.h"

namespace pilotpros {

/// Time as the machine tells it. Intervals come from `steady()`, never from differences of `now()`: wall clocks jump.
class Clock {
  public:
    Clock() = default;
    Clock(const Clock&) = default;
    Clock& operator=(const Clock&) = default;
    Clock(Clock&&) = default;
    Clock& operator=(Clock&&) = default;
    virtual ~Clock() = default;

    [[nodiscard]] virtual TimePoint now() const {
        return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
    }
    [[nodiscard]] virtual std::chrono::steady_clock::time_point steady() const {
        return std::chrono::steady_clock::now();
    }
};

}  // namespace pilotpros

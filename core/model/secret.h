#pragma once

#include <string>
#include <utility>

namespace pilotpros {

/// A value that may be confidential: every environment value, argument, label, URL and build argument until an
/// application's own list says that it is public. It has no way into JSON, a stream or a format string; `reveal()` is
/// what a reviewer greps for.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}

    /// The value itself. Only for comparing, hashing, and handing to the very program that the user gave it to.
    [[nodiscard]] const std::string& reveal() const { return value_; }
    [[nodiscard]] bool empty() const { return value_.empty(); }

  private:
    std::string value_;
};

}  // namespace pilotpros

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace pilotpros {

/// Splits a byte stream into lines, each of which should be one JSON value. Never throws for what the stream holds: an
/// engine, or whatever sits between it and us, may send nonsense.
class JsonLines {
  public:
    /// Gets one line without its newline; says whether it was understood.
    using OnLine = std::function<bool(std::string_view)>;

    /// A line longer than `longest` bytes is skipped, up to its newline, and counts as nonsense.
    explicit JsonLines(OnLine on_line, std::size_t longest = std::size_t{1} << 20U)
        : on_line_(std::move(on_line)), longest_(longest) {}

    /// The next bytes, cut anywhere. Complete lines are handed on at once; blank ones are left out.
    void feed(std::string_view bytes);
    /// Lines that were too long or not understood.
    [[nodiscard]] std::int64_t nonsense() const { return nonsense_; }
    /// Bytes held back because their line is not complete yet.
    [[nodiscard]] std::size_t pending() const { return pending_.size(); }

  private:
    void hand_on(std::string_view line);

    OnLine on_line_;
    std::size_t longest_;
    std::string pending_;
    bool skipping_ = false;
    std::int64_t nonsense_ = 0;
};

}  // namespace pilotpros

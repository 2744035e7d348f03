#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pilotpros {

/// Takes apart the stream of a container without a terminal: frames of an 8-byte header (stream 0 to 2, three zeros,
/// length as 32 bits big-endian) and a payload. Chunks may end anywhere. Source: Engine API, "Attach to a container",
/// stream format.
class Frames {
  public:
    /// Bytes of each stream that are kept; what is beyond is counted and dropped.
    explicit Frames(std::size_t limit = std::size_t{16} << 20U) : limit_(limit) {}

    /// Takes the next chunk. After something that is no frame, everything further is ignored.
    void feed(std::string_view chunk);

    [[nodiscard]] const std::string& output() const { return output_; }
    [[nodiscard]] const std::string& error() const { return error_; }
    /// What came since the last call; for readers of a stream that goes on.
    std::string take_output();
    /// The stream broke off inside a frame, or is no such stream.
    [[nodiscard]] bool broken() const { return malformed_ || header_filled_ != 0 || left_ != 0; }
    [[nodiscard]] bool malformed() const { return malformed_; }
    /// Something was dropped.
    [[nodiscard]] bool truncated() const { return truncated_; }

  private:
    void begin_frame();
    void keep(std::string_view payload);

    std::size_t limit_;
    std::array<unsigned char, 8> header_{};
    std::size_t header_filled_ = 0;
    std::uint32_t left_ = 0;
    bool to_error_ = false;
    bool malformed_ = false;
    bool truncated_ = false;
    std::string output_, error_;
};

}  // namespace pilotpros

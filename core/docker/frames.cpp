#include "core/docker/frames.h"

#include <algorithm>
#include <utility>

namespace pilotpros {

void Frames::begin_frame() {
    if (header_[0] > 2 || header_[1] != 0 || header_[2] != 0 || header_[3] != 0) {
        malformed_ = true;
        return;
    }
    to_error_ = header_[0] == 2;
    left_ = 0;
    for (std::size_t i = 4; i < header_.size(); ++i) {
        left_ = (left_ << 8U) | header_.at(i);
    }
    header_filled_ = 0;
}

void Frames::keep(std::string_view payload) {
    std::string& into = to_error_ ? error_ : output_;
    const std::size_t room = limit_ - std::min(limit_, into.size());
    truncated_ = truncated_ || payload.size() > room;
    into.append(payload.substr(0, room));
}

void Frames::feed(std::string_view chunk) {
    while (!chunk.empty() && !malformed_) {
        if (left_ == 0) {
            header_.at(header_filled_++) = static_cast<unsigned char>(chunk.front());
            chunk.remove_prefix(1);
            if (header_filled_ == header_.size()) {
                begin_frame();
            }
            continue;
        }
        const auto count = std::min<std::size_t>(left_, chunk.size());
        keep(chunk.substr(0, count));
        chunk.remove_prefix(count);
        left_ -= static_cast<std::uint32_t>(count);
    }
}

std::string Frames::take_output() { return std::exchange(output_, {}); }

}  // namespace pilotpros

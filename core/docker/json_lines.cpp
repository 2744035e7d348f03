#include "core/docker/json_lines.h"

namespace pilotpros {

void JsonLines::hand_on(std::string_view line) {
    if (line.find_first_not_of(" \t\r") != std::string_view::npos && !on_line_(line)) {
        ++nonsense_;
    }
}

void JsonLines::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto newline = bytes.find('\n');
        const std::string_view part = bytes.substr(0, newline);
        const bool complete = newline != std::string_view::npos;
        if (!skipping_ && pending_.size() + part.size() > longest_) {
            skipping_ = true;
            ++nonsense_;
            pending_.clear();
            pending_.shrink_to_fit();
        }
        if (complete) {
            if (!skipping_ && pending_.empty()) {
                hand_on(part);
            } else if (!skipping_) {
                pending_.append(part);
                hand_on(pending_);
                pending_.clear();
            }
            skipping_ = false;
            bytes.remove_prefix(newline + 1);
        } else {
            if (!skipping_) {
                pending_.append(part);
            }
            return;
        }
    }
}

}  // namespace pilotpros

#include "plugin/views/text.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/model/utf8.h"

namespace pilotpros {

namespace {

/// Also what only changes how its neighbours are shown: C1 controls, line separators, and the marks that turn the
/// writing direction.
bool is_control(char32_t value) {
    return value < 0x20 || (value >= 0x7F && value < 0xA0) || (value >= 0x2028 && value <= 0x202E) ||
           (value >= 0x2066 && value <= 0x2069) || value == 0x200E || value == 0x200F || value == 0xFEFF;
}

int width_of(char32_t value) {
    if ((value >= 0x300 && value <= 0x36F) || (value >= 0x200B && value <= 0x200D) ||
        (value >= 0xFE00 && value <= 0xFE0F)) {
        return 0;
    }
    const bool wide = (value >= 0x1100 && value <= 0x115F) || (value >= 0x2E80 && value <= 0xA4CF) ||
                      (value >= 0xAC00 && value <= 0xD7A3) || (value >= 0xF900 && value <= 0xFAFF) ||
                      (value >= 0xFE30 && value <= 0xFE6F) || (value >= 0xFF00 && value <= 0xFF60) ||
                      (value >= 0xFFE0 && value <= 0xFFE6) || (value >= 0x1F300 && value <= 0x1F64F) ||
                      (value >= 0x1F900 && value <= 0x1F9FF) || (value >= 0x20000 && value <= 0x3FFFD);
    return wide ? 2 : 1;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = read_code_point(text, at);
        if (point.length == 0 || is_control(point.value)) {
            result.push_back('?');
            at += point.length == 0 ? 1 : point.length;
        } else {
            result.append(text.substr(at, point.length));
            at += point.length;
        }
    }
    return result;
}

std::string printable_line(std::string_view text) { return printable(text) + "\n"; }

int cells(std::string_view text) {
    int total = 0;
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = read_code_point(text, at);
        total += point.length == 0 ? 1 : width_of(point.value);
        at += point.length == 0 ? 1 : point.length;
    }
    return total;
}

std::string elide(const std::string& text, int width) {
    if (cells(text) <= width) {
        return text;
    }
    if (width < 3) {
        std::string dots;
        dots.append(static_cast<std::size_t>(std::max(width, 0)), '.');
        return dots;
    }
    std::vector<std::string> points;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = std::max<std::size_t>(read_code_point(text, at).length, 1);
        points.push_back(text.substr(at, length));
        at += length;
    }
    std::string head;
    std::string tail;
    const int room = width - 1;
    std::size_t first = 0;
    std::size_t last = points.size();
    while (first < last && cells(head) + cells(points[first]) <= (room + 1) / 2) {
        head += points[first++];
    }
    while (last > first && cells(tail) + cells(points[last - 1]) <= room / 2) {
        tail.insert(0, points[--last]);
    }
    return head + "…" + tail;
}

std::string wrap(const std::string& line, int width, int indent) {
    if (width <= 0 || cells(line) <= width) {
        return line + "\n";
    }
    const std::string blanks(static_cast<std::size_t>(indent), ' ');
    std::string result;
    std::string current;
    bool first_word = true;
    for (std::size_t at = 0; at <= line.size();) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        const std::string word = line.substr(at, end - at);
        if (!first_word && cells(current) + 1 + cells(word) > width) {
            result += current + "\n";
            current = blanks + word;
        } else {
            current += (first_word ? "" : " ") + word;
        }
        first_word = false;
        at = end + 1;
    }
    return result + current + "\n";
}

}  // namespace pilotpros

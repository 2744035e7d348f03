#include "core/inplace/byte_edit.h"

#include <algorithm>

namespace pilotpros {

void put_in_order(std::vector<ByteEdit>& edits) {
    std::stable_sort(edits.begin(), edits.end(),
                     [](const ByteEdit& left, const ByteEdit& right) { return left.at < right.at; });
}

bool overlap(const std::vector<ByteEdit>& edits) {
    return std::adjacent_find(edits.begin(), edits.end(), [](const ByteEdit& one, const ByteEdit& next) {
               return one.at + one.length > next.at;
           }) != edits.end();
}

std::string with_edits(const std::string& bytes, const std::vector<ByteEdit>& edits) {
    std::string result;
    std::size_t at = 0;
    for (const ByteEdit& edit : edits) {
        result.append(bytes, at, edit.at - at);
        result += edit.text;
        at = edit.at + edit.length;
    }
    result.append(bytes, at);
    return result;
}

std::vector<ByteEdit> undoing(const std::string& bytes, const std::vector<ByteEdit>& edits) {
    std::vector<ByteEdit> back;
    std::size_t longer = 0;   // by how much the text has grown before this place
    std::size_t shorter = 0;  // likewise by how much it has lost
    for (const ByteEdit& edit : edits) {
        back.push_back({edit.at + longer - shorter, edit.text.size(), bytes.substr(edit.at, edit.length)});
        longer += edit.text.size();
        shorter += edit.length;
    }
    return back;
}

}  // namespace pilotpros

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pilotpros {

/// `length` bytes of a text, from `at` on, become `text`; with none of them it is put in between.
struct ByteEdit {
    std::size_t at = 0, length = 0;
    std::string text;
    friend bool operator==(const ByteEdit&, const ByteEdit&) = default;
};

/// In the order of their places; what several put in at one place keeps its order.
void put_in_order(std::vector<ByteEdit>& edits);

/// Why they cannot be made together: two would change the same bytes. They have to be in order.
bool overlap(const std::vector<ByteEdit>& edits);

/// The text with all of them made; they have to be in order, and not to overlap.
std::string with_edits(const std::string& bytes, const std::vector<ByteEdit>& edits);

/// What turns with_edits() back into `bytes`.
std::vector<ByteEdit> undoing(const std::string& bytes, const std::vector<ByteEdit>& edits);

}  // namespace pilotpros

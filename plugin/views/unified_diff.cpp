#include "plugin/views/unified_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/views/text.h"

namespace pilotpros {

namespace {

constexpr std::size_t kContext = 3;
/// Beyond this the table of common lines would be larger than its use; then all that differs is replaced as one.
constexpr std::size_t kLargestTable = 4'000'000;

using Lines = std::vector<std::string_view>;

/// With their ends, so that a last line without one differs from the same with it.
Lines lines_of(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
        lines.push_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return lines;
}

struct Edit {
    char sign = ' ';
    std::string_view line;
};

/// The longest common subsequence of what lies between a common beginning and a common end.
std::vector<Edit> edits_between(const Lines& from, const Lines& to) {
    std::size_t head = 0;
    while (head < from.size() && head < to.size() && from[head] == to[head]) {
        ++head;
    }
    std::size_t tail = 0;
    while (tail < from.size() - head && tail < to.size() - head &&
           from[from.size() - 1 - tail] == to[to.size() - 1 - tail]) {
        ++tail;
    }
    const std::size_t rows = from.size() - head - tail;
    const std::size_t columns = to.size() - head - tail;
    const bool counted = rows * columns <= kLargestTable;
    // common[i][j]: how many lines the ends of both, from i and j on, have in common
    std::vector<std::vector<std::size_t>> common;
    if (counted) {
        common.assign(rows + 1, std::vector<std::size_t>(columns + 1, 0));
        for (std::size_t i = rows; i-- > 0;) {
            for (std::size_t j = columns; j-- > 0;) {
                common[i][j] = from[head + i] == to[head + j] ? common[i + 1][j + 1] + 1
                                                              : std::max(common[i + 1][j], common[i][j + 1]);
            }
        }
    }
    std::vector<Edit> edits;
    for (std::size_t i = 0; i < head; ++i) {
        edits.push_back({' ', from[i]});
    }
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < rows || j < columns) {
        if (counted && i < rows && j < columns && from[head + i] == to[head + j]) {
            edits.push_back({' ', from[head + i]});
            ++i;
            ++j;
        } else if (i < rows && (j == columns || !counted || common[i + 1][j] >= common[i][j + 1])) {
            edits.push_back({'-', from[head + i++]});
        } else {
            edits.push_back({'+', to[head + j++]});
        }
    }
    for (std::size_t k = from.size() - tail; k < from.size(); ++k) {
        edits.push_back({' ', from[k]});
    }
    return edits;
}

std::string shown_line(const Edit& edit) {
    const bool ended = edit.line.ends_with('\n');
    const std::string text = printable(edit.line.substr(0, edit.line.size() - (ended ? 1 : 0)));
    return fmt::format("{}{}\n{}", edit.sign, text, ended ? "" : "\\ No newline at end of file\n");
}

/// "12,3" as diff counts: a range of nothing is named by the line before it.
std::string range(std::size_t before, std::size_t count) {
    const std::size_t start = count == 0 ? before : before + 1;
    return count == 1 ? fmt::format("{}", start) : fmt::format("{},{}", start, count);
}

std::string hunks_of(const std::vector<Edit>& edits) {
    std::string text;
    std::size_t from_line = 0;
    std::size_t to_line = 0;
    for (std::size_t at = 0; at < edits.size();) {
        if (edits[at].sign == ' ') {
            ++at;
            ++from_line;
            ++to_line;
            continue;
        }
        // A hunk goes on as long as the next difference is not further than twice the context.
        std::size_t end = at + 1;
        for (std::size_t ahead = end; ahead < edits.size() && ahead <= end + 2 * kContext; ++ahead) {
            if (edits[ahead].sign != ' ') {
                end = ahead + 1;
            }
        }
        const std::size_t lead = std::min(kContext, at);
        const std::size_t stop = std::min(end + kContext, edits.size());
        std::string body;
        std::size_t from_count = 0;
        std::size_t to_count = 0;
        for (std::size_t i = at - lead; i < stop; ++i) {
            from_count += edits[i].sign == '+' ? 0 : 1;
            to_count += edits[i].sign == '-' ? 0 : 1;
            body += shown_line(edits[i]);
        }
        text += fmt::format("@@ -{} +{} @@\n{}", range(from_line - lead, from_count), range(to_line - lead, to_count),
                            body);
        from_line += from_count - lead;
        to_line += to_count - lead;
        at = stop;
    }
    return text;
}

}  // namespace

std::string unified_diff(const std::string& path, const std::optional<std::string>& from,
                         const std::optional<std::string>& to) {
    const std::string hunks = hunks_of(edits_between(lines_of(from.value_or("")), lines_of(to.value_or(""))));
    const std::string name = printable(path);
    return hunks.empty() ? ""
                         : fmt::format("--- {}\n+++ {}\n{}", from ? "a/" + name : "/dev/null",
                                       to ? "b/" + name : "/dev/null", hunks);
}

}  // namespace pilotpros

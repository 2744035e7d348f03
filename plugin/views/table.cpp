#include "plugin/views/table.h"

#include <algorithm>
#include <numeric>

#include "plugin/views/text.h"

namespace pilotpros {

namespace {

std::string pad(const std::string& text, int width, bool right) {
    const std::string blanks(static_cast<std::size_t>(std::max(0, width - cells(text))), ' ');
    return right ? blanks + text : text + blanks;
}

int total(const std::vector<int>& widths) {
    return std::accumulate(widths.begin(), widths.end(), 0,
                           [](int sum, int width) { return sum + (width < 0 ? 0 : width + Table::kBetween); }) -
           Table::kBetween;
}

/// Takes cells off the widest column of text, one at a time, until the table fits or none can give any.
void narrow_texts(std::vector<int>& widths, const std::vector<Table::Column>& columns, int width) {
    constexpr int kLeast = 8;
    while (total(widths) > width) {
        std::size_t widest = widths.size();
        for (std::size_t column = 0; column < widths.size(); ++column) {
            const bool gives = !columns[column].right && widths[column] > kLeast;
            if (gives && (widest == widths.size() || widths[column] > widths[widest])) {
                widest = column;
            }
        }
        if (widest == widths.size()) {
            return;
        }
        --widths[widest];
    }
}

}  // namespace

void Table::add(std::vector<std::string> cells_of_row) {
    cells_of_row.resize(columns_.size());
    for (std::string& cell : cells_of_row) {
        cell = printable(cell);
    }
    rows_.push_back(std::move(cells_of_row));
}

std::string Table::render(int width) const {
    std::vector<int> widths(columns_.size());
    for (std::size_t column = 0; column < columns_.size(); ++column) {
        widths[column] = cells(columns_[column].header);
        for (const auto& row : rows_) {
            widths[column] = std::max(widths[column], cells(row[column]));
        }
    }
    while (width > 0 && total(widths) > width) {
        std::size_t victim = 0;
        for (std::size_t column = 0; column < columns_.size(); ++column) {
            if (widths[column] >= 0 && columns_[column].rank > 0 && columns_[column].rank >= columns_[victim].rank) {
                victim = column;
            }
        }
        if (columns_[victim].rank == 0 || widths[victim] < 0) {
            narrow_texts(widths, columns_, width);
            break;
        }
        widths[victim] = -1;
    }
    const auto line = [&](const auto& cell_at) {
        std::string text;
        for (std::size_t column = 0; column < columns_.size(); ++column) {
            if (widths[column] < 0) {
                continue;
            }
            const std::string cell = columns_[column].right ? cell_at(column) : elide(cell_at(column), widths[column]);
            text += (text.empty() ? "" : std::string(Table::kBetween, ' ')) +
                    pad(cell, widths[column], columns_[column].right);
        }
        text.erase(text.find_last_not_of(' ') + 1);
        return text + "\n";
    };
    std::string result = line([&](std::size_t column) { return columns_[column].header; });
    for (const auto& row : rows_) {
        result += line([&](std::size_t column) { return row[column]; });
    }
    return result;
}

}  // namespace pilotpros

#pragma once

#include <string>
#include <vector>

namespace pilotpros {

/// A table as docker prints them: upper-case headers, three blanks between columns, no lines.
class Table {
  public:
    static constexpr int kBetween = 3;  ///< blanks between columns

    struct Column {
        std::string header;
        bool right = false;  ///< numbers
        int rank = 0;        ///< columns of the highest rank go first when the terminal is too narrow; rank 0 stays
    };

    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    /// One cell a column; missing ones are empty. Cells are made printable.
    void add(std::vector<std::string> cells);
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    /// Lines, each ended. `width` in cells; 0: as wide as it gets. When left-out columns do not suffice, the widest
    /// columns of text lose the middle of their cells; numbers never do.
    [[nodiscard]] std::string render(int width) const;

  private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace pilotpros

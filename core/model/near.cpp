#include "core/model/near.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace pilotpros {

std::size_t edit_distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= from.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t change = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({change, row[j] + 1, row[j - 1] + 1}));
        }
    }
    return row.back();
}

std::vector<std::string> nearest(const std::vector<std::string>& names, std::string_view wanted) {
    std::size_t best = std::max<std::size_t>(1, wanted.size() / 3);
    std::vector<std::string> near;
    for (const std::string& name : names) {
        const std::size_t far = edit_distance(wanted, name);
        if (far < best) {
            near.clear();
            best = far;
        }
        if (far == best) {
            near.push_back(name);
        }
    }
    return near;
}

std::string did_you_mean(const std::vector<std::string>& names, std::string_view wanted) {
    const std::vector<std::string> near = nearest(names, wanted);
    return near.empty() ? "" : fmt::format(" (did you mean {}?)", fmt::join(near, " or "));
}

}  // namespace pilotpros

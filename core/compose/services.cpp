#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/compose/discovery.h"
#include "core/model/error.h"

namespace pilotpros {

namespace {

/// Levenshtein's: how many letters must be put in, left out or changed.
std::size_t distance(std::string_view from, std::string_view to) {
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

std::vector<std::string> nearest(const Project& project, const std::string& wanted) {
    const std::size_t limit = std::max<std::size_t>(1, wanted.size() / 3);
    std::size_t best = limit;
    std::vector<std::string> names;
    for (const auto& [name, service] : project.services) {
        const std::size_t far = distance(wanted, name);
        if (far < best) {
            names.clear();
            best = far;
        }
        if (far == best) {
            names.push_back(name);
        }
    }
    return names;
}

}  // namespace

void require_services(const Project& project, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (project.services.contains(name)) {
            continue;
        }
        std::vector<std::string> shown = nearest(project, name);
        const bool near = !shown.empty();
        for (const auto& [known, service] : project.services) {
            if (!near) {
                shown.push_back(known);
            }
        }
        const std::string hint =
            shown.empty()
                ? "the project has no services"
                : fmt::format("{} {}", near ? "did you mean" : "there are:", fmt::join(shown, near ? " or " : ", "));
        throw Error(ExitCode::kUsage, fmt::format("{} has no service {}", project.name, name),
                    near ? hint + "?" : hint);
    }
}

}  // namespace pilotpros

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/compose/discovery.h"
#include "core/model/error.h"
#include "core/model/near.h"

namespace pilotpros {

void require_services(const Project& project, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (project.services.contains(name)) {
            continue;
        }
        std::vector<std::string> all;
        for (const auto& [known, service] : project.services) {
            all.push_back(known);
        }
        const std::vector<std::string> close = nearest(all, name);
        const bool near = !close.empty();
        const std::vector<std::string>& shown = near ? close : all;
        const std::string hint =
            shown.empty()
                ? "the project has no services"
                : fmt::format("{} {}", near ? "did you mean" : "there are:", fmt::join(shown, near ? " or " : ", "));
        throw Error(ExitCode::kUsage, fmt::format("{} has no service {}", project.name, name),
                    near ? hint + "?" : hint);
    }
}

}  // namespace pilotpros

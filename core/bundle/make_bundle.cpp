#include "core/bundle/make_bundle.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/bundle/compose_override.h"
#include "core/bundle/postgres_conf.h"

namespace pilotpros {

Bundle make_bundle(const Plan& plan, const Project& project, const ServiceImages& images) {
    Bundle bundle;
    if (std::string override_text = compose_override(plan); !override_text.empty()) {
        bundle.files.push_back({"compose.yaml", std::move(override_text)});
    }
    std::map<std::string, std::vector<Change>> settings;
    for (const Change& change : plan.changes) {
        if (change.target.kind == Target::Kind::kPostgres) {
            settings[change.service].push_back(change);
        }
    }
    for (const auto& [service, changes] : settings) {
        std::vector<BundleFile> files = postgres_files(service, changes);
        std::move(files.begin(), files.end(), std::back_inserter(bundle.files));
    }
    std::sort(bundle.files.begin(), bundle.files.end(),
              [](const BundleFile& left, const BundleFile& right) { return left.path < right.path; });
    bundle.masks = masks_of(plan, project, images);
    return bundle;
}

}  // namespace pilotpros

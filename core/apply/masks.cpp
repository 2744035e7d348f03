#include "core/apply/masks.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace pilotpros {

std::vector<Mask> masks_in_force(const ApplyStore& store) {
    std::map<std::string, std::vector<Mask>> by_service;
    for (const std::string& id : store.in_phase(Journal::Phase::kApplied)) {
        const Snapshot snapshot = store.snapshot(id);
        for (const ServiceRecord& record : snapshot.services) {
            by_service[record.service].clear();
        }
        for (const Mask& mask : snapshot.masks) {
            by_service[mask.service].push_back(mask);
        }
    }
    std::vector<Mask> masks;
    for (auto& [service, hidden] : by_service) {
        std::move(hidden.begin(), hidden.end(), std::back_inserter(masks));
    }
    return masks;
}

std::vector<Mask> changed_masks(const std::vector<Mask>& masks, const Project& project, const ServiceImages& images) {
    std::vector<Mask> changed;
    std::copy_if(masks.begin(), masks.end(), std::back_inserter(changed),
                 [&](const Mask& mask) { return !hides_the_same(mask, project, images); });
    return changed;
}

}  // namespace pilotpros

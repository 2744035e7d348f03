#include "core/apply/masks.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "core/bundle/compose_override.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

/// The value at a path whose steps are joined by dots and may hold dots themselves.
const Json* value_at(const Json& root, const std::string& path) {
    if (path.empty()) {
        return &root;
    }
    for (std::size_t end = path.find('.');; end = path.find('.', end + 1)) {
        const Json& child = member(root, path.substr(0, end).c_str());
        if (!child.is_null()) {
            const Json* const found = value_at(child, end == std::string::npos ? "" : path.substr(end + 1));
            if (found != nullptr) {
                return found;
            }
        }
        if (end == std::string::npos) {
            return nullptr;
        }
    }
}

bool still_hides_the_same(const Mask& mask, const Project& project) {
    const auto service = project.services.find(mask.service);
    const Json* const value =
        service == project.services.end() ? nullptr : value_at(service->second.resolved, mask.path);
    return value != nullptr && mask_hash(*value) == mask.hash;
}

}  // namespace

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

std::vector<Mask> changed_masks(const std::vector<Mask>& masks, const Project& project) {
    std::vector<Mask> changed;
    std::copy_if(masks.begin(), masks.end(), std::back_inserter(changed),
                 [&](const Mask& mask) { return !still_hides_the_same(mask, project); });
    return changed;
}

}  // namespace pilotpros

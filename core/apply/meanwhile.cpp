#include "core/apply/meanwhile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/apply/conflict.h"
#include "core/apply/gate.h"
#include "core/apply/layer_data.h"
#include "core/apply/project_files.h"
#include "core/model/error.h"

namespace pilotpros {

void refuse_to_lose_data(World& world, Engine& engine, const Snapshot& snapshot, const std::string& service) {
    const auto data = data_before_replacing(world, engine, snapshot, {service});
    if (const auto found = data.find(service); found != data.end() && !found->second.empty()) {
        throw Error(ExitCode::kRefused,
                    fmt::format("{} keeps data in its container's own layer by now, which a new container would "
                                "not have: {}",
                                service, fmt::join(found->second, ", ")),
                    how_to_keep(service));
    }
}

void keep_edited(const ApplyStore& store, const Snapshot& snapshot, Files& files, std::vector<std::string>& said) {
    const std::vector<std::string> standing = store.in_phase(Journal::Phase::kApplied);
    if (standing.empty()) {
        return;
    }
    std::vector<PathRecord> ours = store.snapshot(standing.back()).paths;
    std::erase_if(ours, [&](const PathRecord& one) {
        return one.after.kind != "file" || std::none_of(snapshot.paths.begin(), snapshot.paths.end(),
                                                        [&](const PathRecord& now) { return now.path == one.path; });
    });
    keep_changed(changed_since(ours, files), files, said);
}

void refuse_more_interruptions(const std::set<std::string>& interrupted,
                               const std::optional<std::set<std::string>>& agreed) {
    const auto more = std::find_if(interrupted.begin(), interrupted.end(),
                                   [&](const std::string& one) { return agreed && !agreed->contains(one); });
    if (more != interrupted.end()) {
        throw Error(ExitCode::kRefused, fmt::format("by now {} would be interrupted, which was not said", *more),
                    "run the command again: what it shows has to rest on what is there now");
    }
}

std::vector<std::string> drifted(const ApplyRequest& request, const std::vector<ServicePreview>& services) {
    std::vector<std::string> said;
    for (const ServicePreview& preview : services) {
        const ServiceObservation* const service = request.observation.service(preview.service);
        for (const Container& container : service == nullptr ? std::vector<Container>{} : service->containers) {
            const std::vector<std::string> wrong =
                container.running()
                    ? limits_not_in_force(preview.resolved, container.limits, request.observation.engine->swap_limit)
                    : std::vector<std::string>{};
            if (!wrong.empty()) {
                said.push_back(
                    fmt::format("{} does not run with it: {}; docker compose up -d --force-recreate {} "
                                "gives it what the files say",
                                container.name, fmt::join(wrong, ", "), preview.service));
            }
        }
    }
    return said;
}

}  // namespace pilotpros

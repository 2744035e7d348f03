#include "core/apply/locate.h"

#include <optional>

#include "core/apply/snapshot.h"
#include "core/compose/selection.h"
#include "core/docker/json.h"
#include "core/observe/profile_store.h"

namespace pilotpros {

namespace {

/// The nearest project at or above the folder of which a snapshot tells.
std::optional<std::string> by_snapshots(const World& world, const std::string& engine, Path folder) {
    const Path root = world.environment.state_directory() / safe_file_name(engine);
    for (;; folder = folder.parent_path()) {
        for (const std::string& project : world.files.list(root)) {
            for (const std::string& id : world.files.list(root / project / "transactions")) {
                const auto content = world.files.read(root / project / "transactions" / id / kSnapshotFile);
                const auto sealed = nlohmann::json::parse(content.value_or(""), nullptr, false);
                if (text(member(sealed, "content"), "working_directory") == folder.string()) {
                    return text(member(sealed, "content"), "project");
                }
            }
        }
        if (folder == folder.parent_path()) {
            return std::nullopt;
        }
    }
}

}  // namespace

Located locate_project(World& world, Engine& engine, const Selectors& selectors) {
    Located located;
    const std::string path = "/info";
    const nlohmann::json info = parse_answer(engine.get(path), path);
    located.engine = text(info, "ID");
    located.swap_limit = flag(info, "SwapLimit");
    const Surroundings surroundings{
        world.environment,        world.files, world.process, world.cancel, &engine, world.docker_command(),
        world.read_standard_input};
    try {
        located.project = discover(selectors, surroundings);
    } catch (const Error& error) {
        if (error.code() != ExitCode::kBadInput) {
            throw;
        }
        const Path folder = selectors.project_directory
                                ? absolute_from(user_folder(surroundings), *selectors.project_directory)
                                : user_folder(surroundings);
        const auto name = selectors.project_name ? selectors.project_name : by_snapshots(world, located.engine, folder);
        if (!name) {
            throw;
        }
        located.project.name = *name;
        located.project.from_labels = true;
    }
    located.name = located.project.name;
    return located;
}

}  // namespace pilotpros

#include "core/apply/locate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <tuple>

#include "core/apply/route.h"
#include "core/apply/snapshot.h"
#include "core/apply/store.h"
#include "core/compose/selection.h"
#include "core/docker/json.h"
#include "core/observe/profile_store.h"

namespace pilotpros {

namespace {

/// A project that snapshots in the state directory tell of.
struct Applied {
    std::string engine, project;
    friend bool operator<(const Applied& left, const Applied& right) {
        return std::tie(left.engine, left.project) < std::tie(right.engine, right.project);
    }
};

/// Those of this very folder, and of this name where one is given; only on this engine where one is given.
std::set<Applied> applied_in(const World& world, const std::string& engine, const std::optional<Path>& folder,
                             const std::optional<std::string>& name) {
    std::set<Applied> found;
    const Path state = world.environment.state_directory();
    const std::vector<std::string> engines =
        engine.empty() ? world.files.list(state) : std::vector<std::string>{safe_file_name(engine)};
    for (const std::string& one : engines) {
        for (const std::string& project : world.files.list(state / one)) {
            const Path transactions = state / one / project / "transactions";
            for (const std::string& id : world.files.list(transactions)) {
                const auto content = world.files.read(transactions / id / kSnapshotFile);
                const auto sealed = nlohmann::json::parse(content.value_or(""), nullptr, false);
                const nlohmann::json& snapshot = member(sealed, "content");
                if (snapshot.is_object() && (!folder || text(snapshot, "working_directory") == folder->string()) &&
                    (!name || text(snapshot, "project") == *name)) {
                    found.insert({text(snapshot, "engine"), text(snapshot, "project")});
                }
            }
        }
    }
    return found;
}

/// Those of the nearest folder at or above this one.
std::set<Applied> applied_near(const World& world, const std::string& engine, Path folder,
                               const std::optional<std::string>& name) {
    for (;; folder = folder.parent_path()) {
        std::set<Applied> found = applied_in(world, engine, folder, name);
        if (!found.empty() || folder == folder.parent_path()) {
            return found;
        }
    }
}

Path folder_of(const Selectors& selectors, const Surroundings& surroundings) {
    return selectors.project_directory ? absolute_from(user_folder(surroundings), *selectors.project_directory)
                                       : user_folder(surroundings);
}

bool has_any(World& world, const Applied& applied, const std::function<bool(const Journal&)>& is_meant) {
    const ApplyStore store(world.files, world.environment.state_directory(), applied.engine, applied.project);
    const std::vector<std::string> all = store.transactions();
    return std::any_of(all.begin(), all.end(), [&](const std::string& id) { return is_meant(store.journal(id)); });
}

bool stands(World& world, const Applied& applied) {
    return has_any(world, applied, [](const Journal& journal) {
        return journal.pending() || journal.phase() == Journal::Phase::kApplied;
    });
}

/// Also where its files went back alone: containers may be left.
bool can_go_back(World& world, const Applied& applied) {
    return has_any(world, applied, [](const Journal& journal) {
        return journal.pending() || journal.phase() == Journal::Phase::kApplied ||
               journal.phase() == Journal::Phase::kFilesUndone;
    });
}

/// Those of which something stands, of these; all of them where nothing does.
std::set<Applied> standing_of(World& world, const std::set<Applied>& found) {
    std::set<Applied> standing;
    std::copy_if(found.begin(), found.end(), std::inserter(standing, standing.end()),
                 [&](const Applied& one) { return can_go_back(world, one); });
    return standing.empty() ? found : standing;
}

void refuse_several(const std::set<Applied>& found) {
    if (found.size() > 1) {
        std::vector<std::string> all;
        std::transform(found.begin(), found.end(), std::back_inserter(all),
                       [](const Applied& one) { return fmt::format("{} on the engine {}", one.project, one.engine); });
        throw Error(ExitCode::kRefused, fmt::format("several projects were applied to here: {}", fmt::join(all, ", ")),
                    "name one with --project-name; where that is not enough, only its engine can tell");
    }
}

/// The one that is meant where the files do not tell: of the nearest folder, on this engine where something stands
/// there, else where something stands on another one.
std::optional<std::string> applied_project(World& world, const std::string& engine, const Path& folder,
                                           const std::optional<std::string>& name) {
    const std::set<Applied> all = standing_of(world, applied_near(world, "", folder, name));
    std::set<Applied> here;
    std::copy_if(all.begin(), all.end(), std::inserter(here, here.end()),
                 [&](const Applied& one) { return one.engine == engine; });
    const std::set<Applied>& meant = here.empty() ? all : here;
    if (meant.empty() || (here.empty() && !stands(world, *meant.begin()))) {
        return std::nullopt;
    }
    if (can_go_back(world, *meant.begin())) {
        refuse_several(here);
    }
    return meant.begin()->project;
}

/// The other engine on which it stands applied; empty: none, or this one has it, too.
std::string other_engine(World& world, const Located& located) {
    if (stands(world, {located.engine, located.name})) {
        return {};
    }
    const Path folder = located.project.working_directory;  // of what only snapshots tell of it is not known
    for (const Applied& one :
         applied_in(world, "", folder.empty() ? std::nullopt : std::optional{folder}, located.name)) {
        if (one.engine != located.engine && stands(world, one)) {
            return one.engine;
        }
    }
    return {};
}

}  // namespace

bool stands_on_another_engine(World& world, const Located& located) { return !other_engine(world, located).empty(); }

void refuse_another_engine(World& world, const Located& located) {
    if (const std::string engine = other_engine(world, located); !engine.empty()) {
        throw Error(ExitCode::kRefused,
                    fmt::format("{} was applied to on another engine ({}), and this one ({}) knows nothing of it",
                                located.name, engine, located.engine),
                    "docker context use, --context or DOCKER_HOST choose that engine; where it is gone for good, "
                    "docker pilotpros rollback --files-only puts the files back");
    }
}

void refuse_moved_folder(World& world, const Located& located) {
    const Path now = located.project.working_directory;
    if (now.empty() || !world.files.exists(now / kOurFolder)) {
        return;
    }
    const ApplyStore store(world.files, world.environment.state_directory(), located.engine, located.name);
    for (const std::string& id : store.in_phase(Journal::Phase::kApplied)) {
        const Path then = store.snapshot(id).working_directory;
        if (then != now && !world.files.exists(then)) {
            throw Error(ExitCode::kRefused,
                        fmt::format("{} was applied in {}, and the folder is {} now", id, then.string(), now.string()),
                        fmt::format("move it back for the rollback (mv {} {}), and again afterwards", now.string(),
                                    then.string()));
        }
    }
}

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
        const auto name =
            selectors.project_name ? selectors.project_name : world.environment.get("COMPOSE_PROJECT_NAME");
        const Path folder = folder_of(selectors, surroundings);
        const auto applied = applied_project(world, located.engine, folder, name);
        if (!applied && !selectors.project_name) {
            throw;
        }
        located.project.name = applied ? *applied : *selectors.project_name;
        located.project.from_labels = true;
    }
    located.name = located.project.name;
    return located;
}

Located locate_by_snapshots(World& world, const Selectors& selectors) {
    const Surroundings surroundings{
        world.environment,        world.files, world.process, world.cancel, nullptr, world.docker_command(),
        world.read_standard_input};
    const auto name = selectors.project_name ? selectors.project_name : world.environment.get("COMPOSE_PROJECT_NAME");
    std::set<Applied> found = applied_near(world, "", folder_of(selectors, surroundings), name);
    if (found.empty() && name) {
        found = applied_in(world, "", std::nullopt, name);
    }
    if (found.empty()) {
        throw Error(ExitCode::kEngineNeeded, "nothing was applied in this folder or above it, as far as snapshots tell",
                    "name the project with --project-name, or bring the engine back");
    }
    found = standing_of(world, found);
    refuse_several(found);
    Located located;
    located.engine = found.begin()->engine;
    located.name = found.begin()->project;
    located.project.name = located.name;
    located.project.from_labels = true;
    return located;
}

}  // namespace pilotpros

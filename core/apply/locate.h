#pragma once

#include <string>

#include "core/compose/discovery.h"
#include "core/docker/engine.h"
#include "core/model/project.h"
#include "core/world.h"

namespace pilotpros {

/// Which project, on which engine, a command about what was applied means.
struct Located {
    std::string engine;  ///< its ID
    std::string name;
    bool swap_limit = false;  ///< whether the engine can limit swap
    Project project;          ///< known by its name alone when its files cannot be read any more
};

/// As discover(); where the files are broken or gone, the snapshots know which project was applied to in this folder or
/// above it.
Located locate_project(World& world, Engine& engine, const Selectors& selectors);
/// The same while no engine can be asked: snapshots in the state directory know which engine a project of this folder,
/// or above it, was applied on. With --project-name the project of that name. Throws Error (kRefused) where several
/// engines are told of, kEngineNeeded where none is.
Located locate_by_snapshots(World& world, const Selectors& selectors);

/// What stands applied in the project's folder on another engine, and not on this one: to this one's snapshots nothing
/// was, so that going on would call undone, or never applied, what is there. Throws Error (kRefused) that names that
/// engine.
void refuse_another_engine(World& world, const Located& located);
/// Whether that is so.
bool stands_on_another_engine(World& world, const Located& located);

/// What stands applied was applied in a folder that is gone, and the one that is used now has its files: to go on would
/// call undone what stands there. Throws Error (kRefused) that names both.
void refuse_moved_folder(World& world, const Located& located);

}  // namespace pilotpros
